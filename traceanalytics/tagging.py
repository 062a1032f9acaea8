"""A batch of responses in, tags out: the one function that every engine calls."""

import gc
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import sha256
from typing import TYPE_CHECKING, Protocol

import numpy as np
from numpy.typing import NDArray

from traceanalytics.segments import Batch, SegmentKind
from traceanalytics.types import JSON

if TYPE_CHECKING:
    import pyarrow

SHOWN_FROM = 0.5  # a score from here on means that the behavior is shown

# A table of spans: row int64, behavior, start and stop int32 (code points), score float32, attributes map.
Finder = Callable[[Batch], "pyarrow.Table"]


class Tagger(Protocol):
    """What finds behaviors in a batch; `digest` changes whenever it would find something else."""

    @property
    def name(self) -> str:
        """Return what people call it."""

    @property
    def kind(self) -> str:
        """Return cues, published, or the kind of a trained model."""

    @property
    def version(self) -> str:
        """Return the version of what made it."""

    @property
    def digest(self) -> str:
        """Return a digest of all that it is made of."""

    def find(self, batch: Batch) -> "pyarrow.Table":
        """Return spans, also those that only almost show a behavior (a score below 0.5)."""

    def card(self) -> dict[str, JSON]:
        """Say what this tagger is, for the store."""


@dataclass(frozen=True, slots=True)
class Tags:
    """What a tagger saw: one `tagged` row a response, and one `tags` row a span; `row` counts within the batch."""

    tagged: "pyarrow.Table"
    tags: "pyarrow.Table"


def tagger_id(tagger: Tagger) -> str:
    """Return the id under which a tagger's tags are stored: another digest is another tagger."""
    return f"{tagger.name}@{tagger.digest[:8]}"


def digest_of(parts: Sequence[str]) -> str:
    """Return the digest of what a tagger is made of."""
    return sha256("\0".join(parts).encode()).hexdigest()


def tag_batch(batch: Batch, tagger: Tagger) -> Tags:
    """Tag a batch; a response that shows nothing has a row in `tagged` all the same."""
    with _nothing_collected():
        spans = tagger.find(batch)
        return Tags(_tagged(batch, spans), _with_segments(batch, spans))


@contextmanager
def _nothing_collected() -> Iterator[None]:
    """Keep the collector of cycles from walking over a batch's many findings again and again: they form none."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


def _with_segments(batch: Batch, spans: "pyarrow.Table") -> "pyarrow.Table":
    """Say of each span in which segment it begins, and put the spans in order."""
    import pyarrow

    rows, starts = (spans[name].to_numpy() for name in ("row", "start"))
    numbers = _segment_numbers(batch, rows, starts)
    ordered = spans.append_column("segment", pyarrow.array(numbers, pyarrow.int32()))
    return ordered.sort_by([("row", "ascending"), ("start", "ascending"), ("behavior", "ascending")])


def _segment_numbers(batch: Batch, rows: NDArray[np.int64], starts: NDArray[np.int32]) -> NDArray[np.int32]:
    segments = batch.segments
    if not len(segments) or not len(rows):
        return np.zeros(len(rows), dtype=np.int32)
    longest = int(max(segments.stop.max(), starts.max())) + 1
    places = np.asarray(segments.row, np.int64) * longest + segments.start
    numbers = np.searchsorted(places, np.asarray(rows, np.int64) * longest + starts, side="right") - 1
    within: NDArray[np.int32] = np.maximum(numbers - np.asarray(segments.first)[rows], 0).astype(np.int32)
    return within


def _tagged(batch: Batch, spans: "pyarrow.Table") -> "pyarrow.Table":
    import pyarrow
    from pyarrow import compute

    above = spans.filter(compute.greater_equal(spans["score"], SHOWN_FROM)).select(["row", "behavior"])
    pairs = above.group_by(["row", "behavior"]).aggregate([]).sort_by([("row", "ascending"), ("behavior", "ascending")])
    ends = np.cumsum(np.bincount(pairs["row"].to_numpy(), minlength=len(batch)))
    shown = pyarrow.ListArray.from_arrays(
        pyarrow.array(np.concatenate([[0], ends]), pyarrow.int32()), pairs["behavior"].combine_chunks()
    )
    segments = batch.segments
    own = np.asarray(segments.kind) != SegmentKind.FOREIGN
    lengths = (np.asarray(segments.stop) - segments.start) * own
    return pyarrow.table(
        {
            "row": pyarrow.array(np.arange(len(batch)), pyarrow.int64()),
            "shown": shown,
            "segments": pyarrow.array(np.bincount(segments.row, weights=own, minlength=len(batch)), pyarrow.int32()),
            "characters": pyarrow.array(
                np.bincount(segments.row, weights=lengths, minlength=len(batch)), pyarrow.int32()
            ),
        }
    )
