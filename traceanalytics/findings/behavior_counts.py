"""How often a response shows a behavior, at equal length of text: verification, backtracking, subgoals and the like."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from traceanalytics.errors import Refused
from traceanalytics.findings.base import Answer, Finding, Named
from traceanalytics.findings.courses import Course, read_courses
from traceanalytics.findings.evaluations import ONE_RUN, ask_each, named, runs_of
from traceanalytics.stats.counts import count_trend, ratio_of_count_rates
from traceanalytics.stats.estimate import Estimate
from traceanalytics.stats.ratios import count_rate
from traceanalytics.store.store import Store

if TYPE_CHECKING:
    import altair
    import pyarrow

COGNITIVE = ("verification", "backtracking", "subgoal_setting", "backward_chaining")  # of Gandhi et al. 2025


@dataclass(frozen=True, slots=True)
class Counted:
    """One behavior in one run: spans per response and per 1,000 characters at both ends, and how the latter changed."""

    behavior: str
    per_response: tuple[Estimate, Estimate]
    per_length: tuple[Estimate, Estimate]
    ratio: Estimate | None
    trend: Estimate | None
    in_text: Course
    missing: str | None  # why there is no ratio


def infer(
    store: Store,
    *,
    in_run: str | None = None,
    in_behaviors: tuple[str, ...] = COGNITIVE,
    in_split: str | None = None,
) -> Answer:
    """Count the spans of each behavior per response and per 1,000 characters, from the first step to the last."""

    def ask(run: str) -> tuple[str, list[Counted]]:
        return run, [_counted(store, run, behavior, in_split) for behavior in in_behaviors]

    found, left_out = ask_each(runs_of(store, in_run), ask)
    several = len(found) > 1
    estimates = [number for run, of_run in found for each in of_run for number in _numbers(run, each, several=several)]
    untold = [f"{each.behavior} of {run}: {each.missing}" for run, of_run in found for each in of_run if each.missing]
    looked_at = len(in_behaviors) * len(found)
    caveats = [
        f"{looked_at} behaviors and runs are looked at, each at 95%: some of them change by chance",
        "two spans of a response are two, also where they are one thought",
        *untold,
        *left_out,
        "uncorrected: the counts are what the tagger says; no audit of it is in the store",
        *([ONE_RUN] if len(found) == 1 else []),
    ]
    return Answer(estimates, "; ".join(_sentence(run, of_run) for run, of_run in found), caveats, _table(found))


def _counted(store: Store, run: str, behavior: str, split: str | None) -> Counted:
    in_text, in_responses = read_courses(
        store,
        run,
        split,
        query="reflection_by_prompt",
        in_behaviors=[behavior],
        columns=((behavior, "spans", "text_length"), (behavior, "spans", "rollouts")),
    )
    spans, text = in_text.hits, in_text.n / 1000
    responses = in_responses.n
    ratio = trend = missing = None
    try:
        ratio = ratio_of_count_rates(spans[:, -1], text[:, -1], base_counts=spans[:, 0], base_exposures=text[:, 0])
        trend = count_trend(in_text.steps, spans, text)
    except Refused as refusal:
        missing = str(refusal)
    return Counted(
        behavior,
        (count_rate(spans[:, 0], responses[:, 0]), count_rate(spans[:, -1], responses[:, -1])),
        (count_rate(spans[:, 0], text[:, 0]), count_rate(spans[:, -1], text[:, -1])),
        ratio,
        trend,
        in_text,
        missing,
    )


def _numbers(run: str, each: Counted, *, several: bool) -> list[Named]:
    prefix = f"{run}: {each.behavior}" if several else each.behavior
    numbers = [
        named(f"{prefix}: {what} at the {end} step", number)
        for what, both in (("per response", each.per_response), ("per 1,000 characters", each.per_length))
        for end, number in zip(("first", "last"), both, strict=True)
    ]
    if each.ratio is not None:
        numbers.append(named(f"{prefix}: times as many in the same length", each.ratio))
    if each.trend is not None:
        numbers.append(named(f"{prefix}: factor per 100 steps in the same length", each.trend))
    return numbers


def _sentence(run: str, of_run: Sequence[Counted]) -> str:
    moved = [each for each in of_run if each.ratio is not None and each.ratio.excludes(1)]
    if not moved:
        names = ", ".join(each.behavior for each in of_run)
        return f"in {run} no count changes beyond chance at equal length of text ({names})"
    parts = [
        f"{each.behavior} {'more' if each.ratio.value > 1 else 'less'} often ({_written(each.ratio)} times, from "
        f"{each.per_response[0].value:.2f} to {each.per_response[1].value:.2f} a response)"
        for each in moved
        if each.ratio is not None
    ]
    return f"in the same length of text responses of {run} show " + ", ".join(parts)


def _written(ratio: Estimate) -> str:
    return f"{ratio.value:.2f} [{ratio.low:.2f}, {ratio.high:.2f}]"


def _table(found: Sequence[tuple[str, list[Counted]]]) -> "pyarrow.Table":
    import pyarrow

    rows = []
    for run, of_run in found:
        for each in of_run:
            spans, text = each.in_text.hits.sum(axis=0), each.in_text.n.sum(axis=0)
            density = np.divide(1000 * spans, text, out=np.full_like(spans, np.nan), where=text > 0)
            rows += [
                {"run": run, "behavior": each.behavior, "step": float(step), "per_1000_characters": float(value)}
                for step, value in zip(each.in_text.steps, density, strict=True)
                if np.isfinite(value)
            ]
    return pyarrow.Table.from_pylist(rows)


def draw(answer: Answer) -> "altair.TopLevelMixin":
    """Draw how often each behavior stands in 1,000 characters over the steps."""
    import altair as alt

    rows = answer.table.to_pylist() if answer.table is not None else []
    return (
        alt.Chart(alt.Data(values=rows))
        .mark_line(point=True)
        .encode(
            x=alt.X("step:Q", title="training step"),
            y=alt.Y("per_1000_characters:Q", title="spans per 1,000 characters"),
            color=alt.Color("behavior:N", title=None),
            strokeDash=alt.StrokeDash("run:N", title="run"),
        )
    )


behavior_counts = Finding(
    name="behavior_counts",
    claim="Responses verify, backtrack and set subgoals more often, at equal length",
    infer=infer,
    queries=("evaluations", "reflection_by_prompt"),
    draw=draw,
)
