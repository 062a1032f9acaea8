"""Whether responses reflect more as training goes on, and whether they only got longer."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from traceanalytics.errors import Refused, counted
from traceanalytics.findings.audits import audits_at, corrected_ends, uncorrected
from traceanalytics.findings.base import Answer, Finding
from traceanalytics.findings.courses import Course, read_courses
from traceanalytics.findings.drawing import band_over_steps, rows_of
from traceanalytics.findings.evaluations import (
    ONE_RUN,
    ask_each,
    named,
    percent,
    points,
    reflection_of,
    runs_of,
    times,
)
from traceanalytics.stats.counts import ratio_of_count_rates
from traceanalytics.stats.estimate import Estimate
from traceanalytics.stats.ratios import count_rate
from traceanalytics.stats.trend import Trend, trend
from traceanalytics.store.store import Store

if TYPE_CHECKING:
    import altair
    import pyarrow

_UNCORRECTED = "uncorrected: reflection is what the tagger says; no audit of it is in the store"
_LABELS = ("share at the first step", "share at the last step", "change")


@dataclass(frozen=True, slots=True)
class Reflecting:
    """One run's reflection over its steps: responses that show some, and spans of it in their text."""

    showing: Course
    spans: Course

    @property
    def run(self) -> str:
        """Return the run."""
        return self.showing.run

    def at(self, place: int) -> tuple[Estimate, Estimate]:
        """Return the share of responses that reflect at one step, and its spans per 1,000 characters."""
        return self.showing.at(place), count_rate(self.spans.hits[:, place], self.spans.n[:, place] / 1000)

    @property
    def denser(self) -> Estimate | None:
        """Return how many times as many spans the same length of text holds at the last step, if enough prompts do."""
        spans, text = self.spans.hits, self.spans.n
        try:
            return ratio_of_count_rates(spans[:, -1], text[:, -1], base_counts=spans[:, 0], base_exposures=text[:, 0])
        except Refused:
            return None


def infer(
    store: Store,
    *,
    in_run: str | None = None,
    in_behaviors: tuple[str, ...] | None = None,
    in_split: str | None = None,
    in_tagger: str | None = None,
    base: str | None = None,
) -> Answer:
    """Follow in every run the share of responses that show any of the behaviors.

    A run starts at its step 0, else at the run `base`, else at the one that its log names as its base.
    """
    behaviors = in_behaviors or reflection_of(store, in_tagger)

    def ask(run: str) -> Reflecting:
        return _reflecting(store, run, behaviors, in_split, in_tagger, base)

    found, left_out = ask_each(runs_of(store, in_run, base=base), ask)
    estimates, sentences, caveats, corrected = [], [], [], []
    for each in found:
        prefix = f"{each.run}: " if len(found) > 1 else ""
        (start, start_density), (end, end_density) = each.at(0), each.at(-1)
        slope, reason = _slope(each.showing)
        numbers = zip(_LABELS, (start, end, each.showing.change), strict=True)
        estimates += [named(f"{prefix}{label}", number) for label, number in numbers]
        course = each.showing
        places = [(course.base or each.run, course.split, course.steps[0]), (each.run, course.split, course.steps[-1])]
        audits = audits_at(store, behaviors, places, tagger=in_tagger)
        corrected.append(corrected_ends(_LABELS, (start, end), audits))
        estimates += [replace(number, label=f"{prefix}{number.label}") for number in corrected[-1]]
        if slope is not None:
            estimates.append(named(f"{prefix}change per 100 steps", slope.points))
        estimates.append(named(f"{prefix}spans per 1,000 characters at the first step", start_density))
        estimates.append(named(f"{prefix}spans per 1,000 characters at the last step", end_density))
        denser = each.denser
        if denser is not None:
            estimates.append(named(f"{prefix}times as many spans in the same length of text", denser))
        sentences.append(_sentence(each, start, end, denser))
        caveats += reason + course.caveats
    caveats += ["longer text shows more of everything: read the share beside the spans per 1,000 characters"]
    caveats += [*left_out, *uncorrected(_UNCORRECTED, corrected), *([ONE_RUN] if len(found) == 1 else [])]
    return Answer(estimates, "; ".join(sentences), caveats, _table(found), tagger=in_tagger)


def _reflecting(
    store: Store, run: str, behaviors: Sequence[str], split: str | None, tagger: str | None, base: str | None
) -> Reflecting:
    showing, spans = read_courses(
        store,
        run,
        split,
        base=base,
        needs="tagged" if tagger is None else "rollouts",
        query="reflection_by_prompt",
        in_behaviors=list(behaviors),
        in_tagger=tagger,
        columns=(("reflection", "showing", "rollouts"), ("reflection", "spans", "text_length")),
    )
    return Reflecting(showing, spans)


def _slope(course: Course) -> tuple[Trend | None, list[str]]:
    try:
        return trend(course.steps, course.hits, course.n), []
    except Refused as refusal:
        return None, [f"{course.run}: no trend is given: {refusal}"]


def _sentence(each: Reflecting, start: Estimate, end: Estimate, denser: Estimate | None) -> str:
    course = each.showing
    change = course.change
    moved = "rose" if change.low > 0 else "fell" if change.high < 0 else "shows no change beyond chance"
    said = (
        f"the share of responses that reflect {moved} in {course.run} from {percent(start)} at step "
        f"{course.steps[0]:.0f} to {percent(end)} at step {course.steps[-1]:.0f}, {points(change)} on "
        f"{counted(change.n, 'prompt')}"
    )
    return said if denser is None else f"{said}; the same length of text holds {times(denser)} as many spans"


def _table(found: Sequence[Reflecting]) -> "pyarrow.Table":
    import pyarrow

    rows = []
    for each in found:
        limits = each.showing.limits
        length, spans = each.spans.n.sum(axis=0), each.spans.hits.sum(axis=0)
        rows += [
            {"run": each.run, "step": int(step), "share": limits.value[i], "low": limits.low[i]}
            | {"high": limits.high[i], "spans_per_1000_characters": 1000 * spans[i] / length[i] if length[i] else None}
            for i, step in enumerate(each.showing.steps)
        ]
    return pyarrow.Table.from_pylist(rows)


def draw(answer: Answer) -> "altair.TopLevelMixin":
    """Draw the share over steps with its intervals."""
    return band_over_steps(rows_of(answer), "share", title="responses that reflect")


reflection_rate = Finding(
    name="reflection_rate",
    claim="Responses reflect more as training goes on",
    infer=infer,
    queries=("evaluations", "reflection_by_prompt"),
    draw=draw,
)
