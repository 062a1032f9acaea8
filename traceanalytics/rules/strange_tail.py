"""The compiled pass over the end of a response: its last paragraphs that share no words with all that stood before.

A word is a run of four letters and more, folded; those that any text holds do not count.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from traceanalytics.compiled import compiled, inner
from traceanalytics.rules.kernel_words import find, point_at, put, with_letter
from traceanalytics.rules.letters import SEVERAL, folded_letters
from traceanalytics.rules.texts import buffer_of
from traceanalytics.segments.kernel_bytes import space_at

LEAST_LETTERS = 4  # of a word

_CANNOT_TELL = -2


class Tail(NamedTuple):
    """Where the strange paragraphs begin, and how many characters they have together; -1 where there are none."""

    begin: int
    strange: int


def strange_tails(
    texts: Sequence[str],
    answered: Sequence[int],
    asked: Sequence[NDArray[np.int64]],
    plain: NDArray[np.int64],
    *,
    least: int,
    own: float,
) -> list[Tail | None]:
    """Return of each text its last paragraphs after a place of `least` words, fewer of them known than `own` of all.

    Known are the words before the place, and those of `asked`; `plain` is a table of the ones that do not count. Where
    a text holds letters that the pass cannot fold, there is None.
    """
    import pyarrow

    if not texts:
        return []
    data, offsets = buffer_of(pyarrow.array(texts, pyarrow.large_string()))
    places = np.array([_in_bytes(text, place) for text, place in zip(texts, answered, strict=True)], np.int64)
    firsts = np.cumsum([0, *map(len, asked)], dtype=np.int64)
    longest = int(np.diff(offsets).max())
    tables = np.empty((3, 1 << (longest // 2 + int(np.diff(firsts).max()) + 16).bit_length()), np.int64)
    begins = np.empty(longest + 2, np.int64)
    found = np.empty((len(texts), 2), np.int64)
    words = np.concatenate([*asked, np.zeros(0, np.int64)])
    _find(data, offsets, places, words, firsts, plain, least, own, folded_letters(), tables, begins, found)
    return [None if begin == _CANNOT_TELL else Tail(begin, strange) for begin, strange in found.tolist()]


def _in_bytes(text: str, place: int) -> int:
    return place if text.isascii() else len(text[:place].encode())


@compiled
def _find(
    data: NDArray[np.uint8],
    offsets: NDArray[np.int64],
    answered: NDArray[np.int64],
    asked: NDArray[np.int64],
    asked_first: NDArray[np.int64],
    plain: NDArray[np.int64],
    least: int,
    own: float,
    letters: NDArray[np.uint16],
    tables: NDArray[np.int64],
    begins: NDArray[np.int64],
    found: NDArray[np.int64],
) -> None:
    """Write of every text the character where its strange paragraphs begin, and their length; -2 says: cannot tell.

    `tables` are three for the longest text: known words, words of the paragraphs, and the one in which each was last
    seen. `begins` is room for where paragraphs begin.
    """
    for row in range(len(answered)):
        text = data[offsets[row] : offsets[row + 1]]
        words = asked[asked_first[row] : asked_first[row + 1]]
        size = _table_size(len(text), len(words))
        tables[:, :size] = 0
        own_tables = tables[0, :size], tables[1, :size], tables[2, :size]
        found[row] = _strange_tail(text, answered[row], words, plain, least, own, letters, *own_tables, begins)


@inner
def _table_size(characters: int, words: int) -> int:
    """Return a power of two that is more than twice the words of a text, and room for those of its question."""
    size = 16
    while size < characters // 2 + words + 16:
        size *= 2
    return size


@inner
def _strange_tail(
    data: NDArray[np.uint8],
    answered: int,
    asked: NDArray[np.int64],
    plain: NDArray[np.int64],
    least: int,
    own: float,
    letters: NDArray[np.uint16],
    known: NDArray[np.int64],
    seen: NDArray[np.int64],
    seen_in: NDArray[np.int64],
    begins: NDArray[np.int64],
) -> tuple[int, int]:
    """Do what `_find` does for one text; the tables come empty."""
    for word in asked:
        put(known, word)
    at = 0
    while at < answered:
        at, word, length = _next_word(data, at, answered, letters)
        if length < 0:
            return _CANNOT_TELL, 0
        if length >= LEAST_LETTERS:
            put(known, word)
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
