"""The compiled pass that finds where fences stand, and where lines begin as programs do; it reads a batch once."""

from collections.abc import Sequence
from typing import NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from traceanalytics.compiled import compiled, inner
from traceanalytics.rules.texts import buffer_of, column_of

Bytes: TypeAlias = NDArray[np.uint8]
Places: TypeAlias = NDArray[np.int64]
Found: TypeAlias = NDArray[np.int32]

_BEGINS_A_PROGRAM = (
    *("import", "from", "def", "class", "print", "for", "while", "using", "public", "private", "int", "const", "let"),
    *("console.log", "var", "function", "<?", "disp(", "printf(", "SELECT", "#include"),
)
_SHORTEST = 3  # bytes of a fence, and of a beginning
_BACKTICK, _TILDE, _BREAK, _SPACE, _TAB, _PROMPT, _HASH = 96, 126, 10, 32, 9, 62, 35
_BRACKET, _ASY = ord("["), b"asy"
_LEADING = tuple(b" \t>*-.0123456789")
ROW, START, SIZE, _STOP, LEADS = range(5)


class Outlines(NamedTuple):
    """Where fences stand in some texts, and where lines begin that may begin a program; places are code points."""

    fences: Found  # row, start, how many signs, where the word after them stops, does it begin its line
    lines: Found  # row, start
    pictured: Places  # the texts with the tag that opens a picture, in letters of any size


def outlines(texts: Sequence[str]) -> Outlines:
    """Find the fences and the lines of some texts.

    >>> [each.tolist() for each in outlines(["é\\n```py\\nimport re", "[asy]"])]
    [[[0, 2, 3, 7, 1]], [[0, 8]], [1]]
    """
    data, offsets = buffer_of(column_of(texts))
    most = len(data) // _SHORTEST + 1
    fences, lines = np.empty((most, 5), np.int32), np.empty((most, 2), np.int32)
    found = _find(data, offsets, *_beginnings(), fences, lines)
    return Outlines(fences[: found[0]], lines[: found[1]], _pictured(data, offsets))


def _beginnings() -> tuple[Bytes, Places, NDArray[np.bool_]]:
    """Return the beginnings as bytes, one behind the other, where each starts, and with which bytes they do."""
    words = np.frombuffer("".join(_BEGINS_A_PROGRAM).encode(), np.uint8)
    ends = np.cumsum([0, *map(len, _BEGINS_A_PROGRAM)])
    begins = np.zeros(256, np.bool_)
    begins[words[ends[:-1]]] = begins[_PROMPT] = True
    return words, ends, begins


def _pictured(data: Bytes, offsets: Places) -> Places:
    at = np.flatnonzero(data[: -len(_ASY)] == _BRACKET)
    for behind, letter in enumerate(_ASY, 1):
        at = at[data[at + behind] | 32 == letter]
    rows = np.searchsorted(offsets, at, side="right") - 1
    return np.unique(rows[at + len(_ASY) < offsets[rows + 1]])


@compiled
def _find(
    data: Bytes,
    offsets: Places,
    words: Bytes,
    ends: Places,
    begins: NDArray[np.bool_],
    fences: Found,
    lines: Found,
) -> tuple[int, int]:
    """Write fences and lines; return how many there are of each."""
    marks = begun = 0
    for row in range(len(offsets) - 1):
        line = at = offsets[row]
        end = offsets[row + 1]
        continued = 0  # bytes that continue a character
        while at < end:
            if at == line:
                first = _behind_blanks(data, at, end)
                if first < end and begins[data[first]] and _begins_a_program(data, first, end, words, ends):
                    lines[begun, 0] = row
                    lines[begun, 1] = at - offsets[row] - continued
                    begun += 1
                if _run(data, first, end, _TILDE) >= _SHORTEST:
                    at = first
            sign = data[at]
            size = 0
            if sign == _BACKTICK or (sign == _TILDE and _behind_blanks(data, line, end) == at):
                size = _run(data, at, end, sign)
            if size >= _SHORTEST:
                fences[marks, ROW] = row
                fences[marks, START] = at - offsets[row] - continued
                fences[marks, SIZE] = size
                fences[marks, LEADS] = _leads(data, line, at)
            at += max(size, 1)
            continued += sign & 0xC0 == 0x80
            if sign == _BREAK:
                line = at
                continue
            while at < end and data[at] != _BREAK and (data[at] != _BACKTICK or (sign == _TILDE and size >= _SHORTEST)):
                continued += data[at] & 0xC0 == 0x80
                at += 1
            if size >= _SHORTEST:
                fences[marks, _STOP] = at - offsets[row] - continued
                marks += 1
    return marks, begun


@inner
def _behind_blanks(data: Bytes, at: int, end: int) -> int:
    while at < end and (data[at] == _SPACE or data[at] == _TAB):
        at += 1
    return at


@inner
def _run(data: Bytes, at: int, end: int, sign: int) -> int:
    """Count how often a sign stands from a place on."""
    stop = at
    while stop < end and data[stop] == sign:
        stop += 1
    return stop - at


@inner
def _leads(data: Bytes, line: int, stop: int) -> bool:
    """Say whether a fence begins its line, behind blanks, quotes, bullets and numbers of items."""
    at = line
    while at < stop and data[at] in _LEADING:
        at += 1
    return at == stop


@inner
def _begins_a_program(data: Bytes, at: int, end: int, words: Bytes, ends: Places) -> bool:
    """Say whether one of the words stands there, behind a prompt of Python's; blanks after a hash count for nothing."""
    if _run(data, at, end, _PROMPT) == 3:
        at += 3
        at += at < end and data[at] == _SPACE
    for word in range(len(ends) - 1):
        if at < end and data[at] == words[ends[word]]:
            stop = _behind_word(data, at, end, words, ends[word], ends[word + 1])
            if stop > 0 and not (stop < end and _goes_on(data[stop - 1], data[stop])):
                return True
    return False


@inner
def _behind_word(data: Bytes, at: int, end: int, words: Bytes, letter: int, last: int) -> int:
    """Return the place behind a word, or 0 where another stands."""
    while letter < last:
        if at >= end or data[at] != words[letter]:
            return 0
        at += 1
        letter += 1
        if data[at - 1] == _HASH:
            while at < end and (data[at] <= _SPACE or data[at] >= 0x80):
                at += 1
    return at


@inner
def _goes_on(last: int, byte: int) -> bool:
    """Say whether a letter, a digit or a low line makes another word of the one before it."""
    if not (last | 32 >= 97 and last | 32 <= 122):
        return False
    return (byte | 32 >= 97 and byte | 32 <= 122) or (byte >= 48 and byte <= 57) or byte == 95
