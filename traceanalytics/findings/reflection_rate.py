"""Whether responses reflect more as training goes on, and whether they only got longer."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from traceanalytics.errors import Refused
from traceanalytics.findings.audits import audits_at, corrected_ends, uncorrected
from traceanalytics.findings.base import Answer, Finding
from traceanalytics.findings.comparable import refuse_gaps
from traceanalytics.findings.evaluations import (
    FEWEST_PROMPTS,
    ONE_RUN,
    ask_each,
    evaluations_of,
    named,
    percent,
    points,
    reflection_of,
    row_at,
    runs_of,
)
from traceanalytics.stats.differences import difference
from traceanalytics.stats.estimate import Estimate, Floats
from traceanalytics.stats.rates import rate, rate_limits
from traceanalytics.stats.ratios import count_rate
from traceanalytics.stats.trend import Trend, trend
from traceanalytics.store.store import Store

if TYPE_CHECKING:
    import altair
    import pyarrow

_UNCORRECTED = "uncorrected: reflection is what the tagger says; no audit of it is in the store"
_LABELS = ("share at the first step", "share at the last step", "change")
_COLUMNS = ("rollouts", "showing", "spans", "text_length")


@dataclass(frozen=True, slots=True)
class Course:
    """One run's reflection over its steps; counts are prompts × steps."""

    run: str
    split: str
    steps: Floats
    rollouts: Floats
    showing: Floats
    spans: Floats
    text_length: Floats

    def at(self, place: int) -> tuple[Estimate, Estimate]:
        """Return the share of responses that reflect at one step, and its spans per 1,000 characters."""
        share = rate(self.showing[:, place], self.rollouts[:, place])
        return share, count_rate(self.spans[:, place], self.text_length[:, place] / 1000)

    @property
    def change(self) -> Estimate:
        """Return the share at the last step less that at the first."""
        shown, n = self.showing, self.rollouts
        return difference(shown[:, -1], n[:, -1], base_numerators=shown[:, 0], base_denominators=n[:, 0])


def infer(
    store: Store,
    *,
    in_run: str | None = None,
    in_behaviors: tuple[str, ...] | None = None,
    in_split: str | None = None,
    in_tagger: str | None = None,
) -> Answer:
    """Follow in every run the share of responses that show any of the behaviors."""

    behaviors = in_behaviors or reflection_of(store, in_tagger)

    def ask(run: str) -> Course:
        return _course(store, run, behaviors, in_split, in_tagger)

    found, left_out = ask_each(runs_of(store, in_run), ask)
    estimates, sentences, caveats, corrected = [], [], [], []
    for each in found:
        prefix = f"{each.run}: " if len(found) > 1 else ""
        (start, start_density), (end, end_density) = each.at(0), each.at(-1)
        slope, reason = _slope(each)
        numbers = zip(_LABELS, (start, end, each.change), strict=True)
        estimates += [named(f"{prefix}{label}", number) for label, number in numbers]
        places = [(each.run, each.split, each.steps[at]) for at in (0, -1)]
        audits = audits_at(store, behaviors, places, tagger=in_tagger)
        corrected.append(corrected_ends(_LABELS, (start, end), audits))
        estimates += [replace(number, label=f"{prefix}{number.label}") for number in corrected[-1]]
        if slope is not None:
            estimates.append(named(f"{prefix}change per 100 steps", slope.points))
        estimates.append(named(f"{prefix}spans per 1,000 characters at the first step", start_density))
        estimates.append(named(f"{prefix}spans per 1,000 characters at the last step", end_density))
        sentences.append(_sentence(each, start, end, (start_density, end_density)))
        caveats += reason + _shared(each)
    caveats += ["longer text shows more of everything: read the share beside the spans per 1,000 characters"]
    caveats += [*left_out, *uncorrected(_UNCORRECTED, corrected), *([ONE_RUN] if len(found) == 1 else [])]
    return Answer(estimates, "; ".join(sentences), caveats, _table(found), tagger=in_tagger)


def _course(store: Store, run: str, behaviors: Sequence[str], split: str | None, tagger: str | None) -> Course:
    rows = evaluations_of(store, run, split, needs="tagged" if tagger is None else "rollouts")
    if len(rows) < 2:
        raise Refused(f"run {run!r} has one step in the split {rows[0]['split']}: a course needs two")
    for row in (row_at(rows, None, 0), row_at(rows, None, -1)):
        refuse_gaps(row, graded=False, tagged=tagger is None)
    if rows[0]["conditions"] != rows[-1]["conditions"]:
        raise Refused(
            f"run {run!r} was sampled with other conditions at step {rows[0]['step']} than at step {rows[-1]['step']}: "
            f"a difference between them is no change of the model"
        )
    arguments = {"in_run": run, "in_split": rows[0]["split"], "in_tagger": tagger}
    table = store.query("reflection_by_prompt", in_behaviors=list(behaviors), **arguments)
    if table.num_rows == 0:
        raise Refused(f"no rollout of run {run!r} is tagged by {tagger}: `ta tag --tagger` reads them")
    steps, at_step = np.unique(table["step"].to_numpy(), return_inverse=True)
    prompts, of_prompt = np.unique(np.asarray(table["prompt_key"].to_pylist()), return_inverse=True)
    if len(prompts) < FEWEST_PROMPTS:
        raise Refused(f"run {run!r} has {len(prompts)} prompts: at least {FEWEST_PROMPTS} are needed")
    counts = np.zeros((len(_COLUMNS), len(prompts), len(steps)))
    for of_column, name in zip(counts, _COLUMNS, strict=True):
        of_column[of_prompt, at_step] = table[name].to_numpy()
    return Course(run, rows[0]["split"], steps.astype(np.float64), *counts)


def _slope(course: Course) -> tuple[Trend | None, list[str]]:
    try:
        return trend(course.steps, course.showing, course.rollouts), []
    except Refused as refusal:
        return None, [f"{course.run}: no trend is given: {refusal}"]


def _sentence(course: Course, start: Estimate, end: Estimate, density: tuple[Estimate, Estimate]) -> str:
    change = course.change
    moved = "rose" if change.low > 0 else "fell" if change.high < 0 else "shows no change beyond chance"
    denser = density[1].value / density[0].value if density[0].value > 0 else float("nan")
    said = (
        f"the share of responses that reflect {moved} in {course.run} from {percent(start)} at step "
        f"{course.steps[0]:.0f} to {percent(end)} at step {course.steps[-1]:.0f} ({points(change)})"
    )
    return f"{said}, {denser:.2f} times as many spans in the same length of text" if np.isfinite(denser) else said


def _shared(course: Course) -> list[str]:
    first, last = course.rollouts[:, 0] > 0, course.rollouts[:, -1] > 0
    if (first & last).sum() >= 0.5 * (first | last).sum():
        return []
    return [f"{course.run}: fewer than half of the prompts are at both ends: other prompts may be part of the change"]


def _table(found: Sequence[Course]) -> "pyarrow.Table":
    import pyarrow

    rows = []
    for each in found:
        limits = rate_limits(each.showing.T, each.rollouts.T)
        length, spans = each.text_length.sum(axis=0), each.spans.sum(axis=0)
        rows += [
            {"run": each.run, "step": int(step), "share": limits.value[i], "low": limits.low[i]}
            | {"high": limits.high[i], "spans_per_1000_characters": 1000 * spans[i] / length[i] if length[i] else None}
            for i, step in enumerate(each.steps)
        ]
    return pyarrow.Table.from_pylist(rows)


def draw(answer: Answer) -> "altair.TopLevelMixin":
    """Draw the share over steps with its intervals."""
    import altair as alt

    rows = answer.table.to_pylist() if answer.table is not None else []
    base = alt.Chart(alt.Data(values=rows)).encode(
        x=alt.X("step:Q", title="training step"), color=alt.Color("run:N", title="run")
    )
    axis = alt.Axis(format=".0%")
    band = base.mark_area(opacity=0.2).encode(y=alt.Y("low:Q", title="responses that reflect", axis=axis), y2="high:Q")
    return alt.layer(band, base.mark_line(point=True).encode(y="share:Q"))


reflection_rate = Finding(
    name="reflection_rate",
    claim="Responses reflect more as training goes on",
    infer=infer,
    queries=("evaluations", "reflection_by_prompt"),
    draw=draw,
)
