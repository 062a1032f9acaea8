"""Two ways of saying yes and no to the same rows, compared in pairs: which has the better F1, and how surely."""

import numpy as np
from numpy.typing import NDArray

RESAMPLES = 1000
_MOST_RESAMPLES = 10_000


def f1(hits: NDArray[np.float64], said: NDArray[np.float64], true: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return 2 * hits / (said + true), 0 where nothing was said and nothing is true."""
    score: NDArray[np.float64] = 2 * hits / np.maximum(said + true, 1)
    return score


def f1_difference(
    new: NDArray[np.bool_],
    old: NDArray[np.bool_],
    truth: NDArray[np.bool_],
    groups: NDArray[np.int64],
    *,
    beyond: float = 0.05,
) -> tuple[float, float]:
    """Return the limits of the difference of F1, new less old, over draws of whole groups.

    A share `beyond` of the draws lies below, and as many above.
    """
    columns = (new & truth, new, old & truth, old, truth)
    counts = np.stack([np.bincount(groups, weights=column) for column in columns], axis=1)
    counts = counts[counts.any(axis=1)]
    if not len(counts):
        return 0.0, 0.0
    number = min(max(RESAMPLES, round(50 / beyond)), _MOST_RESAMPLES)
    draws = np.random.default_rng(0).multinomial(len(counts), np.full(len(counts), 1 / len(counts)), number)
    drawn = (draws @ counts).T
    low, high = np.quantile(f1(drawn[0], drawn[1], drawn[4]) - f1(drawn[2], drawn[3], drawn[4]), [beyond, 1 - beyond])
    return float(low), float(high)
