"""How much of every behavior's drift over a run one step size of selection predicts."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from traceanalytics.errors import Refused, counted
from traceanalytics.findings.base import Named
from traceanalytics.findings.comparable import MOST_MISSING
from traceanalytics.findings.evaluations import evaluations_of, points
from traceanalytics.stats.bootstrap import jackknife
from traceanalytics.stats.estimate import Estimate, Floats
from traceanalytics.stats.selection import PredictedDrift, predict_drift
from traceanalytics.store.store import Store

FOLDS = 16  # parts of the prompts, as the query makes them
MOST_INTERVALS = 20  # between the points at which drift is observed
FEWEST_POINTS = 4
RARE = 0.02  # behaviors shown less often, or absent less often, say nothing of a common step size


@dataclass(frozen=True, slots=True)
class Drift:
    """What one step size predicts of every behavior's drift over the run, and what was observed of it in `split`.

    `predicted`, `observed` and `residual` are the behavior's that was asked for, where it is common enough.
    """

    split: str
    first: int
    last: int
    intervals: int
    behaviors: tuple[str, ...]
    fitted: PredictedDrift
    step_size: Estimate
    explained: Estimate
    predicted: Estimate | None
    observed: Estimate | None
    residual: Estimate | None

    @property
    def predicts(self) -> bool:
        """Say whether the step size is above 0 beyond chance: without one selection predicts nothing."""
        return self.step_size.low > 0


def predicted_drift(store: Store, run: str, behavior: str) -> Drift:
    """Fit one step size over all common behaviors: selection in one half of the prompts, drift in the other."""
    split = _drift_split(store, run)
    trained = _rows(store, run, "train")
    observed = trained if split == "train" else _rows(store, run, split)
    names = _common(observed)
    if not names:
        raise Refused(f"no behavior is shown in {RARE:.0%} to {1 - RARE:.0%} of the rollouts")
    pushes, rates = _folds(trained, names), _folds(observed, names)
    if len(rates.steps) < FEWEST_POINTS:
        steps = counted(len(rates.steps), "step")
        raise Refused(f"the split {split} has {steps} with tags, and a step size needs at least {FEWEST_POINTS}")
    edges = rates.steps[np.unique(np.linspace(0, len(rates.steps) - 1, MOST_INTERVALS + 1).round().astype(int))]
    everything = np.arange(FOLDS)
    pressures, drifts = _by_half(pushes, rates, edges, everything, pooled=split == "train")
    fitted = predict_drift(pressures, drifts)
    place = names.index(behavior) if behavior in names else None
    left = np.array(
        [
            _summary(
                predict_drift(*_by_half(pushes, rates, edges, everything[everything != fold], pooled=split == "train")),
                place,
            )
            for fold in everything
        ]
    )
    numbers = jackknife(_summary(fitted, place), left)
    of_behavior = numbers[2:] if place is not None else [None] * 3
    first, last, intervals = int(edges[0]), int(edges[-1]), pressures.shape[-1]
    return Drift(split, first, last, intervals, names, fitted, numbers[0], numbers[1], *of_behavior)


def drift_numbers(prefix: str, behavior: str, drift: Drift) -> list[Named]:
    """Return the step size, how much it explains, and the drift of the behavior that was asked for."""

    def of(label: str, estimate: Estimate) -> Named:
        return Named(f"{prefix}{label}", estimate.value, estimate.low, estimate.high, FOLDS, "parts of the prompts")

    numbers = [
        of("step size of all behaviors", drift.step_size),
        of("part of the drift predicted where it was left out", drift.explained),
    ]
    for label, estimate in (
        (f"predicted drift of {behavior}", drift.predicted),
        (f"observed drift of {behavior}", drift.observed),
        (f"drift of {behavior} not predicted by first-order selection", drift.residual),
    ):
        if estimate is not None and (drift.predicts or estimate is drift.observed):
            numbers.append(of(label, estimate))
    return numbers


def drift_sentence(behavior: str, drift: Drift) -> str:
    """Say what one step size predicts of all behaviors' drift, and of that of the one asked for."""
    if not drift.predicts:
        size = drift.step_size
        return (
            f"selection is not shown to move the {len(drift.behaviors)} behaviors of {drift.split} from step "
            f"{drift.first} to {drift.last}: its step size is not shown to be above 0 ({size.value:.3g} "
            f"[{size.low:.3g}, {size.high:.3g}]), so that no drift is predicted"
        )
    said = f"one step size of selection for {len(drift.behaviors)} behaviors {_explains(drift.explained)}"
    if drift.predicted is None or drift.observed is None or drift.residual is None:
        return said
    return (
        f"{said}; of the {points(drift.observed)} that {behavior} moved in {drift.split} from step {drift.first} to "
        f"{drift.last} it predicts {points(drift.predicted)}, and {points(drift.residual)} are not predicted by "
        f"first-order selection"
    )


def _explains(explained: Estimate) -> str:
    if explained.low > 0:
        return f"predicts {explained.value:.0%} [{100 * explained.low:.0f}, {100 * explained.high:.0f}] of the drift"
    return "is not shown to predict the drift that it was not fitted to"


@dataclass(frozen=True, slots=True)
class _Folds:
    """Counts by step, part of the prompts and behavior; `groups` and `rollouts` by step and part."""

    steps: Floats
    groups: Floats
    rollouts: Floats
    shown: Floats
    selection: Floats


def _drift_split(store: Store, run: str) -> str:
    """Return where drift is observed: on fixed prompts that are evaluated often enough, else in training."""
    for split in ("eval", "val"):
        try:
            rows = evaluations_of(store, run, split, needs="tagged")
        except Refused:
            continue
        whole = all(row["tagged"] >= (1 - MOST_MISSING) * row["rollouts"] for row in rows)
        if len(rows) >= FEWEST_POINTS and whole and len({tuple(row["conditions"]) for row in rows}) == 1:
            return split
    return "train"


def _rows(store: Store, run: str, split: str) -> dict[str, Any]:
    table = store.query("selection_by_fold", in_run=run, in_split=split)
    columns: dict[str, Any] = {
        name: table[name].to_numpy() for name in ("step", "fold", "groups", "rollouts", "shown", "selection_sum")
    }
    encoded = table["behavior"].combine_chunks().dictionary_encode()
    columns["behavior"], columns["names"] = encoded.indices.to_numpy(), encoded.dictionary.to_pylist()
    return columns


def _common(rows: dict[str, Any]) -> tuple[str, ...]:
    """Return the behaviors that are neither rare nor everywhere."""
    _, first = np.unique(np.stack([rows["step"], rows["fold"].astype(np.int64)]), axis=1, return_index=True)
    rollouts = rows["rollouts"][first].sum()
    shown = np.bincount(rows["behavior"], weights=rows["shown"], minlength=len(rows["names"]))
    names = zip(rows["names"], shown, strict=True)
    return tuple(sorted(name for name, n in names if RARE * rollouts <= n <= (1 - RARE) * rollouts))


def _folds(rows: dict[str, Any], names: Sequence[str]) -> _Folds:
    steps, at_step = np.unique(rows["step"], return_inverse=True)
    fold = rows["fold"].astype(np.int64)
    place = np.array([names.index(name) if name in names else -1 for name in rows["names"]], dtype=np.int64)
    of_behavior = place[rows["behavior"]]
    sizes = np.zeros((2, len(steps), FOLDS))
    sizes[0, at_step, fold], sizes[1, at_step, fold] = rows["groups"], rows["rollouts"]
    counts = np.zeros((2, len(steps), FOLDS, len(names)))
    asked = of_behavior >= 0
    at = (at_step[asked], fold[asked], of_behavior[asked])
    counts[(0, *at)], counts[(1, *at)] = rows["shown"][asked], rows["selection_sum"][asked]
    return _Folds(steps.astype(np.float64), *sizes, *counts)


def _by_half(pushes: _Folds, rates: _Folds, edges: Floats, folds: np.ndarray, *, pooled: bool) -> tuple[Floats, Floats]:
    """Return pressures and drifts of two halves of the prompts: halves × behaviors × intervals between the edges.

    A pressure is the mean selection of the interval's training steps times its length; a drift is the difference of
    the rates at its edges, in training (`pooled`) of those of the intervals that begin there.
    """
    halves = [folds[::2], folds[1::2]]
    pressures, drifts = [], []
    of_push = np.searchsorted(edges, pushes.steps, side="right") - 1
    of_rate = np.searchsorted(edges, rates.steps, side="right") - 1
    intervals = len(edges) - 1
    for half in halves:
        selection, groups = pushes.selection[:, half].sum(axis=1), pushes.groups[:, half].sum(axis=1)
        shown, rollouts = rates.shown[:, half].sum(axis=1), rates.rollouts[:, half].sum(axis=1)
        mean = np.stack(
            [selection[of_push == i].sum(axis=0) / max(groups[of_push == i].sum(), 1e-300) for i in range(intervals)]
        )
        held = [(of_rate == i) if pooled else (rates.steps == edges[i]) for i in range(intervals + 1)]
        level = np.stack([shown[at].sum(axis=0) / max(rollouts[at].sum(), 1e-300) for at in held])
        if min(rollouts[at].sum() for at in held) == 0:
            raise Refused("half of the prompts are not there at every step: prompts that come again are needed")
        pressures.append((mean * np.diff(edges)[:, None]).T)
        drifts.append(np.diff(level, axis=0).T)
    usable = np.array([(of_push == i).any() for i in range(intervals)])
    return np.stack(pressures)[..., usable], np.stack(drifts)[..., usable]


def _summary(fitted: PredictedDrift, place: int | None) -> list[float]:
    values = [fitted.step_size, fitted.explained]
    if place is not None:
        predicted, observed = float(fitted.predicted[place].sum()), float(fitted.observed[place].sum())
        values += [predicted, observed, observed - predicted]
    return values
