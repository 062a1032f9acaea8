"""Whether a behavior came in with a jump or drifted in: how many steps 10 to 90% of its change took."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from traceanalytics.errors import Refused, counted
from traceanalytics.findings.base import Answer, Finding, Named
from traceanalytics.findings.courses import Course, course_of
from traceanalytics.findings.drawing import band_over_steps, of_run, rows_of
from traceanalytics.findings.evaluations import ONE_RUN, ask_each, named, points, runs_of
from traceanalytics.findings.onsets import onset_named, onset_of, since_in_words
from traceanalytics.stats.onset import Onset
from traceanalytics.stats.stability import Transition, transition
from traceanalytics.store.store import Store

if TYPE_CHECKING:
    import altair
    import pyarrow

JUMP = 0.25  # of the time that a straight drift over the whole run would take
DRIFT = 0.5
UNCORRECTED = "uncorrected: the course is what the tagger says; no audit of it is in the store"


@dataclass(frozen=True, slots=True)
class Rise:
    """One run's course and how long its change took."""

    course: Course
    transition: Transition
    onset: Onset | None

    @property
    def sentence(self) -> str:
        """Say whether it was a jump."""
        course, found = self.course, self.transition
        took, whole = found.rise_time, course.steps[-1] - course.steps[0]
        return (
            f"{_how(course.what, found)} in {course.run}: 10 to 90% of its change of {points(course.change)} took "
            f"{took.value:.0f} steps [{took.low:.0f}, {took.high:.0f}] of {whole:.0f}, from step "
            f"{found.start:.0f} to {found.end:.0f} on {counted(took.n, 'prompt')}{since_in_words(self.onset)}"
        )


def infer(
    store: Store,
    *,
    in_run: str | None = None,
    in_behavior: str = "code_reasoning",
    in_split: str | None = None,
    base: str | None = None,
) -> Answer:
    """Fit level, ramp, level to every run's course and time its rise or fall.

    A course begins at the run's step 0, else at the run `base`, else at the one that the log names as its base.
    """

    def ask(run: str) -> Rise:
        course = course_of(store, run, behavior=in_behavior, split=in_split, base=base)
        try:
            return Rise(course, transition(course.steps, course.hits, course.n), onset_of(course))
        except Refused as refusal:
            raise Refused(f"{in_behavior} of run {run!r}: {refusal}") from refusal

    found, left_out = ask_each(runs_of(store, in_run, base=base), ask)
    estimates: list[Named] = []
    caveats: list[str] = []
    for each in found:
        prefix = f"{each.course.run}: " if len(found) > 1 else ""
        estimates.append(named(f"{prefix}steps from 10 to 90% of the change", each.transition.rise_time))
        estimates.append(named(f"{prefix}sharpness, 0 a jump and 1 a straight drift", each.transition.sharpness))
        if each.onset is not None:
            estimates.append(onset_named(prefix, each.onset, each.transition.rise_time.n))
        apart = float(np.diff(each.course.steps).max())
        caveats.append(
            f"{each.course.run}: evaluations lie up to {apart:.0f} steps apart; a faster rise looks the same"
        )
        caveats += each.course.caveats
    caveats.append("the curve fitted is level, ramp, level: a rise that falls again is read beside the curve")
    caveats += [*left_out, UNCORRECTED, *([ONE_RUN] if len(found) == 1 else [])]
    return Answer(estimates, "; ".join(each.sentence for each in found), caveats, _table(found))


def _how(what: str, found: Transition) -> str:
    if found.sharpness.high < JUMP:
        return f"{what} jumped"
    if found.sharpness.low > DRIFT:
        return f"{what} drifted"
    return f"whether {what} jumped or drifted is undetermined"


def _table(found: Sequence[Rise]) -> "pyarrow.Table":
    import pyarrow

    rows = []
    for each in found:
        limits = each.course.limits
        rows += [
            {"run": each.course.run, "step": int(step), "share": limits.value[i], "low": limits.low[i]}
            | {"high": limits.high[i], "start": each.transition.start, "end": each.transition.end}
            for i, step in enumerate(each.course.steps)
        ]
    return pyarrow.Table.from_pylist(rows)


def draw(answer: Answer) -> "altair.TopLevelMixin":
    """Draw the course with the time of its change shaded."""
    import altair as alt

    rows = rows_of(answer)
    spans = alt.Chart(alt.Data(values=rows)).mark_rect(opacity=0.02)
    spans = spans.encode(x="start:Q", x2="end:Q", color=of_run())
    return alt.layer(spans, band_over_steps(rows, "share", title="responses that show it"))


transition_sharpness = Finding(
    name="transition_sharpness",
    claim="A behavior comes in with a jump, like a phase transition, rather than by drift",
    infer=infer,
    queries=("evaluations", "behavior_by_prompt"),
    draw=draw,
)
