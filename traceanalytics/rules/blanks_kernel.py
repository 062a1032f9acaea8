"""The compiled pass that puts blanks in the place of parts of many texts."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from traceanalytics.compiled import compiled, inner
from traceanalytics.rules.texts import buffer_of, column_of, column_over

_BREAK, _SPACE = 10, 32


def blanked_texts(texts: Sequence[str], spans: NDArray[np.int64]) -> list[str]:
    """Put blanks in the place of spans (text, start, stop, in this order), line breaks kept, as `blanked` does of one.

    >>> blanked_texts(["é", "a```é``` c"], np.array([[1, 1, 8]]))
    ['é', 'a        c']
    """
    data, offsets = buffer_of(column_of(texts))
    written, begins = np.empty(len(data), np.uint8), np.zeros(len(texts) + 1, np.int64)
    _write(data, offsets, spans, written, begins)
    return column_over(written, begins).to_pylist()  # type: ignore[no-any-return]


@compiled
def _write(
    data: NDArray[np.uint8],
    offsets: NDArray[np.int64],
    spans: NDArray[np.int64],
    written: NDArray[np.uint8],
    begins: NDArray[np.int64],
) -> None:
    to = span = 0
    for row in range(len(offsets) - 1):
        at, end = offsets[row], offsets[row + 1]
        point = 0  # the number of the character
        while span < len(spans) and spans[span, 0] == row:
            start, stop = spans[span, 1], spans[span, 2]
            while at < end and (point < start or _continues(data[at])):
                written[to] = data[at]
                point += not _continues(data[at])
                at += 1
                to += 1
            while at < end and (point < stop or _continues(data[at])):
                if not _continues(data[at]):
                    written[to] = _BREAK if data[at] == _BREAK else _SPACE
                    point += 1
                    to += 1
                at += 1
            span += 1
        written[to : to + end - at] = data[at:end]
        to += end - at
        begins[row + 1] = to


@inner
def _continues(byte: int) -> bool:
    """Say whether a byte continues a character."""
    return byte & 0xC0 == 0x80
