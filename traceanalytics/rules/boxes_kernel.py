r"""The compiled pass that pairs the braces of boxes; it reads the texts of a batch once.

Braces count from a box on, up to the brace that closes it; `\{` and `\}` never do.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from traceanalytics.compiled import compiled, inner
from traceanalytics.rules.texts import buffer_of, column_of
from traceanalytics.segments.kernel_bytes import space_at

Bytes = NDArray[np.uint8]
Places = NDArray[np.int64]

UNCLOSED = -1  # in the place of where the content stops
ROW, START, STOP, INNER, INNER_STOP = range(5)

_OTHER_BRACE = -1
_SHORTEST = 5  # bytes of `\box{`
_BACKSLASH, _OPENS, _CLOSES, _B, _D, _E, _F, _O, _X = (ord(letter) for letter in "\\{}bdefox")


def paired_boxes(texts: Sequence[str]) -> NDArray[np.int64]:
    r"""Return row, start, stop, and where the innermost content starts and stops, of every outermost box.

    Places are code points, blanks around the content belong to it, and an open box has no end but that of its brace.

    >>> paired_boxes([r"é \boxed{\boxed{3}} \fbox{4"]).tolist()
    [[0, 2, 19, 16, 17], [0, 20, 26, 26, -1]]
    """
    data, offsets = buffer_of(column_of(texts))
    longest = int(np.diff(offsets).max(initial=0))
    opened = np.empty((longest + 1, 4), np.int64)
    found = np.empty((len(data) // _SHORTEST + 1, 5), np.int64)
    edges = np.empty((len(found), 2), np.int64)
    count = _pair(data, offsets, opened, edges, found)
    ordered: NDArray[np.int64] = found[np.lexsort((found[:count, START], found[:count, ROW]))]
    return ordered


@compiled
def _pair(data: Bytes, offsets: Places, opened: Places, edges: Places, found: Places) -> int:
    """Write the boxes in the order in which they close, and return how many there are.

    `opened` has room for the open braces of a text: where a box begins and where its content does, in characters and
    in bytes. `edges` are the bytes between which each box found stands.
    """
    count = 0
    for row in range(len(offsets) - 1):
        at, end = offsets[row], offsets[row + 1]
        first = count
        depth = 0
        before = at  # bytes that are no character of this text: those of earlier ones, and what continues a character
        while at < end:
            byte = data[at]
            if byte == _BACKSLASH:
                content = _content_of_box(data, at, end)
                if content > 0:
                    opened[depth, 0] = at - before
                    before += _continued(data, at, content)
                    opened[depth, 1] = content - before
                    opened[depth, 2] = at
                    opened[depth, 3] = content
                    depth += 1
                    at = content
                    continue
                at += 1 + (at + 1 < end and (data[at + 1] == _OPENS or data[at + 1] == _CLOSES))
                continue
            if depth > 0 and byte == _OPENS:
                opened[depth, 0] = _OTHER_BRACE
                depth += 1
            elif depth > 0 and byte == _CLOSES:
                depth -= 1
                if opened[depth, 0] != _OTHER_BRACE:
                    count = _close(data, at, at - before, opened[depth], row, first, count, edges, found)
            before += byte & 0xC0 == 0x80
            at += 1
        for box in range(depth):
            if opened[box, 0] != _OTHER_BRACE:
                found[count, ROW] = row
                found[count, START] = opened[box, 0]
                found[count, STOP] = found[count, INNER] = opened[box, 1]
                found[count, INNER_STOP] = UNCLOSED
                count += 1
    return count


@inner
def _content_of_box(data: Bytes, at: int, end: int) -> int:
    r"""Return the place behind the brace of a `\box{`, `\boxed{`, `\fbox{` or `\fboxed{`, or 0 where none begins."""
    at += 1
    at += at < end and data[at] == _F
    if at + 3 >= end or data[at] != _B or data[at + 1] != _O or data[at + 2] != _X:
        return 0
    at += 3
    if at + 1 < end and data[at] == _E and data[at + 1] == _D:
        at += 2
    at = _behind_blanks(data, at, end)
    return at + 1 if at < end and data[at] == _OPENS else 0


@inner
def _behind_blanks(data: Bytes, at: int, end: int) -> int:
    while at < end:
        size = space_at(data, at, end)
        if size == 0:
            break
        at += size
    return at


@inner
def _continued(data: Bytes, start: int, stop: int) -> int:
    """Count the bytes that continue a character."""
    count = 0
    for at in range(start, stop):
        count += data[at] & 0xC0 == 0x80
    return count


@inner
def _close(
    data: Bytes,
    at: int,
    place: int,
    opened: Places,
    row: int,
    first: int,
    count: int,
    edges: Places,
    found: Places,
) -> int:
    """Write the box that a brace closes in the place of those inside; return how many boxes there are."""
    begin = opened[3]
    inner_start, inner_stop = opened[1], place
    last = count - 1
    if count > first and edges[last, 0] >= begin:
        leads = _behind_blanks(data, begin, at) == edges[last, 0]
        if leads and _behind_blanks(data, edges[last, 1], at) == at:
            inner_start, inner_stop = found[last, INNER], found[last, INNER_STOP]
    while count > first and edges[count - 1, 0] >= begin:
        count -= 1
    edges[count, 0] = opened[2]
    edges[count, 1] = at + 1
    found[count, ROW] = row
    found[count, START] = opened[0]
    found[count, STOP] = place + 1
    found[count, INNER] = inner_start
    found[count, INNER_STOP] = inner_stop
    return count + 1
