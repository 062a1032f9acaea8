"""How often a response shows a behavior, at equal length of text: verification, backtracking, subgoals and the like."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from traceanalytics.errors import Refused, counted, listed
from traceanalytics.findings.base import Answer, Finding, Named
from traceanalytics.findings.caveats import said_once
from traceanalytics.findings.configurations import families
from traceanalytics.findings.courses import Course, courses_of_spans
from traceanalytics.findings.drawing import lines_over_steps
from traceanalytics.findings.evaluations import ONE_RUN, ask_each, named, runs_of, times
from traceanalytics.stats.counts import count_trend, ratio_of_count_rates
from traceanalytics.stats.estimate import Estimate, Test
from traceanalytics.stats.multiplicity import benjamini_hochberg
from traceanalytics.stats.ratios import count_rate
from traceanalytics.stats.runs import between_groups, over_runs
from traceanalytics.store.store import Store

if TYPE_CHECKING:
    import altair
    import pyarrow

COGNITIVE = ("verification", "backtracking", "subgoal_setting", "backward_chaining")  # of Gandhi et al. 2025
UNCORRECTED = (
    "uncorrected: an audit judges whole rollouts, so that it corrects rates and no counts of spans; it says how far to "
    "trust these; no audit of the tagger is in the store"
)
MOST_P = 0.05  # of a difference between families that is told


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


@dataclass(frozen=True, slots=True)
class ByFamily:
    """One behavior's factor per 100 steps in each family that has several runs, and whether families differ."""

    behavior: str
    factors: dict[str, Estimate]
    tested: Test | None
    adjusted_p: float
    untold: str | None  # why nothing is tested


def infer(
    store: Store,
    *,
    in_run: str | None = None,
    in_behaviors: tuple[str, ...] = COGNITIVE,
    in_split: str | None = None,
) -> Answer:
    """Count the spans of each behavior per response and per 1,000 characters, from the first step to the last.

    Where several runs share a family and a reward, it is tested whether a behavior's factor depends on the family.
    """

    def ask(run: str) -> tuple[str, list[Counted]]:
        return run, [_counted(*courses) for courses in courses_of_spans(store, run, in_behaviors, split=in_split)]

    found, left_out = ask_each(runs_of(store, in_run), ask)
    several = len(found) > 1
    estimates = [number for run, of_run in found for each in of_run for number in _numbers(run, each, several=several)]
    untold = [
        f"{run}: no ratio of {each.behavior}: {each.missing}"
        for run, of_run in found
        for each in of_run
        if each.missing
    ]
    by_family = _by_family(store, found)
    estimates += [number for of_behavior in by_family for number in _numbers_of_families(of_behavior)]
    caveats = [
        f"{counted(len(in_behaviors), 'behavior')} in {counted(len(found), 'run')}: each is looked at by itself, at "
        f"95%, so that some of them change by chance",
        "two spans of a response are two, also where they are one thought",
        *untold,
        *said_once(
            (f"{of.behavior}: no p of family × step: {of.untold}" for of in by_family if of.untold), in_behaviors
        ),
        *left_out,
        UNCORRECTED,
        *([ONE_RUN] if len(found) == 1 else []),
    ]
    sentences = [*(_sentence(run, of_run) for run, of_run in found), *map(_sentence_of_families, by_family)]
    return Answer(estimates, "; ".join(filter(None, sentences)), caveats, _table(found))


def _counted(in_text: Course, in_responses: Course) -> Counted:
    spans, text = in_text.hits, in_text.n / 1000
    responses = in_responses.n
    ratio = trend = missing = None
    try:
        ratio = ratio_of_count_rates(spans[:, -1], text[:, -1], base_counts=spans[:, 0], base_exposures=text[:, 0])
        trend = count_trend(in_text.steps, spans, text)
    except Refused as refusal:
        missing = str(refusal)
    return Counted(
        in_text.what,
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


def _by_family(store: Store, found: Sequence[tuple[str, list[Counted]]]) -> list[ByFamily]:
    """Hold the runs' factors against their families, every reward for itself; a log with one family has none."""
    described = families(store)
    if len({described[run][0] for run, _ in found if described.get(run)} - {None}) < 2:
        return []
    slopes: dict[str, list[tuple[str, str, float]]] = {each.behavior: [] for _, of_run in found for each in of_run}
    for run, of_run in found:
        family, reward = described[run]
        for each in of_run:
            if family is not None and each.trend is not None:
                slopes[each.behavior].append((family, reward or "", float(np.log(each.trend.value))))
    found_of = [_of_families(behavior, held) for behavior, held in slopes.items()]
    adjusted = iter(benjamini_hochberg([each.tested.p for each in found_of if each.tested is not None]))
    return [replace(each, adjusted_p=float(next(adjusted))) if each.tested is not None else each for each in found_of]


def _of_families(behavior: str, slopes: Sequence[tuple[str, str, float]]) -> ByFamily:
    factors = {}
    for family in sorted({family for family, _, _ in slopes}):
        held = [slope for of, _, slope in slopes if of == family]
        if len(held) > 1:
            mean = over_runs(held)
            value, low, high = (float(np.exp(each)) for each in (mean.value, mean.low, mean.high))
            factors[family] = Estimate(value, low, high, mean.n, mean.unit)
    try:
        if len({family for family, _, _ in slopes}) < 2:
            raise Refused("it has a trend in fewer than two families")
        of_family, of_reward, values = zip(*slopes, strict=True)
        return ByFamily(behavior, factors, between_groups(values, of_family, of_reward), 1.0, None)
    except Refused as refusal:
        return ByFamily(behavior, factors, None, 1.0, str(refusal))


def _numbers_of_families(each: ByFamily) -> list[Named]:
    label = f"{each.behavior}: factor per 100 steps in the same length"
    numbers = [named(f"{label}, runs of {family}", factor) for family, factor in each.factors.items()]
    if each.tested is not None:
        p = Named(f"{each.behavior}: p of family × step", each.adjusted_p, None, None, each.tested.n, "runs")
        numbers.append(p)
    return numbers


def _sentence_of_families(each: ByFamily) -> str:
    if each.tested is None or each.adjusted_p > MOST_P:
        return ""
    factors = listed(f"{times(factor)} per 100 steps in {of}" for of, factor in each.factors.items())
    return f"{each.behavior} changes in one family otherwise than in another (p = {each.adjusted_p:.2g}): {factors}"


def _sentence(run: str, of_run: Sequence[Counted]) -> str:
    moved = [(each.behavior, each.ratio) for each in of_run if each.ratio is not None and each.ratio.excludes(1)]
    first, last = (f"{of_run[0].in_text.steps[place]:.0f}" for place in (0, -1))
    who = f"in the same length of text responses of {run} show"
    if not moved:
        return (
            f"{who} no change beyond chance from step {first} to {last} in {listed(each.behavior for each in of_run)}"
        )
    ratios = listed(f"{behavior} {times(ratio)}" for behavior, ratio in moved)
    prompts = counted(max(ratio.n for _, ratio in moved), "prompt")
    return f"{who} {ratios} as often at step {last} as at step {first}, on {prompts}"


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
    return lines_over_steps(answer, "per_1000_characters", color="behavior", title="spans per 1,000 characters")


behavior_counts = Finding(
    name="behavior_counts",
    claim="Responses verify, backtrack and set subgoals more often, at equal length",
    infer=infer,
    queries=("evaluations", "spans_by_prompt"),
    draw=draw,
)
