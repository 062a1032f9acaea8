"""A run's course over its evaluations: right answers, rewards or a behavior, counted by prompt and step."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from traceanalytics.errors import Refused
from traceanalytics.findings.evaluations import FEWEST_PROMPTS, evaluations_of, refuse_gaps
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
        if self.prompts_return:
            return []
        return [f"{self.run}: fewer than half of the prompts are at both ends: other prompts may be part of a change"]


def course_of(store: Store, run: str, *, behavior: str | None = None, split: str | None = None) -> Course:
    """Read the course of a behavior; without one of right answers, or of rewards where nothing is graded."""
    if behavior is None:
        return _course_of_outcomes(store, run, split)
    (course,) = read_courses(
        store,
        run,
        split,
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
    **arguments: object,
) -> list[Course]:
    """Read several courses of a tagged run from one query: what each counts, and the columns of its hits and its n.

    Of a column of lists the first entry counts.
    """
    rows = _steps_of(store, run, split, needs="tagged")
    place = {"in_run": run, "in_split": rows[0]["split"], "bin_width": _bin_width(rows)}
    table = store.query(query, **arguments, **place)
    return [_course(run, rows[0]["split"], what, table, hits, n) for what, hits, n in columns]


def _course_of_outcomes(store: Store, run: str, split: str | None) -> Course:
    graded = any(row["graded"] for row in evaluations_of(store, run, split, needs="rollouts"))
    rows = _steps_of(store, run, split, needs="graded" if graded else "rollouts")
    table = store.query("outcomes_by_prompt", in_run=run, in_split=rows[0]["split"], bin_width=_bin_width(rows))
    what, hits, n = (RIGHT_ANSWERS, "right_ones", "graded") if graded else (REWARD, "total_reward", "rewarded")
    if not table[n].to_numpy().any():
        raise Refused(f"run {run!r} has neither grades nor rewards: `ta grade` says which rollouts are correct")
    return _course(run, rows[0]["split"], what, table, hits, n)


def _steps_of(store: Store, run: str, split: str | None, *, needs: str) -> list[dict[str, Any]]:
    """Return the evaluations of a course; refuse one with gaps or with conditions that change."""
    rows = evaluations_of(store, run, split, needs=needs)
    if len(rows) < 2:
        raise Refused(f"run {run!r} has one step in the split {rows[0]['split']}: a course needs two")
    for row in rows:
        refuse_gaps(row, graded=needs == "graded", tagged=needs == "tagged")
        if row["conditions"] != rows[0]["conditions"]:
            raise Refused(
                f"run {run!r} was sampled with other conditions at step {rows[0]['step']} than at step {row['step']}: "
                f"a difference between them is no change of the model"
            )
    return rows


def _bin_width(rows: list[dict[str, Any]]) -> int:
    if len(rows) <= MOST_STEPS:
        return 1
    return int(-(-(rows[-1]["step"] - rows[0]["step"] + 1) // MOST_STEPS))


def _course(run: str, split: str, what: str, table: "pyarrow.Table", hits: str, n: str) -> Course:
    steps, at_step = np.unique(table["step"].to_numpy(), return_inverse=True)
    encoded = table["prompt_key"].combine_chunks().dictionary_encode()
    of_prompt, prompts = encoded.indices.to_numpy(), len(encoded.dictionary)
    if prompts < FEWEST_PROMPTS:
        raise Refused(f"run {run!r} has {prompts} prompts: at least {FEWEST_PROMPTS} are needed")
    all_hits, all_n = np.zeros((prompts, len(steps))), np.zeros((prompts, len(steps)))
    all_hits[of_prompt, at_step], all_n[of_prompt, at_step] = _column(table, hits), _column(table, n)
    return Course(run, split, what, steps.astype(np.float64), all_hits, all_n)


def _column(table: "pyarrow.Table", name: str) -> "np.ndarray":
    import pyarrow

    column = table[name].combine_chunks()
    if not pyarrow.types.is_list(column.type):
        return np.asarray(column.to_numpy())
    return np.asarray(column.flatten().to_numpy().reshape(table.num_rows, -1)[:, 0])
