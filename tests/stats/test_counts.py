import numpy as np
import pytest
import statsmodels.api as sm

from traceanalytics.errors import Refused
from traceanalytics.stats.counts import count_trend, ratio_of_count_rates

STEPS = np.array([0.0, 50.0, 100.0, 200.0])


def drawn(seed: int = 0, factor: float = 1.5) -> tuple[np.ndarray, np.ndarray]:
    """Return counts that grow by a factor per 100 steps, prompts differing in their rate, and their text."""
    draws = np.random.default_rng(seed)
    text = draws.integers(1, 9, size=(40, 4)).astype(float)
    rates = draws.gamma(2, 0.5, size=(40, 1)) * factor ** (STEPS / 100)
    return draws.poisson(rates * text).astype(float), text


def test_the_factor_agrees_with_gee() -> None:
    counts, text = drawn()
    design = sm.add_constant(np.tile(STEPS / 100, 40))
    fitted = sm.GEE(
        counts.ravel(), design, groups=np.repeat(np.arange(40), 4), family=sm.families.Poisson(), exposure=text.ravel()
    ).fit()
    found = count_trend(STEPS, counts, text)
    assert np.log(found.value) == pytest.approx(fitted.params[1], abs=1e-6)
    assert found.low < 1.5 < found.high
    half = (np.log(found.high) - np.log(found.low)) / 2
    assert half == pytest.approx(2.1 * fitted.bse[1], rel=0.08)


def test_a_factor_holds_in_most_worlds() -> None:
    held = [count_trend(STEPS, *drawn(seed)) for seed in range(200)]
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
    with pytest.raises(Refused, match="0 prompts hold a count at one end: a ratio needs 10 at both"):
        ratio_of_count_rates([1] * 20, [1] * 20, base_counts=[0] * 20, base_exposures=[1] * 20)
