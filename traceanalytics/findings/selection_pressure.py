"""Whether the rewards within groups favor a behavior, and how much of its drift such selection predicts."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from traceanalytics.errors import Refused, counted
from traceanalytics.findings.base import Answer, Finding, Named
from traceanalytics.findings.comparable import MOST_MISSING
from traceanalytics.findings.drawing import band_over_steps, in_points, points_axis, told_in_points
from traceanalytics.findings.evaluations import ask_each, named, runs_of
from traceanalytics.findings.predicted_drift import Drift, drift_numbers, drift_sentence, predicted_drift
from traceanalytics.stats.estimate import Estimate, Floats
from traceanalytics.stats.selection import GroupMoments, SelectionPressure
from traceanalytics.stats.selection import selection_pressure as select
from traceanalytics.store.store import Store

if TYPE_CHECKING:
    import altair
    import pyarrow

FEWEST_GROUPS = 20
_COVARIATES = ("l", "c")


@dataclass(frozen=True, slots=True)
class Selection:
    """One run's selection of a behavior over the steps asked for, raw and with length and correctness held fixed."""

    run: str
    reward: str | None
    steps: tuple[int, int]  # the first and the last
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
            estimates += drift_numbers(prefix, in_behavior, each.drift)
    caveats = [
        "split train: selection acts in the groups that a run trains on",
        "S: within a group, the mean over rollouts of the advantage (in SDs of its rewards) times showing the behavior "
        "(1 or 0, less the group's share of it)",
        "expected: what fresh groups of this policy would give; realized: what these advantages pushed, with the "
        "limits that pairing them with the rollouts of their group at random would give",
        "first-order selection only: clipping, an entropy or KL term and shared tokens move a behavior too; what is "
        "left over is not predicted by first-order selection, which is not to say that the reward did not cause it",
        *(caveat for each in found for caveat in each.caveats),
        *left_out,
        "uncorrected: a tagger that errs at random shows sensitivity + specificity - 1 times the selection there is; "
        "an audit says how much that is; no audit of it is in the store",
    ]
    return Answer(estimates, "; ".join(_sentence(in_behavior, each) for each in found), caveats, _table(found))


def _selection(store: Store, run: str, behavior: str, first: int | None, last: int | None) -> Selection:
    arguments = {"in_run": run, "from_step": first, "to_step": last}
    table = store.query("moments_of_groups", in_behavior=behavior, **arguments)
    if table.num_rows == 0:
        raise Refused(f"run {run!r} has no groups in the split train at these steps, and selection acts in those alone")
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
        drift = predicted_drift(store, run, behavior)
    except Refused as refusal:
        caveats.append(f"{run}: no drift is predicted, because {refusal}")
    held_fixed = "length and correctness" if graded else "length"
    steps = int(sums["step"].min()), int(sums["step"].max())
    return Selection(
        run, reward, steps, select(moments), select(given), held_fixed, tuple(by_step), drift, tuple(caveats)
    )


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


def _numbers(prefix: str, given: str, pressure: SelectionPressure) -> list[Named]:
    def of(label: str, estimate: Estimate) -> Named:
        number = named(f"{prefix}{label}{given}", estimate)
        return Named(number.label, number.value, number.low, number.high, number.n, "groups")

    return [of("expected selection", pressure.expected), of("realized selection", pressure.realized)]


def _sentence(behavior: str, each: Selection) -> str:
    first, last = each.steps
    raw, given, silent = each.raw.expected, each.given.expected, each.raw.silent_groups
    equal = f", in {silent:,} of which all rewards are equal and favor nothing" if silent else ""
    said = (
        f"the rewards of {each.run} {_says(raw)} {behavior} within groups from step {first} to {last} "
        f"({_written(raw)} over {counted(raw.n, 'group')}{equal}); between rollouts alike in {each.held_fixed} they "
        f"{_says(given)} it ({_written(given)})"
    )
    return said if each.drift is None else f"{said}; {drift_sentence(behavior, each.drift)}"


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
    zero = alt.Chart(alt.Data(values=[{}])).mark_rule(strokeDash=[4, 3], opacity=0.6).encode(y=alt.datum(0))
    selection = alt.layer(zero, band_over_steps(by_step, "selection", title="selection within groups", format=""))
    if not by_behavior:
        return selection
    drifts = alt.Chart(alt.Data(values=by_behavior)).encode(
        x=alt.X("predicted:Q", title="drift predicted by selection (points)", axis=points_axis()),
        y=alt.Y("observed:Q", title="drift observed (points)", axis=points_axis()),
        color=alt.Color("run:N", title="run"),
        tooltip=["behavior:N", *told_in_points("predicted", "observed")],
    )
    drifts = drifts.transform_calculate(**in_points("predicted", "observed"))
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
