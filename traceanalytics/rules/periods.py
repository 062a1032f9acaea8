"""Compiled kernels for repetition: units in a row, of one text and of a whole batch; lines; repeated substrings.

A unit of p characters that stands k times in a row makes (k - 1) * p characters in a row equal to the one p later. One
of every (k - 1) * p positions lies in such a stretch: only those anchors are looked at.
"""

from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from traceanalytics.compiled import compiled

Text: TypeAlias = NDArray[np.unsignedinteger[Any]]  # bytes or characters

SHORT_UNIT = 256  # bytes
SHORT_REPEATS = 8
LONG_UNIT = 2048
LONG_REPEATS = 4
RUNS_A_ROW = 4
LEAST_LINE = 12  # bytes: shorter lines close brackets and open formulas

_PRIME = (1 << 31) - 1
_BASE = 1000003
_MASK = (1 << 40) - 1


@compiled
def stretch_around(text: Text, anchor: int, period: int) -> tuple[int, int]:
    """Return where the characters around the anchor equal the ones a period later."""
    start = anchor
    while start > 0 and text[start - 1] == text[start - 1 + period]:
        start -= 1
    stop = anchor
    while stop + period < len(text) and text[stop] == text[stop + period]:
        stop += 1
    return start, stop


@compiled
def first_run(text: Text, least: int, most: int, repeats: int) -> tuple[int, int, int]:
    """Find the first run of the shortest period: (period, start, stop), or zeros where no unit repeats that often."""
    length = len(text)
    for period in range(least, most + 1):
        needed = (repeats - 1) * period
        if period + needed > length:
            break
        for anchor in range(0, length - period, needed):
            if text[anchor] == text[anchor + period]:
                start, stop = stretch_around(text, anchor, period)
                if stop - start >= needed:
                    return period, start, stop + period
    return 0, 0, 0


@compiled
def find_runs(data: NDArray[np.uint8], offsets: NDArray[np.int64], runs: NDArray[np.int64]) -> int:
    """Write (row, period, start, stop) of a row's runs, in bytes of its text; return how many there are.

    What lies in a run already found is left out, and so are runs without letters below 400 bytes.
    """
    count = 0
    for row in range(len(offsets) - 1):
        text = data[offsets[row] : offsets[row + 1]]
        first = count
        for period in range(2, LONG_UNIT + 1):
            repeats = SHORT_REPEATS if period <= SHORT_UNIT else LONG_REPEATS
            needed = (repeats - 1) * period
            if period + needed > len(text):
                if period > SHORT_UNIT:
                    break
                continue  # a longer unit needs fewer repeats
            anchor = 0
            while anchor + period < len(text) and count - first < RUNS_A_ROW:
                if text[anchor] != text[anchor + period] or _inside(runs, first, count, anchor):
                    anchor += needed
                    continue
                start, stop = stretch_around(text, anchor, period)
                if stop - start >= needed and (stop + period - start >= 400 or _has_letter(text, start, period)):
                    runs[count, 0] = row
                    runs[count, 1] = period
                    runs[count, 2] = start
                    runs[count, 3] = stop + period
                    count += 1
                anchor = max(anchor + needed, stop - stop % needed)
    return count


@compiled
def _inside(runs: NDArray[np.int64], first: int, count: int, position: int) -> bool:
    inside = False
    for i in range(first, count):
        inside = inside or (runs[i, 2] <= position and position < runs[i, 3])
    return inside


@compiled
def _has_letter(text: Text, start: int, size: int) -> bool:
    for i in range(start, start + size):
        letter = text[i] | 32
        if (letter >= 97 and letter <= 122) or text[i] >= 128:
            return True
    return False


@compiled
def count_lines(
    data: NDArray[np.uint8],
    offsets: NDArray[np.int64],
    keys: NDArray[np.int64],
    owners: NDArray[np.int64],
    lines: NDArray[np.int64],
) -> None:
    """Write (lines, lines that stood before) of every row, from 12 bytes between the blanks on.

    Lines are told apart by their length and both their ends: some that differ pass for the same. `keys` and `owners`
    are scratch of one power of two, longer than the longest row; `owners` begins as -1.
    """
    mask = len(keys) - 1
    for row in range(len(offsets) - 1):
        begin = offsets[row]
        end = offsets[row + 1]
        while begin < end:
            stop = begin
            while stop < end and data[stop] != 10:
                stop += 1
            first, last = begin, stop - 1
            begin = stop + 1
            while first <= last and data[first] <= 32:
                first += 1
            while last > first and data[last] <= 32:
                last -= 1
            size = last + 1 - first
            if size < LEAST_LINE:
                continue
            key = size
            for i in range(12):
                key = (key * _BASE + int(data[first + i])) & _MASK
                key = (key * _BASE + int(data[last - i])) & _MASK
            lines[row, 0] += 1
            slot = key & mask
            while owners[slot] == row and keys[slot] != key:
                slot = (slot + 1) & mask
            if owners[slot] == row:
                lines[row, 1] += 1
            owners[slot] = row
            keys[slot] = key


@compiled
def has_repeated_substring(text: Text, size: int, seen: NDArray[np.int64]) -> bool:
    """Say whether some substring of `size` characters stands twice (a false yes is possible, a false no is not).

    `seen` is scratch space of a power of two of zeros, at least twice as long as the text.
    """
    if size > len(text):
        return False
    mask = len(seen) - 1
    power = 1
    rolling = 0
    for i in range(size):
        rolling = (rolling * _BASE + int(text[i]) + 1) % _PRIME
        if i:
            power = power * _BASE % _PRIME
    for i in range(len(text) - size + 1):
        if i:
            rolling = (rolling + (_PRIME - (int(text[i - 1]) + 1) * power % _PRIME)) * _BASE % _PRIME
            rolling = (rolling + int(text[i + size - 1]) + 1) % _PRIME
        key = rolling + 1
        slot = rolling & mask
        while seen[slot] != 0:
            if seen[slot] == key:
                return True
            slot = (slot + 1) & mask
        seen[slot] = key
    return False


@compiled
def common_prefixes(text: Text, order: NDArray[np.int64], rank: NDArray[np.int64]) -> int:
    """Sum the common prefixes of neighbors in a suffix array, in characters."""
    total = 0
    same = 0
    length = len(text)
    for i in range(length):
        if rank[i] == length - 1:
            same = 0
            continue
        j = order[rank[i] + 1]
        while i + same < length and j + same < length and text[i + same] == text[j + same]:
            same += 1
        total += same
        if same > 0:
            same -= 1
    return total
