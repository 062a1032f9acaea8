"""The words in which the byte machine is written: classes of bytes, white space, literals and hashed words."""

from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from traceanalytics.compiled import inner

Bytes: TypeAlias = NDArray[np.uint8]

SENTENCE, CODE, OUTPUT, MATH, ITEM, HEADING, MARKUP, FOREIGN = range(8)  # kinds of segments

NEWLINE, TAB, SPACE, EXCLAMATION, QUOTE, HASH, DOLLAR, PERCENT, APOSTROPHE, OPEN, CLOSE = b"\n\t !\"#$%'()"
STAR, PLUS, COMMA, HYPHEN, PERIOD, SLASH, ONE, COLON, SEMICOLON, LESS, EQUALS, GREATER = b"*+,-./1:;<=>"
QUESTION, AT, OPEN_BRACKET, BACKSLASH, CLOSE_BRACKET, UNDERSCORE, BACKTICK = b"?@[\\]_`"
LETTER_C, OPEN_BRACE, PIPE, CLOSE_BRACE = b"c{|}"

_HASH_SEED, _HASH_PRIME = 14695981039346656037, 1099511628211


def hashes(words: str) -> NDArray[np.uint64]:
    """Return a table of FNV-1a hashes, each at the place that its last bits name: one look finds a word in a kernel."""
    numbers = [_fnv(word) for word in words.split()]
    size = 64
    while len({number % size for number in numbers}) < len(numbers):
        size *= 2
    table = np.zeros(size, np.uint64)
    table[[number % size for number in numbers]] = numbers
    return table


def _fnv(word: str) -> int:
    number = _HASH_SEED
    for c in word.encode():
        number = ((number ^ c) * _HASH_PRIME) % 2**64
    return number


@inner
def after_literal(b: Bytes, i: int, e: int, literal: bytes, limit: int) -> int:
    """Return where the next such literal ends, at most `limit` bytes on; -1 when there is none."""
    last = min(e - len(literal), i + limit)
    while i <= last:
        if b[i] == literal[0] and starts(b, i, e, literal):
            return i + len(literal)
        i += 1
    return -1


@inner
def starts(b: Bytes, i: int, e: int, literal: bytes) -> bool:
    if e - i < len(literal):
        return False
    for k in range(len(literal)):
        if b[i + k] != literal[k]:
            return False
    return True


@inner
def equals(b: Bytes, i: int, e: int, literal: bytes) -> bool:
    return e - i == len(literal) and starts(b, i, e, literal)


@inner
def hash_language(b: Bytes, i: int, e: int) -> np.uint64:
    """Hash the word after a fence, in lower case."""
    number = np.uint64(_HASH_SEED)
    while i < e and letter(b[i]):
        number = (number ^ np.uint64(b[i] | 0x20)) * np.uint64(_HASH_PRIME)
        i += 1
    return number


@inner
def hash_word(b: Bytes, i: int, e: int, first_bits: int) -> np.uint64:
    """Hash a word whose first byte gets some bits set: 0x20 makes a capital small."""
    number = np.uint64(_HASH_SEED)
    for k in range(i, e):
        c = b[k] | first_bits if k == i else b[k]
        number = (number ^ np.uint64(c)) * np.uint64(_HASH_PRIME)
    return number


@inner
def is_one_of(number: np.uint64, table: NDArray[np.uint64]) -> bool:
    return bool(table[number & np.uint64(len(table) - 1)] == number)


@inner
def end_of_line(b: Bytes, i: int, e: int, limit: int = 1 << 40) -> int:
    e = min(e, i + limit)
    while i < e and b[i] != NEWLINE:
        i += 1
    return i


@inner
def skip_space(b: Bytes, i: int, e: int) -> int:
    while i < e:
        width = space_at(b, i, e)
        if not width:
            break
        i += width
    return i


@inner
def skip_space_in_line(b: Bytes, i: int, e: int) -> int:
    while i < e and b[i] != NEWLINE:
        width = space_at(b, i, e)
        if not width:
            break
        i += width
    return i


@inner
def trim(b: Bytes, i: int, e: int) -> int:
    while e > i:
        width = _space_before(b, i, e)
        if not width:
            break
        e -= width
    return e


@inner
def blank(b: Bytes, i: int, e: int) -> bool:
    return skip_space(b, i, e) >= e


@inner
def run_of(b: Bytes, i: int, e: int, c: int) -> int:
    k = i
    while k < e and b[k] == c:
        k += 1
    return k - i


@inner
def space_at(b: Bytes, i: int, e: int) -> int:
    """Return how many bytes the white space character at i has; 0 when it is none."""
    c = b[i]
    if c < 128:
        return 1 if ascii_space(c) else 0
    if c == 0xC2:
        return 2 if i + 1 < e and (b[i + 1] == 0x85 or b[i + 1] == 0xA0) else 0
    return 3 if i + 2 < e and _wide_space(c, b[i + 1], b[i + 2]) else 0


@inner
def _space_before(b: Bytes, s: int, i: int) -> int:
    """Return how many bytes the white space character that ends at i has; 0 when it is none."""
    c = b[i - 1]
    if c < 128:
        return 1 if ascii_space(c) else 0
    if i - s >= 2 and b[i - 2] == 0xC2 and (c == 0x85 or c == 0xA0):
        return 2
    return 3 if i - s >= 3 and _wide_space(b[i - 3], b[i - 2], c) else 0


@inner
def _wide_space(c: int, d: int, f: int) -> bool:
    if c == 0xE2:
        if d == 0x80:
            return f <= 0x8A or f == 0xA8 or f == 0xA9 or f == 0xAF
        return d == 0x81 and f == 0x9F
    return (c == 0xE3 and d == 0x80 and f == 0x80) or (c == 0xE1 and d == 0x9A and f == 0x80)


@inner
def ascii_space(c: int) -> bool:
    return c == SPACE or 9 <= c <= 13 or 28 <= c <= 31


@inner
def blank_byte(c: int) -> bool:
    return c in (SPACE, TAB)


@inner
def stop_byte(c: int) -> bool:
    return c in (PERIOD, QUESTION, EXCLAMATION)


@inner
def digit(c: int) -> bool:
    return 48 <= c <= 57


@inner
def upper(c: int) -> bool:
    return 65 <= c <= 90


@inner
def lower(c: int) -> bool:
    return 97 <= c <= 122


@inner
def letter(c: int) -> bool:
    return upper(c) or lower(c)


@inner
def alphanumeric(c: int) -> bool:
    return letter(c) or digit(c)


@inner
def name_start(c: int) -> bool:
    return letter(c) or c == UNDERSCORE


@inner
def opener(c: int) -> bool:
    return c in (QUOTE, APOSTROPHE, OPEN, OPEN_BRACKET, STAR, UNDERSCORE)


@inner
def roman(c: int) -> bool:
    return c == 105 or c == 118 or c == 120
