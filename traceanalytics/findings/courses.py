"""A run's course over its evaluations: right answers, rewards or a behavior, counted by prompt and step."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from traceanalytics.errors import Refused, counted
from traceanalytics.findings.comparable import how_to_grade, refuse_gaps
from traceanalytics.findings.evaluations import FEWEST_PROMPTS, base_row, evaluations_of, problems_of
from traceanalytics.stats.differences import difference
from traceanalytics.stats.estimate import Estimate, Floats
from traceanalytics.stats.onset import Changes, changes_since_base
from traceanalytics.stats.rates import Limits, rate, rate_limits
from traceanalytics.store.counts import Counts, count_by_prompt
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
    prompts_return: bool = True  # whether most prompts of the first and the last step are at both

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
    def change(self) -> Estimate:
        """Return the rate at the last step less that at the first."""
        return difference(
            self.hits[:, -1], self.n[:, -1], base_numerators=self.hits[:, 0], base_denominators=self.n[:, 0]
        )

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
    return next(courses_of(store, run, [behavior], split=split, base=base))


def courses_of(
    store: Store,
    run: str,
    behaviors: Sequence[str],
    *,
    split: str | None = None,
    base: str | None = None,
    counts: Counts | None = None,
    most_clusters: int | None = None,
) -> Iterator[Course]:
    """Read the courses of several behaviors at once; `counts` are those of the run by step, where they are at hand.

    The base of a run, see `base_row`, is the first step of its course. More prompts than `most_clusters` are put
    together at random, see `clusters_of`, where they come once and nothing is compared within them.
    """
    steps = _steps_of(store, run, split, base, needs="tagged")
    split, width = str(steps.rows[0]["split"]), _bin_width(steps.rows)
    if counts is None:
        counts = count_by_prompt(store, behaviors, run=run, split=split, bin_width=width)
    parts = [counts]
    if steps.base is not None:
        step = int(steps.base["step"])
        of_base = str(steps.base["run_id"])
        at_base = count_by_prompt(store, behaviors, run=of_base, split=split, from_step=step, to_step=step)
        parts = [at_base, counts]
    read = _laid_out(store, steps, counts.steps // width * width, [each.prompts for each in parts], most_clusters)
    rollouts = np.concatenate([each.rollouts for each in parts])
    for behavior in behaviors:
        yield _course(read, behavior, np.concatenate([each.of(behavior) for each in parts]), rollouts)


def clusters_of(prompts: int, most: int) -> "np.ndarray":
    """Return the cluster of each of so many prompts, the same draw each time."""
    return np.random.default_rng(0).integers(0, most, prompts) if prompts > most else np.arange(prompts)


def read_courses(
    store: Store,
    run: str,
    split: str | None,
    *,
    query: str,
    columns: Sequence[tuple[str, str, str]],
    base: str | None = None,
    needs: str = "tagged",
    **arguments: object,
) -> list[Course]:
    """Read several courses of a run from one query: what each counts, and the columns of its hits and its n."""
    steps = _steps_of(store, run, split, base, needs=needs)
    read, column = _rows_laid_out(store, steps, _ask(store, steps, query, **arguments))
    return [_course(read, what, column(hits), column(n)) for what, hits, n in columns]


def courses_of_spans(
    store: Store, run: str, behaviors: Sequence[str], *, split: str | None = None
) -> Iterator[tuple[Course, Course]]:
    """Read for each behavior how many spans of it there are over characters, and over responses."""
    import pyarrow.compute as pc

    steps = _steps_of(store, run, split, None, needs="tagged")
    tables = _ask(store, steps, "spans_by_prompt", in_behaviors=list(behaviors))
    for behavior in behaviors:
        of_behavior = [table.filter(pc.field("behavior") == behavior) for table in tables]
        read, column = _rows_laid_out(store, steps, of_behavior)
        in_text, in_responses = (
            _course(read, behavior, column("spans"), column(n)) for n in ("text_length", "rollouts")
        )
        yield in_text, in_responses


def _course_of_outcomes(store: Store, run: str, split: str | None, base: str | None) -> Course:
    graded = any(row["graded"] for row in evaluations_of(store, run, split, needs="rollouts"))
    rows = _steps_of(store, run, split, base, needs="graded" if graded else "rollouts")
    read, column = _rows_laid_out(store, rows, _ask(store, rows, "outcomes_by_prompt"))
    what, hits, n = (RIGHT_ANSWERS, "right_ones", "graded") if graded else (REWARD, "total_reward", "rewarded")
    if not column(n).any():
        raise Refused(f"no rollout of run {run!r} is graded or rewarded{how_to_grade(store, run)}")
    return _course(read, what, column(hits), column(n))


@dataclass(frozen=True, slots=True)
class _Steps:
    """The evaluations of a course; the first is the base's where `base` names its run."""

    rows: list[dict[str, Any]]
    base: dict[str, Any] | None
    of_base: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _LaidOut:
    """Where the counts of a run, and before them those of its base where that is another run, stand in a course."""

    steps_of: _Steps
    steps: Floats
    prompts: int
    prompts_return: bool
    cells: "np.ndarray"  # prompt × steps + step of every row that was counted


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


def _ask(store: Store, steps: _Steps, query: str, **arguments: object) -> "list[pyarrow.Table]":
    """Ask a query of the base where that is another run, and of a run in its bins of steps."""
    rows = steps.rows
    split = rows[0]["split"]
    run, tagger = rows[0]["run_id"], arguments.get("in_tagger")
    own = store.query(query, **arguments, in_run=run, in_split=split, bin_width=_bin_width(rows))
    if tagger is not None and not own.num_rows:
        raise Refused(f"no rollout of run {run!r} is tagged by {tagger}: `ta tag --tagger` reads them")
    if steps.base is None:
        return [own]
    at_base = store.query(query, **arguments, in_run=steps.base["run_id"], in_split=split)
    return [at_base.filter(np.asarray(at_base["step"].to_numpy() == steps.base["step"])), own]


def _rows_laid_out(
    store: Store, steps: _Steps, tables: "Sequence[pyarrow.Table]"
) -> tuple[_LaidOut, Callable[[str], "np.ndarray"]]:
    """Return where the rows of a query stand in a course, and what returns a column of them."""
    prompts = [np.asarray(table["prompt_key"].to_pylist(), dtype=object) for table in tables]
    read = _laid_out(store, steps, tables[-1]["step"].to_numpy(), prompts)
    return read, lambda name: np.concatenate([table[name].to_numpy() for table in tables])


def _laid_out(
    store: Store,
    steps: _Steps,
    own_steps: "np.ndarray",
    prompts: "Sequence[np.ndarray]",
    most_clusters: int | None = None,
) -> _LaidOut:
    """Lay out the rows of a run, after those of its base as its first step, where problems pair the two."""
    import pyarrow

    named, at = np.concatenate(prompts), own_steps
    if steps.base is not None:
        problems = problems_of(store)
        named = np.array([problems.get(prompt, prompt) for prompt in named], dtype=object)
        at = np.concatenate([np.full(len(prompts[0]), min(0, own_steps.min() - 1)), own_steps])
    encoded = pyarrow.array(named, pyarrow.string()).dictionary_encode()
    names = np.asarray(encoded.dictionary.to_pylist(), dtype=object)
    if len(names) < FEWEST_PROMPTS:
        run = steps.rows[0]["run_id"]
        raise Refused(f"run {run!r} has {counted(len(names), 'prompt')}: at least {FEWEST_PROMPTS} are needed")
    of_row = np.argsort(np.argsort(names))[encoded.indices.to_numpy()]  # prompts in the order of their names
    there, at_step = np.unique(at, return_inverse=True)
    first, last = (np.unique(of_row[at_step == step]) for step in (0, len(there) - 1))
    return_ = len(np.intersect1d(first, last)) >= 0.5 * len(np.union1d(first, last))
    rows = len(names)
    if most_clusters is not None and not return_:
        clusters = clusters_of(rows, most_clusters)
        of_row, rows = clusters[of_row], int(clusters.max()) + 1
    return _LaidOut(steps, there.astype(np.float64), rows, return_, of_row * len(there) + at_step)


def _bin_width(rows: list[dict[str, Any]]) -> int:
    if len(rows) <= MOST_STEPS:
        return 1
    return int(-(-(rows[-1]["step"] - rows[0]["step"] + 1) // MOST_STEPS))


def _course(read: _LaidOut, what: str, hits: "np.ndarray", n: "np.ndarray") -> Course:
    """Add up what was counted by prompt and step."""
    size = read.prompts, len(read.steps)
    all_hits, all_n = (
        np.bincount(read.cells, each, size[0] * size[1]).reshape(size).astype(np.float64) for each in (hits, n)
    )
    row, base = read.steps_of.rows[0], read.steps_of.base
    return Course(
        row["run_id"],
        row["split"],
        what,
        read.steps,
        all_hits,
        all_n,
        None if base is None else base["run_id"],
        read.steps_of.of_base,
        read.prompts_return,
    )
