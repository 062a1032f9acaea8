"""Comparisons inside a prompt: what remains of an association once hard prompts meet only hard prompts."""

from dataclasses import dataclass

import numpy as np

from traceanalytics.errors import Refused
from traceanalytics.stats.bootstrap import bootstrap
from traceanalytics.stats.differences import change_of_rates
from traceanalytics.stats.estimate import Estimate, Floats, Numbers, floats, normal_p, normal_quantile
from traceanalytics.stats.rates import wilson


@dataclass(frozen=True, slots=True)
class MantelHaenszel:
    """The common odds ratio and risk difference over strata, and the test that there is none."""

    odds_ratio: Estimate
    risk_difference: Estimate
    p: float


@dataclass(frozen=True, slots=True)
class WithinPrompt:
    """Mean difference inside prompts that hold both kinds, and the share of them where it is no advantage."""

    difference: Estimate
    no_advantage: Estimate
    usable_prompts: int
    prompts: int


def within_prompt_difference(
    successes: Numbers, n: Numbers, *, other_successes: Numbers, other_n: Numbers, confidence: float = 0.95
) -> WithinPrompt:
    """Return the mean over prompts with both kinds of rollout of d = rate(kind) - rate(other), S05 of analyses."""
    successes, n = floats(successes), floats(n)
    other_successes, other_n = floats(other_successes), floats(other_n)
    usable = (n > 0) & (other_n > 0)
    if not usable.any():
        raise Refused(f"none of {len(n)} prompts has rollouts of both kinds: sample more rollouts a prompt")
    rate, other = successes[usable] / n[usable], other_successes[usable] / other_n[usable]
    d = rate - other
    no_advantage = wilson(int((d <= 0).sum()), len(d), confidence=confidence, unit="prompts")
    return WithinPrompt(change_of_rates(rate, other, confidence=confidence), no_advantage, len(d), len(n))


def difference_within_strata(
    successes: Numbers, n: Numbers, *, base_successes: Numbers, base_n: Numbers, confidence: float = 0.95
) -> Estimate:
    """Return Σ w_k·(rate_k - base rate_k) / Σ w_k, w_k = n_k·m_k/(n_k + m_k), over strata such as bands of length.

    Counts are prompts × strata; the weights are Mantel and Haenszel's, the interval the cluster bootstrap's.
    """
    columns = np.stack([floats(each) for each in (successes, n, base_successes, base_n)], axis=-1)
    sums = columns.sum(axis=0)
    if not ((sums[:, 1] > 0) & (sums[:, 3] > 0)).any():
        raise Refused(f"none of {len(sums)} strata has rollouts of both windows: there is nothing to compare within")
    strata = len(sums)

    def weighted(flat: Floats) -> Floats:
        hits, total, base_hits, base_total = np.moveaxis(flat.reshape(*flat.shape[:-1], strata, 4), -1, 0)
        both = np.maximum(total + base_total, 1e-300)
        gap = (hits * base_total - base_hits * total) / both
        return floats((gap.sum(axis=-1) / np.maximum((total * base_total / both).sum(axis=-1), 1e-300))[..., None])

    return bootstrap(weighted, columns.reshape(len(columns), -1), confidence=confidence)[0]


def mantel_haenszel(
    successes: Numbers, n: Numbers, *, other_successes: Numbers, other_n: Numbers, confidence: float = 0.95
) -> MantelHaenszel:
    """Return Σ ad/N : Σ bc/N over prompts (Mantel & Haenszel 1959), limits by Robins, Breslow & Greenland (1986).

    The risk difference carries Sato's variance (1989), the p Cochran's 1-degree statistic without correction.
    """
    a, n1 = floats(successes), floats(n)
    c, n0 = floats(other_successes), floats(other_n)
    usable = (n1 > 0) & (n0 > 0)
    a, n1, c, n0 = a[usable], n1[usable], c[usable], n0[usable]
    b, d, total = n1 - a, n0 - c, n1 + n0
    agree, against = a * d / total, b * c / total
    if not (agree.sum() > 0 and against.sum() > 0):
        raise Refused(f"{usable.sum()} prompts with both kinds of rollout hold no outcome that differs both ways")
    z, strata = normal_quantile(confidence), int(usable.sum())
    ratio = float(agree.sum() / against.sum())
    spread = np.exp(z * np.sqrt(_robins_variance(a + d, b + c, agree, against, total)))
    weights = n1 * n0 / total
    risk = float((a / n1 - c / n0) @ weights / weights.sum())
    error = float(np.sqrt(_sato_variance(risk, a, n1, c, n0) / weights.sum() ** 2))
    return MantelHaenszel(
        Estimate(ratio, ratio / float(spread), ratio * float(spread), strata),
        Estimate(risk, risk - z * error, risk + z * error, strata),
        _cochran_p(a, n1, a + c, total),
    )


def conditional_odds_ratio(
    successes: Numbers, n: Numbers, *, other_successes: Numbers, other_n: Numbers, confidence: float = 0.95
) -> Estimate:
    """Return exp(β) of the conditional logit with one yes-or-no covariate: Σ E_β[a | margins] = Σ a (Breslow 1981)."""
    a, n1 = floats(successes), floats(n)
    n0 = floats(other_n)
    m = a + floats(other_successes)
    informative = (n1 > 0) & (n0 > 0) & (m > 0) & (m < n1 + n0)
    a, n1, n0, m = a[informative], n1[informative], n0[informative], m[informative]
    low, high = np.maximum(0, m - n0).sum(), np.minimum(m, n1).sum()
    if not low < a.sum() < high:
        raise Refused(f"{len(a)} prompts with both kinds and both outcomes all point one way: no odds ratio is finite")
    beta, variance = 0.0, 1.0
    for _ in range(100):
        mean, variance = _hypergeometric_moments(beta, n1, n0, m)
        step = float(np.clip((a.sum() - mean) / variance, -2, 2))
        beta += step
        if abs(step) < 1e-10:
            break
    half = normal_quantile(confidence) / np.sqrt(variance)
    return Estimate(float(np.exp(beta)), float(np.exp(beta - half)), float(np.exp(beta + half)), len(a))


def _hypergeometric_moments(beta: float, n1: Floats, n0: Floats, m: Floats) -> tuple[float, float]:
    """Return the summed mean and variance of Fisher's noncentral hypergeometric counts, one a prompt."""
    from scipy.special import gammaln

    x = np.arange(n1.max() + 1)[None, :]
    n1, n0, m = n1[:, None], n0[:, None], m[:, None]
    possible = (x >= m - n0) & (x <= np.minimum(m, n1))
    terms = [gammaln(np.maximum(each, 0) + 1) for each in (x, n1 - x, m - x, n0 - m + x)]
    logs = np.where(possible, beta * x - sum(terms), -np.inf)
    chances = np.exp(logs - logs.max(axis=1, keepdims=True))
    chances /= chances.sum(axis=1, keepdims=True)
    mean = (chances * x).sum(axis=1)
    return float(mean.sum()), float(((chances * x**2).sum(axis=1) - mean**2).sum())


def _robins_variance(same: Floats, cross: Floats, agree: Floats, against: Floats, total: Floats) -> float:
    p, q, r, s = same / total, cross / total, agree.sum(), against.sum()
    return float((p @ agree) / (2 * r**2) + (p @ against + q @ agree) / (2 * r * s) + (q @ against) / (2 * s**2))


def _sato_variance(risk: float, a: Floats, n1: Floats, c: Floats, n0: Floats) -> float:
    total = n1 + n0
    weighted = (n1**2 * c - n0**2 * a + n1 * n0 * (n0 - n1) / 2) / total**2
    crossed = (a * (n0 - c) + c * (n1 - a)) / (2 * total)
    return float(risk * weighted.sum() + crossed.sum())


def _cochran_p(a: Floats, n1: Floats, m: Floats, total: Floats) -> float:
    many = total > 1
    expected = n1 * m / total
    variance = (n1 * (total - n1) * m * (total - m))[many] / (total[many] ** 2 * (total[many] - 1))
    return normal_p(float((a - expected).sum() / np.sqrt(variance.sum())))
