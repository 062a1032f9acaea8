from collections.abc import Callable

import numpy as np
import pytest
import statsmodels.api as sm

from traceanalytics.errors import Refused
from traceanalytics.stats.counts import count_trend, overdispersion, ratio_of_count_rates
from traceanalytics.stats.estimate import Estimate

STEPS = np.array([0.0, 50.0, 100.0, 200.0])


def drawn(seed: int = 0, factor: float = 1.5) -> tuple[np.ndarray, np.ndarray]:
    """Return counts that grow by a factor per 100 steps, prompts differing in their rate, and their text."""
    draws = np.random.default_rng(seed)
    text = draws.integers(1, 9, size=(40, 4)).astype(float)
    rates = draws.gamma(2, 0.5, size=(40, 1)) * factor ** (STEPS / 100)
    return draws.poisson(rates * text).astype(float), text


def alike(seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Return counts of prompts that do not differ in their rate: a Poisson variance."""
    draws = np.random.default_rng(seed)
    text = draws.integers(1, 9, size=(60, 4)).astype(float)
    return draws.poisson(0.7 * 1.5 ** (STEPS / 100) * text).astype(float), text


def by_statsmodels(counts: np.ndarray, text: np.ndarray, family: sm.families.Family) -> tuple[float, float]:
    design, prompts = sm.add_constant(np.tile(STEPS / 100, len(counts))), np.repeat(np.arange(len(counts)), 4)
    fitted = sm.GEE(counts.ravel(), design, groups=prompts, family=family, exposure=text.ravel()).fit()
    return float(fitted.params[1]), float(fitted.bse[1])


def half(found: Estimate) -> float:
    return float(np.log(found.high) - np.log(found.low)) / 2


def expected_of(counts: np.ndarray, text: np.ndarray) -> np.ndarray:
    design = sm.add_constant(np.tile(STEPS / 100, len(counts)))
    fitted = sm.GLM(counts.ravel(), design, family=sm.families.Poisson(), exposure=text.ravel()).fit()
    return np.asarray(fitted.fittedvalues).reshape(counts.shape)


def test_the_factor_of_a_poisson_variance_agrees_with_gee() -> None:
    counts, text = alike(1)
    assert overdispersion(counts, expected_of(counts, text)) == 0
    slope, error = by_statsmodels(counts, text, sm.families.Poisson())
    found = count_trend(STEPS, counts, text)
    assert np.log(found.value) == pytest.approx(slope, abs=1e-6)
    assert half(found) == pytest.approx(2.05 * error, rel=0.05)


def test_the_factor_of_overdispersed_counts_agrees_with_negative_binomial_gee() -> None:
    counts, text = drawn()
    alpha = overdispersion(counts, expected_of(counts, text))
    assert alpha > 0.2
    slope, error = by_statsmodels(counts, text, sm.families.NegativeBinomial(alpha=alpha))
    found = count_trend(STEPS, counts, text)
    assert np.log(found.value) == pytest.approx(slope, abs=1e-6)
    assert found.low < 1.5 < found.high
    assert half(found) == pytest.approx(2.1 * error, rel=0.08)


def test_the_overdispersion_is_near_the_most_likely_one() -> None:
    draws = np.random.default_rng(3)
    text = draws.integers(1, 9, size=(400, 4)).astype(float)
    counts = draws.poisson(draws.gamma(2, 0.5, size=(400, 4)) * 1.2 ** (STEPS / 100) * text).astype(float)
    design = sm.add_constant(np.tile(STEPS / 100, 400))
    likeliest = sm.NegativeBinomial(counts.ravel(), design, exposure=text.ravel()).fit(disp=0).params[-1]
    assert overdispersion(counts, expected_of(counts, text)) == pytest.approx(likeliest, abs=0.08)


def test_weights_of_the_negative_binomial_shorten_the_interval_where_texts_differ_in_length() -> None:
    draws = np.random.default_rng(4)
    text = np.where(draws.random((80, 4)) < 0.1, 60.0, 1.0)
    counts = draws.poisson(draws.gamma(1, 1, size=(80, 4)) * 1.3 ** (STEPS / 100) * text).astype(float)
    poisson = by_statsmodels(counts, text, sm.families.Poisson())[1]
    assert half(count_trend(STEPS, counts, text)) < 0.8 * 2 * poisson


@pytest.mark.parametrize("draw", [drawn, alike])
def test_a_factor_holds_in_most_worlds(draw: Callable[[int], tuple[np.ndarray, np.ndarray]]) -> None:
    held = [count_trend(STEPS, *draw(seed)) for seed in range(200)]
    assert 0.91 <= np.mean([each.low <= 1.5 <= each.high for each in held]) <= 0.99


def test_a_ratio_is_that_of_the_sums() -> None:
    found = ratio_of_count_rates([4, 2] * 6, [10] * 12, base_counts=[1, 2] * 6, base_exposures=[10] * 12)
    assert found.value == pytest.approx(2)
    assert 1 < found.low < 2 < found.high < 4


def test_a_ratio_holds_in_most_worlds() -> None:
    held = [
        ratio_of_count_rates(counts[:, 2], text[:, 2], base_counts=counts[:, 0], base_exposures=text[:, 0])
        for counts, text in map(drawn, range(200))
    ]
    assert 0.9 <= np.mean([each.low <= 1.5 <= each.high for each in held]) <= 0.99


@pytest.mark.parametrize(
    ("counts", "text", "message"),
    [
        ([[1, 1], [1, 1]], [[1, 0], [1, 0]], "one step has text: a trend needs at least two"),
        ([[1, 0], [1, 0]], [[1, 1], [1, 1]], "nothing is counted at two steps: a factor between them is not defined"),
        ([[1, 1]], [[1, 1]], "1 prompt: a trend over prompts needs at least 2"),
    ],
)
def test_what_has_no_trend_is_refused(counts: list[list[int]], text: list[list[int]], message: str) -> None:
    with pytest.raises(Refused, match=message):
        count_trend([0, 100], counts, text)


def test_a_ratio_to_nothing_is_refused() -> None:
    with pytest.raises(Refused, match="0 prompts with a count at one end: a ratio needs 10 at both"):
        ratio_of_count_rates([1] * 20, [1] * 20, base_counts=[0] * 20, base_exposures=[1] * 20)
