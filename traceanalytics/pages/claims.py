"""Findings on pages: each run's answer, remembered while the store does not change, or the sentence that refuses."""

from collections.abc import Mapping
from shlex import quote

from traceanalytics.errors import Refused
from traceanalytics.findings.base import Answer, get_finding
from traceanalytics.findings.noting import splits_in_words
from traceanalytics.pages.base import Block, Table, Text
from traceanalytics.pages.view import View
from traceanalytics.store.queries import get_query
from traceanalytics.store.remembering import remembered
from traceanalytics.store.store import Store
from traceanalytics.types import JSON

MOST_ROLLOUTS = 250_000  # that a page reads one by one; of more it names the command
MOST_RUNS = 8  # that a page asks one by one
LIMITS = ("value", "low", "high")
ALL = "all"  # in place of a run, where one answer is of all of them


def answers(view: View, finding: str, **parameters: JSON) -> tuple[dict[str, Answer], list[str]]:
    """Ask a finding of each run that is shown; return the answers by run, and why others have none.

    The split is the finding's own choice (eval, else val, else train) unless the reader of the page chose one.
    """
    if view.selectors.split is not None and "in_split" in get_finding(finding).parameters:
        parameters["in_split"] = view.split
    given = tuple(sorted(parameters.items()))
    asked = {run: _answer(view.store, finding, run, given) for run in view.runs[:MOST_RUNS]}
    found = {run: answer for run, answer in asked.items() if isinstance(answer, Answer)}
    return found, _reasons({run: each for run, each in asked.items() if isinstance(each, str)})


def _reasons(refused: Mapping[str, str]) -> list[str]:
    """Return why runs have no answer, a reason that holds of several but once.

    >>> _reasons({"a": "run 'a' is short", "b": "run 'b' is short", "c": "run 'c' is untagged"})
    ["run 'a' is short (and so 1 run more)", "run 'c' is untagged"]
    """
    alike: dict[str, list[str]] = {}
    for run, reason in refused.items():
        alike.setdefault(reason.replace(repr(run), ""), []).append(reason)
    more = ((reasons[0], len(reasons) - 1) for reasons in alike.values())
    return [f"{reason} (and so {n} {'run' if n == 1 else 'runs'} more)" if n else reason for reason, n in more]


def answer_of_all(view: View, finding: str, **parameters: JSON) -> Answer | None:
    """Ask a finding of all runs at once, where all are shown; None where it refuses, or is asked of some only."""
    if set(view.runs) != set(view.all_runs):
        return None
    answer = _answer(view.store, finding, None, tuple(sorted(parameters.items())))
    return answer if isinstance(answer, Answer) else None


def asked_of(view: View, found: Mapping[str, Answer]) -> str:
    """Say what a reader of answers would not expect: that another split was read, or not every run."""
    splits = {run: split for answer in found.values() for run, split in answer.splits.items() if split != view.split}
    read = f" Read from {splits_in_words(splits)}." if splits else ""
    if ALL in found or len(view.runs) <= MOST_RUNS:
        return read
    return f"{read} Asked of the first {MOST_RUNS} of {len(view.runs)} runs; `--run` chooses others."


def is_too_much(view: View) -> bool:
    """Say whether a finding that reads every rollout one by one would keep a reader waiting."""
    return view.rollouts > MOST_ROLLOUTS


def call_of_finding(view: View, finding: str, **parameters: JSON) -> str:
    """Return the command that gives the same answer."""
    words = "".join(f" {name}={quote(str(value))}" for name, value in parameters.items())
    run = f" in_run={quote(view.runs[0])}" if len(view.runs) == 1 else ""
    return f"ta finding {finding}{run}{words}{view.command}"


def numbers_of(view: View, title: str, found: dict[str, Answer], command: str) -> Table:
    """Return the estimates of some answers as a table, with the queries behind them and the command."""
    rows: list[list[JSON]] = [
        [run, each.label, each.value, each.low, each.high, each.n, each.unit, each.kind]
        for run, answer in found.items()
        for each in answer.estimates
    ]
    answer = next(iter(found.values()))
    columns = ["run", "what", *LIMITS, "n", "unit", "kind"]
    if set(found) == {ALL}:
        columns, rows = columns[1:], [row[1:] for row in rows]
    return Table(title, columns, rows, sql_of(view, command, answer.name, answer.params))


def sql_of(view: View, command: str, finding: str, parameters: Mapping[str, JSON]) -> str:
    """Return the queries that a finding reads, under the command that makes its intervals of them."""
    calls = [f"-- {command}"]
    for name in get_finding(finding).queries:
        takes = {parameter.name for parameter in get_query(name).parameters}
        given = {key: value for key, value in parameters.items() if key in takes and value is not None}
        calls.append(view.sql(name, **given))
    return "\n".join(calls)


def refusals(view: View, said: list[str], what: str, finding: str, **parameters: JSON) -> list[Block]:
    """Say why there is no answer; one reason is enough where every run has the same."""
    sql = sql_of(view, call_of_finding(view, finding, **parameters), finding, parameters)
    return [Text(f"{what}: {reason}.", sql=sql) for reason in said[:3]]


@remembered
def _answer(store: Store, finding: str, run: str | None, parameters: tuple[tuple[str, JSON], ...]) -> Answer | str:
    try:
        chosen = {} if run is None else {"in_run": run}
        return get_finding(finding).find(store, **chosen, **dict(parameters))
    except Refused as refusal:
        return str(refusal)
