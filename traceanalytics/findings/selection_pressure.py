"""Whether the rewards within groups favor a behavior, and how much of its drift such selection predicts."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from traceanalytics.errors import Refused
from traceanalytics.findings.base import Answer, Finding, Named
from traceanalytics.findings.evaluations import MOST_MISSING, ask_each, evaluations_of, named, points, runs_of
from traceanalytics.stats.bootstrap import jackknife
from traceanalytics.stats.estimate import Estimate, Floats
from traceanalytics.stats.selection import (
    GroupMoments,
    PredictedDrift,
    SelectionPressure,
    predict_drift,
)
from traceanalytics.stats.selection import selection_pressure as select
from traceanalytics.store.store import Store

if TYPE_CHECKING:
    import altair
    import pyarrow

FEWEST_GROUPS = 20
FOLDS = 16  # parts of the prompts, as the query makes them
MOST_INTERVALS = 20  # between the points at which drift is observed
FEWEST_POINTS = 4
RARE = 0.02  # behaviors shown less often, or absent less often, say nothing of a common step size
_COVARIATES = ("l", "c")


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


@dataclass(frozen=True, slots=True)
class Selection:
    """One run's selection of a behavior over the steps asked for, raw and with length and correctness held fixed."""

    run: str
    reward: str | None
    raw: SelectionPressure
    given: SelectionPressure
    held_fixed: str
    by_step: tuple[tuple[int, SelectionPressure], ...]
    drift: Drift | None
    caveats: tuple[str, ...]


def infer(
    store: Store,
    *,
    in_run: str | None = None,
    in_behavior: str = "code_reasoning",
    from_step: int | None = None,
    to_step: int | None = None,
) -> Answer:
    """Pool the groups of the training steps asked for, all of them unless given; drift is that of the whole run."""

    def ask(run: str) -> Selection:
        return _selection(store, run, in_behavior, from_step, to_step)

    found, left_out = ask_each(runs_of(store, in_run), ask)
    estimates: list[Named] = []
    for each in found:
        prefix = f"{each.run}: " if len(found) > 1 else ""
        estimates += _numbers(prefix, "", each.raw) + _numbers(prefix, f", given {each.held_fixed}", each.given)
        if each.drift is not None:
            estimates += _drift_numbers(prefix, in_behavior, each.drift)
    caveats = [
        "S: within a group, the mean over rollouts of the advantage (in SDs of its rewards) times showing the behavior "
        "(1 or 0, less the group's share of it)",
        "expected: what fresh groups of this policy would give; realized: what these advantages pushed, with the "
        "limits that pairing them with the rollouts of their group at random would give",
        "first-order selection only: clipping, an entropy or KL term and shared tokens move a behavior too; what is "
        "left over is not predicted by first-order selection, which is not to say that the reward did not cause it",
        *(caveat for each in found for caveat in each.caveats),
        *left_out,
        "uncorrected: a tagger that errs makes selection look weaker than it is; no audit of it is in the store",
    ]
    return Answer(estimates, "; ".join(_sentence(in_behavior, each) for each in found), caveats, _table(found))


# ---------------------------------------------------------------- selection within groups


def _selection(store: Store, run: str, behavior: str, first: int | None, last: int | None) -> Selection:
    arguments = {"in_run": run, "from_step": first, "to_step": last}
    table = store.query("moments_of_groups", in_behavior=behavior, **arguments)
    if table.num_rows == 0:
        raise Refused(f"run {run!r} has no groups in the split train at these steps: selection acts in training groups")
    sums = {name: table[name].to_numpy() for name in table.column_names if name not in ("run_id", "group_name")}
    _refuse_gaps(run, sums)
    _refuse_parts(run, table, sums["rollouts"])
    graded = bool((sums["graded"] == sums["rollouts"]).all())
    moments = _moments(sums, _COVARIATES if graded else _COVARIATES[:1])
    given = moments.given_covariates()
    by_step = [
        (int(step), select(moments.among(at)))
        for step in np.unique(sums["step"])
        if (at := np.flatnonzero(sums["step"] == step)).size >= 2
    ]
    reward = _reward_of(store, run)
    caveats = _caveats(run, reward, bool((sums["logged"] == sums["rollouts"]).all()))
    drift = None
    try:
        drift = _drift(store, run, behavior)
    except Refused as refusal:
        caveats.append(f"{run}: no drift is predicted: {refusal}")
    held_fixed = "length and correctness" if graded else "length"
    return Selection(run, reward, select(moments), select(given), held_fixed, tuple(by_step), drift, tuple(caveats))


def _refuse_gaps(run: str, sums: dict[str, Floats]) -> None:
    rollouts = sums["rollouts"].sum()
    scored = np.where(sums["logged"] == sums["rollouts"], sums["logged"], sums["rewarded"])
    for missing, says, most in (
        (1 - scored.sum() / rollouts, "have neither an advantage nor a reward", 0),
        (1 - sums["read_ones"].sum() / rollouts, "are not tagged", MOST_MISSING),
    ):
        if missing > most:
            raise Refused(f"{missing:.0%} of the training rollouts of run {run!r} {says}: selection needs whole groups")


def _refuse_parts(run: str, table: "pyarrow.Table", sizes: Floats) -> None:
    """Refuse too few groups, and part of one: its mean advantage is not 0."""
    if len(sizes) < FEWEST_GROUPS:
        raise Refused(f"run {run!r} has {len(sizes)} groups at these steps: at least {FEWEST_GROUPS} are needed")
    if sizes.min() != sizes.max():
        odd = table.slice(int(sizes.argmin()), 1).to_pylist()[0]
        raise Refused(
            f"group {odd['group_name']} at step {odd['step']} of run {run!r} has {sizes.min()} of {sizes.max()} "
            f"rollouts: selection needs whole groups"
        )


def _moments(sums: dict[str, Floats], covariates: Sequence[str]) -> GroupMoments:
    """Center the sums of products within their groups; advantages that are rewards get their group's scale."""
    n = sums["rollouts"].astype(np.float64)

    products_of = {"bb": sums["b"], "cc": sums["c"], **sums}  # b and c are 0 or 1, their own squares

    def centered(x: str, y: str) -> Floats:
        products = products_of[x + y if x + y in products_of else y + x]
        return np.asarray(products - sums[x] * sums[y] / n)

    squares = centered("a", "a")
    squares = np.where(squares > 1e-9 * np.maximum(sums["aa"], 1e-300), squares, 0.0)
    logged = sums["logged"] == sums["rollouts"]
    scale = np.where(logged | (squares == 0), 1.0, np.sqrt(np.maximum(squares, 1e-300) / n))
    silent = squares == 0
    products = np.where(silent, 0.0, centered("a", "b") / scale)
    with_advantage = [np.where(silent, 0.0, centered("a", x) / scale) for x in covariates]
    with_behavior = [centered("b", x) for x in covariates]
    together = np.stack([np.stack([centered(x, y) for x in covariates], axis=1) for y in covariates], axis=1)
    return GroupMoments(
        int(n[0]),
        squares / scale**2,
        centered("b", "b"),
        products,
        np.stack(with_advantage, axis=1),
        np.stack(with_behavior, axis=1),
        together,
    )


def _reward_of(store: Store, run: str) -> str | None:
    rows = store.sql("SELECT reward_type FROM runs WHERE run_id = $run", {"run": run}).to_pylist()
    return rows[0]["reward_type"] if rows else None


def _caveats(run: str, reward: str | None, logged: bool) -> list[str]:
    caveats = []
    if not logged:
        caveats.append(f"{run}: advantages are not logged; they are rewards centered and scaled within their group")
    if reward == "random":
        caveats.append(
            f"{run}: under a random reward expected selection is 0 by construction; what is realized is chance"
        )
    return caveats


# ---------------------------------------------------------------- predicted and observed drift


@dataclass(frozen=True, slots=True)
class _Folds:
    """Counts by step, part of the prompts and behavior; `groups` and `rollouts` by step and part."""

    steps: Floats
    groups: Floats
    rollouts: Floats
    shown: Floats
    selection: Floats


def _drift(store: Store, run: str, behavior: str) -> Drift:
    """Fit one step size over all common behaviors: selection in one half of the prompts, drift in the other."""
    split = _drift_split(store, run)
    trained = _rows(store, run, "train")
    observed = trained if split == "train" else _rows(store, run, split)
    names = _common(observed)
    if not names:
        raise Refused(f"no behavior is shown in {RARE:.0%} to {1 - RARE:.0%} of the rollouts")
    pushes, rates = _folds(trained, names), _folds(observed, names)
    if len(rates.steps) < FEWEST_POINTS:
        raise Refused(f"{len(rates.steps)} tagged steps: a step size needs at least {FEWEST_POINTS}")
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


# ---------------------------------------------------------------- what is said


def _numbers(prefix: str, given: str, pressure: SelectionPressure) -> list[Named]:
    def of(label: str, estimate: Estimate) -> Named:
        number = named(f"{prefix}{label}{given}", estimate)
        return Named(number.label, number.value, number.low, number.high, number.n, "groups")

    return [of("expected selection", pressure.expected), of("realized selection", pressure.realized)]


def _drift_numbers(prefix: str, behavior: str, drift: Drift) -> list[Named]:
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


def _sentence(behavior: str, each: Selection) -> str:
    steps = len(each.by_step)
    said = (
        f"the rewards of {each.run} {_says(each.raw.expected)} {behavior} within groups "
        f"({_written(each.raw.expected)}, {each.raw.expected.n} groups of {steps} steps, {each.raw.silent_groups} of "
        f"them silent); given {each.held_fixed} they {_says(each.given.expected)} it ({_written(each.given.expected)})"
    )
    drift = each.drift
    if drift is None:
        return said
    said += f"; one step size for {len(drift.behaviors)} behaviors {_explains(drift.explained)}"
    if not drift.predicts:
        step_size = drift.step_size
        return (
            f"{said}; its step size is not shown to be above 0 ({step_size.value:.3g} [{step_size.low:.3g}, "
            f"{step_size.high:.3g}]), so that no drift is predicted"
        )
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


def _says(pressure: Estimate) -> str:
    return "favor" if pressure.low > 0 else "disfavor" if pressure.high < 0 else "are not shown to favor or disfavor"


def _written(pressure: Estimate) -> str:
    return f"S = {pressure.value:+.4f} [{pressure.low:.4f}, {pressure.high:.4f}]"


def _table(found: Sequence[Selection]) -> "pyarrow.Table":
    """Return a row a step (what is selected) and a row a behavior (what drift was predicted, what was observed)."""
    import pyarrow

    rows: list[dict[str, Any]] = []
    for each in found:
        rows += [
            {"run": each.run, "step": step, "selection": pressure.expected.value, "low": pressure.expected.low}
            | {"high": pressure.expected.high, "groups": pressure.expected.n, "silent": pressure.silent_groups}
            for step, pressure in each.by_step
        ]
    for each in found:
        if each.drift is not None:
            sums = (part.sum(axis=1) for part in (each.drift.fitted.predicted, each.drift.fitted.observed))
            rows += [
                {"run": each.run, "behavior": behavior, "predicted": float(predicted), "observed": float(observed)}
                for behavior, predicted, observed in zip(each.drift.behaviors, *sums, strict=True)
            ]
    names = dict.fromkeys(name for row in rows for name in row)
    return pyarrow.Table.from_pylist([{name: row.get(name) for name in names} for row in rows])


def draw(answer: Answer) -> "altair.TopLevelMixin":
    """Draw expected selection over steps, and beside it every behavior's drift, predicted and observed."""
    import altair as alt

    rows = answer.table.to_pylist() if answer.table is not None else []
    by_step = [row for row in rows if row["step"] is not None]
    by_behavior = [row for row in rows if row["step"] is None]
    base = alt.Chart(alt.Data(values=by_step)).encode(
        x=alt.X("step:Q", title="training step"), color=alt.Color("run:N", title="run")
    )
    band = base.mark_area(opacity=0.2).encode(y=alt.Y("low:Q", title="selection within groups"), y2="high:Q")
    zero = alt.Chart(alt.Data(values=[{}])).mark_rule(strokeDash=[4, 3], opacity=0.6).encode(y=alt.datum(0))
    selection = alt.layer(zero, band, base.mark_line(point=True).encode(y="selection:Q"))
    if not by_behavior:
        return selection
    axis = alt.Axis(format="+.0%")
    drifts = alt.Chart(alt.Data(values=by_behavior)).encode(
        x=alt.X("predicted:Q", title="drift predicted by selection", axis=axis),
        y=alt.Y("observed:Q", title="drift observed", axis=axis),
        color=alt.Color("run:N", title="run"),
        tooltip=["behavior:N", "predicted:Q", "observed:Q"],
    )
    ends = [min(0.0, *(row["predicted"] for row in by_behavior)), max(0.0, *(row["predicted"] for row in by_behavior))]
    equal = alt.Chart(alt.Data(values=[{"x": end} for end in ends])).mark_line(strokeDash=[4, 3], opacity=0.6)
    return alt.hconcat(selection, alt.layer(equal.encode(x="x:Q", y="x:Q"), drifts.mark_point(filled=True, size=60)))


selection_pressure = Finding(
    name="selection_pressure",
    claim="The rewards within groups favor a behavior",
    infer=infer,
    queries=("moments_of_groups", "selection_by_fold", "evaluations"),
    draw=draw,
)
