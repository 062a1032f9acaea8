"""The compiled pass that says which responses end as finished ones do; the others are worth a look."""

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from traceanalytics.compiled import compiled, inner
from traceanalytics.rules.kernel_words import stands
from traceanalytics.rules.texts import buffer_of
from traceanalytics.segments.kernel_bytes import space_at

if TYPE_CHECKING:
    import pyarrow

Bytes = NDArray[np.uint8]

_ENDINGS = tuple(b".!?}$)*|]:\"'`>~")
_ANSWER_TAG = tuple(b"<answer>")
_BEGIN, _END = tuple(b"begin{"), tuple(b"end{")
_BACKSLASH, _DOLLAR, _ROUND, _ROUND_END, _SQUARE, _SQUARE_END = (ord(sign) for sign in "\\$()[]")


def proper_ends(texts: "pyarrow.LargeStringArray") -> NDArray[np.bool_]:
    r"""Say which texts end with a sign that ends sentences, behind the end of every formula that they begin.

    >>> from traceanalytics.rules.texts import column_of
    >>> proper_ends(column_of(["Done. ", "and so on", "\\[ x = 3.", "\\[ x \\] is 3.", "<answer>"])).tolist()
    [True, False, False, True, False]
    """
    data, offsets = buffer_of(texts)
    proper = np.zeros(len(texts), np.bool_)
    _judge(data, offsets, proper)
    return proper


@compiled
def _judge(data: Bytes, offsets: NDArray[np.int64], proper: NDArray[np.bool_]) -> None:
    for row in range(len(proper)):
        begin, end = offsets[row], offsets[row + 1]
        while end > begin and space_at(data, end - 1, end) > 0:
            end -= 1
        if end > begin and data[end - 1] in _ENDINGS:
            tag = end - len(_ANSWER_TAG)
            opens_answer = tag >= begin and stands(data, tag, end, _ANSWER_TAG)
            proper[row] = not opens_answer and not _leaves_formula_open(data, begin, end)


@inner
def _leaves_formula_open(data: Bytes, begin: int, end: int) -> bool:
    r"""Say whether `\[`, `\(`, `\begin{` or `$$` comes without what closes it."""
    square = round_one = environment = dollars = False
    at = begin
    while at + 1 < end:
        sign, following = data[at], data[at + 1]
        if sign == _DOLLAR and following == _DOLLAR:
            dollars = not dollars
            at += 1
        elif sign == _BACKSLASH:
            if following in (_SQUARE, _SQUARE_END):
                square = following == _SQUARE
            elif following in (_ROUND, _ROUND_END):
                round_one = following == _ROUND
            elif stands(data, at + 1, end, _BEGIN):
                environment = True
            elif stands(data, at + 1, end, _END):
                environment = False
        at += 1
    return square or round_one or environment or dollars
