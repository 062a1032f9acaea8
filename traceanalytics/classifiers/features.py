"""Hashed features of a segment in its context, and all heads over them, in one compiled pass over the bytes.

A segment's features are the words, word beginnings and word pairs it holds, its first words apart, the words around the
end and the beginning of the segment before it, its shape, and what cues and their guards say of it. Each is a slot of
one table; training and scoring share the function that finds them.
"""

import numpy as np
from numpy.typing import NDArray

from traceanalytics.compiled import compiled, inner

_BITS = 15
_SHAPES, _CUES = 64, 1024
_SHAPE_BASE = 1 << _BITS  # words share the slots below
CUE_BASE = _SHAPE_BASE + _SHAPES
SLOTS = CUE_BASE + _CUES
MOST_WORDS = 256  # of one segment; what is beyond them teaches little
MOST = 4 * MOST_WORDS

_WORD, _STEM, _PAIR = 0x9E3779B1, 0x85EBCA6B, 0xC2B2AE35
_BEFORE, _FIRST, _BEFORE_FIRST = 0x165667B1, 0x2C1B3C6D, 0x297A2D39
_LONGEST_STEM = 5
_FIRST_WORDS, _FIRST_WORDS_BEFORE = 3, 2
_LAST_WORDS_BEFORE = 12  # the end of the segment before says most of it
_BEFORE_SCALE, _SHAPE_SCALE = 0.5, 0.1  # beside the own words, whose features have length 1 together
_CUE_SCALE = 2.0  # a cue is one voice against the many of the words, and was written with care
_ZERO, _MOST_SUMMED = 128, 256  # a lane of 16 bits holds the sum of so many raised weights
_HEADS_AT_ONCE = 16
_CODES = 32  # numbers of what the cues of one behavior can say

_SPACE, _LETTER, _DIGIT, _SIGN = 0, 1, 2, 4
_NUMBER = 0x050C5D2F  # the hash of any number
_WIDE = 0xE0  # from here on bytes begin characters of three bytes and more


def _classes() -> NDArray[np.uint8]:
    """Tell letters, digits, white space and signs apart; what is beyond ASCII counts as letters, as does a '."""
    classes = np.full(256, _SIGN, dtype=np.uint8)
    classes[:33] = _SPACE
    classes[ord("0") : ord("9") + 1] = _DIGIT
    for byte in (*range(ord("a"), ord("z") + 1), *range(ord("A"), ord("Z") + 1), *range(128, 256), ord("'")):
        classes[byte] = _LETTER
    return classes


_CLASS = _classes()
_VALUE_BITS = 28
_VALUE = (1 << _VALUE_BITS) - 1
_READ = np.arange(256, dtype=np.int64)  # of each byte what it adds to the hash of its word, and above it its class
_READ[ord("A") : ord("Z") + 1] += 32
_READ[_CLASS == _DIGIT] = _NUMBER
_READ |= _CLASS.astype(np.int64) << _VALUE_BITS

_COUNT_BITS = 20
_MOST_COUNTED = (1 << _COUNT_BITS) - 1
_COUNTED = np.zeros(256, dtype=np.int64)  # of each byte what it adds to the counts of digits, signs and line breaks
_COUNTED[[*b"0123456789"]] = 1
_COUNTED[[*b"=\\$"]] = 1 << _COUNT_BITS
_COUNTED[ord("\n")] = 1 << 2 * _COUNT_BITS


@inner
def _slot(word: int, salt: int) -> int:
    """Scatter a hash over the slots of words."""
    word = ((word ^ (word >> 15)) * salt) & 0xFFFFFFFF
    return int(word >> (32 - _BITS))


@inner
def _split(buffer: NDArray[np.uint8], start: int, stop: int, words: NDArray[np.int64]) -> tuple[int, int, int]:
    """Fill `words` from row 1 on with the hashes of the words of a segment and of their beginnings.

    Return how many there are, where reading ended, and the counts of `_COUNTED` up to there. Digits are one word, signs
    and characters of three bytes and more stand alone; ’ in a word is read as '. No processor guesses where a word
    ends, so all but wide characters take one way: the hash so far is multiplied by 33 where a word goes on, by 0 where
    one begins; white space writes to row 0.
    """
    number, i, counted, kind, word, stem, length = 0, start, 0, _SPACE, 0, 0, 0
    stop = min(stop, start + _MOST_COUNTED)
    while i < stop and number <= MOST_WORDS:
        read, last = int(_READ[buffer[i]]), kind
        value, kind = read & _VALUE, read >> _VALUE_BITS
        counted += int(_COUNTED[buffer[i]])
        wide = buffer[i] >= _WIDE
        i += 1
        if wide:
            if last == _LETTER and value == 0xE2 and i + 1 < stop and buffer[i] == 0x80 and buffer[i + 1] == 0x99:
                value = 39
                i += 2
            else:
                kind = _SIGN
                while i < stop and buffer[i] & 0xC0 == 0x80:
                    value = (value * 33 + int(_READ[buffer[i]] & _VALUE)) & 0xFFFFFFFF
                    i += 1
        goes_on = kind & last & _LETTER
        word = (word * (33 * goes_on) + value) & 0xFFFFFFFF
        length = length * goes_on + 1
        stem = word if length <= _LONGEST_STEM else stem
        number += (kind & ~(last & (_LETTER | _DIGIT))) != 0
        at = number * (kind != _SPACE)
        words[at, 0], words[at, 1] = word, stem
    return min(number, MOST_WORDS), i, counted


@inner
def _find_own(words: NDArray[np.int64], count: int, found: NDArray[np.uint32]) -> int:
    """Fill `found` with the slots of the words of a segment."""
    number, last = 0, 0
    for at in range(1, count + 1):
        word, stem = int(words[at, 0]), int(words[at, 1])
        found[number] = _slot(word, _WORD)
        found[number + 1] = _slot((last * 33 + word) & 0xFFFFFFFF, _PAIR)
        number += 1 + (at > 1)
        found[number] = _slot(stem, _STEM)
        number += stem != word
        last = word
    for at in range(min(count, _FIRST_WORDS)):
        found[number] = _slot(int(words[at + 1, 0]) + at, _FIRST)
        number += 1
    return number


@inner
def _find_before(words: NDArray[np.int64], count: int, found: NDArray[np.uint32], number: int) -> int:
    """Add the slots of the segment before: its first words, and its last ones."""
    for at in range(min(count, _FIRST_WORDS_BEFORE)):
        found[number] = _slot(int(words[at + 1, 0]) + at, _BEFORE_FIRST)
        number += 1
    for at in range(max(0, count - _LAST_WORDS_BEFORE), count):
        found[number] = _slot(int(words[at + 1, 0]), _BEFORE)
        number += 1
    return number


@inner
def _find_shape(
    buffer: NDArray[np.uint8],
    start: int,
    stop: int,
    before_start: int,
    before_stop: int,
    position: float,
    counts: tuple[int, int, int],
    found: NDArray[np.uint32],
    number: int,
) -> int:
    """Add the slots of length, place, signs, and how the segment and the one before begin and end."""
    length, grade = stop - start, 0
    while length > 6 and grade < 7:
        length >>= 1
        grade += 1
    found[number] = _SHAPE_BASE + grade
    found[number + 1] = _SHAPE_BASE + 8 + min(7, int(position * 8))
    number += 2
    if before_start == before_stop:
        found[number] = _SHAPE_BASE + 16
        number += 1
    for amount, first in ((counts[0], 17), (counts[1], 20), (counts[2], 23)):
        if amount > 0:
            found[number] = _SHAPE_BASE + first + (0 if amount < 3 else 1 if amount < 8 else 2)
            number += 1
    found[number] = _SHAPE_BASE + 26 + _ending(buffer, start, stop)
    found[number + 1] = _SHAPE_BASE + 32 + _ending(buffer, before_start, before_stop)
    number += 2
    if start < stop:
        first = buffer[start]
        case = 38 if 65 <= first <= 90 else 39 if 97 <= first <= 122 else 40 if 48 <= first <= 57 else 41
        found[number] = _SHAPE_BASE + case
        number += 1
    return number


@inner
def _count_signs(buffer: NDArray[np.uint8], start: int, stop: int, counted: int) -> tuple[int, int, int]:
    """Count digits, signs of formulas and line breaks beside those `counted` before `start`.

    All three are in one sum as long as none can run into the next.
    """
    digits, signs, lines = 0, 0, 0
    while True:
        digits += counted & _MOST_COUNTED
        signs += counted >> _COUNT_BITS & _MOST_COUNTED
        lines += counted >> 2 * _COUNT_BITS
        if start >= stop:
            return digits, signs, lines
        end, counted = min(stop, start + _MOST_COUNTED), 0
        for i in range(start, end):
            counted += _COUNTED[buffer[i]]
        start = end


@inner
def _ending(buffer: NDArray[np.uint8], start: int, stop: int) -> int:
    """Tell the last sign apart: none, a stop, a question mark, an exclamation mark, a colon, another."""
    while stop > start and buffer[stop - 1] <= 32:
        stop -= 1
    if stop == start:
        return 0
    last = buffer[stop - 1]
    return 1 if last == 46 else 2 if last == 63 else 3 if last == 33 else 4 if last == 58 else 5


@inner
def _find_cues(said: NDArray[np.uint8], found: NDArray[np.uint32], number: int) -> int:
    """Add the slots of what cues say: one row of `said` holds a number for each behavior."""
    for column in range(len(said)):
        if said[column] > 0:
            found[number] = CUE_BASE + (column * _CODES + min(int(said[column]), _CODES - 1)) % _CUES
            number += 1
            if number == MOST:
                break
    return number


@inner
def _find(
    buffer: NDArray[np.uint8],
    start: int,
    stop: int,
    before_start: int,
    before_stop: int,
    position: float,
    said: NDArray[np.uint8],
    words: NDArray[np.int64],
    held: NDArray[np.int64],
    found: NDArray[np.uint32],
) -> tuple[int, int, int, int]:
    """Fill `found` and return where the slots of the own words end, of the words before, of the shape, and of cues.

    `words` keeps the words of two segments: that before is mostly the one of the last call, so that each is read once.
    `held` says which half that one has, its place and its number of words.
    """
    if before_start == held[1] and before_stop == held[2]:
        other, before_count = held[0], held[3]
    else:
        other = 0
        before_count = _split(buffer, before_start, before_stop, words[other])[0]
    count, read, counted = _split(buffer, start, stop, words[1 - other])
    counts = _count_signs(buffer, read, stop, counted)
    held[0], held[1], held[2], held[3] = 1 - other, start, stop, count
    own = _find_own(words[1 - other], count, found)
    before = _find_before(words[other], before_count, found, own)
    shape = _find_shape(buffer, start, stop, before_start, before_stop, position, counts, found, before)
    return own, before, shape, _find_cues(said, found, shape)


@compiled
def count_features(
    buffer: NDArray[np.uint8],
    start: NDArray[np.int64],
    stop: NDArray[np.int64],
    before_start: NDArray[np.int64],
    before_stop: NDArray[np.int64],
    position: NDArray[np.float32],
    said: NDArray[np.uint8],
) -> tuple[NDArray[np.int64], NDArray[np.int32], NDArray[np.float32]]:
    """Return the features of all segments as the three arrays of a CSR matrix."""
    found, words, held = (
        np.empty(MOST, np.uint32),
        np.empty((2, MOST_WORDS + 2, 2), np.int64),
        np.full(4, -1, np.int64),
    )
    pointers = np.zeros(len(start) + 1, dtype=np.int64)
    for row in range(len(start)):
        places = start[row], stop[row], before_start[row], before_stop[row]
        number = _find(buffer, *places, position[row], said[row], words, held, found)[3]
        pointers[row + 1] = pointers[row] + number
    slots = np.empty(pointers[-1], dtype=np.int32)
    values = np.empty(pointers[-1], dtype=np.float32)
    for row in range(len(start)):
        first = pointers[row]
        places = start[row], stop[row], before_start[row], before_stop[row]
        own, before, shape, number = _find(buffer, *places, position[row], said[row], words, held, found)
        slots[first : first + number] = found[:number]
        values[first : first + own] = 1 / np.sqrt(max(own, 1))
        values[first + own : first + before] = _BEFORE_SCALE / np.sqrt(max(before - own, 1))
        values[first + before : first + shape] = _SHAPE_SCALE
        values[first + shape : first + number] = _CUE_SCALE
    return pointers, slots, values


@inner
def _add(
    weights: NDArray[np.uint64],
    found: NDArray[np.uint32],
    first: int,
    last: int,
    scale: float,
    words: NDArray[np.uint64],
    lanes: NDArray[np.uint16],
    sums: NDArray[np.float32],
) -> None:
    """Add up the weights of some slots, sixteen heads at a time: two words of the machine hold them, a byte each.

    Every other byte of a word is added in lanes of 16 bits, four at once. `lanes` are what `words` holds.
    """
    every_other, of = np.uint64(0x00FF00FF00FF00FF), np.float32(scale)
    for block in range(weights.shape[1] // 2):
        begin = first
        while begin < last:
            end = min(last, begin + _MOST_SUMMED)
            one = two = three = four = np.uint64(0)
            for i in range(begin, end):
                left, right = weights[found[i], 2 * block], weights[found[i], 2 * block + 1]
                one += left & every_other
                two += (left >> np.uint64(8)) & every_other
                three += right & every_other
                four += (right >> np.uint64(8)) & every_other
            words[0], words[1], words[2], words[3] = one, two, three, four
            zero = np.float32((end - begin) * _ZERO)
            for head in range(_HEADS_AT_ONCE):
                sums[_HEADS_AT_ONCE * block + head] += (np.float32(lanes[head]) - zero) * of
            begin = end


def in_lanes(weights: NDArray[np.int8]) -> NDArray[np.uint64]:
    """Lay weights out for `score_heads`: eight heads a word, each raised so that none is below 0.

    Their order is the one in which taking every other byte of two words brings sixteen heads to their places.
    """
    heads = np.arange(weights.shape[1])
    block, place = divmod(heads, _HEADS_AT_ONCE)
    half, lane = divmod(place, 4)
    lanes = np.full((len(weights), -(-len(heads) // _HEADS_AT_ONCE) * _HEADS_AT_ONCE), _ZERO, dtype=np.uint8)
    lanes[:, block * _HEADS_AT_ONCE + half // 2 * 8 + 2 * lane + half % 2] += weights.view(np.uint8)  # wraps around
    return lanes.view(np.uint64)


@compiled
def score_heads(
    buffer: NDArray[np.uint8],
    start: NDArray[np.int64],
    stop: NDArray[np.int64],
    before_start: NDArray[np.int64],
    before_stop: NDArray[np.int64],
    position: NDArray[np.float32],
    said: NDArray[np.uint8],
    weights: NDArray[np.uint64],
    gains: NDArray[np.float32],
    offsets: NDArray[np.float32],
    scores: NDArray[np.float32],
) -> None:
    """Fill `scores`, a row a segment and a column a head: the sum of its weights, times its gain, and its offset."""
    found, words, held = (
        np.empty(MOST, np.uint32),
        np.empty((2, MOST_WORDS + 2, 2), np.int64),
        np.full(4, -1, np.int64),
    )
    added, sums = np.empty(4, np.uint64), np.empty(weights.shape[1] * 8, np.float32)
    lanes = added.view(np.uint16)
    for row in range(len(start)):
        places = start[row], stop[row], before_start[row], before_stop[row]
        own, before, shape, number = _find(buffer, *places, position[row], said[row], words, held, found)
        sums[:] = 0
        _add(weights, found, 0, own, 1 / np.sqrt(max(own, 1)), added, lanes, sums)
        _add(weights, found, own, before, _BEFORE_SCALE / np.sqrt(max(before - own, 1)), added, lanes, sums)
        _add(weights, found, before, shape, _SHAPE_SCALE, added, lanes, sums)
        if number > shape:
            _add(weights, found, shape, number, _CUE_SCALE, added, lanes, sums)
        for head in range(len(gains)):
            scores[row, head] = sums[head] * gains[head] + offsets[head]
