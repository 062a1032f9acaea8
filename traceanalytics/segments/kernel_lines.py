"""What a line of prose opens with: a heading, the marker of a list item, or the rest of the sentence above it."""

from traceanalytics.compiled import inner
from traceanalytics.segments.kernel_bytes import (
    CLOSE,
    COLON,
    COMMA,
    HASH,
    HYPHEN,
    OPEN,
    PERIOD,
    PLUS,
    STAR,
    Bytes,
    after_literal,
    alphanumeric,
    blank,
    blank_byte,
    digit,
    letter,
    lower,
    roman,
    run_of,
    skip_space,
    starts,
    stop_byte,
    trim,
)

LONGEST_HEADING = 300  # in bytes
SHORTEST_WRAPPED_LINE = 40


@inner
def heading(b: Bytes, i: int, e: int) -> bool:
    """Say whether a line is `## a title` or wholly **bold** and no sentence."""
    if e - i > LONGEST_HEADING or not (b[i] == HASH or b[i] == STAR):
        return False
    if after_literal(b, i, e, b"```", LONGEST_HEADING) >= 0:
        return False
    if b[i] == HASH:
        hashes = run_of(b, i, e, HASH)
        return hashes <= 6 and i + hashes < e and blank_byte(b[i + hashes])
    if b[e - 1] == COLON:
        e -= 1
    if e - i < 5 or not starts(b, i, e, b"**") or not starts(b, e - 2, e, b"**") or stop_byte(b[e - 3]):
        return False
    return after_literal(b, i + 2, e, b"**", LONGEST_HEADING) == e


@inner
def marker(b: Bytes, i: int, e: int) -> int:
    """Return where a list item's text begins after its marker (`-`, `3.`, `(b)`, …); -1 when there is none."""
    if b[i] == HYPHEN or b[i] == STAR or b[i] == PLUS:
        k = i + 1
    elif starts(b, i, e, b"\xe2\x80\xa2") or starts(b, i, e, b"\xe2\x80\x93"):  # • –
        k = i + 3
    else:
        inside = b[i] == OPEN
        i += inside
        k = i
        while k < e and k - i < 3 and digit(b[k]):
            k += 1
        if k == i and k < e and letter(b[k]):
            k += 1
            if not inside and roman(b[i]):
                while k < e and k - i < 4 and roman(b[k]):
                    k += 1
        if k == i or k >= e or not (b[k] == CLOSE or (b[k] == PERIOD and not inside)):
            return -1
        k += 1
    if k < e and not blank_byte(b[k]):
        return -1
    return skip_space(b, k, e)


@inner
def joins(b: Bytes, marker_end: int, line_begin: int, newline: int, body: int, end: int, after_marker: int) -> bool:
    """Say whether a line goes on with the sentence of the line before: a lone marker, or a wrapped line."""
    if after_marker >= 0:
        return False
    if blank(b, marker_end, newline):
        return True
    last = trim(b, line_begin, newline)
    if last - line_begin < SHORTEST_WRAPPED_LINE or not (alphanumeric(b[last - 1]) or b[last - 1] == COMMA):
        return False
    return lower(b[body]) and body + 1 < end and (lower(b[body + 1]) or starts(b, body, end, b"a "))
