"""The compiled pass over the end of a response: its last paragraphs that share no words with all that stood before.

A word is a run of four letters and more, folded; those that any text holds do not count.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from traceanalytics.compiled import compiled, inner
from traceanalytics.rules.kernel_words import find, point_at, put, with_letter
from traceanalytics.rules.letters import SEVERAL, folded_letters
from traceanalytics.segments.kernel_bytes import space_at

LEAST_LETTERS = 4  # of a word

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
        put(known, word)
    at = 0
    while at < answered:
        at, word, length = _next_word(data, at, answered, letters)
        if length < 0:
            return _CANNOT_TELL, 0
        if length >= LEAST_LETTERS:
            put(known, word)
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
            size = space_at(data, stop, len(data))
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
            if length < LEAST_LETTERS or find(plain, word) >= 0:
                continue
            slot = put(seen, word)
            if seen_in[slot] != k + 1:
                seen_in[slot] = k + 1
                words += 1
                shared += find(known, word) >= 0
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
        point, size = point_at(data, at)
        if size == 4:
            return at, 0, -1
        letter = int(letters[point])
        if letter == SEVERAL:
            return at, 0, -1
        if letter > 0:
            whole = with_letter(whole, letter)
            length += 1
        elif length > 0:
            break
        at += size
    return at, whole, length


@inner
def _characters(data: NDArray[np.uint8], start: int, stop: int) -> int:
    count = 0
    for i in range(start, stop):
        count += data[i] & 0xC0 != 0x80
    return count
