"""Cues over a batch: literals propose segments, patterns confirm, guards veto; each tag says which cue it was.

A literal stands anywhere, also inside a word: the pattern says where words must end. A cue without a pattern stands
between the edges of words, where its first and last character belong to one.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cache, cached_property
from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray

from traceanalytics.behaviors import BEHAVIORS
from traceanalytics.cues.attributes import ATTRIBUTES
from traceanalytics.cues.automaton import Automaton, build
from traceanalytics.cues.guards import GUARDS, READ_CONTEXT, Guard, echo_of, spaced_words
from traceanalytics.cues.patterns import check_pattern, compile_pattern
from traceanalytics.errors import TraceAnalyticsError, UnknownName
from traceanalytics.segments import PROSE, Batch, text_buffers
from traceanalytics.types import Behavior, Cue

if TYPE_CHECKING:
    import pyarrow

    from traceanalytics.cues.programs import Programs

_LONGEST_KNOWN = 300  # characters of a segment that is remembered
_MOST_KNOWN = 30_000
CONFIRMED, VETOED = 1.0, 0.25  # a vetoed cue is kept, to show what almost fired and why it did not


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
    automaton: Automaton
    groups_of: NDArray[np.int32]
    groups_first: NDArray[np.int32]
    programs: "Programs"
    known: dict[str, "Held"] = field(default_factory=dict)


class Standing(NamedTuple):
    """A cue that its pattern confirms in a segment, and what guards say of it."""

    behavior: str
    place: slice
    vetoed_by: str | None  # by a guard that reads the segment alone
    guards: tuple[tuple[str, Guard], ...]  # that are still to be asked, in context
    attributes: tuple[tuple[str, str], ...]


Outcome = tuple[str, float, tuple[tuple[str, str], ...]]  # behavior, score, attributes


class Held(NamedTuple):
    """What a text holds, and what that shows where nothing around it disturbs."""

    standing: tuple[Standing, ...]
    undisturbed: tuple[Outcome, ...]
    echoes: tuple[str, ...]  # words of which a prompt must hold one to veto a cue
    needs_previous: bool

    @property
    def asks_context(self) -> bool:
        """Say whether some guard looks beyond the text."""
        return self.needs_previous or bool(self.echoes)


def find_cues(batch: Batch) -> "pyarrow.Table":
    """Return the segments of the batch's prose in which a cue of a behavior stands, or almost."""
    return find(batch, all_cues())


@cache
def all_cues() -> CueSet:
    """Make the cues of every behavior ready; a cue that cannot be trusted is refused with its behavior."""
    return make_cue_set(BEHAVIORS.all().values())


def make_cue_set(behaviors: Iterable[Behavior]) -> CueSet:
    """Check cues, put them into groups, and build what finds them."""
    from traceanalytics.cues.programs import compile_programs

    groups = tuple(_groups(behaviors))
    by_literal: dict[str, list[int]] = {}
    for number, group in enumerate(groups):
        for literal in group.literals:
            by_literal.setdefault(literal, []).append(number)
    return CueSet(
        groups=groups,
        automaton=build(list(by_literal)),
        groups_of=np.array([number for numbers in by_literal.values() for number in numbers], np.int32),
        groups_first=np.cumsum([0, *map(len, by_literal.values())], dtype=np.int32),
        programs=compile_programs([group.pattern for group in groups]),
    )


def find(batch: Batch, cues: CueSet) -> "pyarrow.Table":
    """Run a set of cues over a batch: the first of a behavior's cues that nothing vetoes shows it in a segment.

    Segments with the same text are read once, and judged one by one only where a guard looks beyond them.
    """
    reader = _Reader(batch)
    alike = _Alike(batch)
    numbers: dict[Outcome, int] = {}
    shown: list[tuple[int, int]] = []  # text, outcome
    judged_at: list[tuple[int, int]] = []  # segment, outcome

    for text, proposed in proposals(batch, cues, alike.first):
        segment = reader.text(alike.listed_first[text])
        held = _held_by(segment, proposed, cues)
        if not held.standing:
            continue
        undisturbed = [numbers.setdefault(outcome, len(numbers)) for outcome in held.undisturbed]
        if not held.asks_context:
            shown += [(text, number) for number in undisturbed]
            continue
        for at in alike.places(text):
            if reader.disturbs(held, at):
                judged = _judged(held.standing, segment, reader.previous(at), reader.prompt(at))
                judged_at += [(at, numbers.setdefault(outcome, len(numbers))) for outcome in judged]
            else:
                judged_at += [(at, number) for number in undisturbed]
    places, outcomes = np.concatenate([alike.everywhere(shown), _pairs(judged_at)]).T
    return _table(batch, places, outcomes, list(numbers))


def proposals(batch: Batch, cues: CueSet, chosen: NDArray[np.int64] | None = None) -> Iterator[tuple[int, list[int]]]:
    """Yield numbers of chosen segments (else of those of prose), and the groups that may be confirmed in each."""
    from traceanalytics.cues.kernel import propose

    data, starts, stops = _edges(batch, prose_segments(batch) if chosen is None else chosen)
    automaton, programs = cues.automaton, cues.programs
    found = np.empty((max(1 << 16, len(cues.groups)), 2), np.int32)
    at = 0
    while at < len(starts):
        at, count = propose(
            data,
            starts,
            stops,
            automaton.classes,
            automaton.moves,
            automaton.literal_at,
            automaton.shorter_at,
            cues.groups_of,
            cues.groups_first,
            programs.steps,
            programs.sets,
            programs.entries,
            programs.first,
            found,
            at,
        )
        part = found[:count]
        ordered = part[np.lexsort((part[:, 1], part[:, 0]))]
        edges = [0, *(np.flatnonzero(np.diff(ordered[:, 0])) + 1).tolist(), count] if count else [0]
        segments, groups = ordered[:, 0].tolist(), ordered[:, 1].tolist()
        for first, last in pairwise(edges):
            yield segments[first], groups[first:last]


def prose_segments(batch: Batch) -> NDArray[np.int64]:
    """Return the numbers of the segments that hold prose."""
    return np.flatnonzero(np.isin(batch.segments.kind, [int(kind) for kind in PROSE]))


class _Alike:
    """The distinct texts of a batch's prose, numbered in the order of their first segments."""

    def __init__(self, batch: Batch) -> None:
        from traceanalytics.cues.kernel import number_texts

        self._prose = prose_segments(batch)
        data, starts, stops = _edges(batch, self._prose)
        scratch = np.full(1 << (2 * len(starts) + 1).bit_length(), -1, np.int64)
        numbers = np.empty(len(starts), np.int64)
        firsts = np.empty(len(starts), np.int64)
        count = number_texts(data, starts, stops, scratch, numbers, firsts)
        self.first = self._prose[firsts[:count]]
        self.listed_first: list[int] = self.first.tolist()
        self._members = self._prose[np.argsort(numbers, kind="stable")]
        self._begins = np.concatenate([[0], np.cumsum(np.bincount(numbers, minlength=count))])
        self._listed = self._members.tolist(), self._begins.tolist()

    def places(self, text: int) -> list[int]:
        """Return the segments that hold a text."""
        members: list[int]
        members, begins = self._listed
        return members[begins[text] : begins[text + 1]]

    def everywhere(self, shown: list[tuple[int, int]]) -> NDArray[np.int64]:
        """Turn pairs of a text and its outcome into pairs of a segment and its outcome."""
        texts, outcomes = _pairs(shown).T
        times = self._begins[texts + 1] - self._begins[texts]
        within = np.arange(times.sum()) - np.repeat(np.cumsum(times) - times, times)
        places = self._members[np.repeat(self._begins[texts], times) + within]
        return np.stack([places, np.repeat(outcomes, times)], axis=1)


def _pairs(listed: list[tuple[int, int]]) -> NDArray[np.int64]:
    return np.array(listed, np.int64).reshape(-1, 2)


def _edges(batch: Batch, chosen: NDArray[np.int64]) -> tuple[NDArray[np.uint8], NDArray[np.int64], NDArray[np.int64]]:
    """Return the bytes of all responses, and where in them the chosen segments start and stop."""
    data, offsets = text_buffers(batch.responses)
    segments = batch.segments
    begins = offsets[segments.row[chosen]]
    return data, begins + segments.byte_start[chosen], begins + segments.byte_stop[chosen]


def _held_by(text: str, proposed: list[int], cues: CueSet) -> Held:
    """Confirm the proposed groups in a text; what short texts hold is known from one batch to the next."""
    known = cues.known.get(text)
    if known is not None:
        return known
    standing = tuple(_standing(text, [cues.groups[number] for number in proposed]))
    asked = {name for cue in standing for name, _ in cue.guards}
    held = Held(
        standing,
        tuple(_judged([cue._replace(guards=()) for cue in standing], "", "", "")),
        tuple({echo_of(text, cue.place) for cue in standing if "prompt_echo" in dict(cue.guards)} - {""}),
        bool(asked - {"prompt_echo"}),
    )
    if len(text) <= _LONGEST_KNOWN:
        if len(cues.known) >= _MOST_KNOWN:
            cues.known.clear()
        cues.known[text] = held
    return held


def _judged(standing: Sequence[Standing], text: str, previous: str, prompt: str) -> list[Outcome]:
    """Decide behavior by behavior, in the order of its cues; a vetoed one is given only where no other stands."""
    settled = ""
    judged: list[Outcome] = []
    almost: dict[str, Outcome] = {}
    for cue in standing:
        if cue.behavior == settled:
            continue
        vetoed_by = cue.vetoed_by
        for name, guard in cue.guards:
            if guard(text, previous, cue.place, prompt):
                vetoed_by = name
                break
        if vetoed_by is None:
            settled = cue.behavior
            almost.pop(settled, None)
            judged.append((settled, CONFIRMED, cue.attributes))
        elif cue.behavior not in almost:
            almost[cue.behavior] = cue.behavior, VETOED, (cue.attributes[0], ("vetoed_by", vetoed_by))
    return [*judged, *almost.values()]


def _standing(text: str, groups: Iterable[Group]) -> Iterator[Standing]:
    """Confirm groups in one segment, up to the first cue of a behavior that no guard can veto any more."""
    settled: Behavior | None = None
    for group in groups:
        if group.behavior is settled:
            continue
        for found in group.confirm.finditer(text):
            start, stop = found.span()
            literal = group.any_literal.search(text, start, stop)
            if literal is None:
                continue
            place = slice(start, stop)
            attributes = [("cue", literal[0].lower())]
            if group.behavior.attributes:
                attributes += _attributes(group.behavior, text, place)
            for name, guard in group.guards_of_segment:
                if guard(text, "", place, ""):
                    yield Standing(group.behavior.name, place, name, (), tuple(attributes))
                    break
            else:
                yield Standing(group.behavior.name, place, None, group.guards_of_context, tuple(attributes))
                if not group.guards_of_context:
                    settled = group.behavior
                    break


def _attributes(behavior: Behavior, text: str, place: slice) -> Iterator[tuple[str, str]]:
    for name in behavior.attributes:
        if name in ATTRIBUTES:
            yield name, str(ATTRIBUTES[name](text, place)).lower()


def _table(batch: Batch, at: NDArray[np.int64], number: NDArray[np.int64], named: list[Outcome]) -> "pyarrow.Table":
    import pyarrow

    segments = batch.segments
    attributes = pyarrow.array([list(each[2]) for each in named], pyarrow.map_(pyarrow.string(), pyarrow.string()))
    return pyarrow.table(
        {
            "row": pyarrow.array(segments.row[at], pyarrow.int64()),
            "behavior": pyarrow.array([each[0] for each in named], pyarrow.string()).take(pyarrow.array(number)),
            "start": pyarrow.array(segments.start[at], pyarrow.int32()),
            "stop": pyarrow.array(segments.stop[at], pyarrow.int32()),
            "score": pyarrow.array([each[1] for each in named], pyarrow.float32()).take(pyarrow.array(number)),
            "attributes": attributes.take(pyarrow.array(number)),
        }
    )


class _Reader:
    """Decodes segments of a batch, and what stands around them."""

    def __init__(self, batch: Batch) -> None:
        data, offsets = text_buffers(batch.responses)
        segments = batch.segments
        self._bytes = memoryview(data)  # type: ignore[arg-type]  # numpy's arrays are buffers
        self._starts = (offsets[segments.row] + segments.byte_start).tolist()
        self._stops = (offsets[segments.row] + segments.byte_stop).tolist()
        self._firsts = set(segments.first[:-1].tolist())
        prompts = batch.prompts.dictionary_encode()
        self._prompts = [*prompts.dictionary.to_pylist(), ""]
        self._prompt_of = prompts.indices.fill_null(len(self._prompts) - 1).to_numpy()[segments.row].tolist()
        self._asked: dict[int, str] = {}

    def text(self, at: int) -> str:
        """Return a segment's text."""
        return str(self._bytes[self._starts[at] : self._stops[at]], "utf-8", "replace")

    def previous(self, at: int) -> str:
        """Return the segment before, empty for the first of a response."""
        return "" if at in self._firsts else self.text(at - 1)

    def prompt(self, at: int) -> str:
        """Return the prompt of a segment's response."""
        prompt: str = self._prompts[self._prompt_of[at]]
        return prompt

    def disturbs(self, held: Held, at: int) -> bool:
        """Say whether what stands around a segment may veto one of its cues."""
        number = self._prompt_of[at]
        asked = self._asked.get(number)
        if asked is None:
            asked = self._asked[number] = spaced_words(self._prompts[number])
        return any(echo in asked for echo in held.echoes) or (held.needs_previous and not self.previous(at).strip())


def _groups(behaviors: Iterable[Behavior]) -> Iterator[Group]:
    """Put the cues of each behavior that share pattern and guards together, in the order of the file."""
    for behavior in behaviors:
        grouped: dict[tuple[str, tuple[str, ...]], list[str]] = {}
        for cue in behavior.cues:
            _check_names(behavior, cue)
            pattern = cue.confirm if cue.confirm is not None else _between_words(cue.literal)
            grouped.setdefault((pattern, cue.guards), []).append(cue.literal)
        for (pattern, guards), literals in grouped.items():
            check_pattern(pattern, f"behavior {behavior.name!r}, cue {literals[0]!r}")
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
