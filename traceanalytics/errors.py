"""The whole error model: what a caller can act on, each with the exit code of the command that meets it.

Beside it what every message needs: counts and lists in words.
"""

from collections.abc import Iterable
from difflib import get_close_matches


class TraceAnalyticsError(Exception):
    """Says on one line what was found, where, and what would be right."""

    exit_code = 2


class UnknownName(TraceAnalyticsError):
    """A name that nothing carries; the message holds the nearest one and the list, or how many more there are."""

    def __init__(self, kind: str, name: str, known: Iterable[str], *, more: int = 0) -> None:
        names = sorted(known)
        nearest = get_close_matches(name, names, n=1)
        hint = f" Did you mean {nearest[0]!r}?" if nearest else ""
        others = f" and {more:,} more" if more > 0 else ""
        super().__init__(f"no {kind} is called {name!r}.{hint} Known: {', '.join(names) or 'none'}{others}")


class BadRecord(TraceAnalyticsError):
    """A record that cannot be a rollout; ingest keeps it as a reject with this reason."""


class BadInput(TraceAnalyticsError):
    """A path, file or option that cannot be used as given."""


class BadLabel(TraceAnalyticsError):
    """A label line that breaks the format of `labels/README.md`."""


class BadQuery(TraceAnalyticsError):
    """A query file or call that DuckDB or its own header refuses."""


class BadModel(TraceAnalyticsError):
    """A model folder that cannot be trusted or read."""


class MissingExtra(TraceAnalyticsError):
    """A command that needs an optional dependency; the message is the install line."""

    def __init__(self, needed_for: str, extra: str) -> None:
        super().__init__(f"{needed_for} needs the extra {extra!r}: pip install 'traceanalytics[{extra}]'")


class Refused(TraceAnalyticsError):
    """A question that the data cannot answer, or a check that found faults."""

    exit_code = 1


class StoreHeld(TraceAnalyticsError):
    """Another program holds the store; the message names it."""

    exit_code = 4


def counted(n: int, noun: str) -> str:
    """Write how many there are of something whose plural ends in s.

    >>> counted(1, "prompt"), counted(1200, "prompt")
    ('1 prompt', '1,200 prompts')
    """
    return f"{n:,} {noun}" if n == 1 else f"{n:,} {noun}s"


def listed(names: Iterable[str]) -> str:
    """Write names as a sentence lists them.

    >>> listed(["a"]), listed(["a", "b", "c"])
    ('a', 'a, b and c')
    """
    *others, last = names
    return f"{', '.join(others)} and {last}" if others else last
