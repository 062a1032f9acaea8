"""What forbids to compare two evaluations: gaps, other conditions of sampling, other graders."""

from typing import Any

from traceanalytics.errors import Refused
from traceanalytics.store.store import Store

MOST_MISSING = 0.05  # of an evaluation's rollouts may lack a grade or a tag
_REWARDS_ITSELF = "correct_from=score"  # how `--set` marks a grade that was taken from the reward


def refuse_gaps(row: dict[str, Any], *, tagged: bool, graded: bool = True) -> None:
    """Refuse an evaluation with several conditions, or of which too much is not graded or not tagged."""
    at = f"step {row['step']} of run {row['run_id']!r} ({row['split']})"
    if len(row["conditions"]) > 1:
        raise Refused(f"{at} mixes rollouts sampled with {' and with '.join(map(_one, row['conditions']))}")
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
    raise Refused(
        f"run {run!r} was sampled with {_written(first)} {of} step {first['step']} and with {_written(last)} at step "
        f"{last['step']}: a difference between them is no change of the model"
    )


def refuse_graders(store: Store, *rows: dict[str, Any]) -> None:
    """Refuse evaluations of which no two rollouts were graded alike, or by a reward that is not the ground truth's."""
    for row in rows:
        if not set(row["graders"]) & set(rows[0]["graders"]):
            raise Refused(
                f"correctness of run {rows[0]['run_id']!r} at step {rows[0]['step']} comes from "
                f"{' and '.join(rows[0]['graders'])} and of run {row['run_id']!r} at step {row['step']} from "
                f"{' and '.join(row['graders'])}: a difference may be that of the graders; `ta grade` grades all alike"
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


def _written(row: dict[str, Any]) -> str:
    return " and ".join(map(_one, row["conditions"]))


def _one(condition: str) -> str:
    return condition or "a condition that the log does not say"
