"""All literals of all cues in one compiled pass over the bytes of the segments (Aho and Corasick 1975).

Where a literal stands, the program of its pattern says whether the pattern may confirm it.
"""

import numpy as np
from numpy.typing import NDArray

from traceanalytics.compiled import compiled, inner

MATCH, LITERAL, SET, LOOP, SPLIT, JUMP, START, END, EDGE = range(9)
NOTHING, SIGN, WORD, BEYOND_ASCII = range(4)  # what stands before a place

_KINDS = np.full(256, SIGN, np.uint8)
_KINDS[128:] = BEYOND_ASCII
_KINDS[[*b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz"]] = WORD

_BASE = 1000003
_MASK = (1 << 40) - 1
_MOST_STEPS = 20_000  # of one program in one segment; beyond, the pattern decides
_DEEPEST = 4096


@compiled
def propose(
    data: NDArray[np.uint8],
    starts: NDArray[np.int64],
    stops: NDArray[np.int64],
    classes: NDArray[np.uint8],
    moves: NDArray[np.int32],
    literal_at: NDArray[np.int32],
    shorter_at: NDArray[np.int32],
    groups: NDArray[np.int32],
    groups_first: NDArray[np.int32],
    steps: NDArray[np.int32],
    letters: NDArray[np.uint8],
    sets: NDArray[np.uint8],
    alike: NDArray[np.uint8],
    ways: NDArray[np.int32],
    entries: NDArray[np.int32],
    first: NDArray[np.uint8],
    found: NDArray[np.int32],
    begin: int,
) -> tuple[int, int]:
    """Fill `found` with (segment, group of cues) and return the segment to go on with and the number of proposals.

    `moves` is the complete automaton, one row a state; a state's literal is the longest that ends there, and
    `shorter_at` leads to the next shorter one. `groups[groups_first[k]:groups_first[k + 1]]` are those of literal k.
    """
    seen = np.full(len(entries), -1, np.int64)
    waiting = np.empty(len(entries), np.int32)
    stack = np.empty((_DEEPEST, 3), np.int64)
    count = 0
    for segment in range(begin, len(starts)):
        if count + len(entries) > len(found):
            return segment, count
        state = waits = 0
        for c in data[starts[segment] : stops[segment]]:
            state = moves[state, classes[c]]
            at = state if literal_at[state] >= 0 else shorter_at[state]
            while at > 0:
                literal = literal_at[at]
                for k in range(groups_first[literal], groups_first[literal + 1]):
                    group = groups[k]
                    if seen[group] != segment:
                        seen[group] = segment
                        waiting[waits] = group
                        waits += 1
                at = shorter_at[at]
        for k in range(waits):
            group = waiting[k]
            program = steps, letters, sets, alike, ways, entries[group], first[group]
            if _may_match(data, starts[segment], stops[segment], *program, stack):
                found[count, 0] = segment
                found[count, 1] = group
                count += 1
    return len(starts), count


@compiled
def number_texts(
    data: NDArray[np.uint8],
    starts: NDArray[np.int64],
    stops: NDArray[np.int64],
    scratch: NDArray[np.int64],
    numbers: NDArray[np.int64],
    firsts: NDArray[np.int64],
) -> int:
    """Number the distinct texts in order; write each segment's number, each text's first segment, and return how many.

    `scratch` begins as -1; its length is a power of two above twice that of the segments.
    """
    mask = len(scratch) - 1
    count = 0
    for k in range(len(starts)):
        start, size = starts[k], stops[k] - starts[k]
        hashed = size
        for c in data[start : start + size]:
            hashed = (hashed * _BASE + int(c)) & _MASK
        slot = (hashed ^ hashed >> 20) & mask
        while scratch[slot] >= 0 and not _same(data, starts, stops, firsts[scratch[slot]], k):
            slot = (slot + 1) & mask
        if scratch[slot] < 0:
            scratch[slot] = count
            firsts[count] = k
            count += 1
        numbers[k] = scratch[slot]
    return count


@inner
def _same(data: NDArray[np.uint8], starts: NDArray[np.int64], stops: NDArray[np.int64], one: int, two: int) -> bool:
    size = stops[one] - starts[one]
    if size != stops[two] - starts[two]:
        return False
    for i in range(size):
        if data[starts[one] + i] != data[starts[two] + i]:
            return False
    return True


@inner
def _may_match(
    b: NDArray[np.uint8],
    start: int,
    stop: int,
    steps: NDArray[np.int32],
    letters: NDArray[np.uint8],
    sets: NDArray[np.uint8],
    alike: NDArray[np.uint8],
    ways: NDArray[np.int32],
    entry: int,
    first: NDArray[np.uint8],
    stack: NDArray[np.int64],
) -> bool:
    """Run a program at every character of a segment until it matches, stepping back where it went wrong."""
    spent = 0
    next_before = np.uint8(NOTHING)
    for begin in range(start, stop):
        before, next_before = next_before, _KINDS[b[begin]]
        if first[before, b[begin]] == 0 or b[begin] & 0xC0 == 0x80:
            continue
        at, place, depth = entry, begin, 0
        while True:
            spent += 1
            if spent > _MOST_STEPS:
                return True
            code = steps[at, 0]
            fits = True
            if code == MATCH:
                return True
            if code == LITERAL:
                first_letter, size = steps[at, 1], steps[at, 2]
                fits = place + size <= stop and _reads(b, place, letters, first_letter, size)
                place += size
                at += 1
            elif code == SET:
                fits = place < stop and sets[steps[at, 1], b[place]] == 1
                if fits:
                    place = _next_character(b, place, stop)
                at += 1
            elif code == LOOP:
                least, most = steps[at, 2], steps[at, 3]
                lowest, taken = place, 0
                while taken < most and place < stop and sets[steps[at, 1], b[place]] == 1:
                    place = _next_character(b, place, stop)
                    taken += 1
                    if taken == least:
                        lowest = place
                fits = taken >= least
                if fits and place > lowest:
                    if depth == _DEEPEST:
                        return True
                    stack[depth, 0], stack[depth, 1], stack[depth, 2] = at, place, lowest
                    depth += 1
                at += 1
            elif code == SPLIT:
                way = ways[steps[at, 3], alike[b[place]]] if place < stop else at
                fits = way >= 0
                if way == at:
                    if depth == _DEEPEST:
                        return True
                    stack[depth, 0], stack[depth, 1], stack[depth, 2] = steps[at, 2], place, -1
                    depth += 1
                    way = steps[at, 1]
                at = way
            elif code == JUMP:
                at = steps[at, 1]
            else:
                fits = (
                    place == start if code == START else place == stop if code == END else _edge(b, start, place, stop)
                )
                at += 1
            if fits:
                continue
            if depth == 0:
                break
            at, place = stack[depth - 1, 0], stack[depth - 1, 1]
            lowest = stack[depth - 1, 2]
            if lowest < 0:
                depth -= 1
                continue
            follows = steps[at, 4]
            place = _previous_character(b, place)
            while place > lowest and sets[follows, b[place]] == 0:
                place = _previous_character(b, place)
            stack[depth - 1, 1] = place
            if place <= lowest:
                depth -= 1
            at += 1
    return False


@inner
def _reads(b: NDArray[np.uint8], place: int, letters: NDArray[np.uint8], first: int, size: int) -> bool:
    """Say whether a literal stands at a place, in small letters or capitals."""
    for i in range(size):
        if _folded(b[place + i]) != letters[first + i]:
            return False
    return True


@inner
def _edge(b: NDArray[np.uint8], start: int, place: int, stop: int) -> bool:
    """Say whether a word may begin or end here; beyond ASCII it always may."""
    if (place > start and b[place - 1] >= 128) or (place < stop and b[place] >= 128):
        return True
    before = place > start and _is_word(b[place - 1])
    after = place < stop and _is_word(b[place])
    return before != after


@inner
def _is_word(c: int) -> bool:
    return 48 <= c <= 57 or 65 <= c <= 90 or 97 <= c <= 122 or c == 95


@inner
def _folded(c: int) -> int:
    return c + 32 if 65 <= c <= 90 else c


@inner
def _next_character(b: NDArray[np.uint8], i: int, e: int) -> int:
    i += 1
    while i < e and b[i] & 0xC0 == 0x80:
        i += 1
    return i


@inner
def _previous_character(b: NDArray[np.uint8], i: int) -> int:
    i -= 1
    while b[i] & 0xC0 == 0x80:
        i -= 1
    return i
