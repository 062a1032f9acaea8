"""Resampling: the cluster bootstrap, a row a prompt and a resample a row of a matrix product; and the jackknife."""

from collections.abc import Callable

import numpy as np

from traceanalytics.errors import Refused
from traceanalytics.stats.estimate import Estimate, Floats, Numbers, floats, t_quantile


def cluster_weights(prompts: int, *, resamples: int = 2000, seed: int = 0) -> Floats:
    """Return how often each resample of the prompts draws each of them: resamples × prompts, multinomial.

    One matrix for all steps, behaviors and runs over the same prompts makes every difference between them paired.
    """
    generator = np.random.default_rng(seed)
    drawn = generator.integers(prompts, size=(resamples, prompts)) + np.arange(resamples)[:, None] * prompts
    return np.bincount(drawn.ravel(), minlength=resamples * prompts).reshape(resamples, prompts).astype(np.float64)


def bootstrap(
    statistic: Callable[[Floats], Floats],
    columns: Numbers,
    *,
    weights: Floats | None = None,
    confidence: float = 0.95,
    unit: str = "prompts",
) -> list[Estimate]:
    """Return percentile intervals of functions of column sums, as wide as Student's for so few prompts.

    `columns` has one row a prompt; `statistic` takes sums (… × columns) to values (… × outputs). The percentiles are
    Φ(±t·√(G/(G-1))) rather than 2.5 and 97.5 (Hesterberg 2015, expanded percentiles).
    """
    columns = floats(columns)
    prompts = len(columns)
    if prompts < 2:
        raise Refused(f"{prompts} of {unit} to resample: a bootstrap needs at least 2")
    weights = cluster_weights(prompts) if weights is None else weights
    value = np.atleast_1d(statistic(columns.sum(axis=0)))
    resampled = statistic(weights @ columns).reshape(len(weights), -1)
    low, high = percentiles(resampled, prompts, confidence=confidence)
    return [Estimate(float(v), float(a), float(b), prompts, unit) for v, a, b in zip(value, low, high, strict=True)]


def percentiles(resampled: Floats, prompts: int, *, confidence: float = 0.95) -> tuple[Floats, Floats]:
    """Return the expanded percentiles of resampled values, resamples × values."""
    from scipy.special import ndtr

    tail = float(ndtr(-float(t_quantile(confidence, prompts - 1)) * np.sqrt(prompts / (prompts - 1))))
    quantiles = np.nanquantile if np.isnan(resampled).any() else np.quantile  # the second is four times as fast
    low, high = quantiles(resampled, [tail, 1 - tail], axis=0)
    return low, high


def jackknife(whole: Numbers, without_one: Numbers, *, confidence: float = 0.95) -> list[Estimate]:
    """Return values with the limits of values that leave out one part each: SE² = (K-1)/K · Σ(θ_k - mean)² (Tukey).

    `without_one` is parts × values; Student's limits with K - 1 degrees of freedom.
    """
    whole, without_one = np.atleast_1d(floats(whole)), floats(without_one)
    parts = len(without_one)
    error = np.sqrt((parts - 1) / parts * ((without_one - without_one.mean(axis=0)) ** 2).sum(axis=0))
    half = float(t_quantile(confidence, parts - 1)) * error
    return [Estimate(float(v), float(v - h), float(v + h), parts, "parts") for v, h in zip(whole, half, strict=True)]
