"""The blocks of many responses as columns, with what stands around each of them."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from traceanalytics.rules.code import Block, spans_of
from traceanalytics.rules.code_contents import Kind
from traceanalytics.rules.reading import Reading

Numbers = NDArray[np.int64]
NONE = -1  # in the place of a block's number


@dataclass(frozen=True, eq=False, slots=True)
class Blocks:
    """The blocks of many responses, one response after the other; a block's number is its place here."""

    readings: Sequence[Reading]
    each: list[Block]
    of: list[Reading]  # the response of each
    row: Numbers  # its number
    start: Numbers
    stop: Numbers
    before: Numbers  # where the block before it stops; 0 for the first of a response
    following: Numbers  # the number of the block after it; NONE for the last of a response

    def __len__(self) -> int:
        return len(self.each)

    def body(self, number: int) -> str:
        """Return what a block holds."""
        block = self.each[number]
        return self.of[number].response[block.body_start : block.body_stop]

    def are(self, *kinds: Kind) -> NDArray[np.bool_]:
        """Say which blocks are of one of some kinds."""
        return np.array([block.kind in kinds for block in self.each], np.bool_)

    def by_row(self, numbers: Numbers) -> dict[int, list[Block]]:
        """Return some of the blocks by their responses."""
        found: dict[int, list[Block]] = defaultdict(list)
        for row, number in zip(self.row[numbers].tolist(), numbers.tolist(), strict=True):
            found[row].append(self.each[number])
        return found


def blocks_of(readings: Sequence[Reading]) -> Blocks:
    """Put the blocks of many responses into columns."""
    row, start, stop = spans_of([reading.blocks for reading in readings]).T
    each = [block for reading in readings for block in reading.blocks]
    of = [reading for reading in readings for _ in reading.blocks]
    is_next = np.diff(row, append=NONE) == 0  # of the same response
    before, following = np.zeros(len(each), np.int64), np.full(len(each), NONE)
    before[1:] = np.where(is_next[:-1], stop[:-1], 0)
    following[is_next] = np.flatnonzero(is_next) + 1
    overlapping = is_next[:-1] & (start[1:] < stop[:-1])
    for response in np.unique(row[:-1][overlapping]):
        first, last = np.searchsorted(row, [response, response + 1]).tolist()
        for i in range(first, last):
            before[i] = max((int(each) for each in stop[first:i] if each <= start[i]), default=0)
            following[i] = next((later for later in range(i + 1, last) if start[later] >= stop[i]), NONE)
    return Blocks(readings, each, of, row, start, stop, before, following)
