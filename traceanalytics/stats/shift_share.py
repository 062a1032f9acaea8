"""What part of a gain is a change of strategy, what part better work within each: exact, and never causal."""

from dataclasses import dataclass

import numpy as np

from traceanalytics.errors import Refused
from traceanalytics.stats.bootstrap import bootstrap
from traceanalytics.stats.estimate import Estimate, Floats, Numbers, floats


@dataclass(frozen=True, slots=True)
class ShiftShare:
    """`total = between + within_shown + within_other = composition + within + interaction`."""

    total: Estimate
    between: Estimate
    within_shown: Estimate
    within_other: Estimate
    composition: Estimate
    within: Estimate
    interaction: Estimate


@dataclass(frozen=True, slots=True)
class StrategyCounts:
    """One entry a prompt: rollouts that show the strategy and how many of these are correct; the others likewise."""

    shown: Numbers
    shown_correct: Numbers
    other: Numbers
    other_correct: Numbers

    def columns(self) -> Floats:
        """Return the four counts as columns, one row a prompt."""
        return np.stack([floats(each) for each in (self.shown, self.shown_correct, self.other, self.other_correct)], -1)


def decompose(share: Numbers, accuracies: Numbers, new_share: Numbers, new_accuracies: Numbers) -> Floats:
    """Return total, then the twofold terms, then the threefold (Kitagawa 1955); accuracies are (shown, other).

    Twofold at mid-point weights: Δp·(mean a_s - mean a_o), mean p·Δa_s, (1 - mean p)·Δa_o. Threefold at base weights:
    Δp·(a_s - a_o), p·Δa_s + (1 - p)·Δa_o, Δp·(Δa_s - Δa_o).

    >>> decompose(0.6, (0.6, 0.3), 0.9, (0.7, 0.4))[:6].round(4).tolist()
    [0.19, 0.09, 0.075, 0.025, 0.09, 0.1]
    """
    p, q = floats(share), floats(new_share)
    (shown, other), (new_shown, new_other) = (
        np.moveaxis(floats(accuracies), -1, 0),
        np.moveaxis(floats(new_accuracies), -1, 0),
    )
    better_shown, better_other = new_shown - shown, new_other - other
    gap, new_gap = shown - other, new_shown - new_other
    total = q * new_shown + (1 - q) * new_other - p * shown - (1 - p) * other
    between = (q - p) * (gap + new_gap) / 2
    within_shown, within_other = (p + q) / 2 * better_shown, (1 - (p + q) / 2) * better_other
    within = p * better_shown + (1 - p) * better_other
    return np.stack(
        [total, between, within_shown, within_other, (q - p) * gap, within, (q - p) * (new_gap - gap)], axis=-1
    )


def shift_share(
    base: StrategyCounts, final: StrategyCounts, *, weights: Floats | None = None, confidence: float = 0.95
) -> ShiftShare:
    """Decompose the change of accuracy between two evaluations of the same prompts; intervals by cluster bootstrap."""
    columns = np.concatenate([base.columns(), final.columns()], axis=-1)
    empty = [name for name, count in zip(_CELLS, columns.sum(axis=0)[[0, 2, 4, 6]], strict=True) if count == 0]
    if empty:
        raise Refused(f"no rollout is {empty[0]}: its accuracy, and so the decomposition, is not defined")
    return ShiftShare(*bootstrap(decomposition_of_sums, columns, weights=weights, confidence=confidence))


def decomposition_of_sums(sums: Floats) -> Floats:
    """Return the terms of `ShiftShare` from sums of the columns of base and final."""
    with np.errstate(invalid="ignore", divide="ignore"):
        shares = [sums[..., i] / (sums[..., i] + sums[..., i + 2]) for i in (0, 4)]
        accuracies = [sums[..., [i + 1, i + 3]] / sums[..., [i, i + 2]] for i in (0, 4)]
    return decompose(shares[0], accuracies[0], shares[1], accuracies[1])


def headroom(share: float, *, accuracy: float, other_accuracy: float) -> tuple[float, float]:
    """Return what accuracy would gain if every rollout took the strategy, and if none did: (1 - f)·Δa and -f·Δa.

    >>> [round(each, 3) for each in headroom(0.65, accuracy=198 / 325, other_accuracy=49 / 175)]
    [0.115, -0.214]
    """
    return (1 - share) * (accuracy - other_accuracy), share * (other_accuracy - accuracy)


_CELLS = (
    "in the strategy at the base",
    "outside it at the base",
    "in the strategy at the end",
    "outside it at the end",
)
