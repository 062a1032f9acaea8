"""Where each model family starts and ends under each reward, how fast it moves and when it begins to."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from traceanalytics.errors import Refused, counted, listed
from traceanalytics.findings.audits import BY_ERROR_RATES, POWERED, audits_at
from traceanalytics.findings.base import Answer, Finding, Named
from traceanalytics.findings.configurations import families
from traceanalytics.findings.courses import REWARD, Course, course_of
from traceanalytics.findings.evaluations import ask_each, named, percent, runs_of
from traceanalytics.findings.onsets import CONSECUTIVE, onset_named, onset_of, since_in_words
from traceanalytics.findings.shifts import Window
from traceanalytics.stats.estimate import Estimate, Test
from traceanalytics.stats.onset import Onset
from traceanalytics.stats.runs import interaction, over_runs
from traceanalytics.stats.trend import trend
from traceanalytics.store.store import Store

if TYPE_CHECKING:
    import altair
    import pyarrow

MOST_SAID = 6  # cells in the verdict


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
    def shown(self) -> list[Onset]:
        """Return the onsets of the runs that show one."""
        return [path.onset for path in self.paths if path.onset is not None]

    @property
    def onset(self) -> Onset | None:
        """Return the median step of the onset over the runs that show one, between the earliest and the latest."""
        shown = self.shown
        if not shown:
            return None
        step = float(np.median([each.step for each in shown]))
        rises = sum(each.rises for each in shown) * 2 >= len(shown)
        return Onset(step, min(each.earliest for each in shown), max(each.latest for each in shown), rises)

    @property
    def sentence(self) -> str:
        """Say where it went and when it began."""
        runs = [path.course.run for path in self.paths]
        start, end = self.over(lambda path: path.start), self.over(lambda path: path.end)
        return (
            f"{self} ({counted(len(runs), 'run')}, {listed(runs)}) from {percent(start)} at {self._steps(0)} to "
            f"{percent(end)} at {self._steps(-1)}{self._begun}"
        )

    def _steps(self, place: int) -> Window:
        steps = [int(path.course.steps[place]) for path in self.paths]
        return Window(min(steps), max(steps))

    @property
    def _begun(self) -> str:
        dated = [path for path in self.paths if len(path.course.steps) > CONSECUTIVE]
        if not dated:
            return f", with {CONSECUTIVE} evaluations or fewer, which date no onset"
        if self.onset is None:
            return ", with no onset shown"
        some = "" if len(self.shown) == len(self.paths) else f" (in {len(self.shown)} of its runs)"
        return f"{since_in_words(self.onset)}{some}"


def infer(
    store: Store, *, in_behavior: str | None = "code_reasoning", in_split: str | None = None, base: str | None = None
) -> Answer:
    """Give every cell its start, end, slope and onset, for a behavior or (without one) for right answers.

    A run starts at its step 0, else at the run `base`, else at the one that its log names as its base.
    """
    described = families(store)
    if not any(family and reward for family, reward in described.values()):
        raise Refused(
            "no run says both its model_family and its reward_type: `ta ingest PATH --set model_family=… reward_type=…`"
        )

    def ask(run: str) -> Path:
        family, reward = described[run]
        unknown = [name for name, value in (("model_family", family), ("reward_type", reward)) if not value]
        if unknown:
            settings = " ".join(f"{name}=…" for name in unknown)
            raise Refused(f"no {' and no '.join(unknown)} is known: `ta ingest PATH --set {settings}` says it")
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
        verdict += f"; what a reward changes {verb} on the family (p = {tested.p:.2g}, {tested.n} runs)"
        estimates.append(Named("p of family × reward", tested.p, None, None, tested.n, "runs"))
    caveats += [
        *([f"no p of family × reward: {reason}"] if reason else []),
        *_of_single_runs(cells),
        *_of_models(store, found),
        *(caveat for path in found for caveat in path.course.caveats),
    ]
    if in_behavior is not None and not all(path.corrected for path in found):
        caveats.append("uncorrected: rates are what the tagger says; no audit of it is in the store")
    return Answer(estimates, verdict, caveats, _table(cells))


def _of_single_runs(cells: Sequence[Cell]) -> list[str]:
    single = [str(cell) for cell in cells if len(cell.paths) == 1]
    if not single:
        return []
    is_one = "is one run: its interval describes" if len(single) == 1 else "are one run each: their intervals describe"
    return [f"{listed(single)} {is_one} a checkpoint, not the family or the reward"]


def _of_models(store: Store, found: Sequence[Path]) -> list[str]:
    """Say which runs stand under their model's name, because no family of it is known."""
    unknown = store.sql("SELECT run_id FROM runs WHERE model_family IS NULL")["run_id"].to_pylist()
    runs = [path.course.run for path in found if path.course.run in unknown]
    if not runs:
        return []
    return [f"{listed(runs)}: the model stands for its family; `ta ingest PATH --set model_family=…` says which it is"]


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


def _cells(found: Sequence[Path], described: dict[str, tuple[str | None, str | None]]) -> list[Cell]:
    paths: dict[tuple[str, str], list[Path]] = {}
    for path in found:
        family, reward = described[path.course.run]
        paths.setdefault((str(family), str(reward)), []).append(path)
    return [Cell(family, reward, tuple(held)) for (family, reward), held in sorted(paths.items())]


def _interaction(cells: Sequence[Cell]) -> tuple[Test | None, str | None]:
    """Test whether the change from start to end depends on family and reward together; or say why it cannot be."""
    changes, of, rewards = [], [], []
    for cell in cells:
        for path in cell.paths:
            changes.append(path.end.value - path.start.value)
            of.append(cell.family)
            rewards.append(cell.reward)
    if len(set(of)) < 2 or len(set(rewards)) < 2:
        return None, f"it needs two families and two rewards, and there are {len(set(of))} and {len(set(rewards))}"
    try:
        return interaction(changes, of, rewards), None
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
        unit = "runs" if len(cell.shown) > 1 else "run"
        numbers.append(replace(onset_named(f"{cell}: ", cell.onset, len(cell.shown)), unit=unit))
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
