"""The parts of kernels that compare words: letters out of UTF-8, and open-addressed tables of folded words' hashes."""

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from traceanalytics.compiled import inner

_BASE = 1000003
_MASK = (1 << 40) - 1


def table_of(words: Iterable[str]) -> NDArray[np.int64]:
    """Return the hashes of folded words as an open-addressed table."""
    hashes = [hash_of(word) for word in words]
    table = np.zeros(1 << (4 * len(hashes)).bit_length(), np.int64)
    for word in hashes:
        table[slot_of(table, word)] = word
    return table


def slot_of(table: NDArray[np.int64], word: int) -> int:
    """Return the slot in which the hash of a word stands, or would."""
    slot = word & (len(table) - 1)
    while table[slot] not in (0, word):
        slot = (slot + 1) & (len(table) - 1)
    return slot


def hash_of(word: str) -> int:
    """Return the hash of a folded word."""
    whole = 0
    for letter in word:
        whole = (whole * _BASE + ord(letter)) & _MASK
    return whole


@inner
def with_letter(whole: int, letter: int) -> int:
    """Return the hash of a word with one more letter."""
    return (whole * _BASE + letter) & _MASK


@inner
def point_at(data: NDArray[np.uint8], at: int) -> tuple[int, int]:
    """Return the code point at a place and how many bytes it has; beyond the basic plane only that it has four."""
    first = int(data[at])
    if first < 0x80:
        return first, 1
    if first < 0xE0:
        return (first & 0x1F) << 6 | (int(data[at + 1]) & 0x3F), 2
    if first < 0xF0:
        return (first & 0x0F) << 12 | (int(data[at + 1]) & 0x3F) << 6 | (int(data[at + 2]) & 0x3F), 3
    return 0, 4


@inner
def find(table: NDArray[np.int64], word: int) -> int:
    """Return the slot of a word in a table, -1 where it is not there."""
    slot = word & (len(table) - 1)
    while table[slot] != 0:
        if table[slot] == word:
            return slot
        slot = (slot + 1) & (len(table) - 1)
    return -1


@inner
def put(table: NDArray[np.int64], word: int) -> int:
    """Put a word into a table and return its slot."""
    slot = word & (len(table) - 1)
    while table[slot] != 0 and table[slot] != word:
        slot = (slot + 1) & (len(table) - 1)
    table[slot] = word
    return slot


@inner
def stands(data: NDArray[np.uint8], at: int, end: int, word: tuple[int, ...]) -> bool:
    """Say whether the letters of a word stand here."""
    letter = 0
    while letter < len(word) and at + letter < end and data[at + letter] == word[letter]:
        letter += 1
    return letter == len(word)
