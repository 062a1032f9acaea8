"""Where a gain sits: every prompt's base and final rollouts paired, by the strategies of the two."""

from dataclasses import dataclass

import numpy as np

from traceanalytics.errors import Refused
from traceanalytics.stats.bootstrap import cluster_weights, percentiles
from traceanalytics.stats.correction import WEAKEST_TAGGER, Audit, rogan_gladen
from traceanalytics.stats.differences import mean_of_changes
from traceanalytics.stats.estimate import Estimate, Floats
from traceanalytics.stats.ratios import share_of_total
from traceanalytics.stats.shift_share import StrategyCounts

CELLS = ("shown -> shown", "shown -> other", "other -> shown", "other -> other")


@dataclass(frozen=True, slots=True)
class Switching:
    """Per cell of `CELLS`: points of the total gain, and with them one row a prompt to take shares from."""

    points: tuple[Estimate, ...]
    total: Estimate
    contributions: Floats

    def shares(self, *, confidence: float = 0.95) -> tuple[Estimate, ...]:
        """Return the cells as fractions of the total gain; refuses while that may be 0."""
        total = self.contributions.sum(axis=1)
        return tuple(share_of_total(cell, total, confidence=confidence) for cell in self.contributions.T)


def switching(base: StrategyCounts, final: StrategyCounts, *, confidence: float = 0.95) -> Switching:
    """Return the gain by cell: the mean over prompts and all base × final pairs of correct_final - correct_base.

    With one rollout each this is the published partial contribution C_d = Σ_cell Δcorrect / Σ Δcorrect.
    """
    contributions, events = pairs_by_cell(base.columns(), final.columns())
    return _summary(contributions, events, confidence)


def switching_beyond_chance(base: StrategyCounts, final: StrategyCounts, *, confidence: float = 0.95) -> Switching:
    """Return the same less the switching of a policy that did not change: distinct base × base pairs.

    Samples of one policy change strategy too, and its better strategy then looks like a gain from switching. The
    subtracted cells sum to 0, so the total stays.
    """
    before = base.columns()
    contributions, events = pairs_by_cell(before, final.columns())
    return _summary(contributions - unchanged_policy(before), events, confidence)


def pairs_by_cell(base: Floats, final: Floats) -> tuple[Floats, Floats]:
    """Return per prompt and cell the mean change of correctness over pairs, and the share of pairs that differ.

    Both are counts of … × prompts × the columns of `StrategyCounts`.
    """
    base_n, final_n = (each[..., 0] + each[..., 2] for each in (base, final))
    if not ((base_n > 0) & (final_n > 0)).all():
        raise Refused("a prompt has no rollout in one of the two evaluations: give prompts that are in both")
    before, after = base / base_n[..., None], final / final_n[..., None]
    changes, events = [], []
    for a in (0, 2):
        for b in (0, 2):
            share, right = before[..., a], before[..., a + 1]
            new_share, new_right = after[..., b], after[..., b + 1]
            changes.append(share * new_right - right * new_share)
            events.append((share - right) * new_right + right * (new_share - new_right))
    return np.stack(changes, axis=-1), np.stack(events, axis=-1)


def unchanged_policy(base: Floats) -> Floats:
    """Return per prompt and cell what `pairs_by_cell` expects of base against base: two rollouts without return."""
    shown, shown_correct, other, other_correct = np.moveaxis(base, -1, 0)
    n = shown + other
    if (n < 2).any():
        raise Refused("a prompt has 1 base rollout: how often an unchanged policy switches needs at least 2 a prompt")
    to_other = (shown * other_correct - shown_correct * other) / (n * (n - 1))
    none = np.zeros_like(to_other)
    return np.stack([none, to_other, -to_other, none], axis=-1)


def corrected_switching(
    base: StrategyCounts, final: StrategyCounts, audits: tuple[Audit, Audit], *, resamples: int = 2000, seed: int = 0
) -> tuple[Estimate, ...]:
    """Return the cells in points with the strategies of both evaluations as their audits correct them, and the total.

    Every prompt's counts by sensitivity and specificity (Rogan & Gladen 1978), which leaves products of two evaluations
    unbiased where the tagger errs alike on right and on wrong rollouts. Limits are those of prompts resampled together
    with error rates drawn from Beta(right + 1/2, wrong + 1/2).
    """
    before, after = (columns / (columns[:, [0]] + columns[:, [2]]) for columns in (base.columns(), final.columns()))
    prompts, draws = len(before), np.random.default_rng(seed)
    products = (before[:, :, None] * after[:, None, :]).reshape(prompts, 16)
    value = _corrected_cells(products.mean(axis=0), *(_by_truth(*_error_rates(audit)) for audit in audits))
    drawn = [_by_truth(*_error_rates(audit, draws, resamples)) for audit in audits]
    sums = cluster_weights(prompts, resamples=resamples, seed=seed) @ products / prompts
    low, high = percentiles(_corrected_cells(sums, *drawn), prompts)
    return tuple(Estimate(float(v), float(a), float(b), prompts) for v, a, b in zip(value, low, high, strict=True))


def _error_rates(audit: Audit, draws: np.random.Generator | None = None, size: int = 1) -> tuple[Floats, Floats]:
    """Return sensitivity and false positive rate as an audit found them, or drawn about that."""
    if draws is None:
        rogan_gladen(0.5, sensitivity=audit.sensitivity.value, specificity=1 - audit.false_positive_rate.value)
        return np.array(audit.sensitivity.value), np.array(audit.false_positive_rate.value)
    drawn = draws.beta(audit.tp + 0.5, audit.fn + 0.5, size), draws.beta(audit.fp + 0.5, audit.tn + 0.5, size)
    return drawn[0], np.minimum(drawn[1], drawn[0] - WEAKEST_TAGGER)


def _by_truth(sensitivity: Floats, false_positives: Floats) -> Floats:
    """Return the matrix that takes counts by tag (columns of `StrategyCounts`) to counts by what is shown."""
    scale = 1 / (sensitivity - false_positives)
    kept, lost = (1 - false_positives) * scale, -false_positives * scale
    to_shown = np.stack([kept, lost], axis=-1)
    matrix = np.zeros((*scale.shape, 4, 4))
    for column in (0, 1):
        for source, place in enumerate((column, column + 2)):
            matrix[..., column, place] = to_shown[..., source]
            matrix[..., column + 2, place] = 1 - to_shown[..., source]
    return matrix


def _corrected_cells(products: Floats, base: Floats, final: Floats) -> Floats:
    """Return the change of correctness in each cell, and over all, from mean products of base and final columns."""
    true = base @ products.reshape(*products.shape[:-1], 4, 4) @ np.swapaxes(final, -1, -2)
    cells = [true[..., a, b + 1] - true[..., a + 1, b] for a in (0, 2) for b in (0, 2)]
    return np.stack([*cells, sum(cells)], axis=-1)


def _summary(contributions: Floats, events: Floats, confidence: float) -> Switching:
    cells = zip(contributions.T, events.T, strict=True)
    points = tuple(mean_of_changes(cell, differing, confidence=confidence) for cell, differing in cells)
    total = mean_of_changes(contributions.sum(axis=1), events.sum(axis=1), confidence=confidence)
    return Switching(points, total, contributions)
