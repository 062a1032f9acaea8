"""From a number to the text behind it: sampled rollouts with the spans that a tagger saw."""

from collections.abc import Sequence

from traceanalytics.pages.base import Reading, Span
from traceanalytics.pages.view import View
from traceanalytics.types import JSON

A_KIND = 5  # rollouts of each kind at each point
SHOWN, NEARLY, ABSENT, ANY = "shown", "nearly", "absent", "any"
_FACTS = ("run_id", "step", "reward", "correct", "finish_reason")


def sample(view: View, behavior: str | None, **asked: JSON) -> list[Reading]:
    """Draw rollouts, the same ones each time; `asked` are the parameters of the query `rollouts_to_read`."""
    return readings(view, draw(view, behavior, **asked))


def draw(view: View, behavior: str | None, **asked: JSON) -> list[dict[str, JSON]]:
    """Return the rows of such rollouts: who draws several times asks `readings` of all of them at once."""
    run = view.runs[0] if len(view.runs) == 1 else None
    wanted = {"in_run": run, "in_split": view.split, "in_search": view.selectors.search, **asked}
    at_most = wanted.pop("at_most", 5)
    if behavior is None:
        wanted["chosen_as"] = ANY
    named = {"in_behavior": behavior or "", "at_most": at_most if run or len(view.runs) == len(view.all_runs) else 50}
    return view.rows("rollouts_to_read", **named, **wanted)[:at_most]


def behind_points(
    view: View, behaviors: Sequence[str], steps: Sequence[int], *, other: tuple[str, str | None] | None = None
) -> dict[tuple[str, int, str], list[Reading]]:
    """Draw rollouts for points of a rate, by behavior, step and kind: shown, nearly, and apart.

    `other` is a tagger to disagree with, and what it calls the behaviors; None means the same names.
    """
    rows = view.rows(
        "rollouts_of_points",
        in_behaviors=list(behaviors),
        at_steps=list(steps),
        bin_width=view.bin_width,
        in_runs=list(view.runs),
        in_split=view.split,
        other_tagger=other[0] if other else None,
        other_name=other[1] if other else None,
        in_search=view.selectors.search,
        at_most=A_KIND,
    )
    read = {reading.rollout_id: reading for reading in readings(view, rows)}
    found: dict[tuple[str, int, str], list[Reading]] = {}
    for row in rows:
        found.setdefault((row["behavior"], row["point"], row["kind"]), []).append(read[row["rollout_id"]])
    return found


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
