"""The shape of a curve: rise times, spread about its course, drawdown."""

import numpy as np
import pytest

from traceanalytics.errors import Refused
from traceanalytics.stats.onset import changes_since_base
from traceanalytics.stats.stability import detrended_spread, drawdown, spread_about_course, transition

STEPS = np.arange(0, 300, 10)


def drawn(course, prompts=400, samples=16, seed=0):
    chances = np.broadcast_to(course, (prompts, len(course)))
    return np.random.default_rng(seed).binomial(samples, chances), np.full(chances.shape, samples)


def test_a_jump_is_sharp_and_a_drift_is_not() -> None:
    jump = transition(STEPS, *drawn(np.where(STEPS < 150, 0.3, 0.8)))
    drift = transition(STEPS, *drawn(np.linspace(0.3, 0.8, 30)))
    assert jump.rise_time.value <= 10
    assert jump.sharpness.high < 0.1
    assert drift.sharpness.value == pytest.approx(1, abs=0.1)
    assert (drift.start, drift.end) == (pytest.approx(29, abs=15), pytest.approx(261, abs=15))


def told(course: np.ndarray, prompts: int, samples: int, *, worlds: int = 40) -> list[tuple[float, float]]:
    """Return the limits of the sharpness in worlds whose prompts differ in how inclined they are."""
    limits = []
    for seed in range(worlds):
        draws = np.random.default_rng(seed)
        logits = np.log(course / (1 - course)) + draws.normal(0, 0.9, (prompts, 1))
        hits = draws.binomial(samples, 1 / (1 + np.exp(-logits)))
        found = transition(np.arange(len(course)) * 10, hits, np.full(hits.shape, samples)).sharpness
        limits.append((found.low, found.high))
    return limits


@pytest.mark.parametrize(("prompts", "samples"), [(32, 4), (128, 8)])
def test_noise_makes_no_jump_of_a_drift_and_no_drift_of_a_jump(prompts: int, samples: int) -> None:
    drift, jump = np.linspace(0.3, 0.6, 16), np.where(np.arange(16) < 8, 0.3, 0.6)
    assert sum(high < 0.25 for _, high in told(drift, prompts, samples)) <= 2
    jumps = told(jump, prompts, samples)
    assert sum(low > 0.5 for low, _ in jumps) <= 2
    assert prompts < 100 or sum(high < 0.25 for _, high in jumps) >= 36


def test_limits_of_a_ramp_of_half_the_run_hold_it() -> None:
    ramp = 0.3 + 0.4 * np.clip((np.arange(21) - 5) / 10, 0, 1)
    assert sum(low <= 0.5 <= high for low, high in told(ramp, 128, 8, worlds=40)) >= 36


def test_a_fall_has_a_rise_time_too() -> None:
    assert transition(STEPS, *drawn(np.where(STEPS < 150, 0.8, 0.3))).rise_time.value <= 10


def test_a_flat_curve_has_no_rise_to_time() -> None:
    with pytest.raises(
        Refused, match=r"^the change from the first to the last third is \[-?0\.\d+, 0\.\d+\]: no rise to time$"
    ):
        transition(STEPS, *drawn(np.full(30, 0.5)))


def test_four_evaluations_have_no_rise_time() -> None:
    with pytest.raises(Refused, match="^4 evaluations: a rise time needs at least 5$"):
        transition([0, 1, 2, 3], np.ones((2, 4)), np.ones((2, 4)))


def test_spread_is_what_trend_and_sampling_do_not_explain() -> None:
    generator = np.random.default_rng(0)
    trend = np.linspace(0, 1, 200)
    sampled = trend + generator.normal(0, 0.01, 200)
    assert detrended_spread(sampled, np.full(200, 0.01)).low == 0
    shaken = detrended_spread(sampled + generator.normal(0, 0.03, 200), np.full(200, 0.01))
    assert shaken.value == pytest.approx(0.03, abs=0.005)
    assert shaken.low < 0.03 < shaken.high


def test_prompts_that_come_again_bring_no_spread_of_their_own() -> None:
    generator = np.random.default_rng(0)
    ease, course = generator.uniform(0, 1, (400, 1)), np.full(60, 0.5)
    wobble = generator.normal(0, 0.04, 60)
    n = np.full((400, 60), 8)
    still = spread_about_course(changes_since_base(np.arange(60), generator.binomial(8, 0 * course + ease), n))
    shaken = np.clip(ease * 0.6 + 0.2 + wobble, 0, 1)
    found = spread_about_course(changes_since_base(np.arange(60), generator.binomial(8, shaken), n))
    assert still.low == 0
    assert found.value == pytest.approx(0.04, abs=0.01)


def test_a_short_curve_has_no_spread() -> None:
    with pytest.raises(Refused, match="^13 evaluations: a spread about the course of a curve needs at least 14$"):
        detrended_spread(np.zeros(13), np.zeros(13))


def test_a_collapse_is_a_drawdown_with_a_lower_limit() -> None:
    course = np.concatenate([np.linspace(0.4, 0.9, 15), np.full(15, 0.5)])
    fall = drawdown(changes_since_base(STEPS, *drawn(course)))
    assert (fall.peak, fall.trough >= 150) == (140, True)
    assert fall.depth.low > 0.3
    assert fall.depth.low < 0.4 < fall.depth.high


def test_noise_alone_has_no_lower_limit() -> None:
    fall = drawdown(changes_since_base(STEPS, *drawn(np.full(30, 0.5))))
    assert fall.depth.value > 0
    assert fall.depth.low == 0
