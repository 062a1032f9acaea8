"""Two windows compared: paired by prompt where prompts are shared, with limits that hold when little happened."""

from dataclasses import dataclass

import numpy as np

from traceanalytics.errors import Refused
from traceanalytics.stats.estimate import Estimate, Floats, Numbers, Test, floats, normal_quantile, t_quantile
from traceanalytics.stats.rates import Limits, degrees, none_of, rate_limits, wilson


@dataclass(frozen=True, slots=True)
class DifferenceLimits:
    """Differences with their limits, one entry a row of counts."""

    value: Floats
    low: Floats
    high: Floats
    standard_error: Floats
    prompts: Floats


def difference(
    numerators: Numbers,
    denominators: Numbers,
    *,
    base_numerators: Numbers,
    base_denominators: Numbers,
    confidence: float = 0.95,
) -> Estimate:
    """Return rate minus base rate; row g is prompt g in both windows, with denominator 0 where it is absent."""
    counts = [floats(each) for each in (numerators, denominators, base_numerators, base_denominators)]
    if not (counts[1].sum() > 0 and counts[3].sum() > 0):
        raise Refused("no rollout to compare: every denominator of one window is 0")
    limits = difference_limits(*counts, confidence=confidence)
    return Estimate(float(limits.value), float(limits.low), float(limits.high), int(limits.prompts))


def difference_limits(
    numerators: Numbers,
    denominators: Numbers,
    base_numerators: Numbers,
    base_denominators: Numbers,
    *,
    confidence: float = 0.95,
) -> DifferenceLimits:
    """Return differences of rates along the last axis (prompts), over any axes before it.

    Student limits on the prompts' own contributions, so that what pairs cancel is canceled; where a rate rests on
    few events they move to Newcombe's limits (each rate's own limits, combined with the correlation of its prompts,
    1998 method 10), and where few paired rollouts differ to those of a count of 0.
    """
    numerators, denominators = floats(numerators), floats(denominators)
    base_numerators, base_denominators = floats(base_numerators), floats(base_denominators)
    now = rate_limits(numerators, denominators, confidence=confidence)
    base = rate_limits(base_numerators, base_denominators, confidence=confidence)
    present = ((denominators > 0) | (base_denominators > 0)).sum(axis=-1).astype(np.float64)
    value = now.value - base.value
    residuals = now.residuals - base.residuals
    half, standard_error = _student_half(residuals, present, confidence)
    down, up = _newcombe_halves(now, base)
    few = np.maximum(_few(_events(now)), _few(_events(base)))
    few = np.where(present > 1, few, 1.0)
    differ = _differing_pairs(numerators, denominators, base_numerators, base_denominators)
    alike, bound = _few(differ), none_of(present, confidence)
    low = value - (1 - alike) * (few * down + (1 - few) * half) - alike * bound
    high = value + (1 - alike) * (few * up + (1 - few) * half) + alike * bound
    return DifferenceLimits(value, np.maximum(low, -1.0), np.minimum(high, 1.0), standard_error, present)


def mean_of_changes(values: Numbers, events: Numbers, *, confidence: float = 0.95) -> Estimate:
    """Return the mean over prompts of changes in [-1, 1]; `events` is what `mean_of_changes_limits` says."""
    values = floats(values)
    if values.size == 0:
        raise Refused("no prompt to compare")
    limits = mean_of_changes_limits(values, events, confidence=confidence)
    return Estimate(float(limits.value), float(limits.low), float(limits.high), int(limits.prompts))


def change_of_rates(rates: Floats, base_rates: Floats, *, confidence: float = 0.95) -> Estimate:
    """Return the mean over prompts of how much each one's rate changed, every prompt counted alike."""
    return mean_of_changes(rates - base_rates, differing(rates, base_rates), confidence=confidence)


def differing(rates: Floats, base_rates: Floats) -> Floats:
    """Return each prompt's share of pairs of rollouts, one with either rate, of which only one counts."""
    return rates * (1 - base_rates) + base_rates * (1 - rates)


def mean_of_changes_limits(values: Numbers, events: Numbers, *, confidence: float = 0.95) -> DifferenceLimits:
    """Return means along the last axis of per-prompt changes in [-1, 1], with limits that hold for rare changes.

    `events` is each prompt's share of rollout pairs that differ, in either direction: Student limits when they add up
    to several prompts' worth, the limits of a count of 0 when to none.
    """
    values, events = floats(values), floats(events)
    prompts = np.full(values.shape[:-1], float(values.shape[-1]))
    value = values.mean(axis=-1)
    half, standard_error = _student_half((values - value[..., None]) / prompts[..., None], prompts, confidence)
    few = np.where(prompts > 1, _few(events.sum(axis=-1)), 1.0)
    half = (1 - few) * half + few * none_of(prompts, confidence)
    return DifferenceLimits(
        value, np.maximum(value - half, -1.0), np.minimum(value + half, 1.0), standard_error, prompts
    )


def newcombe(successes: float, n: float, *, base_successes: float, base_n: float, confidence: float = 0.95) -> Estimate:
    """Return the difference of two independent shares: Wilson limits of each, squared and added (Newcombe 1998)."""
    now = wilson(successes, n, confidence=confidence)
    base = wilson(base_successes, base_n, confidence=confidence)
    value = now.value - base.value
    down = float(np.hypot(now.value - now.low, base.high - base.value))
    up = float(np.hypot(now.high - now.value, base.value - base.low))
    return Estimate(value, value - down, value + up, int(n + base_n), "rollouts")


def mcnemar_exact(only_now: int, only_base: int) -> Test:
    """Return the exact test of b = c: 2·P(Binomial(b + c, ½) ≤ min(b, c)) (McNemar 1947).

    >>> round(mcnemar_exact(18, 5).p, 6), mcnemar_exact(4, 0).p
    (0.010622, 0.125)
    """
    from scipy.special import bdtr

    n = only_now + only_base
    p = 1.0 if n == 0 else min(1.0, 2 * float(bdtr(min(only_now, only_base), n, 0.5)))
    return Test(float(only_now - only_base), p, n)


def minimum_detectable_difference(
    prompts: int, *, standard_deviation: float, power: float = 0.8, confidence: float = 0.95
) -> float:
    """Return the paired difference found with this power: (z_confidence + z_power)·SD/√prompts (Miller 2024).

    >>> round(minimum_detectable_difference(500, standard_deviation=0.5), 4)
    0.0626
    """
    z = normal_quantile(confidence) + normal_quantile(2 * power - 1)
    return float(z * standard_deviation / np.sqrt(prompts))


def _student_half(residuals: Floats, prompts: Floats, confidence: float) -> tuple[Floats, Floats]:
    with np.errstate(divide="ignore", invalid="ignore"):
        standard_error = np.sqrt(prompts / (prompts - 1) * (residuals**2).sum(axis=-1))
    half = t_quantile(confidence, degrees(residuals, prompts)) * np.nan_to_num(standard_error)
    return half, standard_error


def _newcombe_halves(now: Limits, base: Limits) -> tuple[Floats, Floats]:
    together = (now.residuals * base.residuals).sum(axis=-1)
    each = np.sqrt((now.residuals**2).sum(axis=-1) * (base.residuals**2).sum(axis=-1))
    correlation = np.divide(together, each, out=np.zeros_like(together), where=each > 0)

    def half(mine: Floats, theirs: Floats) -> Floats:
        return floats(np.sqrt(np.maximum(mine**2 + theirs**2 - 2 * correlation * mine * theirs, 0.0)))

    return half(now.value - now.low, base.high - base.value), half(now.high - now.value, base.value - base.low)


def _differing_pairs(
    numerators: Floats, denominators: Floats, base_numerators: Floats, base_denominators: Floats
) -> Floats:
    """Return the sum over prompts of the share of rollout pairs that differ; a prompt in one window counts whole."""
    both = (denominators > 0) & (base_denominators > 0)
    now = np.divide(numerators, denominators, out=np.zeros_like(numerators + denominators), where=both)
    base = np.divide(base_numerators, base_denominators, out=np.zeros_like(now), where=both)
    either = (denominators > 0) | (base_denominators > 0)
    return floats(np.where(both, differing(now, base), either).sum(axis=-1))


def _events(limits: Limits) -> Floats:
    return limits.prompts * np.minimum(limits.value, 1 - limits.value)


def _few(events: Floats) -> Floats:
    return floats(1 / (1 + 4 * events**2))
