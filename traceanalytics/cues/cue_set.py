"""The cues of some behaviors, ready to run: checked, put into groups, and beside them what the kernel walks."""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from traceanalytics.cues.guards import GUARDS, READ_CONTEXT, Guard
from traceanalytics.cues.patterns import checked_pattern, compile_pattern
from traceanalytics.errors import TraceAnalyticsError, UnknownName
from traceanalytics.types import Behavior, Cue

if TYPE_CHECKING:
    from traceanalytics.cues.automaton import Automaton
    from traceanalytics.cues.finding import Held
    from traceanalytics.cues.programs import Programs


@dataclass(frozen=True)
class Group:
    """The cues of a behavior that share pattern and guards; they are confirmed together."""

    behavior: Behavior
    pattern: str
    guards: tuple[str, ...]
    literals: tuple[str, ...]

    @cached_property
    def confirm(self) -> re.Pattern[str]:
        """Return the compiled pattern; most groups of a small batch are never asked for it."""
        return compile_pattern(self.pattern)

    @cached_property
    def any_literal(self) -> re.Pattern[str]:
        """Return what finds the literal inside a match, the longest where two begin alike."""
        return re.compile("|".join(map(re.escape, sorted(self.literals, key=len, reverse=True))), re.IGNORECASE)

    @cached_property
    def guards_of_segment(self) -> tuple[tuple[str, Guard], ...]:
        """Return the guards that read the segment alone."""
        return tuple((name, GUARDS[name]) for name in self.guards if name not in READ_CONTEXT)

    @cached_property
    def guards_of_context(self) -> tuple[tuple[str, Guard], ...]:
        """Return the guards that look at what stands around the segment too."""
        return tuple((name, GUARDS[name]) for name in self.guards if name in READ_CONTEXT)


@dataclass(frozen=True, slots=True)
class CueSet:
    """The cues of some behaviors, ready to run; `groups_of[groups_first[k]:groups_first[k + 1]]` hold literal k."""

    groups: tuple[Group, ...]
    groups_of: NDArray[np.int32]
    groups_first: NDArray[np.int32]
    automaton: "Automaton"
    programs: "Programs"
    known: "dict[str, Held]" = field(default_factory=dict)


def make_cue_set(behaviors: Iterable[Behavior]) -> CueSet:
    """Check cues, put them into groups, and build what finds them."""
    groups = tuple(_groups(behaviors))
    return _cue_set(groups, *_built(groups))


def kept_cue_set(behaviors: Iterable[Behavior]) -> CueSet:
    """Make the same with what an earlier process has built and kept, as long as cues and code are what they were."""
    from traceanalytics.cues.keeping import keep, kept

    groups = tuple(_groups(behaviors))
    made_of = [(group.pattern, group.literals) for group in groups]
    found = kept(made_of)
    if found is None:
        found = _built(groups)
        keep(made_of, *found)
    return _cue_set(groups, *found)


def _cue_set(groups: Sequence[Group], automaton: "Automaton", programs: "Programs") -> CueSet:
    numbers = [number for numbers in _by_literal(groups).values() for number in numbers]
    counts = [len(numbers) for numbers in _by_literal(groups).values()]
    return CueSet(
        tuple(groups), np.array(numbers, np.int32), np.cumsum([0, *counts], dtype=np.int32), automaton, programs
    )


def _built(groups: Sequence[Group]) -> "tuple[Automaton, Programs]":
    from traceanalytics.cues.automaton import build
    from traceanalytics.cues.programs import compile_programs

    where = (f"behavior {group.behavior.name!r}, cue {group.literals[0]!r}" for group in groups)
    parsed = [checked_pattern(group.pattern, place) for group, place in zip(groups, where, strict=True)]
    return build(list(_by_literal(groups))), compile_programs(parsed)


def _by_literal(groups: Sequence[Group]) -> dict[str, list[int]]:
    found: dict[str, list[int]] = {}
    for number, group in enumerate(groups):
        for literal in group.literals:
            found.setdefault(literal, []).append(number)
    return found


def _groups(behaviors: Iterable[Behavior]) -> Iterator[Group]:
    """Put the cues of each behavior that share pattern and guards together, in the order of the file."""
    for behavior in behaviors:
        grouped: dict[tuple[str, tuple[str, ...]], list[str]] = {}
        for cue in behavior.cues:
            _check_names(behavior, cue)
            pattern = cue.confirm if cue.confirm is not None else _between_words(cue.literal)
            grouped.setdefault((pattern, cue.guards), []).append(cue.literal)
        for (pattern, guards), literals in grouped.items():
            yield Group(behavior, pattern, guards, tuple(dict.fromkeys(literals)))


def _between_words(literal: str) -> str:
    before = r"(?<!\w)" if literal[:1].isalnum() else ""
    after = r"(?!\w)" if literal[-1:].isalnum() else ""
    return f"{before}{re.escape(literal)}{after}"


def _check_names(behavior: Behavior, cue: Cue) -> None:
    where = f"behavior {behavior.name!r}, cue {cue.literal!r}"
    if not cue.literal or cue.literal != cue.literal.lower().strip():
        raise TraceAnalyticsError(f"{where}: a literal is lower-case and has no space around it")
    for guard in cue.guards:
        if guard not in GUARDS:
            raise TraceAnalyticsError(f"{where}: {UnknownName('guard', guard, GUARDS)}")
