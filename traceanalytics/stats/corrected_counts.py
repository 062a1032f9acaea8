"""Counts by strategy made honest: what an audit says of tagged and of other rollouts, the right and the wrong apart."""

from collections.abc import Callable, Sequence

import numpy as np

from traceanalytics.stats.bootstrap import cluster_weights, percentiles
from traceanalytics.stats.estimate import Estimate, Floats, Numbers, floats

STRATA = ("tagged and right", "tagged and wrong", "other and right", "other and wrong")


def strata_of(truth: Numbers, tagged: Numbers, right: Numbers, probabilities: Numbers) -> Floats:
    """Return for each of `STRATA` how many of its audited rollouts show the behavior, and how many there are.

    Weights are 1/probability, scaled to Kish's n of the stratum; one without an audit has that of its tag.
    """
    truth, tagged, right, weights = floats(truth) > 0, floats(tagged) > 0, floats(right) > 0, 1 / floats(probabilities)
    counts = np.zeros((4, 2))
    for place, (is_tagged, is_right) in enumerate(((True, True), (True, False), (False, True), (False, False))):
        of_tag = tagged == is_tagged
        rows = of_tag & (right == is_right)
        rows = rows if rows.any() else of_tag
        if rows.any():
            scaled = weights[rows] * weights[rows].sum() / (weights[rows] ** 2).sum()
            counts[place] = scaled[truth[rows]].sum(), scaled.sum()
    return counts


def corrected_statistic(
    statistic: Callable[[Floats], Floats],
    columns: Numbers,
    strata: Sequence[Floats],
    *,
    confidence: float = 0.95,
    resamples: int = 2000,
    seed: int = 0,
) -> list[Estimate]:
    """Return functions of sums of `StrategyCounts` columns, a row a prompt, each evaluation by its own audit.

    Post-stratified as `corrected_rate` is, so that errors may differ between right and wrong rollouts. Limits are those
    of prompts resampled and of every stratum's share drawn from Beta(shown + 1/2, not shown + 1/2), independent of each
    other, and what prompts differ in counts whole.
    """
    columns = floats(columns)
    prompts = len(columns)
    sums = columns.sum(axis=0)
    found = [(of[:, 0] / np.maximum(of[:, 1], 1e-12)) for of in strata]
    value = np.atleast_1d(statistic(_corrected(sums, found)))
    draws = np.random.default_rng(seed)
    drawn = [draws.beta(of[:, 0] + 0.5, of[:, 1] - of[:, 0] + 0.5, size=(resamples, 4)) for of in strata]
    of_audits = np.asarray(statistic(_corrected(np.broadcast_to(sums, (resamples, len(sums))), drawn)))
    resampled = cluster_weights(prompts, resamples=resamples, seed=seed) @ columns
    of_prompts = np.asarray(statistic(resampled)) - statistic(sums)
    low, high = percentiles(of_audits + of_prompts, prompts, confidence=confidence)
    low, high = np.minimum(low, value), np.maximum(high, value)
    return [Estimate(float(v), float(a), float(b), prompts) for v, a, b in zip(value, low, high, strict=True)]


def _corrected(sums: Floats, shares: Sequence[Floats]) -> Floats:
    """Return sums of columns by what is shown, from those by what is tagged; four columns and four shares a time."""
    corrected = []
    for place, share in enumerate(shares):
        tagged, tagged_right, other, other_right = np.moveaxis(sums[..., 4 * place : 4 * place + 4], -1, 0)
        counts = np.stack([tagged_right, tagged - tagged_right, other_right, other - other_right], axis=-1)
        shown = counts * share
        right, wrong = shown[..., 0] + shown[..., 2], shown[..., 1] + shown[..., 3]
        rest_right = counts[..., 0] + counts[..., 2] - right
        rest = counts.sum(axis=-1) - right - wrong
        corrected += [right + wrong, right, rest, rest_right]
    return np.stack(corrected, axis=-1)
