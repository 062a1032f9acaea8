"""The compiled pass over the end of a response: its last paragraphs that share no words with all that stood before.

A word is a run of four letters and more, folded; those that any text holds do not count.
"""

from collections.abc import Iterable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from traceanalytics.compiled import compiled, inner
from traceanalytics.rules.letters import SEVERAL, folded_letters

LEAST_LETTERS = 4  # of a word

_BASE = 1000003
_MASK = (1 << 40) - 1
_CANNOT_TELL = -2


class Tail(NamedTuple):
    """Where the strange paragraphs begin, and how many characters they have together; -1 where there are none."""

    begin: int
    strange: int


def strange_tail(
    text: str, answered: int, asked: NDArray[np.int64], plain: NDArray[np.int64], *, least: int, own: float
) -> Tail | None:
    """Return the last paragraphs after a place of `least` words with a smaller share of known ones than `own`.

    Known are the words before the place, and those of `asked`; `plain` is a table of the ones that do not count. Where
    a text holds letters that the pass cannot fold, it gives None.
    """
    data = np.frombuffer(text.encode("utf-8", "surrogatepass"), np.uint8)
    at = answered if len(data) == len(text) else len(text[:answered].encode("utf-8", "surrogatepass"))
    size = 1 << (len(data) // 2 + len(asked) + 16).bit_length()
    begin, strange = _strange_tail(data, at, asked, plain, least, own, folded_letters(), np.zeros((3, size), np.int64))
    return None if begin == _CANNOT_TELL else Tail(begin, strange)


def hashed(words: Iterable[str]) -> NDArray[np.int64]:
    """Return the hashes of folded words."""
    return np.array([_hash(word) for word in words], np.int64)


def table_of(words: Iterable[str]) -> NDArray[np.int64]:
    """Return the hashes of folded words as an open-addressed table."""
    hashes = [_hash(word) for word in words]
    table = np.zeros(1 << (4 * len(hashes)).bit_length(), np.int64)
    for each in hashes:
        slot = each & (len(table) - 1)
        while table[slot] not in (0, each):
            slot = (slot + 1) & (len(table) - 1)
        table[slot] = each
    return table


def _hash(word: str) -> int:
    whole = 0
    for letter in word:
        whole = (whole * _BASE + ord(letter)) & _MASK
    return whole


@compiled
def _strange_tail(
    data: NDArray[np.uint8],
    answered: int,
    asked: NDArray[np.int64],
    plain: NDArray[np.int64],
    least: int,
    own: float,
    letters: NDArray[np.uint16],
    tables: NDArray[np.int64],
) -> tuple[int, int]:
    """Return the character where the strange paragraphs begin and their length, -1 without any; -2 says: cannot tell.

    `tables` are three of zeros: known words, words of the paragraphs, and the paragraph in which each was last seen.
    """
    known, seen, seen_in = tables[0], tables[1], tables[2]
    for word in asked:
        _put(known, word)
    at = 0
    while at < answered:
        at, word, length = _next_word(data, at, answered, letters)
        if length < 0:
            return _CANNOT_TELL, 0
        if length >= LEAST_LETTERS:
            _put(known, word)
    begins = np.empty(len(data) - answered + 2, np.int64)
    begins[0] = answered
    count = 1
    at = answered
    while at < len(data):
        if data[at] != 10:
            at += 1
            continue
        last, stop = at, at
        while stop < len(data):
            size = _white_space(data, stop)
            if size == 0:
                break
            if data[stop] == 10:
                last = stop
            stop += size
        if last > at:
            begins[count], begins[count + 1] = at, last + 1
            count += 2
        at = stop
    begin = strange = -1
    stop = len(data)
    for k in range(count - 1, -1, -1):
        words = shared = 0
        at = begins[k]
        while at < stop:
            at, word, length = _next_word(data, at, stop, letters)
            if length < 0:
                return _CANNOT_TELL, 0
            if length < LEAST_LETTERS or _find(plain, word) >= 0:
                continue
            slot = _put(seen, word)
            if seen_in[slot] != k + 1:
                seen_in[slot] = k + 1
                words += 1
                shared += _find(known, word) >= 0
        if words >= least:
            if shared >= own * words:
                break
            begin = begins[k]
            strange = max(strange, 0) + _characters(data, begins[k], stop)
        stop = begins[k]
    return _characters(data, 0, begin) if begin >= 0 else -1, strange


@inner
def _next_word(data: NDArray[np.uint8], at: int, end: int, letters: NDArray[np.uint16]) -> tuple[int, int, int]:
    """Return the place after the next word, its hash and its length; 0 where none follows, -1 where it cannot tell."""
    whole = length = 0
    while at < end:
        point = int(data[at])
        size = 1
        if point >= 0xF0:
            return at, 0, -1
        if point >= 0xE0:
            point = (point & 0x0F) << 12 | (int(data[at + 1]) & 0x3F) << 6 | (int(data[at + 2]) & 0x3F)
            size = 3
        elif point >= 0x80:
            point = (point & 0x1F) << 6 | (int(data[at + 1]) & 0x3F)
            size = 2
        letter = int(letters[point])
        if letter == SEVERAL:
            return at, 0, -1
        if letter > 0:
            whole = (whole * _BASE + letter) & _MASK
            length += 1
        elif length > 0:
            break
        at += size
    return at, whole, length


@inner
def _white_space(data: NDArray[np.uint8], at: int) -> int:
    """Return how many bytes the white space at a place has; 0 where none stands there."""
    first = data[at]
    if first < 0x80:
        return 1 if first == 32 or 9 <= first <= 13 or 28 <= first <= 31 else 0
    if first == 0xC2:
        return 2 if data[at + 1] == 0x85 or data[at + 1] == 0xA0 else 0
    if first < 0xE1 or first > 0xE3:
        return 0
    second, third = data[at + 1], data[at + 2]
    if first == 0xE2 and second == 0x80:
        return 3 if third <= 0x8A or third == 0xA8 or third == 0xA9 or third == 0xAF else 0
    ogham, wide = first == 0xE1 and second == 0x9A, first == 0xE3 and second == 0x80
    medium = first == 0xE2 and second == 0x81 and third == 0x9F
    return 3 if medium or ((ogham or wide) and third == 0x80) else 0


@inner
def _characters(data: NDArray[np.uint8], start: int, stop: int) -> int:
    count = 0
    for i in range(start, stop):
        count += data[i] & 0xC0 != 0x80
    return count


@inner
def _find(table: NDArray[np.int64], word: int) -> int:
    """Return the slot of a word in an open-addressed table, -1 where it is not there."""
    slot = word & (len(table) - 1)
    while table[slot] != 0:
        if table[slot] == word:
            return slot
        slot = (slot + 1) & (len(table) - 1)
    return -1


@inner
def _put(table: NDArray[np.int64], word: int) -> int:
    """Put a word into a table and return its slot."""
    slot = word & (len(table) - 1)
    while table[slot] != 0 and table[slot] != word:
        slot = (slot + 1) & (len(table) - 1)
    table[slot] = word
    return slot
