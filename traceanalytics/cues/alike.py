"""The distinct texts among the segments of prose in a batch: what each holds is looked for once."""

import numpy as np
from numpy.typing import NDArray

from traceanalytics.segments import PROSE, Batch, text_buffers

Edges = tuple[NDArray[np.uint8], NDArray[np.int64], NDArray[np.int64]]


def prose_segments(batch: Batch) -> NDArray[np.int64]:
    """Return the numbers of the segments that hold prose."""
    return np.flatnonzero(np.isin(batch.segments.kind, [int(kind) for kind in PROSE]))


def edges_of(batch: Batch, chosen: NDArray[np.int64]) -> Edges:
    """Return the bytes of all responses, and where in them the chosen segments start and stop."""
    data, offsets = text_buffers(batch.responses)
    segments = batch.segments
    begins = offsets[segments.row[chosen]]
    return data, begins + segments.byte_start[chosen], begins + segments.byte_stop[chosen]


class Alike:
    """The distinct texts of a batch's prose, numbered in the order of their first segments."""

    def __init__(self, batch: Batch) -> None:
        from traceanalytics.cues.kernel import number_texts

        prose = prose_segments(batch)
        data, starts, stops = edges_of(batch, prose)
        scratch = np.full(1 << (2 * len(starts) + 1).bit_length(), -1, np.int64)
        numbers = np.empty(len(starts), np.int64)
        firsts = np.empty(len(starts), np.int64)
        count = number_texts(data, starts, stops, scratch, numbers, firsts)
        self.first = prose[firsts[:count]]
        self._members = prose[np.argsort(numbers, kind="stable")]
        self._begins = np.concatenate([[0], np.cumsum(np.bincount(numbers, minlength=count))])

    def everywhere(self, texts: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Return all segments that hold one of some texts, and which of the texts each holds."""
        times = self._begins[texts + 1] - self._begins[texts]
        which = np.repeat(np.arange(len(texts)), times)
        within = np.arange(len(which)) - np.repeat(np.cumsum(times) - times, times)
        return self._members[self._begins[texts][which] + within], which
