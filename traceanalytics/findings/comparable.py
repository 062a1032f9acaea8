"""What forbids to compare two evaluations: gaps, other conditions of sampling, other graders."""

from collections.abc import Iterable
from typing import Any

from traceanalytics.errors import Refused, listed
from traceanalytics.store.store import Store

MOST_MISSING = 0.05  # of an evaluation's rollouts may lack a grade or a tag
_TRUTHS = """
SELECT count(prompts.ground_truth) > 0 AS held, coalesce(bool_or(runs.reader = 'plain'), false) AS plain
FROM rollouts
LEFT JOIN prompts USING (prompt_key)
LEFT JOIN runs USING (run_id)
WHERE $run IS NULL OR rollouts.run_id = $run
"""
_REWARDS_ITSELF = "correct_from=score"  # how `--set` marks a grade that was taken from the reward


def refuse_gaps(row: dict[str, Any], *, tagged: bool, graded: bool = True) -> None:
    """Refuse an evaluation with several conditions, or of which too much is not graded or not tagged."""
    at = f"step {row['step']} of run {row['run_id']!r} ({row['split']})"
    if len(row["conditions"]) > 1:
        raise Refused(f"{at} mixes rollouts sampled with {conditions_in_words(row['conditions'])}")
    for name, needed, mend in (("graded", graded, "ta grade"), ("tagged", tagged, "ta tag")):
        missing = 1 - row[name] / row["rollouts"]
        if needed and missing > MOST_MISSING:
            raise Refused(f"{missing:.0%} of the rollouts at {at} are not {name}: `{mend}` finishes them")


def refuse_unlike(first: dict[str, Any], last: dict[str, Any]) -> None:
    """Refuse two evaluations that were sampled in other ways."""
    if first["conditions"] == last["conditions"]:
        return
    run = last["run_id"]
    of = "at" if first["run_id"] == run else f"of {first['run_id']!r} at"
    then, now = (conditions_in_words(row["conditions"]) for row in (first, last))
    raise Refused(
        f"run {run!r} was sampled with {then} {of} step {first['step']} and with {now} at step {last['step']}: a "
        f"difference between them is no change of the model"
    )


def refuse_graders(store: Store, *rows: dict[str, Any]) -> None:
    """Refuse evaluations of which no two rollouts were graded alike, or by a reward that is not the ground truth's."""
    for row in rows:
        if not set(row["graders"]) & set(rows[0]["graders"]):
            raise Refused(
                f"correctness of run {rows[0]['run_id']!r} at step {rows[0]['step']} comes from "
                f"{listed(rows[0]['graders'])} and of run {row['run_id']!r} at step {row['step']} from "
                f"{listed(row['graders'])}: a difference may be that of the graders; `ta grade` grades all alike"
            )
        reward = _REWARDS_ITSELF in row["graders"] and _reward_of(store, row["run_id"])
        if reward and reward != "ground_truth":
            raise Refused(
                f"run {row['run_id']!r} is graded by its own reward, which is {reward}: that says nothing of right "
                f"answers; `ta grade` compares them with the ground truth"
            )


def _reward_of(store: Store, run: str) -> str | None:
    rows = store.sql("SELECT reward_type FROM runs WHERE run_id = $run", {"run": run}).to_pylist()
    return rows[0]["reward_type"] if rows else None


def how_to_grade(store: Store, run: str | None) -> str:
    """Return the end of a sentence on a run, or on all, without grades: what gives them, where anything can."""
    truths = store.sql(_TRUTHS, {"run": run}).to_pylist()[0]
    if truths["held"]:
        return ": `ta grade` says which are correct"
    named = (
        "; `ta ingest PATH --map ground_truth=KEY` names the key of the log that holds it" if truths["plain"] else ""
    )
    return f", and none has a ground truth that `ta grade` could go by{named}"


def conditions_in_words(conditions: Iterable[str]) -> str:
    """Write under which conditions rollouts were sampled.

    >>> conditions_in_words(["temperature 1.0"]), conditions_in_words([""])
    ('temperature 1.0', 'a condition that the log does not say')
    """
    return " and with ".join(each or "a condition that the log does not say" for each in sorted(conditions))
