"""The compiled pass that pairs fences: one closes what is open, unless it is shorter or names another block."""

import numpy as np
from numpy.typing import NDArray

from traceanalytics.compiled import compiled, inner
from traceanalytics.rules.code_kernel import LEADS, ROW, SIZE, START, Found

Numbers = NDArray[np.int64]

_NAMES_A_BLOCK, _OPENS_WITH_A_TAG, _BODY = range(3)  # what is known of the words after fences
_LENGTH, _SOLID = range(2)  # of a text: its length, with and without the blanks at its end
_ROW, _BEGIN, _END, _BODY_BEGIN, _BODY_END, _WORD, _CLOSED = range(7)
_NO_WORD = -1


def paired(
    fences: Found, words: Numbers, infos: Numbers, begun: NDArray[np.bool_], lengths: Numbers
) -> tuple[Numbers, Numbers, NDArray[np.bool_]]:
    """Return the pairs (row, start, stop, where the body starts and stops), the word that opens each, and is it closed.

    `words` numbers the words after the fences, and `infos` says of each whether it names a kind of block, whether it
    gives its block a tag, and how far behind the signs the body begins. In a text that has `begun` inside a program
    the first fence closes it; there the number of the word is -1.
    """
    pairs = np.empty((len(fences) + 1, 7), np.int64)
    found = pairs[: _pair(fences, words, infos, begun, lengths, pairs)]
    return found[:, :_WORD], found[:, _WORD], found[:, _CLOSED] > 0


@compiled
def _pair(
    fences: Found, words: Numbers, infos: Numbers, begun: NDArray[np.bool_], lengths: Numbers, pairs: Numbers
) -> int:
    count = 0
    fence = 0
    while fence < len(fences):
        row = fences[fence, ROW]
        length = lengths[row, _LENGTH]
        size = 0  # of the fence that is open
        if begun[row]:
            _open(pairs, count, row, 0, 0, _NO_WORD)
            count = _close(pairs, count, fences[fence, START], fences[fence, START] + fences[fence, SIZE], 1)
            fence += 1
        while fence < len(fences) and fences[fence, ROW] == row:
            start, word = fences[fence, START], words[fence]
            behind = start + fences[fence, SIZE]
            if fences[fence, SIZE] >= size:
                names_another = fences[fence, LEADS] and infos[word, _NAMES_A_BLOCK]
                was_open = size > 0
                if was_open:
                    count = _close(pairs, count, start, start if names_another else behind, not names_another)
                    size = 0
                if names_another or not was_open:
                    _open(pairs, count, row, start, min(length, behind + infos[word, _BODY]), word)
                    size = fences[fence, SIZE]
            fence += 1
        if size and (infos[pairs[count, _WORD], _OPENS_WITH_A_TAG] or pairs[count, _BODY_BEGIN] < lengths[row, _SOLID]):
            count = _close(pairs, count, length, length, 0)
    return count


@inner
def _open(pairs: Numbers, count: int, row: int, start: int, body: int, word: int) -> None:
    pairs[count, _ROW] = row
    pairs[count, _BEGIN] = start
    pairs[count, _BODY_BEGIN] = body
    pairs[count, _WORD] = word


@inner
def _close(pairs: Numbers, count: int, body_end: int, end: int, closed: int) -> int:
    pairs[count, _BODY_END] = max(pairs[count, _BODY_BEGIN], body_end)
    pairs[count, _END] = end
    pairs[count, _CLOSED] = closed
    return count + 1
