"""Cues over a batch: literals propose segments, patterns confirm, guards veto; each tag says which cue it was.

A literal stands anywhere, also inside a word: the pattern says where words must end. A cue without a pattern stands
between the edges of words, where its first and last character belong to one.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import cache
from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray

from traceanalytics.behaviors import BEHAVIORS
from traceanalytics.cues.alike import Alike, edges_of, prose_segments
from traceanalytics.cues.attributes import ATTRIBUTES
from traceanalytics.cues.cue_set import CueSet, Group, make_cue_set
from traceanalytics.cues.guards import Guard, echo_of
from traceanalytics.cues.surroundings import Surroundings
from traceanalytics.segments import Batch
from traceanalytics.types import Behavior

if TYPE_CHECKING:
    import pyarrow

_LONGEST_KNOWN = 300  # characters of a segment that is remembered
_MOST_KNOWN = 30_000
CONFIRMED, VETOED = 1.0, 0.25  # a vetoed cue is kept, to show what almost fired and why it did not


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


def find(batch: Batch, cues: CueSet) -> "pyarrow.Table":
    """Run a set of cues over a batch: the first of a behavior's cues that nothing vetoes shows it in a segment.

    Segments with the same text are read once, and judged one by one only where what stands around them may veto.
    """
    alike, around = Alike(batch), Surroundings(batch)
    proposed = list(proposals(batch, cues, alike.first))
    texts = around.texts(alike.first[[number for number, _ in proposed]])
    held = [(number, _held_by(text, groups, cues)) for (number, groups), text in zip(proposed, texts, strict=True)]
    numbers: dict[Outcome, int] = {}
    shown = _pairs(
        [(text, numbers.setdefault(outcome, len(numbers))) for text, each in held for outcome in each.undisturbed]
    )
    disturbed = list(_disturbed(held, alike, around))
    judged = [
        (at, numbers.setdefault(outcome, len(numbers)))
        for at, each in disturbed
        for outcome in _judged_in_context(each.standing, at, around)
    ]
    places, which = alike.everywhere(shown[:, 0])
    calm = ~np.isin(places, [at for at, _ in disturbed])
    undisturbed = np.stack([places, shown[which, 1]], axis=1)[calm]
    places, outcomes = np.concatenate([undisturbed, _pairs(judged)]).T
    return _table(batch, places, outcomes, list(numbers))


def _disturbed(held: Sequence[tuple[int, "Held"]], alike: Alike, around: Surroundings) -> Iterator[tuple[int, "Held"]]:
    """Yield the segments in which what stands around may veto a cue, and what they hold."""
    asking = [(text, each) for text, each in held if each.asks_context]
    places, which = alike.everywhere(np.array([text for text, _ in asking], np.int64))
    may = around.echo(places, [asking[number][1].echoes for number in which.tolist()])
    looks_back = np.array([each.needs_previous for _, each in asking], np.bool_)[which]
    may[looks_back] |= around.follow_nothing(places[looks_back])
    for at, number in zip(places[may].tolist(), which[may].tolist(), strict=True):
        yield at, asking[number][1]


def proposals(batch: Batch, cues: CueSet, chosen: NDArray[np.int64] | None = None) -> Iterator[tuple[int, list[int]]]:
    """Yield numbers of chosen segments (else of those of prose), and the groups that may be confirmed in each."""
    from traceanalytics.cues.kernel import propose

    data, starts, stops = edges_of(batch, prose_segments(batch) if chosen is None else chosen)
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
            programs.letters,
            programs.sets,
            programs.alike,
            programs.ways,
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


def _pairs(listed: list[tuple[int, int]]) -> NDArray[np.int64]:
    return np.array(listed, np.int64).reshape(-1, 2)


def _held_by(text: str, proposed: list[int], cues: CueSet) -> Held:
    """Confirm the proposed groups in a text; what short texts hold is known from one batch to the next."""
    known = cues.known.get(text)
    if known is not None:
        return known
    standing = tuple(_standing(text, [cues.groups[number] for number in proposed]))
    asking = [(cue, name) for cue in standing for name, _ in cue.guards]
    held = Held(
        standing,
        tuple(_judged(standing, lambda cue: cue.vetoed_by)),
        tuple({echo_of(text, cue.place) for cue, name in asking if name == "prompt_echo"} - {""}),
        any(name != "prompt_echo" for _, name in asking),
    )
    if len(text) <= _LONGEST_KNOWN:
        if len(cues.known) >= _MOST_KNOWN:
            cues.known.clear()
        cues.known[text] = held
    return held


def _judged(standing: Sequence[Standing], veto: Callable[[Standing], str | None]) -> list[Outcome]:
    """Decide behavior by behavior, in the order of its cues; a vetoed one is given only where no other stands."""
    settled = ""
    judged: list[Outcome] = []
    almost: dict[str, Outcome] = {}
    for cue in standing:
        if cue.behavior == settled:
            continue
        vetoed_by = veto(cue)
        if vetoed_by is None:
            settled = cue.behavior
            almost.pop(settled, None)
            judged.append((settled, CONFIRMED, cue.attributes))
        elif cue.behavior not in almost:
            almost[cue.behavior] = cue.behavior, VETOED, (cue.attributes[0], ("vetoed_by", vetoed_by))
    return [*judged, *almost.values()]


def _judged_in_context(standing: Sequence[Standing], at: int, around: Surroundings) -> list[Outcome]:
    """Decide with what stands around a segment."""
    text, previous, prompt = around.text(at), around.previous(at), around.prompt(at)

    def veto(cue: Standing) -> str | None:
        vetoes = (name for name, guard in cue.guards if guard(text, previous, cue.place, prompt))
        return cue.vetoed_by or next(vetoes, None)

    return _judged(standing, veto)


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
