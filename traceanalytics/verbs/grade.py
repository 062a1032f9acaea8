"""`correct` from response and ground truth, for logs that carry a score only."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from traceanalytics.readers.text import parts
from traceanalytics.store.names import check_run
from traceanalytics.store.store import Store
from traceanalytics.verbs.grading import LIMIT_SECONDS, Task, Verdict, grade_all

UNDECIDED = "undecided: "
_BATCH = 2000
_UNGRADED = """
SELECT rollouts.rollout_id, rollouts.response, prompts.ground_truth
FROM rollouts JOIN prompts USING (prompt_key)
WHERE
    rollouts.correct IS NULL
    AND rollouts.correct_source IS NULL
    AND prompts.ground_truth IS NOT NULL
    AND ($run IS NULL OR rollouts.run_id = $run)
LIMIT $batch
"""
_WITHOUT_TRUTH = """
SELECT count(*) AS n FROM rollouts LEFT JOIN prompts USING (prompt_key)
WHERE rollouts.correct IS NULL AND prompts.ground_truth IS NULL AND ($run IS NULL OR rollouts.run_id = $run)
"""


@dataclass(slots=True)
class Graded:
    """What a call of `grade` did; rollouts without a ground truth cannot be graded."""

    right: int = 0
    wrong: int = 0
    undecided: int = 0
    without_ground_truth: int = 0

    def count(self, verdict: Verdict) -> None:
        """Add one verdict."""
        if verdict.correct is None:
            self.undecided += 1
        elif verdict.correct:
            self.right += 1
        else:
            self.wrong += 1


def grade(
    store: Store,
    *,
    run: str | None = None,
    workers: int = 2,
    limit_seconds: int = LIMIT_SECONDS,
    progress: Callable[[Graded], None] | None = None,
) -> Graded:
    """Grade what is not graded yet; every batch is stored before the next one starts, so a killed call goes on."""
    if run is not None:
        with store.reading() as opened:
            check_run(opened, run)
    graded = Graded()
    while batch := store.sql(_UNGRADED, {"run": run, "batch": _BATCH}).to_pylist():
        tasks = [(row["rollout_id"], _answer_of(row["response"]), row["ground_truth"]) for row in batch]
        verdicts = list(_grade_distinct(tasks, workers, limit_seconds))
        _keep(store, verdicts)
        for verdict in verdicts:
            graded.count(verdict)
        if progress is not None:
            progress(graded)
    graded.without_ground_truth = store.sql(_WITHOUT_TRUTH, {"run": run})["n"][0].as_py()
    return graded


def _grade_distinct(tasks: list[Task], workers: int, limit_seconds: int) -> Iterable[Verdict]:
    """Compare each pair of answer and truth once: the samples of a group often agree."""
    same: dict[tuple[str, str], list[str]] = {}
    for rollout_id, answer, truth in tasks:
        same.setdefault((answer, truth), []).append(rollout_id)
    distinct = ((rollout_ids[0], answer, truth) for (answer, truth), rollout_ids in same.items())
    twins = {rollout_ids[0]: rollout_ids for rollout_ids in same.values()}
    for verdict in grade_all(distinct, workers=workers, limit_seconds=limit_seconds):
        for rollout_id in twins[verdict.rollout_id]:
            yield Verdict(rollout_id, verdict.correct, verdict.reason)


def _answer_of(response: str) -> str:
    from traceanalytics.verbs.grading import final_answer

    start, stop = parts(response).answer
    return final_answer(response[start:stop])


def _keep(store: Store, verdicts: list[Verdict]) -> None:
    import pyarrow

    staged = pyarrow.table(
        {
            "rollout_id": [verdict.rollout_id for verdict in verdicts],
            "correct": pyarrow.array([verdict.correct for verdict in verdicts], pyarrow.bool_()),
            "source": ["graded" if each.reason is None else UNDECIDED + each.reason for each in verdicts],
        }
    )
    with store.writing() as connection:
        connection.register("staged", staged)
        connection.execute(
            "UPDATE rollouts SET correct = staged.correct, correct_source = staged.source "
            "FROM staged WHERE rollouts.rollout_id = staged.rollout_id AND rollouts.correct IS NULL"
        ).fetchall()
        connection.unregister("staged")
