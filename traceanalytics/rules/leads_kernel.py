"""The compiled pass that measures the last sentence of each of many texts."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from traceanalytics.compiled import compiled, inner
from traceanalytics.rules.columns_kernel import BLANK, counterparts
from traceanalytics.rules.gibberish_kernel import code_point
from traceanalytics.rules.texts import buffer_of, column_of

Bytes = NDArray[np.uint8]
Numbers = NDArray[np.int64]

_BREAK, _STAR = 10, 42
_ENDS = tuple(b".!?")


def last_sentences(texts: Sequence[str]) -> Numbers:
    r"""Return how many characters the last sentence of each text has, with the blanks behind it.

    A sentence begins behind the end of another one and blanks, or behind a line break, if anything follows.

    >>> last_sentences(["So be it. Let us see\n", "\n"]).tolist()
    [11, 1]
    """
    data, offsets = buffer_of(column_of(texts))
    sizes = np.empty(len(texts), np.int64)
    _measure(data, offsets, counterparts(), sizes)
    return sizes


@compiled
def _measure(data: Bytes, offsets: Numbers, signs: Bytes, sizes: Numbers) -> None:
    for text in range(len(offsets) - 1):
        sizes[text] = _last_sentence(data, offsets[text], offsets[text + 1], signs)


@inner
def _last_sentence(data: Bytes, start: int, at: int, signs: Bytes) -> int:
    """Go back from the end of a text to where its last sentence begins, and count characters."""
    size = 0
    while at > start and _is_blank(data, _before(data, at), signs):
        at, size = _before(data, at), size + 1
    while at > start:
        behind_blanks, behind_break = size, -1
        while at > start and _is_blank(data, _before(data, at), signs):
            at = _before(data, at)
            if data[at] == _BREAK and behind_break < 0:
                behind_break = size
            size += 1
        if size > behind_blanks and _ends_a_sentence(data, start, at):
            return behind_blanks
        if behind_break >= 0:
            return behind_break
        if at > start:
            at, size = _before(data, at), size + 1
    return size


@inner
def _ends_a_sentence(data: Bytes, start: int, at: int) -> bool:
    """Say whether a stop stands before a place, perhaps with stars behind it."""
    while at > start and data[at - 1] == _STAR:
        at -= 1
    return bool(at > start and data[at - 1] in _ENDS)


@inner
def _is_blank(data: Bytes, at: int, signs: Bytes) -> bool:
    if data[at] < 0x80:
        return bool(data[at] == 32 or (data[at] >= 9 and data[at] <= 13) or (data[at] >= 28 and data[at] <= 31))
    point, _ = code_point(data, at, len(data))
    return bool(point < len(signs) and signs[point] == BLANK)


@inner
def _before(data: Bytes, at: int) -> int:
    """Return where the character before a place begins."""
    at -= 1
    while data[at] & 0xC0 == 0x80:
        at -= 1
    return at
