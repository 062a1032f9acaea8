"""The compiled pass over prose in which another script may stand: its stretches, and what is no prose."""

from collections.abc import Sequence
from functools import cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from traceanalytics.compiled import compiled
from traceanalytics.rules.columns_kernel import counterparts
from traceanalytics.rules.gibberish_kernel import class_of, code_point
from traceanalytics.rules.letters import GREEK, NO_LETTER, letter_table
from traceanalytics.rules.no_prose import MAY_BEGIN, behind_no_prose
from traceanalytics.rules.texts import buffer_of, column_of

_ROW, _START, _STOP, _SCRIPT = range(4)


class Foreign(NamedTuple):
    """What the pass finds in some texts; places are code points."""

    gaps: NDArray[np.int64]  # row, start and stop of formulas, quotations, brackets and addresses
    stretches: NDArray[np.int64]  # row, start, stop and script of foreign letters, outside of those
    letters: NDArray[np.int64]  # of each row: how many letters it has outside of those, and how many are foreign


def foreign_letters(texts: Sequence[str], expected: Sequence[frozenset[int]], gap: int) -> Foreign:
    """Find the letters beyond Latin and Greek of scripts that are not expected; `gap` characters part no stretch.

    >>> found = foreign_letters(["да $因$ 因为"], [frozenset()], 1)
    >>> found.gaps.tolist(), found.stretches.tolist(), found.letters.tolist()
    ([[0, 3, 6]], [[0, 0, 2, 56], [0, 7, 9, 63]], [[4, 4]])
    """
    data, offsets = buffer_of(column_of(texts))
    may_come = np.zeros((len(texts), 64), np.bool_)
    for row, scripts in enumerate(expected):
        may_come[row, list(scripts)] = True
    gaps, stretches = np.empty((len(data) // 2 + 1, 3), np.int64), np.empty((len(data) // 2 + 1, 4), np.int64)
    letters = np.zeros((len(texts), 2), np.int64)
    found = _find(data, offsets, may_come, gap, letter_table(), _word_signs(), gaps, stretches, letters)
    return Foreign(gaps[: found[0]], stretches[: found[1]], letters)


@cache
def _word_signs() -> NDArray[np.uint8]:
    r"""Return which code points `\w` finds."""
    signs = np.isin(counterparts(), [ord("_"), ord("7")]).astype(np.uint8)
    signs[[point for point in range(0x80) if chr(point).isalnum() or chr(point) == "_"]] = 1
    return signs


@compiled
def _find(
    data: NDArray[np.uint8],
    offsets: NDArray[np.int64],
    may_come: NDArray[np.bool_],
    gap: int,
    classes: NDArray[np.uint8],
    word_signs: NDArray[np.uint8],
    gaps: NDArray[np.int64],
    stretches: NDArray[np.int64],
    letters: NDArray[np.int64],
) -> tuple[int, int]:
    """Write gaps, stretches and how many letters there are; return how many gaps and stretches."""
    count = found = 0
    for row in range(len(offsets) - 1):
        at, end = offsets[row], offsets[row + 1]
        first = found
        place = 0
        while at < end:
            behind = behind_no_prose(data, at, end, word_signs) if MAY_BEGIN[data[at]] else 0
            if behind > 0:
                gaps[count, _ROW] = row
                gaps[count, _START] = place
                while at < behind:
                    place += data[at] & 0xC0 != 0x80
                    at += 1
                gaps[count, _STOP] = place
                count += 1
                continue
            point, size = code_point(data, at, end)
            kind = class_of(point, classes)
            letters[row, 0] += kind != NO_LETTER
            if kind > GREEK and not may_come[row, kind]:
                letters[row, 1] += 1
                if found == first or place > stretches[found - 1, _STOP] + gap:
                    stretches[found, _ROW] = row
                    stretches[found, _START] = place
                    stretches[found, _SCRIPT] = kind
                    found += 1
                stretches[found - 1, _STOP] = place + 1
            at += size
            place += 1
    return count, found
