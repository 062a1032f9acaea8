"""Selection pressure: how strongly advantages within a group favor the rollouts that show a behavior."""

from dataclasses import dataclass

import numpy as np

from traceanalytics.errors import Refused
from traceanalytics.stats.estimate import Estimate, Floats, Numbers, floats, normal_quantile, t_quantile
from traceanalytics.stats.rates import degrees


@dataclass(frozen=True, slots=True)
class SelectionPressure:
    """One step's selection of a behavior, with two questions answered.

    `expected`: what fresh prompts and samples of this policy would give; limits over prompts. `realized`: what this
    batch pushed, with the limits within which pairing its advantages with its rollouts at random would leave it.
    """

    expected: Estimate
    realized: Estimate
    silent_groups: int


@dataclass(frozen=True, slots=True)
class PredictedDrift:
    """One step size for all behaviors, the drift it predicts, and how much of the drift that left out it explains."""

    step_size: float
    predicted: Floats
    observed: Floats
    explained: float


@dataclass(frozen=True, slots=True)
class GroupMoments:
    """Sums over each group of products of what its rollouts have, centered within the group; groups have one size.

    `advantage` and `behavior` are sums of squares, `product` of the two; with covariates (columns of length,
    correctness, …) also theirs with the advantage, with the behavior, and with each other.
    """

    size: int
    advantage: Floats
    behavior: Floats
    product: Floats
    advantage_covariates: Floats
    behavior_covariates: Floats
    covariates: Floats

    def given_covariates(self) -> "GroupMoments":
        """Return the moments of what covariates leave of the behavior, one pooled slope each (Frisch & Waugh 1933)."""
        slopes = np.linalg.lstsq(self.covariates.sum(axis=0), self.behavior_covariates.sum(axis=0), rcond=None)[0]
        explained = slopes @ self.covariates @ slopes
        left = self.behavior - 2 * self.behavior_covariates @ slopes + explained
        return GroupMoments(
            self.size,
            self.advantage,
            np.maximum(left, 0.0),
            self.product - self.advantage_covariates @ slopes,
            self.advantage_covariates,
            self.behavior_covariates - self.covariates @ slopes,
            self.covariates,
        )

    def among(self, groups: np.ndarray) -> "GroupMoments":
        """Return the moments of some of the groups."""
        parts = (getattr(self, name)[groups] for name in self.__slots__[1:])
        return GroupMoments(self.size, *parts)


def group_moments(
    advantages: Numbers, shown: Numbers, groups: Numbers, *, covariates: Numbers | None = None
) -> GroupMoments:
    """Return the moments of groups from an entry a rollout; groups of different size are refused.

    Part of a group has another mean advantage than the whole, so that its selection is another one.
    """
    advantage, behavior = _grouped(advantages, groups), _grouped(shown, groups)
    columns = np.zeros((advantage.size, 0)) if covariates is None else floats(covariates)
    others = [_grouped(column, groups) for column in columns.T]
    other = np.stack(others, axis=-1) if others else np.zeros((*advantage.shape, 0))
    return GroupMoments(
        advantage.shape[1],
        (advantage**2).sum(axis=1),
        (behavior**2).sum(axis=1),
        (advantage * behavior).sum(axis=1),
        np.einsum("gi,gik->gk", advantage, other),
        np.einsum("gi,gik->gk", behavior, other),
        np.einsum("gik,gil->gkl", other, other),
    )


def selection_pressure(moments: GroupMoments, *, confidence: float = 0.95) -> SelectionPressure:
    """Return S = G/(G-1) · mean over groups of mean(A·b): the unbiased covariance within groups (Price 1970).

    Groups whose advantages are all alike count as 0.
    """
    count, size = len(moments.product), moments.size
    if size < 2 or count < 2:
        raise Refused(f"{count} groups of {size}: selection needs at least 2 groups of at least 2 rollouts")
    by_group = moments.product / (size - 1)
    value = float(by_group.mean())
    residuals = (by_group - value) / count
    error = float(np.sqrt(count / (count - 1) * (residuals**2).sum()))
    half = float(t_quantile(confidence, degrees(residuals, floats(count)))) * error
    by_chance = moments.advantage * moments.behavior / (size - 1) ** 3
    chance = normal_quantile(confidence) * float(np.sqrt(by_chance.sum())) / count
    silent = int((moments.advantage < 1e-12).sum())
    return SelectionPressure(
        Estimate(value, value - half, value + half, count),
        Estimate(value, value - chance, value + chance, count),
        silent,
    )


def predict_drift(pressures: Numbers, drifts: Numbers) -> PredictedDrift:
    """Fit drift = η·S with one η over behaviors, from two disjoint halves of prompts (halves × behaviors × intervals).

    η = Σ S₁·Δ₂ / Σ S₁·S₂ and crosswise, so that neither shared errors nor noise in S bias it (an instrument, Wald
    1940); `explained` predicts each interval with the η of the others: 1 - Σ(Δ - η·S)² / ΣΔ², below 0 where it harms.
    """
    pressures, drifts = floats(pressures), floats(drifts)
    if pressures.shape[-1] < 3:
        raise Refused(f"{pressures.shape[-1]} intervals between evaluations: a step size needs at least 3")
    crossed = pressures[0] * drifts[1] + pressures[1] * drifts[0]
    shared = 2 * pressures[0] * pressures[1]
    if shared.sum() <= 0:
        raise Refused(
            "the two halves of the prompts do not agree on any selection pressure: no step size can be fitted"
        )
    step_size = float(crossed.sum() / shared.sum())
    left_out = (crossed.sum() - crossed.sum(axis=0)) / (shared.sum() - shared.sum(axis=0))
    errors = drifts[::-1] - left_out * pressures
    explained = 1 - float((errors**2).sum() / (drifts**2).sum())
    return PredictedDrift(step_size, step_size * pressures.mean(axis=0), drifts.mean(axis=0), explained)


def _grouped(values: Numbers, groups: Numbers) -> Floats:
    """Return values centered within their groups, a row a group."""
    names, of_row, sizes = np.unique(np.asarray(groups), return_inverse=True, return_counts=True)
    if len(names) == 0:
        raise Refused("no group to read selection from")
    if sizes.min() != sizes.max():
        odd = names[int(np.argmin(sizes))]
        raise Refused(f"group {odd} has {sizes.min()} of {sizes.max()} rollouts: selection needs whole groups")
    rows = floats(values)[np.argsort(of_row, kind="stable")].reshape(len(names), int(sizes[0]))
    return floats(rows - rows.mean(axis=1, keepdims=True))
