"""Where each model family starts and ends under each reward, how fast it moves and when it begins to."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from traceanalytics.errors import Refused
from traceanalytics.findings.audits import BY_ERROR_RATES, POWERED, audits_at
from traceanalytics.findings.base import Answer, Finding, Named
from traceanalytics.findings.courses import REWARD, Course, course_of
from traceanalytics.findings.evaluations import ask_each, named, percent, runs_of
from traceanalytics.findings.onsets import CONSECUTIVE, onset_of
from traceanalytics.stats.estimate import Estimate, Test
from traceanalytics.stats.onset import Onset
from traceanalytics.stats.runs import interaction, over_runs
from traceanalytics.stats.trend import trend
from traceanalytics.store.store import Store

if TYPE_CHECKING:
    import altair
    import pyarrow

MOST_SAID = 6  # cells in the verdict
_RUNS = "SELECT run_id, coalesce(model_family, model) AS family, reward_type AS reward FROM runs"


@dataclass(frozen=True, slots=True)
class Path:
    """One run: where it starts and ends, its slope per 100 steps where it has one, and its onset."""

    course: Course
    start: Estimate
    end: Estimate
    slope: Estimate | None
    onset: Onset | None
    corrected: tuple[dict[str, Estimate], dict[str, Estimate]] | None  # start and end, as audits correct them


def mean_of(numbers: Sequence[Estimate]) -> Estimate:
    """Return the mean over runs with Student's limits; of a single run its own number, over prompts."""
    return numbers[0] if len(numbers) == 1 else over_runs([number.value for number in numbers])


def rate_of(numbers: Sequence[Estimate]) -> Estimate:
    """Return the mean of rates over runs; Student's limits know nothing of 0 and 1, where a rate ends."""
    mean = mean_of(numbers)
    return replace(mean, low=max(mean.low, 0.0), high=min(mean.high, 1.0))


@dataclass(frozen=True, slots=True)
class Cell:
    """The runs of one family under one reward."""

    family: str
    reward: str
    paths: tuple[Path, ...]

    def __str__(self) -> str:
        return f"{self.family} under {self.reward}"

    def over(self, read: Callable[[Path], Estimate]) -> Estimate:
        """Return the mean of a rate over runs with Student's limits; of a single run its own, over prompts."""
        return rate_of([read(path) for path in self.paths])

    @property
    def slope(self) -> Estimate | None:
        """Return the change per 100 steps, if every run has one."""
        slopes = [path.slope for path in self.paths if path.slope is not None]
        if len(slopes) < len(self.paths):
            return None
        return mean_of(slopes)

    @property
    def onset(self) -> Named | None:
        """Return the median step of the onset over the runs that show one, between the earliest and the latest."""
        shown = [path.onset for path in self.paths if path.onset is not None]
        if not shown:
            return None
        step = float(np.median([each.step for each in shown]))
        low, high = min(each.earliest for each in shown), max(each.latest for each in shown)
        return Named(f"{self}: step of the onset", step, low, high, len(shown), "runs" if len(shown) > 1 else "run")

    @property
    def sentence(self) -> str:
        """Say where it went and when it began."""
        dated = any(len(path.course.steps) > CONSECUTIVE for path in self.paths)
        begun = "with no onset shown" if dated else f"{CONSECUTIVE} evaluations or fewer, which date no onset"
        if self.onset is not None:
            begun = f"from step {self.onset.value:.0f} on"
        n = len(self.paths)
        return (
            f"{self} ({n} run{'s' if n > 1 else ''}) from {percent(self.over(lambda path: path.start))} "
            f"to {percent(self.over(lambda path: path.end))}, {begun}"
        )


def infer(
    store: Store, *, in_behavior: str | None = "code_reasoning", in_split: str | None = None, base: str | None = None
) -> Answer:
    """Give every cell its start, end, slope and onset, for a behavior or (without one) for right answers.

    A run starts at its step 0, else at the run `base`, else at the one that its log names as its base.
    """
    described = {row["run_id"]: (row["family"], row["reward"]) for row in store.sql(_RUNS).to_pylist()}
    if not any(family and reward for family, reward in described.values()):
        raise Refused(
            "no run says both its model_family and its reward_type: `ta ingest PATH --set model_family=… reward_type=…`"
        )

    def ask(run: str) -> Path:
        family, reward = described[run]
        if not (family and reward):
            raise Refused("its model_family or its reward_type is not known")
        course = course_of(store, run, behavior=in_behavior, split=in_split, base=base)
        return _path(course, _corrected(store, course, in_behavior))

    found, caveats = ask_each(runs_of(store, None, base=base), ask)
    cells = _cells(found, described)
    estimates = [number for cell in cells for number in _numbers(cell)]
    tested, reason = _interaction(cells)
    what = found[0].course.what
    verdict = f"{what}: " + "; ".join(cell.sentence for cell in cells[:MOST_SAID])
    if len(cells) > MOST_SAID:
        verdict += f"; and {len(cells) - MOST_SAID} more cells"
    if tested is not None:
        verb = "depends" if tested.p <= 0.05 else "is not shown to depend"
        verdict += f". What a reward changes {verb} on the family: p {tested.p:.2g} over {tested.n} runs"
        estimates.append(Named("p of family × reward", tested.p, None, None, tested.n, "runs"))
    caveats += [
        *([f"no p of family × reward: {reason}"] if reason else []),
        *(
            f"{cell} is one run: its interval describes that checkpoint, not the family or the reward"
            for cell in cells
            if len(cell.paths) == 1
        ),
        *(caveat for path in found for caveat in path.course.caveats),
    ]
    if in_behavior is not None and not all(path.corrected for path in found):
        caveats.append("uncorrected: rates are what the tagger says; no audit of it is in the store")
    return Answer(estimates, verdict, caveats, _table(cells))


def _corrected(
    store: Store, course: Course, behavior: str | None
) -> tuple[dict[str, Estimate], dict[str, Estimate]] | None:
    """Return the rates at both ends as audits of their eras correct them, where both were audited."""
    if behavior is None:
        return None
    ends = (course.base or course.run, course.steps[0]), (course.run, course.steps[-1])
    audits = audits_at(store, [behavior], [(run, course.split, step) for run, step in ends])
    if not audits:
        return None
    start, end = audits
    return start.correct(course.at(0)), end.correct(course.at(-1))


def _path(course: Course, corrected: tuple[dict[str, Estimate], dict[str, Estimate]] | None) -> Path:
    if course.what == REWARD:
        raise Refused(f"run {course.run!r} is not graded: rewards of different kinds cannot be compared")
    try:
        slope = trend(course.steps, course.hits, course.n).points
    except Refused:
        slope = None
    return Path(course, course.at(0), course.at(-1), slope, onset_of(course), corrected)


def _cells(found: Sequence[Path], described: dict[str, tuple[str, str]]) -> list[Cell]:
    paths: dict[tuple[str, str], list[Path]] = {}
    for path in found:
        paths.setdefault(described[path.course.run], []).append(path)
    return [Cell(family, reward, tuple(held)) for (family, reward), held in sorted(paths.items())]


def _interaction(cells: Sequence[Cell]) -> tuple[Test | None, str | None]:
    """Test whether the change from start to end depends on family and reward together; or say why it cannot be."""
    changes, families, rewards = [], [], []
    for cell in cells:
        for path in cell.paths:
            changes.append(path.end.value - path.start.value)
            families.append(cell.family)
            rewards.append(cell.reward)
    if len(set(families)) < 2 or len(set(rewards)) < 2:
        return None, f"families {len(set(families))}, rewards {len(set(rewards))}: it needs two of each"
    try:
        return interaction(changes, families, rewards), None
    except Refused as refusal:
        return None, str(refusal)


def _numbers(cell: Cell) -> list[Named]:
    numbers = [
        named(f"{cell}: start", cell.over(lambda path: path.start)),
        named(f"{cell}: end", cell.over(lambda path: path.end)),
    ]
    for place, when in enumerate(("start", "end")):
        for way in (POWERED, BY_ERROR_RATES):
            found = [
                path.corrected[place][way] for path in cell.paths if path.corrected and way in path.corrected[place]
            ]
            if len(found) == len(cell.paths):
                numbers.append(named(f"{cell}: {when}, {way}", rate_of(found), corrected=True))
    if cell.slope is not None:
        numbers.append(named(f"{cell}: change per 100 steps", cell.slope))
    if cell.onset is not None:
        numbers.append(cell.onset)
    return numbers


def _table(cells: Sequence[Cell]) -> "pyarrow.Table":
    import pyarrow

    return pyarrow.Table.from_pylist(
        [
            {"family": cell.family, "reward": cell.reward, "run": path.course.run, "step": int(step), "share": share}
            for cell in cells
            for path in cell.paths
            for step, share in zip(path.course.steps, path.course.limits.value, strict=True)
        ]
    )


def draw(answer: Answer) -> "altair.TopLevelMixin":
    """Draw a line a run, a panel a family, colored by reward."""
    import altair as alt

    rows = answer.table.to_pylist() if answer.table is not None else []
    lines = alt.Chart(alt.Data(values=rows)).mark_line(point=True)
    return lines.encode(
        x=alt.X("step:Q", title="training step"),
        y=alt.Y("share:Q", title="share of responses", axis=alt.Axis(format=".0%")),
        color=alt.Color("reward:N", title="reward"),
        detail="run:N",
        column=alt.Column("family:N", title=None),
    )


family_by_reward = Finding(
    name="family_by_reward",
    claim="What a reward does depends on the model's family",
    infer=infer,
    queries=("evaluations", "behavior_by_prompt", "outcomes_by_prompt"),
    draw=draw,
)
