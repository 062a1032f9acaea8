"""The compiled pass that writes letters, digits and blanks beyond ASCII as those that RE2 takes for such."""

import re
from functools import cache
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from traceanalytics.compiled import compiled
from traceanalytics.rules.gibberish_kernel import code_point
from traceanalytics.rules.texts import buffer_of, column_over

if TYPE_CHECKING:
    import pyarrow

LETTER, DIGIT, BLANK = b"_7\x1f"
_LAST = 0x40000  # no letter, digit or blank stands behind it


def with_ascii_letters(texts: "pyarrow.LargeStringArray") -> "tuple[pyarrow.LargeStringArray, NDArray[np.bool_]]":
    r"""Put what RE2 takes for a letter, a digit or a blank for those beyond ASCII, and say which texts held any.

    >>> from traceanalytics.rules.texts import column_of
    >>> [each.tolist() for each in with_ascii_letters(column_of(["été ٣ – x²", "a – b"]))]
    [['_t_ 7 – x_', 'a – b'], [True, False]]
    """
    data, offsets = buffer_of(texts)
    written, begins = np.empty(len(data), np.uint8), np.zeros(len(texts) + 1, np.int64)
    changed = np.zeros(len(texts), np.bool_)
    _write(data, offsets, counterparts(), written, begins, changed)
    return column_over(written, begins), changed


@cache
def counterparts() -> NDArray[np.uint8]:
    """Return what stands for each code point; 0 where it stands for itself."""
    table = np.zeros(_LAST, np.uint8)
    everything = "".join(map(chr, (*range(0x80, 0xD800), *range(0xE000, _LAST))))
    for pattern, sign in ((r"\w", LETTER), (r"\d", DIGIT), (r"\s", BLANK)):
        table[[ord(each) for each in re.findall(pattern, everything)]] = sign
    return table


@compiled
def _write(
    data: NDArray[np.uint8],
    offsets: NDArray[np.int64],
    counterparts: NDArray[np.uint8],
    written: NDArray[np.uint8],
    begins: NDArray[np.int64],
    changed: NDArray[np.bool_],
) -> None:
    to = 0
    for row in range(len(offsets) - 1):
        at, end = offsets[row], offsets[row + 1]
        while at < end:
            size, sign = 1, data[at]
            if sign >= 0x80:
                point, size = code_point(data, at, end)
                sign = counterparts[point] if point < len(counterparts) else 0
                changed[row] = changed[row] or sign > 0
            if sign:
                written[to] = sign
                to += 1
            else:
                written[to : to + size] = data[at : at + size]
                to += size
            at += size
        begins[row + 1] = to
