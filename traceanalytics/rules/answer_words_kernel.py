"""The compiled pass that finds the words with which a text may say what its answer is."""

from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

from traceanalytics.compiled import compiled, inner
from traceanalytics.rules.boxes import BEFORE_WORD, BEHIND_WORD, IN_WORDS, WORDS
from traceanalytics.rules.texts import buffer_of, column_of

Bytes = NDArray[np.uint8]
Numbers = NDArray[np.int64]

_LONGEST_GAP = 6  # signs between "answer" and what follows
_RARE = 3  # the place of a letter in each word that is rarer than its first
_RARE_LETTERS = tuple({word.encode()[_RARE] for word in WORDS})
_COLON, _EQUALS = b":="
_FOLLOW = b"to is eq mu sh wo"  # how the words begin that may follow
_MOST_IN_A_TEXT = 4  # bytes a place, at the least


def answer_words(texts: Sequence[str]) -> Numbers:
    """Return where one of `boxes.WORDS` stands before a sign of equality or a word that may say so: text and place.

    >>> answer_words(["an answer", "é: the Answer is 4, and the result = 5"]).tolist()
    [[1, 7], [1, 28]]
    """
    data, offsets = buffer_of(column_of(texts))
    words = np.frombuffer("".join(WORDS).encode(), np.uint8)
    ends = np.cumsum([0, *map(len, WORDS)])
    places = np.empty((len(data) // _MOST_IN_A_TEXT + 1, 2), np.int64)
    return places[: _find(data, offsets, words, ends, np.frombuffer(_FOLLOW, np.uint8), places)]


def end_of_first_statement(text: str, places: Iterable[int]) -> int:
    """Return where the first line ends in which the words at some places, in order, state an answer, or the text.

    The statements are those that `boxes.statements_in_words` finds.
    """
    first = len(text)
    for at in places:
        if at > first:
            break
        begin = max(0, at - BEFORE_WORD)
        shift = max(0, begin - 1)  # no line begins at `begin` for want of the letter before it
        found = IN_WORDS.search(text[shift : at + BEHIND_WORD].lower(), begin - shift)
        if found and found.start() <= at - shift < found.end():
            line_end = text.find("\n", shift + found.end(), first)
            first = first if line_end < 0 else line_end
    return first


@compiled
def _find(data: Bytes, offsets: Numbers, words: Bytes, ends: Numbers, follow: Bytes, places: Numbers) -> int:
    count = 0
    for row in range(len(offsets) - 1):
        point, counted = 0, offsets[row]  # characters, and the bytes in which they are counted
        for rare in range(offsets[row] + _RARE, offsets[row + 1]):
            if data[rare] | 32 in _RARE_LETTERS:
                at = rare - _RARE
                behind = _behind_word(data, at, offsets[row + 1], words, ends)
                if behind and _may_state(data, behind, offsets[row + 1], follow):
                    while counted < at:
                        point += data[counted] & 0xC0 != 0x80
                        counted += 1
                    places[count, 0] = row
                    places[count, 1] = point
                    count += 1
    return count


@inner
def _behind_word(data: Bytes, at: int, end: int, words: Bytes, ends: Numbers) -> int:
    """Return the place behind one of the words, in letters of any size, or 0 where another stands."""
    for word in range(len(ends) - 1):
        first, size = ends[word], ends[word + 1] - ends[word]
        same = 0
        while same < size and at + same < end and data[at + same] | 32 == words[first + same]:
            same += 1
        if same == size:
            return int(at + size)
    return 0


@inner
def _may_state(data: Bytes, at: int, end: int, follow: Bytes) -> bool:
    """Say whether a sign of equality follows soon, or the beginning of a word that may say so."""
    first = at
    characters = 0
    while at < end and characters <= _LONGEST_GAP and not _is_letter(data[at]):
        if data[at] == _COLON or data[at] == _EQUALS:
            return True
        characters += data[at] & 0xC0 != 0x80
        at += 1
    if at == first or at + 1 >= end:
        return False
    for word in range(0, len(follow), 3):
        if data[at] | 32 == follow[word] and data[at + 1] | 32 == follow[word + 1]:
            return True
    return False


@inner
def _is_letter(byte: int) -> bool:
    """Say whether a byte is a letter of ASCII: no word that follows has another."""
    return byte | 32 >= 97 and byte | 32 <= 122
