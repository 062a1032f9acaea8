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
from traceanalytics.rules.texts import buffer_of, column_of
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
    asked: Sequence[str],
    plain: NDArray[np.int64],
    *,
    least: int,
    own: float,
) -> list[Tail | None]:
    """Return of each text its last paragraphs after a place of `least` words, fewer of them known than `own` of all.

    Known are the words before the place, and those of the question that was asked; `plain` is a table of the words that
    do not count. Where text or question hold letters that the pass cannot fold, there is None.
    """
    if not texts:
        return []
    data, offsets = buffer_of(column_of(texts))
    questions, questions_from = buffer_of(column_of(asked))
    places = np.array([_in_bytes(text, place) for text, place in zip(texts, answered, strict=True)], np.int64)
    longest = int(np.diff(offsets).max())
    tables = np.empty((3, 1 << ((longest + int(np.diff(questions_from).max())) // 2 + 16).bit_length()), np.int64)
    begins = np.empty(longest + 2, np.int64)
    found = np.empty((len(texts), 2), np.int64)
    columns = data, offsets, questions, questions_from, places
    _find(*columns, plain, least, own, folded_letters(), tables, begins, found)
    return [None if begin == _CANNOT_TELL else Tail(begin, strange) for begin, strange in found.tolist()]


def _in_bytes(text: str, place: int) -> int:
    return place if text.isascii() else len(text[:place].encode())


@compiled
def _find(
    data: NDArray[np.uint8],
    offsets: NDArray[np.int64],
    questions: NDArray[np.uint8],
    questions_from: NDArray[np.int64],
    answered: NDArray[np.int64],
    plain: NDArray[np.int64],
    least: int,
    own: float,
    letters: NDArray[np.uint16],
    tables: NDArray[np.int64],
    begins: NDArray[np.int64],
    found: NDArray[np.int64],
) -> None:
    """Write of every text the character where its strange paragraphs begin, and their length; -2 says: cannot tell.

    `tables` are three for the longest text: its words, which of them are known, and the paragraph in which each was
    last seen. `begins` is room for where paragraphs begin.
    """
    for row in range(len(answered)):
        text = data[offsets[row] : offsets[row + 1]]
        question = questions[questions_from[row] : questions_from[row + 1]]
        size = _table_size(len(text) + len(question))
        tables[:, :size] = 0
        words, known, seen_in = tables[0, :size], tables[1, :size], tables[2, :size]
        can_tell = _know_words(question, len(question), letters, words, known)
        if can_tell and _know_words(text, answered[row], letters, words, known):
            own_tables = words, known, seen_in
            found[row] = _strange_tail(text, answered[row], plain, least, own, letters, *own_tables, begins)
        else:
            found[row] = _CANNOT_TELL, 0


@inner
def _table_size(characters: int) -> int:
    """Return a power of two that is more than twice the words of a text and its question."""
    size = 16
    while size < characters // 2 + 16:
        size *= 2
    return size


@inner
def _know_words(
    data: NDArray[np.uint8], end: int, letters: NDArray[np.uint16], words: NDArray[np.int64], known: NDArray[np.int64]
) -> bool:
    """Put the words before a place into the tables, and say whether all could be folded."""
    at = 0
    while at < end:
        at, word, length = _next_word(data, at, end, letters)
        if length < 0:
            return False
        if length >= LEAST_LETTERS:
            known[put(words, word)] = 1
    return True


@inner
def _strange_tail(
    data: NDArray[np.uint8],
    answered: int,
    plain: NDArray[np.int64],
    least: int,
    own: float,
    letters: NDArray[np.uint16],
    words: NDArray[np.int64],
    known: NDArray[np.int64],
    seen_in: NDArray[np.int64],
    begins: NDArray[np.int64],
) -> tuple[int, int]:
    """Do what `_find` does for one text; the tables hold what is known before the place."""
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
        different = shared = 0
        at = begins[k]
        while at < stop:
            at, word, length = _next_word(data, at, stop, letters)
            if length < 0:
                return _CANNOT_TELL, 0
            if length < LEAST_LETTERS or find(plain, word) >= 0:
                continue
            slot = put(words, word)
            if seen_in[slot] != k + 1:
                seen_in[slot] = k + 1
                different += 1
                shared += known[slot]
        if different >= least:
            if shared >= own * different:
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
