"""A tagger's rate made honest: known error rates, or a labeled sample, or an audit of the same run and era."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from traceanalytics.errors import Refused
from traceanalytics.stats.estimate import Estimate, Floats, Numbers, floats, normal_quantile, t_quantile
from traceanalytics.stats.rates import clopper_pearson, degrees, wilson

WEAKEST_TAGGER = 0.2  # sensitivity + specificity - 1 below which a rate says nothing


@dataclass(frozen=True, slots=True)
class Audit:
    """Rollouts drawn at random from one run and era, judged by a person, counted against the tagger."""

    tp: float
    fp: float
    fn: float
    tn: float

    @property
    def n(self) -> float:
        """Return how many rollouts were audited."""
        return self.tp + self.fp + self.fn + self.tn

    def plus(self, *, told: bool, true: bool) -> "Audit":
        """Return the counts with one more."""
        told_truly, told_falsely = told and true, told and not true
        return Audit(
            self.tp + told_truly,
            self.fp + told_falsely,
            self.fn + (true and not told),
            self.tn + (not true and not told),
        )

    @property
    def false_positive_rate(self) -> Estimate:
        """Return the share of rollouts without the behavior that are tagged, with exact limits."""
        return _share(clopper_pearson, self.fp, self.fp + self.tn)

    @property
    def sensitivity(self) -> Estimate:
        """Return the share of rollouts with the behavior that are tagged, with exact limits."""
        return _share(clopper_pearson, self.tp, self.tp + self.fn)

    @property
    def precision(self) -> Estimate:
        """Return the share of tagged rollouts that show the behavior."""
        return _share(wilson, self.tp, self.tp + self.fp)

    @property
    def false_omission_rate(self) -> Estimate:
        """Return the share of untagged rollouts that show the behavior."""
        return _share(wilson, self.fn, self.fn + self.tn)


def weighted_audit(truth: Numbers, tagged: Numbers, probabilities: Numbers) -> Audit:
    """Count an audit drawn with unequal probabilities: weights 1/probability, scaled to Kish's n (Σw)²/Σw² (1965)."""
    truth, tagged, weights = floats(truth) > 0, floats(tagged) > 0, 1 / floats(probabilities)
    weights = weights * weights.sum() / (weights**2).sum()
    cells = (truth & tagged, ~truth & tagged, truth & ~tagged, ~truth & ~tagged)
    return Audit(*(float(weights[cell].sum()) for cell in cells))


def by_verdict(truth: Numbers, tagged: Numbers, probabilities: Numbers) -> Audit:
    """Count an audit for `corrected_rate`, which asks of tagged and of untagged rollouts apart.

    Each of the two is scaled to its own Kish's n: drawing more of the rare tagged ones then costs the others nothing.
    """
    truth, tagged, probabilities = floats(truth), floats(tagged) > 0, floats(probabilities)
    of_tagged, of_others = (
        weighted_audit(truth[rows], tagged[rows], probabilities[rows]) if rows.any() else Audit(0, 0, 0, 0)
        for rows in (tagged, ~tagged)
    )
    return Audit(of_tagged.tp, of_tagged.fp, of_others.fn, of_others.tn)


def rogan_gladen(rate: float, *, sensitivity: float, specificity: float) -> float:
    """Return (rate + Sp - 1) / (Se + Sp - 1), within 0 and 1 (Rogan & Gladen 1978).

    >>> round(rogan_gladen(0.9, sensitivity=0.95, specificity=0.9), 4)
    0.9412
    """
    return float(np.clip((rate + specificity - 1) / _informedness(sensitivity, specificity), 0, 1))


def rogan_gladen_shift(
    shift: float,
    standard_error: float,
    *,
    sensitivity: tuple[float, int],
    specificity: tuple[float, int],
    n: int,
    confidence: float = 0.95,
) -> Estimate:
    """Return shift / J, J = Se + Sp - 1, with Var = Var(shift)/J² + (shift/J)²·Var(J)/J², for errors that do not drift.

    Sensitivity and specificity come with the number of judged rollouts that each rests on; `n` counts prompts.
    """
    (se, se_n), (sp, sp_n) = sensitivity, specificity
    informedness = _informedness(se, sp)
    value = shift / informedness
    error = np.sqrt(standard_error**2 + value**2 * (se * (1 - se) / se_n + sp * (1 - sp) / sp_n)) / informedness
    half = normal_quantile(confidence) * float(error)
    return Estimate(value, value - half, value + half, n)


def rogan_gladen_rate(observed: Estimate, audit: Audit, *, confidence: float = 0.95) -> Estimate:
    """Return a rate by sensitivity and specificity of an audit, with limits (Lang & Reiczigel 2014).

    z² is added to the effective n of the observed rate, and one right and one wrong rollout to either error rate, so
    that an audit without errors does not pretend to know that there are none.
    """
    z = normal_quantile(confidence)
    value = rogan_gladen(
        observed.value, sensitivity=audit.sensitivity.value, specificity=1 - audit.false_positive_rate.value
    )
    half = max((observed.high - observed.low) / 2, 1e-9)
    n = max(z**2 * observed.value * (1 - observed.value) / half**2, 1.0)
    rate = (n * observed.value + z**2 / 2) / (n + z**2)
    se, se_variance = _plus_one(audit.tp, audit.tp + audit.fn)
    sp, sp_variance = _plus_one(audit.tn, audit.tn + audit.fp)
    informedness = _informedness(se, sp)
    center = (rate + sp - 1) / informedness
    shift = 2 * z**2 * (center * se_variance - (1 - center) * sp_variance)
    variance = rate * (1 - rate) / (n + z**2) + (1 - center) ** 2 * sp_variance + center**2 * se_variance
    reach = z * float(np.sqrt(variance)) / informedness
    low, high = (float(np.clip(center + shift + sign * reach, 0, 1)) for sign in (-1, 1))
    return Estimate(value, min(low, value), max(high, value), observed.n, observed.unit)


def prediction_powered(
    tagged: Numbers,
    *,
    audited_truth: Numbers,
    audited_tagged: Numbers,
    probabilities: Numbers | None = None,
    clusters: Numbers | None = None,
    audited_clusters: Numbers | None = None,
    power: float | None = 1.0,
    confidence: float = 0.95,
) -> Estimate:
    """Return λ·mean(f) + mean(y - λ·f), Var = λ²·Var(f)/N + Var(y - λ·f)/n (Angelopoulos et al. 2023, PPI).

    `probabilities` weight audits that were not drawn evenly; `clusters` name the prompt of each row, and the variance
    is then CR1 over prompts with Student limits. `power` None chooses λ for the smallest variance (PPI++, 2024).
    """
    f, y, g = floats(tagged), floats(audited_truth), floats(audited_tagged)
    weights = np.ones(len(y)) if probabilities is None else 1 / floats(probabilities)
    weights = weights / weights.sum()
    if power is None:
        power = _best_power(f, y, g)
    value = power * f.mean() + weights @ (y - power * g)
    parts = power * (f - f.mean()) / len(f)
    audited_parts = weights * (y - power * g - weights @ (y - power * g))
    if clusters is None or audited_clusters is None:
        half = normal_quantile(confidence) * float(np.sqrt((parts**2).sum() + (audited_parts**2).sum()))
        return Estimate(float(value), float(value) - half, float(value) + half, len(y), "rollouts")
    names, of_row = np.unique(np.concatenate([clusters, audited_clusters]), return_inverse=True)
    influence = np.bincount(of_row, weights=np.concatenate([parts, audited_parts]), minlength=len(names))
    prompts = len(names)
    error = float(np.sqrt(prompts / (prompts - 1) * (influence**2).sum())) if prompts > 1 else np.inf
    half = float(t_quantile(confidence, degrees(floats(influence), floats(prompts)))) * error
    return Estimate(float(value), float(value) - half, float(value) + half, prompts)


def corrected_rate(observed: Estimate, audit: Audit) -> Estimate:
    """Return rate·precision + (1 - rate)·false omission rate, limits by MOVER over the three (Zou & Donner 2008).

    The post-stratified form of S10: right also where the audit found no error at all, which is not an error of 0.
    """
    down, up = _correction_halves(observed, audit)
    value = _corrected(observed.value, audit)
    return Estimate(value, max(0.0, value - down), min(1.0, value + up), observed.n, observed.unit)


def corrected_shift(base: Estimate, base_audit: Audit, final: Estimate, final_audit: Audit) -> Estimate:
    """Return the difference of two corrected rates, each with the audit of its own era; MOVER, eras independent."""
    value = _corrected(final.value, final_audit) - _corrected(base.value, base_audit)
    down, up = _correction_halves(final, final_audit)
    base_down, base_up = _correction_halves(base, base_audit)
    n = min(base.n, final.n)
    return Estimate(value, value - float(np.hypot(down, base_up)), value + float(np.hypot(up, base_down)), n, base.unit)


def audits_needed(half_width: float, *, error: float = 0.1, confidence: float = 0.95) -> int:
    """Return how many rollouts to audit so that the correction is known to ±half_width: z²·e·(1 - e)/half_width².

    `error` is the share of rollouts expected to be tagged wrongly.
    """
    return int(np.ceil(normal_quantile(confidence) ** 2 * error * (1 - error) / half_width**2))


def _informedness(sensitivity: float, specificity: float) -> float:
    informedness = sensitivity + specificity - 1
    if informedness < WEAKEST_TAGGER:
        raise Refused(
            f"sensitivity {sensitivity:g} and specificity {specificity:g} leave {informedness:.2f} of a signal; "
            f"below {WEAKEST_TAGGER:g} a corrected rate says nothing"
        )
    return informedness


def _plus_one(right: float, n: float) -> tuple[float, float]:
    share = (right + 1) / (n + 2)
    return share, share * (1 - share) / (n + 2)


def _best_power(f: Floats, y: Floats, g: Floats) -> float:
    both = np.concatenate([f, g]).var(ddof=1)
    covariance = float(((y - y.mean()) * (g - g.mean())).mean())
    return 0.0 if both == 0 else float(np.clip(covariance / ((1 + len(y) / len(f)) * both), 0, 1))


def _share(interval: Callable[[float, float], Estimate], successes: float, n: float) -> Estimate:
    return interval(successes, n) if n > 0 else Estimate(0.5, 0.0, 1.0, 0, "rollouts")


def _corrected(rate: float, audit: Audit) -> float:
    return rate * audit.precision.value + (1 - rate) * audit.false_omission_rate.value


def _correction_halves(observed: Estimate, audit: Audit) -> tuple[float, float]:
    """Return how far the corrected rate reaches down and up.

    The half-width of the observed rate counts whole, not times precision - false omission rate: prompts that truly show
    more raise the precision with the rate, and of what they differ in an imperfect tagger sees a part.
    """
    kept, missed = audit.precision, audit.false_omission_rate
    rate = observed.value
    sides = (rate - observed.low, observed.high - rate)
    below, above = sides if kept.value >= missed.value else sides[::-1]
    down = (rate * (kept.value - kept.low), (1 - rate) * (missed.value - missed.low), below)
    up = (rate * (kept.high - kept.value), (1 - rate) * (missed.high - missed.value), above)
    return float(np.linalg.norm(down)), float(np.linalg.norm(up))
