"""Patterns that confirm a cue: compiled once, and refused when they could run away on hostile text."""

import re
from collections.abc import Iterable
from functools import cache
from re import _constants as codes  # type: ignore[attr-defined]
from re import _parser as parser  # type: ignore[attr-defined]
from typing import Any

from traceanalytics.errors import TraceAnalyticsError

_MOST = 64  # repeats from here on count as without a bound
_REPEATS = (codes.MAX_REPEAT, codes.MIN_REPEAT)


@cache
def compile_pattern(pattern: str) -> re.Pattern[str]:
    """Compile a pattern that ignores case."""
    return re.compile(pattern, re.IGNORECASE)


def checked_pattern(pattern: str, where: str) -> Any:
    """Parse a pattern that ignores case.

    One that does not compile is refused, and one that repeats without a bound what itself repeats without a bound.
    """
    try:
        parsed = parser.parse(pattern, re.IGNORECASE)
    except re.error as error:
        raise TraceAnalyticsError(f"{where}: {pattern!r} is no pattern: {error}") from error
    if _nests(parsed, inside=False):
        raise TraceAnalyticsError(
            f"{where}: {pattern!r} repeats without a bound what itself repeats without a bound; "
            "hostile text makes that run for hours: bound one of them, such as {0,5}"
        )
    return parsed


def _nests(items: Iterable[Any], *, inside: bool) -> bool:
    for code, argument in items:
        if code in _REPEATS:
            _, most, body = argument
            unbounded = most is codes.MAXREPEAT or most >= _MOST
            if (inside and unbounded) or _nests(body, inside=inside or unbounded):
                return True
        elif any(_nests(part, inside=inside) for part in _parts(code, argument)):
            return True
    return False


def _parts(code: Any, argument: Any) -> Iterable[Iterable[Any]]:
    if code is codes.SUBPATTERN:
        return [argument[3]]
    if code is codes.BRANCH:
        return argument[1]  # type: ignore[no-any-return]
    if code in (codes.ASSERT, codes.ASSERT_NOT):
        return [argument[1]]
    if code is codes.GROUPREF_EXISTS:
        return [part for part in argument[1:] if part is not None]
    if code is codes.ATOMIC_GROUP:
        return [argument]
    return []
