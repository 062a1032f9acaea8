"""Corrected rates: worked examples, ppi-python's formulas, and honest limits of small audits."""

import numpy as np
import pytest
from ppi_py import ppi_mean_ci, ppi_mean_pointestimate

from traceanalytics.errors import Refused
from traceanalytics.stats.correction import (
    Audit,
    audits_needed,
    by_verdict,
    corrected_rate,
    corrected_shift,
    prediction_powered,
    rogan_gladen,
    rogan_gladen_rate,
    rogan_gladen_shift,
    weighted_audit,
)
from traceanalytics.stats.estimate import Estimate
from traceanalytics.stats.rates import rate, wilson


def test_rogan_gladen_gives_the_worked_examples() -> None:
    rates = [rogan_gladen(rate, sensitivity=0.95, specificity=0.9) for rate in (0.667, 0.9)]
    assert [round(100 * rate, 2) for rate in rates] == [66.71, 94.12]
    assert round(100 * (rates[1] - rates[0]), 2) == 27.41
    assert rogan_gladen(2 / 3, sensitivity=0.95, specificity=0.9) == pytest.approx(2 / 3)


def test_rogan_gladen_shift_gives_the_worked_example() -> None:
    error = np.sqrt(0.65 * 0.35 / 500 + 0.932 * 0.068 / 500)
    shift = rogan_gladen_shift(0.282, error, sensitivity=(0.98, 200), specificity=(0.95, 100), n=500)
    assert [round(100 * each, 2) for each in (shift.value, shift.low, shift.high)] == [30.32, 25.01, 35.63]


def test_a_corrected_rate_stays_between_0_and_1() -> None:
    assert rogan_gladen(0.02, sensitivity=0.9, specificity=0.9) == 0


def test_a_tagger_that_says_nothing_is_refused() -> None:
    message = r"^sensitivity 0.58 and specificity 0.58 leave 0.16 of a signal; below 0.2 a corrected rate says nothing$"
    with pytest.raises(Refused, match=message):
        rogan_gladen(0.5, sensitivity=0.58, specificity=0.58)


AUDITED = {"audited_truth": [1, 1, 0, 0, 1], "audited_tagged": [1, 1, 1, 0, 1]}
TAGGED = [1] * 15 + [0] * 5


def test_prediction_powered_gives_the_worked_example() -> None:
    found = prediction_powered(TAGGED, **AUDITED)
    assert found.value == pytest.approx(0.55)
    assert (found.low, found.high) == pytest.approx((0.151, 0.949), abs=5e-4)


@pytest.mark.parametrize("seed", range(3))
def test_prediction_powered_agrees_with_ppi_python(seed: int) -> None:
    generator = np.random.default_rng(seed)
    y, tagged = generator.binomial(1, 0.4, 60).astype(float), generator.binomial(1, 0.5, 400).astype(float)
    g = np.where(generator.random(60) < 0.9, y, 1 - y)
    found = prediction_powered(tagged, audited_truth=y, audited_tagged=g)
    low, high = ppi_mean_ci(y, g, tagged, lam=1, alpha=0.05)
    assert (found.low, found.high) == pytest.approx((low[0], high[0]))
    tuned = prediction_powered(tagged, audited_truth=y, audited_tagged=g, power=None)
    assert tuned.value == pytest.approx(ppi_mean_pointestimate(y, g, tagged)[0])


def test_power_tuning_gives_the_worked_example() -> None:
    assert round(prediction_powered(TAGGED, **AUDITED, power=None).value, 4) == 0.5747


def test_audits_drawn_unevenly_are_weighted_back() -> None:
    generator = np.random.default_rng(0)
    truth = generator.binomial(1, 0.3, 40_000)
    tagged = np.where(generator.random(40_000) < 0.8, truth, 1 - truth)
    chances = np.where(tagged == 1, 0.2, 0.05)
    drawn = generator.random(40_000) < chances
    found = prediction_powered(
        tagged, audited_truth=truth[drawn], audited_tagged=tagged[drawn], probabilities=chances[drawn]
    )
    assert found.value == pytest.approx(truth.mean(), abs=0.02)
    audit = weighted_audit(truth[drawn], tagged[drawn], chances[drawn])
    assert audit.fp / audit.n == pytest.approx(np.mean(tagged & (1 - truth)), abs=0.01)
    assert audit.n < drawn.sum()


def test_prompts_widen_a_prediction_powered_interval() -> None:
    tagged, prompts = np.repeat([1, 0, 1, 1, 0, 1, 0, 1, 1, 0] * 4, 8), np.repeat(np.arange(40), 8)
    audit = {"audited_truth": [1, 1, 0, 0] * 10, "audited_tagged": [1, 1, 0, 1] * 10}
    plain = prediction_powered(tagged, **audit)
    clustered = prediction_powered(tagged, **audit, clusters=prompts, audited_clusters=np.arange(40))
    assert clustered.value == plain.value
    assert (clustered.n, clustered.unit) == (40, "prompts")
    assert clustered.high - clustered.low > plain.high - plain.low


def test_an_audit_without_errors_is_not_an_error_of_0() -> None:
    observed = Estimate(0.5, 0.46, 0.54, 500)
    corrected = corrected_rate(observed, Audit(tp=25, fp=0, fn=0, tn=25))
    assert corrected.value == 0.5
    assert corrected.high - corrected.low > 1.5 * 0.08


def test_a_correction_moves_the_rate_by_its_audited_errors() -> None:
    corrected = corrected_rate(Estimate(0.75, 0.73, 0.77, 500), Audit(tp=120, fp=30, fn=5, tn=45))
    assert corrected.value == pytest.approx(0.75 * 0.8 + 0.25 * 0.1)


def test_each_era_is_corrected_by_its_own_audit() -> None:
    base, final = wilson(667, 1000, unit="prompts"), wilson(900, 1000, unit="prompts")
    good, drifted = Audit(tp=127, fp=6, fn=6, tn=61), Audit(tp=127, fp=53, fn=6, tn=14)
    assert corrected_shift(base, good, final, drifted).low < 0
    assert corrected_shift(base, good, final, Audit(tp=171, fp=2, fn=9, tn=18)).low > 0.1


def test_an_audit_without_tagged_rollouts_knows_nothing_of_its_precision() -> None:
    nothing = Audit(tp=0, fp=0, fn=0, tn=40).precision
    assert (nothing.low, nothing.high, nothing.n) == (0, 1, 0)


def test_384_audits_know_an_error_of_10_percent_to_3_points() -> None:
    assert audits_needed(0.03, error=0.1) == 385


def test_an_audit_by_verdict_keeps_the_rare_tagged_rollouts_worth() -> None:
    tagged = np.array([1] * 30 + [0] * 30)
    truth = np.array([1] * 24 + [0] * 6 + [1] * 3 + [0] * 27)
    audit = by_verdict(truth, tagged, np.where(tagged == 1, 1.0, 0.05))
    assert (audit.tp + audit.fp, audit.fn + audit.tn) == (pytest.approx(30), pytest.approx(30))
    assert (audit.precision.value, audit.false_omission_rate.value) == (pytest.approx(0.8), pytest.approx(0.1))
    assert weighted_audit(truth, tagged, np.where(tagged == 1, 1.0, 0.05)).n < 35


def test_a_rogan_gladen_rate_holds_the_truth_and_knows_less_after_a_small_audit() -> None:
    generator = np.random.default_rng(1)
    held, widths = 0, []
    for n in (50, 400) * 100:
        truth = generator.random(2000) < 0.3
        tagged = np.where(truth, generator.random(2000) < 0.85, generator.random(2000) < 0.1)
        drawn = generator.choice(2000, n, replace=False)
        audit = weighted_audit(truth[drawn], tagged[drawn], np.full(n, n / 2000))
        found = rogan_gladen_rate(wilson(tagged.sum(), 2000), audit)
        held += found.low <= 0.3 <= found.high
        widths.append(found.high - found.low)
    assert held >= 188
    assert np.mean(widths[::2]) > 1.5 * np.mean(widths[1::2])


def test_a_rogan_gladen_rate_after_a_perfect_audit_is_not_certain() -> None:
    found = rogan_gladen_rate(Estimate(0.5, 0.46, 0.54, 500), Audit(tp=25, fp=0, fn=0, tn=25))
    assert found.value == 0.5
    assert found.high - found.low > 0.08


def test_a_corrected_interval_reaches_as_far_as_that_of_the_observed_rate() -> None:
    observed = Estimate(0.569, 0.53, 0.608, 200)
    corrected = corrected_rate(observed, Audit(tp=107_000, fp=6_600, fn=26_800, tn=59_600))
    assert corrected.high - corrected.low >= observed.high - observed.low


def test_a_weak_taggers_corrected_intervals_hold_the_truth() -> None:
    generator = np.random.default_rng(0)
    held = 0
    for _ in range(400):
        shown = generator.random((200, 8)) < generator.beta(0.1 * 7 / 3, 0.9 * 7 / 3, (200, 1))
        tagged = generator.random((200, 8)) < np.where(shown, 0.8, 0.1)
        y, f = (each.ravel()[:: 1600 // 400] for each in (shown, tagged))
        audit = Audit(*(float(np.sum(each)) for each in (y & f, ~y & f, y & ~f, ~y & ~f)))
        found = corrected_rate(rate(tagged.sum(axis=1), np.full(200, 8)), audit)
        held += found.low <= 0.1 <= found.high
    assert held / 400 >= 0.93
