"""The compiled pass that finds the last sentence before each of many places."""

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


def last_sentences(texts: Sequence[str], spans: Numbers) -> Numbers:
    r"""Return where the last sentence of each part begins; parts are (text, start, stop), in order of text and stop.

    A sentence begins behind the end of another one and blanks, or behind a line break, if anything follows.

    >>> text = "So be it. Let us see\n"
    >>> last_sentences([text], np.array([[0, 0, len(text)]])).tolist()
    [10]
    """
    data, offsets = buffer_of(column_of(texts))
    begins = np.empty(len(spans), np.int64)
    _find(data, offsets, spans, counterparts(), begins)
    return begins


@compiled
def _find(data: Bytes, offsets: Numbers, spans: Numbers, signs: Bytes, begins: Numbers) -> None:
    row = -1
    at = point = 0  # a place in bytes, and its number in characters
    for span in range(len(spans)):
        start, stop = spans[span, 1], spans[span, 2]
        if spans[span, 0] != row:
            row, point = spans[span, 0], 0
            at = offsets[row]
        while point < stop:
            at = _behind(data, at)
            point += 1
        begins[span] = _last_sentence(data, at, start, stop, signs)


@inner
def _last_sentence(data: Bytes, end: int, start: int, stop: int, signs: Bytes) -> int:
    """Go back from a place, of which bytes and characters are given, to where the sentence before it begins."""
    at, point = end, stop
    while point > start and _is_blank(data, _before(data, at), signs):
        at, point = _before(data, at), point - 1
    while point > start:
        behind_blanks = point
        behind_break = -1
        while point > start and _is_blank(data, _before(data, at), signs):
            at = _before(data, at)
            if data[at] == _BREAK and behind_break < 0:
                behind_break = point
            point -= 1
        if point < behind_blanks and _ends_a_sentence(data, at, point - start):
            return behind_blanks
        if behind_break >= 0:
            return behind_break
        if point > start:
            at, point = _before(data, at), point - 1
    return start


@inner
def _ends_a_sentence(data: Bytes, at: int, most: int) -> bool:
    """Say whether a stop stands before a place, perhaps with stars behind it, among so many characters."""
    while most > 0 and data[at - 1] == _STAR:
        at -= 1
        most -= 1
    return bool(most > 0 and data[at - 1] in _ENDS)


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


@inner
def _behind(data: Bytes, at: int) -> int:
    """Return the place behind a character."""
    at += 1
    while at < len(data) and data[at] & 0xC0 == 0x80:
        at += 1
    return at
