"""How counts per length of text change over training, with prompts as the unit."""

import numpy as np

from traceanalytics.errors import Refused
from traceanalytics.stats.bootstrap import bootstrap
from traceanalytics.stats.estimate import Estimate, Floats, Numbers, floats, t_quantile
from traceanalytics.stats.rates import degrees

FEWEST_HOLDING = 10  # prompts with a count, at both ends of a ratio


def count_trend(steps: Numbers, counts: Numbers, exposures: Numbers, *, confidence: float = 0.95) -> Estimate:
    """Return exp(β), the factor per 100 steps, of log E[count] = log exposure + α + β·step/100 (prompts × steps).

    Poisson estimating equations with the sandwich variance over prompts (Liang & Zeger 1986) and G/(G-1), Student
    limits: right for any dispersion, so that none is fitted.
    """
    steps, counts, exposures = floats(steps) / 100, floats(counts), floats(exposures)
    total, text = counts.sum(axis=0), exposures.sum(axis=0)
    if len(np.unique(steps[text > 0])) < 2:
        raise Refused("one step has text: a trend needs at least two")
    if len(np.unique(steps[total > 0])) < 2:
        raise Refused("nothing is counted at two steps: a factor between them is not defined")
    design = np.stack([np.ones_like(steps), steps], axis=1)
    coefficients = np.array([np.log(total.sum() / text.sum()), 0.0])
    for _ in range(60):
        expected = text * np.exp(np.clip(design @ coefficients, -30, 30))
        information = (design * expected[:, None]).T @ design
        step = np.linalg.solve(information, design.T @ (total - expected))
        coefficients = coefficients + step
        if np.abs(step).max() < 1e-10:
            break
    rates = np.exp(design @ coefficients)
    information = (design * (text * rates)[:, None]).T @ design
    influence = ((counts - exposures * rates) @ design @ np.linalg.inv(information))[:, 1]
    prompts = len(influence)
    if prompts < 2:
        raise Refused("1 prompt: a trend over prompts needs at least 2")
    error = float(np.sqrt(prompts / (prompts - 1) * (influence**2).sum()))
    half = float(t_quantile(confidence, degrees(influence, floats(prompts)))) * error
    value, low, high = (float(np.exp(coefficients[1] + each)) for each in (0.0, -half, half))
    return Estimate(value, low, high, prompts)


def ratio_of_count_rates(
    counts: Numbers, exposures: Numbers, *, base_counts: Numbers, base_exposures: Numbers, confidence: float = 0.95
) -> Estimate:
    """Return (Σ counts / Σ exposures) / (the same of the base), one entry a prompt, limits by the cluster bootstrap.

    Refuses where few prompts hold a count, because some resamples then hold none.
    """
    columns = np.stack([floats(each) for each in (counts, exposures, base_counts, base_exposures)], axis=1)
    holding = (columns > 0).sum(axis=0)
    if (fewest := int(holding[[0, 2]].min())) < FEWEST_HOLDING:
        raise Refused(f"{fewest} prompts hold a count at one end: a ratio needs {FEWEST_HOLDING} at both")

    def ratio(sums: Floats) -> Floats:
        hits, text, base_hits, base_text = np.moveaxis(np.maximum(sums, 1e-12), -1, 0)
        return floats((hits / text / (base_hits / base_text))[..., None])

    return bootstrap(ratio, columns, confidence=confidence)[0]
