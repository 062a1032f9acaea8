"""The byte machine behind segments: one pass over UTF-8, line by line, in terms of bytes alone.

A text is cut at code, display math, tags, headings, list items and ends of sentences. Every look ahead has a limit, so
that no text makes the pass slower than linear.
"""

from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from traceanalytics.compiled import compiled, inner
from traceanalytics.readers.text import FOREIGN_TAGS
from traceanalytics.segments.kernel_blocks import (
    LONGEST_DISPLAY,
    after_command,
    after_environment,
    after_fence,
    after_inline_code,
    after_inline_math,
    after_tag,
)
from traceanalytics.segments.kernel_bytes import (
    BACKSLASH,
    BACKTICK,
    CODE,
    DOLLAR,
    FOREIGN,
    GREATER,
    HEADING,
    ITEM,
    LESS,
    MARKUP,
    MATH,
    NEWLINE,
    PIPE,
    SENTENCE,
    SLASH,
    UNDERSCORE,
    Bytes,
    after_literal,
    ascii_space,
    blank,
    hash_word,
    hashes,
    is_one_of,
    lower,
    run_of,
    skip_space,
    skip_space_in_line,
    starts,
    trim,
)
from traceanalytics.segments.kernel_code import NOT_CODE, code_level, code_run
from traceanalytics.segments.kernel_lines import heading, joins, marker
from traceanalytics.segments.kernel_sentences import sentence_end

Found: TypeAlias = NDArray[np.int32]

DONE, NEEDS_FOREIGN, NEEDS_ROOM = range(3)

LONGEST_SEGMENT = 2000  # of prose, in bytes: what confirms a cue stays cheap on any text

_STOPS = np.zeros(256, np.int64)  # bytes at which the scan of a prose line looks closer
_STOPS[list(b"\n.!?`$\\<")] = 1
_STOPS[[0xE3, 0xEF, 0xE2]] = 1  # first bytes of 。 ！ ？ ｡ …
_FOREIGN_TAGS = hashes(" ".join(FOREIGN_TAGS))


@compiled
def segment_rows(
    data: Bytes,
    offsets: NDArray[np.int64],
    row: int,
    foreign: Found,
    known: bool,
    stops: NDArray[np.int64],
    found: Found,
    count: int,
    first: NDArray[np.int64],
) -> tuple[int, int, int]:
    """Fill `found` (row, byte start and stop in the row, kind) from a row on; return rows, segments and why it ended.

    It ends before a row that may hold text of others, unless it is the first one and the byte spans of that text are
    `known` in `foreign`, and before a row that `found` has no room for. `stops` needs room for the longest row and one
    more.
    """
    rows = len(offsets) - 1
    while row < rows:
        begin, end = offsets[row], offsets[row + 1]
        n, position = count, begin
        if known:
            for k in range(len(foreign)):
                _find_stops(data, position, begin + foreign[k, 0], stops)
                n = _segment_island(data, position, begin + foreign[k, 0], stops, found, n)
                n = _flush(data, found, n, begin + foreign[k, 0], begin + foreign[k, 1], FOREIGN)
                position = begin + foreign[k, 1]
        _find_stops(data, position, end, stops)
        if not known and _may_be_foreign(data, stops, end):
            return row, count, NEEDS_FOREIGN
        known = False
        n = _segment_island(data, position, end, stops, found, n)
        if n > len(found):
            return row, count, NEEDS_ROOM
        for k in range(count, n):
            found[k, 0] = row
            found[k, 1] -= begin
            found[k, 2] -= begin
        count = n
        row += 1
        first[row] = count
    return row, count, DONE


@compiled
def count_points(
    data: Bytes, offsets: NDArray[np.int64], found: Found, first: NDArray[np.int64], points: Found
) -> None:
    """Fill `points` (start, stop) with code points for the byte spans of `found`."""
    for row in range(len(offsets) - 1):
        text = data[offsets[row] : offsets[row + 1]]
        position = continuing = 0
        for k in range(first[row], first[row + 1]):
            for side in range(2):
                target = found[k, 1 + side]
                for c in text[position:target]:
                    continuing += 0x80 <= c < 0xC0
                position = target
                points[k, side] = target - continuing


@inner
def _find_stops(b: Bytes, s: int, e: int, stops: NDArray[np.int64]) -> None:
    """List the places that the machine looks at, and the end behind them."""
    n = 0
    for k in range(s, e):
        stops[n] = k
        n += _STOPS[b[k]]
    stops[n] = e


@inner
def _may_be_foreign(b: Bytes, stops: NDArray[np.int64], e: int) -> bool:
    """Say whether a text holds anything that looks like a chat token, another role or a tool's tag."""
    p = 0
    while stops[p] < e:
        i = stops[p]
        c = b[i]
        if c == LESS:
            k = i + 2 if i + 1 < e and b[i + 1] == SLASH else i + 1
            if k < e and (b[k] == PIPE or b[k] == 0xEF):
                return True
            name = k
            while k < e and (lower(b[k]) or b[k] == UNDERSCORE):
                k += 1
            if k < e and b[k] == GREATER and is_one_of(hash_word(b, name, k, 0), _FOREIGN_TAGS):
                return True
        elif (c == NEWLINE and starts(b, i, e, b"\nassistant\n")) or (c == 0xE2 and starts(b, i, e, b"\xe2\x97\x81")):
            return True
        p += 1
    return False


@inner
def _segment_island(b: Bytes, s: int, e: int, stops: NDArray[np.int64], found: Found, n: int) -> int:
    """Segment the model's own text between two foreign spans; returns the new count of segments."""
    i = line_begin = not_code_until = s
    begin = marker_end = -1  # the pending prose segment and the end of its list marker; -1: nothing is pending
    kind = SENTENCE
    at_line_start = True
    p = 0  # the first of the stops that is not behind
    while i < e:
        while stops[p] < i:
            p += 1
        if at_line_start:
            q = p
            while stops[q] < e and b[stops[q]] != NEWLINE:
                q += 1
            line_stop = stops[q]
            body = skip_space(b, i, line_stop)
            at_line_start = body == line_stop
            if at_line_start:
                if begin >= 0 and not blank(b, marker_end, i):
                    n, begin = _flush(b, found, n, begin, i, kind), -1
                line_begin = i = line_stop + 1
                continue
            body_end = trim(b, body, line_stop)
            if body >= not_code_until and code_level(b, body, body_end) != NOT_CODE:
                code_end, not_code_until = code_run(b, i, e)
                if code_end >= 0:
                    if begin >= 0 and not blank(b, marker_end, i):
                        n, begin = _flush(b, found, n, begin, i, kind), -1
                    n, begin = _flush(b, found, n, begin if begin >= 0 else body, code_end, CODE), -1
                    line_begin = i = code_end
                    continue
            if heading(b, body, body_end):
                if begin >= 0:
                    n, begin = _flush(b, found, n, begin, i, kind), -1
                n = _flush(b, found, n, body, body_end, HEADING)
                line_begin = i = body_end
                continue
            after_marker = marker(b, body, body_end)
            if begin >= 0 and not joins(b, marker_end, line_begin, i, body, body_end, after_marker):
                n, begin = _flush(b, found, n, begin, i, kind), -1
            line_begin = i = body
            if begin < 0:
                begin, kind = body, ITEM if after_marker >= 0 else SENTENCE
                marker_end = i = max(body, after_marker)
        elif begin < 0:
            i = skip_space_in_line(b, i, e)
            if i < e and b[i] != NEWLINE:
                begin, marker_end, kind = i, i, SENTENCE
        while stops[p] < i:
            p += 1
        i = stops[p]
        if i >= e:
            break
        c = b[i]
        block_end, block_kind = -1, SENTENCE
        after, ends = i + 1, False
        if c == NEWLINE:
            at_line_start = True
        elif c == BACKTICK:
            ticks = run_of(b, i, e, BACKTICK)
            if ticks >= 3:
                block_end, block_kind = after_fence(b, i + ticks, e)
            else:
                after = after_inline_code(b, i, ticks, e)
        elif c == DOLLAR:
            if i + 1 < e and b[i + 1] == DOLLAR:
                block_end, block_kind = after_literal(b, i + 2, e, b"$$", LONGEST_DISPLAY), MATH
                after = i + 2
            else:
                after, ends = after_inline_math(b, i, e)
        elif c == BACKSLASH:
            if starts(b, i, e, b"\\["):
                block_end, block_kind = after_literal(b, i + 2, e, b"\\]", LONGEST_DISPLAY), MATH
            elif starts(b, i, e, b"\\begin{"):
                block_end, block_kind = after_environment(b, i, e), MATH
            after, ends = after_command(b, i, e)
        elif c == LESS:
            block_end, block_kind = after_tag(b, i, e), MARKUP
        else:
            after, ends = sentence_end(b, max(begin, marker_end), i, e)
        if block_end >= 0:
            block_begin = i
            if begin >= 0 and blank(b, marker_end, i):
                block_begin = min(begin, i)
            elif begin >= 0:
                n = _flush(b, found, n, begin, i, kind)
            n, begin = _flush(b, found, n, block_begin, block_end, block_kind), -1
            line_begin = i = block_end
            continue
        if ends:
            n, begin = _flush(b, found, n, begin, after, kind), -1
        i = after
    if begin >= 0:
        n = _flush(b, found, n, begin, e, kind)
    return n


@inner
def _flush(b: Bytes, found: Found, n: int, begin: int, end: int, kind: int) -> int:
    """Write a segment without the white space around it; overlong prose is cut at white space, else anywhere."""
    begin = skip_space(b, begin, end)
    end = trim(b, begin, end)
    while begin < end:
        stop = end
        if kind in (SENTENCE, ITEM) and end - begin > LONGEST_SEGMENT:
            stop = begin + LONGEST_SEGMENT
            while stop > begin + LONGEST_SEGMENT // 2 and not ascii_space(b[stop]):
                stop -= 1
            if not ascii_space(b[stop]):
                stop = begin + LONGEST_SEGMENT
                while b[stop] & 0xC0 == 0x80:
                    stop -= 1
        if n < len(found):
            found[n, 1] = begin
            found[n, 2] = trim(b, begin, stop)
            found[n, 3] = kind
        n += 1
        begin = skip_space(b, stop, end)
        kind = SENTENCE if kind == ITEM else kind
    return n
