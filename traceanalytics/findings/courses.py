"""A run's course over its evaluations: right answers, rewards or a behavior, counted by prompt and step."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from traceanalytics.errors import Refused
from traceanalytics.findings.evaluations import FEWEST_PROMPTS, base_row, evaluations_of, problems_of, refuse_gaps
from traceanalytics.stats.estimate import Estimate, Floats
from traceanalytics.stats.onset import Changes, changes_since_base
from traceanalytics.stats.rates import Limits, rate, rate_limits
from traceanalytics.store.store import Store

if TYPE_CHECKING:
    import pyarrow

MOST_STEPS = 100  # of a course; evaluations of a longer one are put together
RIGHT_ANSWERS = "right answers"
REWARD = "reward"


@dataclass(frozen=True, slots=True)
class Course:
    """What was counted in one run at every step; `hits` and `n` are prompts × steps, 0 where a prompt is absent."""

    run: str
    split: str
    what: str
    steps: Floats
    hits: Floats
    n: Floats
    base: str | None = None  # the run that is the first step, where it is not this one's
    of_base: tuple[str, ...] = ()  # why the base that the log names is not the first step

    @property
    def limits(self) -> Limits:
        """Return the rate at every step with its limits; of rewards only the values mean something."""
        return rate_limits(self.hits.T, self.n.T)

    def at(self, place: int) -> Estimate:
        """Return the rate at one step, by its place in the course."""
        return rate(self.hits[:, place], self.n[:, place])

    @property
    def is_share(self) -> bool:
        """Say whether it lies between 0 and 1, as shares do and some rewards do not."""
        return bool((self.hits >= 0).all() and (self.hits <= self.n).all())

    @property
    def changes(self) -> Changes:
        """Return the change since the first step, every prompt held against itself where it comes again."""
        blocks = None if self.prompts_return else np.zeros(len(self.n))
        return changes_since_base(self.steps, self.hits, self.n, blocks=blocks)

    @property
    def prompts_return(self) -> bool:
        """Say whether most prompts of the first and the last step are at both."""
        first, last = self.n[:, 0] > 0, self.n[:, -1] > 0
        return bool((first & last).sum() >= 0.5 * (first | last).sum())

    @property
    def caveats(self) -> list[str]:
        """Say what a reader must know of the course."""
        caveats = list(self.of_base)
        if self.base is not None:
            caveats.append(f"{self.run}: its first step, {self.steps[0]:.0f}, is its base, {self.base}")
        elif self.steps[0] > 0:
            caveats.append(
                f"{self.run} has no step 0 in the split {self.split}: step {self.steps[0]:.0f} is already trained"
            )
        if self.prompts_return:
            return caveats
        return [
            *caveats,
            f"{self.run}: fewer than half of the prompts are at both ends: other prompts may be part of a change",
        ]


def course_of(
    store: Store, run: str, *, behavior: str | None = None, split: str | None = None, base: str | None = None
) -> Course:
    """Read the course of a behavior; without one of right answers, or of rewards where nothing is graded."""
    if behavior is None:
        return _course_of_outcomes(store, run, split, base)
    (course,) = read_courses(
        store,
        run,
        split,
        base=base,
        query="behavior_by_prompt",
        in_behaviors=[behavior],
        columns=((behavior, "shown", "rollouts"),),
    )
    return course


def read_courses(
    store: Store,
    run: str,
    split: str | None,
    *,
    query: str,
    columns: Sequence[tuple[str, str, str]],
    base: str | None = None,
    **arguments: object,
) -> list[Course]:
    """Read several courses of a tagged run from one query: what each counts, and the columns of its hits and its n.

    Of a column of lists the first entry counts. The base of a run, see `base_row`, is the first step of its course.
    """
    read = _read(store, _steps_of(store, run, split, base, needs="tagged"), query, **arguments)
    return [_course(read, what, hits, n) for what, hits, n in columns]


def _course_of_outcomes(store: Store, run: str, split: str | None, base: str | None) -> Course:
    graded = any(row["graded"] for row in evaluations_of(store, run, split, needs="rollouts"))
    rows = _steps_of(store, run, split, base, needs="graded" if graded else "rollouts")
    read = _read(store, rows, "outcomes_by_prompt")
    what, hits, n = (RIGHT_ANSWERS, "right_ones", "graded") if graded else (REWARD, "total_reward", "rewarded")
    if not any(table[n].to_numpy().any() for table in read.tables):
        raise Refused(f"run {run!r} has neither grades nor rewards: `ta grade` says which rollouts are correct")
    return _course(read, what, hits, n)


@dataclass(frozen=True, slots=True)
class _Steps:
    """The evaluations of a course; the first is the base's where `base` names its run."""

    rows: list[dict[str, Any]]
    base: dict[str, Any] | None
    of_base: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Read:
    """The counts of a run, and before them those of the base where it is another run: tables, steps and prompts."""

    steps_of: _Steps
    tables: "list[pyarrow.Table]"
    steps: "np.ndarray"
    prompts: "np.ndarray"


def _steps_of(store: Store, run: str, split: str | None, base: str | None, *, needs: str) -> _Steps:
    """Return the evaluations of a course; refuse one with gaps or with conditions that change."""
    rows = evaluations_of(store, run, split, needs=needs)
    first, of_base = base_row(store, rows, base, needs=needs)
    other = first if first["run_id"] != run else None
    if len(rows) < 2 and other is None:
        raise Refused(f"run {run!r} has one step in the split {rows[0]['split']}: a course needs two")
    for row in (*rows, first):
        refuse_gaps(row, graded=needs == "graded", tagged=needs == "tagged")
        if row["conditions"] != rows[0]["conditions"]:
            raise Refused(
                f"run {run!r} was sampled with other conditions at step {rows[0]['step']} than at step {row['step']}"
                f"{'' if row['run_id'] == run else ' of ' + repr(row['run_id'])}: "
                f"a difference between them is no change of the model"
            )
    return _Steps(rows, other, tuple(of_base))


def _read(store: Store, steps: _Steps, query: str, **arguments: object) -> _Read:
    rows = steps.rows
    place = {"in_run": rows[0]["run_id"], "in_split": rows[0]["split"], "bin_width": _bin_width(rows)}
    table = store.query(query, **arguments, **place)
    if steps.base is None:
        return _Read(steps, [table], table["step"].to_numpy(), _prompts(table))
    at_base = store.query(query, **arguments, in_run=steps.base["run_id"], in_split=rows[0]["split"])
    at_base = at_base.filter(np.asarray(at_base["step"].to_numpy() == steps.base["step"]))
    tables = [at_base, table]
    own = table["step"].to_numpy()
    at = np.concatenate([np.full(at_base.num_rows, min(0, own.min() - 1)), own])
    problems = problems_of(store)
    named = np.concatenate([_prompts(each) for each in tables])
    return _Read(steps, tables, at, np.array([problems.get(prompt, prompt) for prompt in named], dtype=object))


def _prompts(table: "pyarrow.Table") -> "np.ndarray":
    return np.asarray(table["prompt_key"].to_pylist(), dtype=object)


def _bin_width(rows: list[dict[str, Any]]) -> int:
    if len(rows) <= MOST_STEPS:
        return 1
    return int(-(-(rows[-1]["step"] - rows[0]["step"] + 1) // MOST_STEPS))


def _course(read: _Read, what: str, hits: str, n: str) -> Course:
    steps, at_step = np.unique(read.steps, return_inverse=True)
    names, of_prompt = np.unique(read.prompts.astype(str), return_inverse=True)
    row = read.steps_of.rows[0]
    if len(names) < FEWEST_PROMPTS:
        raise Refused(f"run {row['run_id']!r} has {len(names)} prompts: at least {FEWEST_PROMPTS} are needed")
    all_hits, all_n = np.zeros((len(names), len(steps))), np.zeros((len(names), len(steps)))
    for counts, name in ((all_hits, hits), (all_n, n)):
        np.add.at(counts, (of_prompt, at_step), np.concatenate([_column(table, name) for table in read.tables]))
    base = read.steps_of.base
    return Course(
        row["run_id"],
        row["split"],
        what,
        steps.astype(np.float64),
        all_hits,
        all_n,
        None if base is None else base["run_id"],
        read.steps_of.of_base,
    )


def _column(table: "pyarrow.Table", name: str) -> "np.ndarray":
    import pyarrow

    column = table[name].combine_chunks()
    if not pyarrow.types.is_list(column.type):
        return np.asarray(column.to_numpy())
    return np.asarray(column.flatten().to_numpy().reshape(table.num_rows, -1)[:, 0])
