"""When a head may decide: as often right as what decided before it, and better, both on rows that it did not see."""

import numpy as np
from numpy.typing import NDArray

from traceanalytics.classifiers.base import NOT_JUDGED, SHOWN, YES, Judged
from traceanalytics.classifiers.comparing import f1_difference


def shown_by_cues(judged: Judged) -> NDArray[np.bool_]:
    """Say which behaviors the cues alone see in each row."""
    shown: NDArray[np.bool_] = judged.candidates.said_by_cues(judged.behaviors) == SHOWN
    return shown


def as_precise_as_cues(margins: NDArray[np.float64], judged: Judged) -> NDArray[np.float64]:
    """Return for every head the lowest margin from which on held-out yeses are as often right as those of the cues."""
    shown = shown_by_cues(judged)
    known, truth = judged.answers != NOT_JUDGED, judged.answers == YES
    lowest = np.full(len(judged.behaviors), -np.inf)
    for head in range(len(lowest)):
        rows = known[:, head]
        if (said := shown[rows, head]).any():
            order = np.argsort(-margins[rows, head], kind="stable")
            right = np.cumsum(truth[rows, head][order]) / np.arange(1, len(order) + 1)
            enough = np.flatnonzero(right >= truth[rows, head][said].mean())
            if len(enough):
                lowest[head] = margins[rows, head][order[enough[-1]]]
    return lowest


def not_better(said: NDArray[np.bool_], before: NDArray[np.bool_], judged: Judged) -> NDArray[np.bool_]:
    """Say which heads are not better than what decided before: 95% of draws of whole groups must say so.

    What said nothing before is no rival.
    """
    _, groups = np.unique(judged.groups, return_inverse=True)
    known, truth = judged.answers != NOT_JUDGED, judged.answers == YES
    worse = np.zeros(len(judged.behaviors), dtype=np.bool_)
    for head in range(len(worse)):
        if before[:, head].any():
            rows = known[:, head]
            low, _ = f1_difference(said[rows, head], before[rows, head], truth[rows, head], groups[rows])
            worse[head] = low <= 0
    return worse
