"""From a number to the text behind it: sampled rollouts with the spans that a tagger saw."""

from collections.abc import Sequence

from traceanalytics.pages.base import Reading, Span
from traceanalytics.pages.view import View
from traceanalytics.types import JSON

SHOWN, NEARLY, ABSENT, ANY = "shown", "nearly", "absent", "any"
_FACTS = ("run_id", "step", "reward", "correct", "finish_reason")


def sample(view: View, behavior: str | None, **asked: JSON) -> list[Reading]:
    """Draw rollouts, the same ones each time; `asked` are the parameters of the query `rollouts_to_read`."""
    run = view.runs[0] if len(view.runs) == 1 else None
    wanted = {"in_run": run, "in_split": view.split, "in_search": view.selectors.search, **asked}
    at_most = wanted.pop("at_most", 5)
    if behavior is None:
        wanted["chosen_as"] = ANY
    named = {"in_behavior": behavior or "", "at_most": at_most if run or len(view.runs) == len(view.all_runs) else 50}
    rows = view.rows("rollouts_to_read", **named, **wanted)[:at_most]
    return readings(view, rows)


def readings(view: View, rows: Sequence[dict[str, JSON]]) -> list[Reading]:
    """Turn rows of `rollouts_to_read` into readings, spans lit."""
    spans: dict[str, list[Span]] = {row["rollout_id"]: [] for row in rows}
    if rows and view.tagger is not None:
        for found in view.table("spans_of_rollouts", in_rollouts=list(spans)).to_pylist():
            spans[found["rollout_id"]].append(Span(found["start"], found["stop"], found["behavior"], found["score"]))
    return [
        Reading(
            row["rollout_id"],
            {name.replace("_id", ""): row[name] for name in _FACTS if row[name] is not None},
            row["prompt"] or "",
            row["response"],
            spans[row["rollout_id"]],
        )
        for row in rows
    ]
