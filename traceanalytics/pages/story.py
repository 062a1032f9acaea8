"""The story that a published count tells beside ours: code that grew, or only the word for it."""

from traceanalytics.pages.rates import Rates, call_of, rates_over_steps
from traceanalytics.pages.view import View
from traceanalytics.pages.words import (
    PUBLISHED_CODE,
    headline,
    published_taggers,
    shifts_of,
    sql_of_shifts,
)
from traceanalytics.types import JSON

OURS = "code_reasoning"
MUCH = 0.1  # a change of a share from which on it is told
MOST_RUNS = 4  # that a first screen tells of


def code_counts(view: View) -> dict[str, Rates]:
    """Return the rates of code reasoning as we count it and as the published word search does, where both counted."""
    tagger = published_taggers(view).get(PUBLISHED_CODE)
    if tagger is None or OURS not in view.seen:
        return {}
    return {
        OURS: rates_over_steps(view, [OURS]),
        PUBLISHED_CODE: rates_over_steps(view, [PUBLISHED_CODE], tagger=tagger),
    }


def story(view: View) -> list[str]:
    """Say of each run whether code reasoning moved, or only the word; nothing where neither moved by much."""
    counts = code_counts(view)
    told: dict[str, str] = {}
    for run in view.runs[:MOST_RUNS] if counts else ():
        ours, word = (_ends(counts[name], run) for name in (OURS, PUBLISHED_CODE))
        if ours is None or word is None:
            continue
        beside = f"the word `python` in {_share(word[0])} → {_share(word[-1])}"
        code = f"reasons in code in {_share(ours[0])} → {_share(ours[-1])} of its rollouts"
        if abs(ours[-1]["value"] - ours[0]["value"]) >= MUCH:
            told[run] = f"{run} {code}; {beside}."
        elif abs(word[-1]["value"] - word[0]["value"]) >= MUCH:
            told[run] = f"{run} {code}: only the word spread, {beside}."
    return list(told.values())


def sql_of_story(view: View) -> str:
    """Return the queries behind the story: our count, and the published one."""
    tagger = published_taggers(view).get(PUBLISHED_CODE)
    return f"{call_of(view, [OURS])}\n{call_of(view, [PUBLISHED_CODE], tagger=tagger)}"


def sql_of_title(view: View) -> str:
    """Return the queries behind the title."""
    if story(view):
        return sql_of_story(view)
    shifts = [shift for each in shifts_of(view).values() for shift in each]
    return sql_of_shifts(view, shifts) if shifts else view.sql("run_overview")


def title(view: View) -> str:
    """Say in one line what changed most: of code and the word for it where they part, else of any behavior."""
    counts = code_counts(view)
    grew, word_only = [], []
    for run in view.runs[:MOST_RUNS] if counts else ():
        ours, word = (_ends(counts[name], run) for name in (OURS, PUBLISHED_CODE))
        if ours is None or word is None:
            continue
        if abs(ours[-1]["value"] - ours[0]["value"]) >= MUCH:
            grew.append((run, ours))
        elif word[-1]["value"] - word[0]["value"] >= MUCH:
            word_only.append(run)
    if not grew or not word_only:
        return headline(view)
    run, ours = max(grew, key=lambda each: abs(each[1][-1]["value"] - each[1][0]["value"]))
    verb = "rose" if ours[-1]["value"] > ours[0]["value"] else "fell"
    return (
        f"{OURS} {verb} from {ours[0]['value']:.0%} to {ours[-1]['value']:.0%} in {run}; "
        f"in {', '.join(word_only)} only the word did"
    )


def _ends(rates: Rates, run: str) -> Rates | None:
    of_run = [row for row in rates if row["run"] == run]
    return [of_run[0], of_run[-1]] if len(of_run) > 1 else None


def _share(row: dict[str, JSON]) -> str:
    return f"{row['value']:.0%} [{100 * row['low']:.0f}, {100 * row['high']:.0f}]"
