"""Whether a run trains steadily: how far it is shaken about its course, how deep it fell, and whether it collapsed."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from traceanalytics.errors import Refused, counted
from traceanalytics.findings.base import Answer, Finding, Named
from traceanalytics.findings.courses import RIGHT_ANSWERS, Course, course_of
from traceanalytics.findings.drawing import of_run, rows_of
from traceanalytics.findings.evaluations import ONE_RUN, ask_each, named, runs_of
from traceanalytics.stats.estimate import Estimate
from traceanalytics.stats.stability import Drawdown, drawdown, spread_about_course
from traceanalytics.store.store import Store

if TYPE_CHECKING:
    import altair
    import pyarrow

COLLAPSE = 0.5  # of the peak, lost for good


@dataclass(frozen=True, slots=True)
class Steadiness:
    """One run's course, its deepest fall, and its spread about the course where it is long enough for one."""

    course: Course
    fall: Drawdown
    spread: Estimate | None
    unsaid: str | None

    @property
    def peak(self) -> float:
        """Return the level from which it fell."""
        place = int((self.course.steps == self.fall.peak).argmax())
        return float(self.course.limits.value[0] + self.course.changes.value[place])

    @property
    def collapsed(self) -> bool:
        """Say whether at least half of the peak is lost beyond chance, and was not won back by the last evaluation."""
        last = float(self.course.limits.value[0] + self.course.changes.value[-1])
        lost_half = self.fall.depth.low >= COLLAPSE * self.peak
        return self.course.is_share and lost_half and last < COLLAPSE * self.peak

    @property
    def sentence(self) -> str:
        """Say what the run did."""
        course, fall = self.course, self.fall
        deepest = f"{_amount(fall.depth, share=course.is_share)} from step {fall.peak:.0f} to {fall.trough:.0f}"
        looked_at = f"steps {course.steps[0]:.0f} to {course.steps[-1]:.0f}, {counted(fall.depth.n, 'prompt')}"
        if fall.depth.low > 0:
            how = "collapsed" if self.collapsed else "fell back"
            said = f"{course.what} of {course.run} {how} by {deepest} (of {looked_at})"
        else:
            said = f"{course.what} of {course.run} did not fall beyond chance (deepest {deepest} of {looked_at})"
        if self.spread is None:
            return said
        spread = _amount(self.spread, share=course.is_share)
        return f"{said}, with a spread of {spread} about the course (SD, sampling taken out)"


def infer(
    store: Store, *, in_run: str | None = None, in_behavior: str | None = None, in_split: str | None = None
) -> Answer:
    """Look at every run's right answers, or rewards where nothing is graded; or at a behavior."""

    def ask(run: str) -> Steadiness:
        return _steadiness(course_of(store, run, behavior=in_behavior, split=in_split))

    found, left_out = ask_each(runs_of(store, in_run), ask)
    estimates: list[Named] = []
    for each in found:
        prefix = f"{each.course.run}: " if len(found) > 1 else ""
        estimates.append(named(f"{prefix}deepest fall", each.fall.depth))
        if each.spread is not None:
            estimates.append(named(f"{prefix}spread about the course", each.spread))
    caveats = [
        "noise alone makes a largest fall: only its lower limit says that there was one",
        *(f"{each.course.run}: no spread is given: {each.unsaid}" for each in found if each.unsaid),
        *(caveat for each in found for caveat in each.course.caveats),
        *(
            f"{each.course.run}: rewards outside 0 to 1 have no level of which half can be lost: collapse is not judged"
            for each in found
            if not each.course.is_share
        ),
        *left_out,
        *([ONE_RUN] if len(found) == 1 else []),
    ]
    if in_behavior is not None:
        caveats.append("uncorrected: the course is what the tagger says; no audit of it is in the store")
    if any(each.course.what != RIGHT_ANSWERS for each in found) and in_behavior is None:
        caveats.append("rewards are read where nothing is graded: a fall of the reward need not be one of correctness")
    return Answer(estimates, "; ".join(each.sentence for each in found), caveats, _table(found))


def _steadiness(course: Course) -> Steadiness:
    if len(course.steps) < 3:
        evaluations = counted(len(course.steps), "evaluation")
        raise Refused(f"run {course.run!r} has {evaluations}: a fall that ends needs at least 3")
    changes = course.changes
    fall = drawdown(changes, resamples=2000)
    try:
        return Steadiness(course, fall, spread_about_course(changes), None)
    except Refused as refusal:
        return Steadiness(course, fall, None, str(refusal))


def _amount(number: Estimate, *, share: bool) -> str:
    scale, unit = (100.0, " points") if share else (1.0, "")
    return f"{scale * number.value:.3g}{unit} [{scale * number.low:.3g}, {scale * number.high:.3g}]"


def _table(found: Sequence[Steadiness]) -> "pyarrow.Table":
    import pyarrow

    rows = []
    for each in found:
        course, base = each.course, float(each.course.limits.value[0])
        peak, trough = each.fall.peak, each.fall.trough
        rows += [
            {"run": course.run, "what": course.what, "step": int(step), "level": base + change}
            | {"in_fall": bool(peak <= step <= trough and each.fall.depth.low > 0)}
            for step, change in zip(course.steps, course.changes.value, strict=True)
        ]
    return pyarrow.Table.from_pylist(rows)


def draw(answer: Answer) -> "altair.TopLevelMixin":
    """Draw every run's level, and its deepest fall where there was one."""
    import altair as alt

    rows = rows_of(answer)
    what = " or ".join(dict.fromkeys(row["what"] for row in rows)) or "level"
    base = alt.Chart(alt.Data(values=rows)).encode(
        x=alt.X("step:Q", title="training step"),
        y=alt.Y("level:Q", title=f"{what}, prompts held fixed", scale=alt.Scale(zero=False)),
        color=of_run(),
    )
    fall = base.transform_filter("datum.in_fall").mark_line(strokeWidth=5, opacity=0.4)
    return alt.layer(fall, base.mark_line(point=True))


training_stability = Finding(
    name="training_stability",
    claim="A run trains steadily and does not collapse",
    infer=infer,
    queries=("evaluations", "outcomes_by_prompt", "behavior_by_prompt"),
    draw=draw,
)
