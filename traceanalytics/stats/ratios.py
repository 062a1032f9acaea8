"""Ratios of sums that are no shares of rollouts: parts of a gain, and counts per length of text."""

import numpy as np

from traceanalytics.errors import Refused
from traceanalytics.stats.estimate import Estimate, Numbers, floats, t_quantile
from traceanalytics.stats.rates import degrees

CLEAR_OF_ZERO = 4.0  # standard errors a total must lie from 0 before parts of it are printed as shares


def share_of_total(parts: Numbers, totals: Numbers, *, confidence: float = 0.95) -> Estimate:
    """Return Σ parts / Σ totals, of any sign, with Fieller's limits (1954): all R whose mean of part - R·total fits 0.

    One entry a prompt. Refuses while the total may be 0, because a share of it then has no bounded interval.
    """
    parts, totals = floats(parts), floats(totals)
    prompts = len(parts)
    total = float(totals.mean()) if prompts else 0.0
    error = float(totals.std(ddof=1) / np.sqrt(prompts)) if prompts > 1 else np.inf
    if abs(total) <= CLEAR_OF_ZERO * error:
        raise Refused(
            f"the total {total:.4f} lies within {CLEAR_OF_ZERO:g} standard errors ({error:.4f} each) of 0: "
            f"its parts are given, but no shares of it"
        )
    value = float(parts.mean()) / total
    residuals = parts - value * totals
    if not residuals.any():
        return Estimate(value, value, value, prompts)
    t = float(t_quantile(confidence, degrees(residuals, floats(prompts))))
    ((part_part, part_total), (_, total_total)) = np.cov(parts, totals) * t**2 / prompts
    square, linear = total**2 - total_total, value * total**2 - part_total
    spread = linear**2 - square * ((value * total) ** 2 - part_part)
    if square <= 0:
        raise Refused(
            f"{prompts} prompts move the total {total:.4f} too unevenly for a share of it to have an interval"
        )
    half = float(np.sqrt(max(spread, 0.0))) / square
    return Estimate(value, float(linear / square) - half, float(linear / square) + half, prompts)


def count_rate(counts: Numbers, exposures: Numbers, *, confidence: float = 0.95) -> Estimate:
    """Return Σ counts / Σ exposures (events per length of text) with the gamma limits of Fay & Feuer (1997).

    One entry a prompt; the variance is CR1 over prompts, and the largest prompt's count is the weight of an event not
    seen, so that no events at all still leave an upper limit.
    """
    from scipy.special import gammaincinv

    counts, exposures = floats(counts), floats(exposures)
    total = float(exposures.sum())
    if not total > 0:
        raise Refused("no text to count in: every exposure is 0")
    prompts = int((exposures > 0).sum())
    value = float(counts.sum()) / total
    residuals = (counts - value * exposures) / total
    independent = value / total
    variance = max(independent, prompts / (prompts - 1) * float((residuals**2).sum()) if prompts > 1 else value**2)
    weight = max(1.0, float(counts.max())) / total
    tail = (1 - confidence) / 2
    low = 0.0 if value == 0 else float(variance / value * gammaincinv(value**2 / variance, tail))
    above, spread = value + weight, variance + weight**2
    high = float(spread / above * gammaincinv(above**2 / spread, 1 - tail))
    return Estimate(value, low, high, prompts)
