r"""The parts of kernels that tell what is no prose: formulas, quotations, brackets and addresses.

The first that fits where one begins counts:

    $$…$$  $…$  \[…\]  \(…\)  \begin{…}…\end{…}  \text{…}  \mathrm{…}
    `…`  "…"  “…”  «…»  「…」  『…』  ‘…’  (…)  （…）  https://…

Those in `$`, in braces and in quotes end with their line; displayed formulas and brackets have a most of characters.
"""

import numpy as np
from numpy.typing import NDArray

from traceanalytics.compiled import inner
from traceanalytics.rules.gibberish_kernel import code_point
from traceanalytics.rules.kernel_words import stands
from traceanalytics.segments.kernel_bytes import space_at

Bytes = NDArray[np.uint8]

MOST_IN_DOLLARS = 2000
MOST_IN_ENVIRONMENT = 2000
MOST_IN_DISPLAY = 1500
MOST_IN_LINE = 500
MOST_IN_BRACES = 200
MOST_IN_BRACKETS = 60

_ANY = 1 << 40
_NOTHING = -1
_BREAK, _LOW_LINE = 10, 95
_DOLLAR, _BACKSLASH, _GRAVE, _QUOTE, _STAR, _COLON, _SLASH = (ord(sign) for sign in '$\\`"*:/')
_ROUND, _ROUND_END, _SQUARE, _SQUARE_END, _BRACE, _BRACE_END = (ord(sign) for sign in "()[]{}")
_WIDE, _WIDE_END = 0xFF08, 0xFF09
_H, _S = ord("h"), ord("s")
_BEGIN, _END, _TEXT, _ROMAN = (tuple(word) for word in (b"\\begin{", b"\\end{", b"\\text{", b"\\mathrm{"))
_HTTP = tuple(b"http")

MAY_BEGIN = np.zeros(256, np.bool_)  # the bytes with which something begins that is no prose
MAY_BEGIN[list(b'$\\`"(h')] = True
MAY_BEGIN[[sign.encode()[0] for sign in "（“‘「『«"]] = True


@inner
def behind_no_prose(data: Bytes, at: int, end: int, word_signs: Bytes) -> int:
    """Return the place behind what begins here and is no prose, or 0; `word_signs` holds 0 for what is in no word."""
    sign = data[at]
    if sign == _DOLLAR:
        display = _behind_dollars(data, at, end)
        return display if display > 0 else _behind(data, at + 1, end, _DOLLAR, _NOTHING, 0, _ANY)
    if sign == _BACKSLASH:
        return _behind_command(data, at, end, word_signs)
    if sign in (_GRAVE, _QUOTE):
        return _behind(data, at + 1, end, sign, _NOTHING, 0, _ANY)
    if sign == _ROUND:
        return _behind(data, at + 1, end, _ROUND_END, _ROUND, 1, MOST_IN_BRACKETS)
    if sign == _H:
        return _behind_address(data, at, end)
    if sign < 0x80:
        return 0
    point, size = code_point(data, at, end)
    if point == _WIDE:
        return _behind(data, at + size, end, _WIDE_END, _WIDE, 1, MOST_IN_BRACKETS)
    closing = _closing_quote(point)
    return _behind(data, at + size, end, closing, _NOTHING, 0, _ANY) if closing > 0 else 0


@inner
def _closing_quote(point: int) -> int:
    if point == 0x201C or point == 0x2018 or point == 0x300C or point == 0x300E:  # “ ‘ 「 『
        return point + 1
    return 0xBB if point == 0xAB else 0  # « »


@inner
def _behind(data: Bytes, at: int, end: int, closes: int, opens: int, least: int, most: int) -> int:
    """Return the place behind the closing sign; 0 where the line ends, it opens anew, or the size is wrong."""
    inside = 0
    while at < end:
        point, size = code_point(data, at, end)
        at += size
        if point == closes:
            return at if inside >= least else 0
        if point in (_BREAK, opens) or inside == most:
            return 0
        inside += 1
    return 0


@inner
def _behind_dollars(data: Bytes, at: int, end: int) -> int:
    """Return the place behind `$$…$$`; 0 where a single dollar comes before."""
    if at + 1 >= end or data[at + 1] != _DOLLAR:
        return 0
    at += 2
    inside = 0
    while at < end and inside <= MOST_IN_DOLLARS:
        if data[at] == _DOLLAR:
            return at + 2 if at + 1 < end and data[at + 1] == _DOLLAR else 0
        at += code_point(data, at, end)[1]
        inside += 1
    return 0


@inner
def _behind_command(data: Bytes, at: int, end: int, word_signs: Bytes) -> int:
    if at + 1 >= end:
        return 0
    if data[at + 1] == _SQUARE:
        return _behind_display(data, at + 2, end, _SQUARE_END, MOST_IN_DISPLAY)
    if data[at + 1] == _ROUND:
        return _behind_display(data, at + 2, end, _ROUND_END, MOST_IN_LINE)
    if stands(data, at, end, _TEXT):
        return _behind(data, at + len(_TEXT), end, _BRACE_END, _BRACE, 0, MOST_IN_BRACES)
    if stands(data, at, end, _ROMAN):
        return _behind(data, at + len(_ROMAN), end, _BRACE_END, _BRACE, 0, MOST_IN_BRACES)
    if stands(data, at, end, _BEGIN):
        return _behind_environment(data, at + len(_BEGIN), end, word_signs)
    return 0


@inner
def _behind_display(data: Bytes, at: int, end: int, closes: int, most: int) -> int:
    r"""Return the place behind `\]` or `\)`, on whatever line."""
    inside = 0
    while at + 1 < end and inside <= most:
        if data[at] == _BACKSLASH and data[at + 1] == closes:
            return at + 2
        at += code_point(data, at, end)[1]
        inside += 1
    return 0


@inner
def _behind_environment(data: Bytes, at: int, end: int, word_signs: Bytes) -> int:
    r"""Return the place behind the first `\end{…}` whose name is a word, with or without a star."""
    inside = 0
    while at < end and inside <= MOST_IN_ENVIRONMENT:
        if data[at] == _BACKSLASH and stands(data, at, end, _END):
            name = at + len(_END)
            stop = _behind_word(data, name, end, word_signs)
            starred = stop + (stop < end and data[stop] == _STAR)
            if stop > name and starred < end and data[starred] == _BRACE_END:
                return starred + 1
        at += code_point(data, at, end)[1]
        inside += 1
    return 0


@inner
def _behind_word(data: Bytes, at: int, end: int, word_signs: Bytes) -> int:
    while at < end:
        point, size = code_point(data, at, end)
        if point >= len(word_signs) or word_signs[point] == 0:
            break
        at += size
    return at


@inner
def _behind_address(data: Bytes, at: int, end: int) -> int:
    if not stands(data, at, end, _HTTP):
        return 0
    at += len(_HTTP)
    at += at < end and data[at] == _S
    if at + 3 >= end or data[at] != _COLON or data[at + 1] != _SLASH or data[at + 2] != _SLASH:
        return 0
    at += 3
    begin = at
    while at < end and space_at(data, at, end) == 0:
        at += code_point(data, at, end)[1]
    return at if at > begin else 0
