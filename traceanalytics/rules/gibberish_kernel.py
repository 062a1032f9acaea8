"""The compiled pass that looks for text without language: odd spelling, or words that no sentence holds together.

It keeps the last forty words of prose. Prose is what stands outside fences and inline code and does not touch the
signs of formulas and programs.
"""

import numpy as np
from numpy.typing import NDArray

from traceanalytics.compiled import compiled

WINDOW = 40  # words
EVERY = 8  # words from one look at the window to the next
FEW_FUNCTION_WORDS = 3
SOME_FUNCTION_WORDS = 14
MOST_DISTINCT = 30
MANY_DISTINCT = 20
PLAIN_LATIN = 36
ODD_SPELLING = 5.0  # bits a letter
SCRIPTS_AT_ONCE = 3
FRAGMENTS = 12  # lines
SPANS_A_ROW = 4

SALAD, SPELLING, SCRIPTS, FRAGMENT = 1, 2, 3, 4

BEFORE_A_NAME = "\\_{^$=/@#&~|<0123456789"
AFTER_A_NAME = "_{}=^\\/@(0123456789"

_BASE = 31  # above the number of letters: short words of small letters never share a hash
_MASK = (1 << 40) - 1
_BOUNDARY = 1
_UPPER, _AFTER_UPPER = 28, 54
_FIRST_OTHER = 56  # classes from here on are scripts; Greek, 55, is mathematics
_KANA, _HAN = 62, 63
_HASH, _FUNCTION, _START, _STOP, _OTHER = range(5)


@compiled
def code_point(data: NDArray[np.uint8], at: int, end: int) -> tuple[int, int]:
    """Decode one character of UTF-8: (code point, bytes)."""
    first = int(data[at])
    if first < 0x80:
        return first, 1
    if first < 0xE0 and at + 1 < end:
        return (first & 0x1F) << 6 | (int(data[at + 1]) & 0x3F), 2
    if first < 0xF0 and at + 2 < end:
        return (first & 0x0F) << 12 | (int(data[at + 1]) & 0x3F) << 6 | (int(data[at + 2]) & 0x3F), 3
    if at + 3 < end:
        high = (first & 0x07) << 18 | (int(data[at + 1]) & 0x3F) << 12
        return high | (int(data[at + 2]) & 0x3F) << 6 | (int(data[at + 3]) & 0x3F), 4
    return 0xFFFD, end - at


@compiled
def class_of(point: int, classes: NDArray[np.uint8]) -> int:
    """Return the letter class of a code point, also beyond the basic plane."""
    if point < 0x10000:
        return int(classes[point])
    return _HAN if point >= 0x20000 and point < 0x40000 else 0


@compiled
def hash_word(data: NDArray[np.uint8], start: int, stop: int) -> int:
    """Hash the bytes of a word, its ASCII letters lowered."""
    hashed = 0
    for i in range(start, stop):
        byte = int(data[i])
        if byte >= 65 and byte <= 90:
            byte += 32
        hashed = hashed * _BASE + byte
    return hashed & _MASK


@compiled
def is_member(hashed: int, members: NDArray[np.int64]) -> bool:
    """Say whether a hash is in an open-addressed table of hashes, a power of two long, where 0 is empty."""
    slot = hashed & (len(members) - 1)
    while members[slot] != 0:
        if members[slot] == hashed:
            return True
        slot = (slot + 1) & (len(members) - 1)
    return False


@compiled
def find_gibberish(
    data: NDArray[np.uint8],
    offsets: NDArray[np.int64],
    classes: NDArray[np.uint8],
    signs: NDArray[np.uint8],
    costs: NDArray[np.uint8],
    members: NDArray[np.int64],
    spans: NDArray[np.int64],
) -> int:
    """Write (row, kind, start, stop) in bytes of the row's text; return how many spans there are.

    `costs` holds sixteenths of bits of a letter after two others, `members` the hashes of function words, `signs` 1
    for a byte that makes the word after it a name, 2 for one that does so to the word before it.
    """
    count = 0
    ring = np.zeros((WINDOW, 5), np.int64)
    scripts = np.zeros(64, np.int64)
    for row in range(len(offsets) - 1):
        base, end = offsets[row], offsets[row + 1]
        first = count
        scripts[:] = 0
        slot = words = functions = others = 0
        fenced = False
        line_start = fragment_start = base
        line_words = line_small = fragments = small = 0
        line_odd = False
        at = base
        while at < end:
            byte = int(data[at])
            if byte == 32:
                at += 1
                continue
            if byte == 10:
                if line_words > 0 or line_odd:
                    if line_odd or line_words > 2 or at - line_start > 24:
                        fragments = small = 0
                    else:
                        if fragments == 0:
                            fragment_start = line_start
                        fragments += 1
                        small += line_small > 0
                        if fragments >= FRAGMENTS and small * 10 >= fragments * 3:
                            count = _add(spans, first, count, row, FRAGMENT, fragment_start - base, at - base)
                at += 1
                line_start = at
                line_words = line_small = 0
                line_odd = False
                continue
            if byte == 96:
                line_odd = True
                fenced, at = _after_backtick(data, at, end, fenced)
                continue
            if byte < 128:
                letter = int(classes[byte])
                size = 1
            else:
                point, size = code_point(data, at, end)
                letter = class_of(point, classes)
            if letter == 0 or fenced:
                line_odd = line_odd or (byte > 32 and byte != 46 and byte != 44)
                at += size
                continue
            start = at
            script = letter
            hashed = length = 0
            capitals = True
            while letter != 0:
                length += 1
                if byte < 128:
                    capitals = capitals and byte < 97
                    hashed = hashed * _BASE + (byte | 32)
                    at += 1
                else:
                    capitals = capitals and letter >= _UPPER and letter < _AFTER_UPPER
                    for i in range(at, at + size):
                        hashed = hashed * _BASE + int(data[i])
                    at += size
                if at >= end:
                    break
                byte = int(data[at])
                if byte < 128:
                    letter = int(classes[byte])
                else:
                    point, size = code_point(data, at, end)
                    letter = class_of(point, classes)
            hashed &= _MASK
            line_words += 1
            other = script >= _FIRST_OTHER
            function = not other and is_member(hashed, members)
            line_small += function or length == 1
            if (start > base and signs[data[start - 1]] & 1) or (at < end and signs[data[at]] & 2):
                continue
            if not function and not other and (length <= 2 or capitals):
                continue
            if words >= WINDOW:
                functions -= ring[slot, _FUNCTION]
                if ring[slot, _OTHER]:
                    scripts[ring[slot, _OTHER]] -= 1
                    others -= 1
            ring[slot, _HASH] = hashed
            ring[slot, _FUNCTION] = function
            ring[slot, _START] = start
            ring[slot, _STOP] = at
            ring[slot, _OTHER] = 0 if not other else (_HAN if script == _KANA else script)
            functions += function
            if other:
                scripts[ring[slot, _OTHER]] += 1
                others += 1
            words += 1
            slot = slot + 1 if slot + 1 < WINDOW else 0
            kind = 0
            if others >= SCRIPTS_AT_ONCE and (scripts[_FIRST_OTHER:] > 0).sum() >= SCRIPTS_AT_ONCE:
                kind = SCRIPTS
            elif words >= WINDOW and words % EVERY == 0 and WINDOW - others >= PLAIN_LATIN:
                if functions <= FEW_FUNCTION_WORDS:
                    kind = 0 if _repeats_as_language(ring, MOST_DISTINCT, 3) else SALAD
                elif functions <= SOME_FUNCTION_WORDS and _is_oddly_spelled(data, ring, classes, costs):
                    kind = 0 if _repeats_as_language(ring, MANY_DISTINCT, WINDOW) else SPELLING
            if kind != 0:
                oldest = ring[slot, _START] if words >= WINDOW else ring[0, _START]
                count = _add(spans, first, count, row, kind, oldest - base, at - base)
    return count


@compiled
def _is_oddly_spelled(
    data: NDArray[np.uint8], ring: NDArray[np.int64], classes: NDArray[np.uint8], costs: NDArray[np.uint8]
) -> bool:
    """Say whether the letters of the words in the ring, but for function words, cost more than any language's."""
    bits = letters = 0
    for i in range(WINDOW):
        if ring[i, _FUNCTION] or ring[i, _OTHER]:
            continue
        before, middle = _BOUNDARY, _BOUNDARY
        at, stop = ring[i, _START], ring[i, _STOP]
        while at < stop:
            point, size = code_point(data, at, stop)
            letter = class_of(point, classes)
            bits += int(costs[((before << 6) | middle) << 6 | letter])
            letters += 1
            before, middle = middle, letter
            at += size
        bits += int(costs[((before << 6) | middle) << 6 | _BOUNDARY])
        letters += 1
    return bits >= ODD_SPELLING * 16 * letters


@compiled
def _after_backtick(data: NDArray[np.uint8], at: int, end: int, fenced: bool) -> tuple[bool, int]:
    """Step over a fence, which opens or closes, or over inline code on one line."""
    if at + 2 < end and data[at + 1] == 96 and data[at + 2] == 96:
        return not fenced, at + 3
    close = at + 1
    while close < end and data[close] != 96 and data[close] != 10:
        close += 1
    return fenced, close + 1 if not fenced and close < end and data[close] == 96 else at + 1


@compiled
def _repeats_as_language(ring: NDArray[np.int64], distinct: int, repeats: int) -> bool:
    """Say whether the words in the ring repeat as a language's do: fewer than `distinct`, or a short word often."""
    different = 0
    for i in range(WINDOW):
        if ring[i, _FUNCTION] == 1:
            continue
        times = 1
        earlier = False
        for j in range(WINDOW):
            if j != i and ring[j, _HASH] == ring[i, _HASH]:
                times += 1
                earlier = earlier or j < i
        if not earlier:
            different += 1
        if times >= repeats and ring[i, _STOP] - ring[i, _START] <= 4:
            return True
    return different < distinct


@compiled
def _add(spans: NDArray[np.int64], first: int, count: int, row: int, kind: int, start: int, stop: int) -> int:
    """Append a span, or widen the row's last one where they meet."""
    if count > first and start <= spans[count - 1, 3]:
        spans[count - 1, 2] = min(start, spans[count - 1, 2])
        spans[count - 1, 3] = max(stop, spans[count - 1, 3])
        return count
    if count - first == SPANS_A_ROW:
        return count
    spans[count, 0] = row
    spans[count, 1] = kind
    spans[count, 2] = start
    spans[count, 3] = stop
    return count + 1
