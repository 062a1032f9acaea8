"""Change points and onsets: worked examples, exact permutation, and bands on planted courses."""

import numpy as np
import pytest

from traceanalytics.errors import Refused
from traceanalytics.stats.onset import change_point, changes_since_base, onset, resampled_changes, simultaneous_band


def panel(course, prompts=128, samples=8, seed=0):
    generator = np.random.default_rng(seed)
    level = generator.normal(0, 1, prompts)[:, None]
    logit = np.log(np.array(course) / (1 - np.array(course)))
    chances = 1 / (1 + np.exp(-(level + logit)))
    return generator.binomial(samples, chances), np.full(chances.shape, samples)


def band_of(course, **keywords):
    hits, n = panel(course, **keywords)
    return simultaneous_band(changes_since_base(np.arange(len(course)) * 10, hits, n))


def test_the_scan_gives_the_worked_example() -> None:
    found = change_point([6, 7, 6, 7, 9, 10, 9, 10], [10] * 8)
    assert found.ratios.round(3).tolist() == [2.464, 3.441, 8.127, 12.387, 10.209, 4.644, 4.808]
    assert found.after == 4
    assert found.p == 72 / 2520


def test_many_orders_are_sampled_instead_of_counted() -> None:
    counts = [50, 52, 49, 51, 48, 53, 70, 71, 69, 72, 73, 68]
    found = change_point(counts, [100] * 12)
    assert found.after == 6
    assert found.p < 0.01
    assert change_point(counts[::2] + counts[1::2], [100] * 12).p > found.p


def test_three_evaluations_have_no_change_point() -> None:
    with pytest.raises(Refused, match="^3 evaluations: a change point needs at least 4$"):
        change_point([1, 2, 3], [9, 9, 9])


def test_with_all_prompts_at_all_steps_the_change_is_the_difference_of_rates() -> None:
    hits, n = panel(np.linspace(0.4, 0.6, 6))
    changes = changes_since_base(range(6), hits, n)
    rates = hits.sum(axis=0) / n.sum(axis=0)
    assert changes.value == pytest.approx(rates - rates[0])
    paired = (hits[:, 3] - hits[:, 0]) / 8
    assert np.sqrt((changes.influences[:, 3] ** 2).sum()) == pytest.approx(paired.std() / np.sqrt(128))


def test_a_base_of_several_evaluations_is_their_mean() -> None:
    hits, n = panel(np.linspace(0.4, 0.6, 6))
    rates = hits.sum(axis=0) / n.sum(axis=0)
    assert changes_since_base(range(6), hits, n, base=2).value == pytest.approx(rates - rates[:2].mean())


def test_a_curriculum_of_ever_harder_prompts_is_no_change() -> None:
    hits = np.array([[7, 7, 0, 0], [0, 4, 4, 0], [0, 0, 1, 1]])
    n = np.array([[8, 8, 0, 0], [0, 8, 8, 0], [0, 0, 8, 8]])
    assert changes_since_base(range(4), hits, n).value == pytest.approx(0)


def test_prompts_seen_once_are_compared_within_their_stratum() -> None:
    hits, n = np.diag([6, 2, 7, 1]), np.diag([8, 8, 8, 8])
    at = np.repeat([[0], [1]], 2, axis=0).ravel()
    by_step = [np.stack([each[:, at == step].sum(axis=1) for step in (0, 1)], axis=1) for each in (hits, n)]
    changes = changes_since_base([0, 10], *by_step, blocks=["easy", "hard", "easy", "hard"])
    assert changes.value[1] == pytest.approx(((7 - 6) / 8 + (1 - 2) / 8) / 2)


def test_steps_that_share_no_prompt_are_refused() -> None:
    message = "^step 10 shares no prompt with the base: compare within strata, or evaluate fixed prompts$"
    with pytest.raises(Refused, match=message):
        changes_since_base([0, 10], np.eye(2), np.eye(2))


def test_one_step_is_refused() -> None:
    with pytest.raises(Refused, match="^one step has rollouts: a change needs at least two$"):
        changes_since_base([0, 10], [[1, 0]], [[2, 0]])


def test_one_prompt_has_no_band() -> None:
    with pytest.raises(Refused, match="^1 prompt: a band over prompts needs at least 2$"):
        simultaneous_band(changes_since_base(range(3), [[1, 2, 3]], [[4, 4, 4]]))


def test_a_behavior_never_shown_is_not_certain_to_stay_away() -> None:
    band = simultaneous_band(changes_since_base(range(3), np.zeros((50, 3)), np.full((50, 3), 8)))
    assert band.low.tolist() == [0, -band.high[1], -band.high[2]]
    assert band.high[1] == pytest.approx(3.8415 / (50 + 3.8415), rel=1e-4)


def test_a_jump_is_dated_to_its_evaluation() -> None:
    found = onset(band_of([0.667] * 8 + [0.92] * 12))
    assert found is not None
    assert (found.step, found.latest, found.rises) == (80, 80, True)
    assert found.earliest <= 80


def test_a_fall_is_an_onset_downward() -> None:
    found = onset(band_of([0.9] * 8 + [0.6] * 12))
    assert found is not None
    assert (found.step, found.rises) == (80, False)


@pytest.mark.parametrize("course", [[0.667] * 6 + [0.93] * 8 + [0.35] * 8, [0.667] * 6 + [0.35] * 8 + [0.93] * 8])
def test_of_a_rise_and_a_fall_the_first_is_the_onset(course: list[float]) -> None:
    found = onset(band_of(course))
    assert found is not None
    assert (found.step, found.rises) == (60, course[6] > course[0])


def test_a_flat_run_has_no_onset() -> None:
    assert onset(band_of([0.667] * 20)) is None


def test_two_evaluations_beyond_the_threshold_do_not_confirm() -> None:
    assert onset(band_of([0.667] * 10 + [0.95] * 2 + [0.667] * 10)) is None


def test_a_run_that_wanders_widens_its_own_band() -> None:
    wander = 0.06 * np.where(np.arange(24) % 2, 1, -1)
    calm, shaken = band_of([0.6] * 24), band_of(0.6 + wander)
    assert calm.wobble < 0.01
    assert shaken.wobble > 0.03
    assert (shaken.high - shaken.low)[5] > 2 * (calm.high - calm.low)[5]


def test_a_jump_is_no_wobble() -> None:
    assert band_of([0.667] * 30 + [0.92] * 30).wobble < 0.01


def test_resampled_changes_vary_together_as_those_of_weighted_prompts_do() -> None:
    influences = np.random.default_rng(0).normal(size=(50, 4)).cumsum(axis=1)
    drawn = resampled_changes(influences, 20_000, seed=1)
    assert np.cov(drawn.T) == pytest.approx(influences.T @ influences, rel=0.06, abs=2)
    assert resampled_changes(influences[:2], 10, seed=1).shape == (10, 4)
