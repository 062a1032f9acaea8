"""How counts per length of text change over training, with prompts as the unit."""

import numpy as np

from traceanalytics.errors import Refused, counted
from traceanalytics.stats.bootstrap import bootstrap
from traceanalytics.stats.estimate import Estimate, Floats, Numbers, floats, normal_quantile, t_quantile
from traceanalytics.stats.rates import degrees

FEWEST_HOLDING = 10  # prompts with a count, at both ends of a ratio


def count_trend(steps: Numbers, counts: Numbers, exposures: Numbers, *, confidence: float = 0.95) -> Estimate:
    """Return exp(β), the factor per 100 steps, of log E[count] = log exposure + α + β·step/100 (prompts × steps).

    Estimating equations with the sandwich variance over prompts (Liang & Zeger 1986) and G/(G-1), Student limits:
    Poisson, and where the counts are overdispersed negative binomial, whose variance is μ + `overdispersion`·μ².
    """
    steps, counts, exposures = floats(steps) / 100, floats(counts), floats(exposures)
    total, text = counts.sum(axis=0), exposures.sum(axis=0)
    if len(np.unique(steps[text > 0])) < 2:
        raise Refused("one step has text: a trend needs at least two")
    if len(np.unique(steps[total > 0])) < 2:
        raise Refused("nothing is counted at two steps: a factor between them is not defined")
    prompts = len(counts)
    if prompts < 2:
        raise Refused("1 prompt: a trend over prompts needs at least 2")
    design = np.stack([np.ones_like(steps), steps], axis=1)
    level = np.array([np.log(total.sum() / text.sum()), 0.0])
    coefficients = _fitted(design, counts, exposures, level, 0.0)
    dispersion = overdispersion(counts, exposures * np.exp(design @ coefficients))
    if dispersion > 0:
        coefficients = _fitted(design, counts, exposures, coefficients, dispersion)
    scores, information = _equations(design, counts, exposures, coefficients, dispersion)
    influence = (scores @ np.linalg.inv(information))[:, 1]
    error = float(np.sqrt(prompts / (prompts - 1) * (influence**2).sum()))
    half = float(t_quantile(confidence, degrees(influence, floats(prompts)))) * error
    value, low, high = (float(np.exp(coefficients[1] + each)) for each in (0.0, -half, half))
    return Estimate(value, low, high, prompts)


def overdispersion(counts: Numbers, expected: Numbers) -> float:
    """Return Σ((y - μ)² - y) / Σμ² where it is above 0 beyond chance (one-sided 5%, over prompts), else 0.

    The moment estimate and test of Cameron & Trivedi (1990) for a variance of μ + α·μ²; prompts × steps.
    """
    counts, expected = floats(counts), floats(expected)
    excess, squares = (counts - expected) ** 2 - counts, expected**2
    value = float(excess.sum() / squares.sum())
    by_prompt = (excess - value * squares).sum(axis=1)
    error = float(np.sqrt(len(counts) / (len(counts) - 1) * (by_prompt**2).sum())) / float(squares.sum())
    return value if value > normal_quantile(0.9) * error else 0.0


def _fitted(design: Floats, counts: Floats, exposures: Floats, coefficients: Floats, dispersion: float) -> Floats:
    for _ in range(60):
        scores, information = _equations(design, counts, exposures, coefficients, dispersion)
        step = np.linalg.solve(information, scores.sum(axis=0))
        coefficients = coefficients + step
        if np.abs(step).max() < 1e-10:
            break
    return coefficients


def _equations(
    design: Floats, counts: Floats, exposures: Floats, coefficients: Floats, dispersion: float
) -> tuple[Floats, Floats]:
    """Return every prompt's part in the estimating equations, and their information."""
    expected = exposures * np.exp(np.clip(design @ coefficients, -30, 30))
    weights = 1 / (1 + dispersion * expected)
    information = (design * (expected * weights).sum(axis=0)[:, None]).T @ design
    return ((counts - expected) * weights) @ design, information


def ratio_of_count_rates(
    counts: Numbers, exposures: Numbers, *, base_counts: Numbers, base_exposures: Numbers, confidence: float = 0.95
) -> Estimate:
    """Return (Σ counts / Σ exposures) / (the same of the base), one entry a prompt, limits by the cluster bootstrap.

    Refuses where few prompts hold a count, because some resamples then hold none.
    """
    columns = np.stack([floats(each) for each in (counts, exposures, base_counts, base_exposures)], axis=1)
    holding = (columns > 0).sum(axis=0)
    if (fewest := int(holding[[0, 2]].min())) < FEWEST_HOLDING:
        raise Refused(f"{counted(fewest, 'prompt')} with a count at one end: a ratio needs {FEWEST_HOLDING} at both")

    def ratio(sums: Floats) -> Floats:
        hits, text, base_hits, base_text = np.moveaxis(np.maximum(sums, 1e-12), -1, 0)
        return floats((hits / text / (base_hits / base_text))[..., None])

    return bootstrap(ratio, columns, confidence=confidence)[0]
