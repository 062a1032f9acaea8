"""Segments as classifiers see them: of a batch or of judgments, each with what cues say of it beside its bytes."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from functools import cache
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from traceanalytics import rules
from traceanalytics.behaviors import BEHAVIORS
from traceanalytics.classifiers.base import SHOWN, Candidates, Judged, judged_of
from traceanalytics.classifiers.splits import tied_groups
from traceanalytics.cues.alike import prose_segments
from traceanalytics.cues.cue_set import CueSet, kept_cue_set
from traceanalytics.cues.finding import CONFIRMED, find
from traceanalytics.cues.guards import GUARDS
from traceanalytics.labels import Judgment, near_duplicates
from traceanalytics.segments import Batch, SegmentKind, Segments, make_batch, text_buffers

if TYPE_CHECKING:
    import pyarrow

_GUARD_NUMBERS = {name: number for number, name in enumerate(sorted(GUARDS), SHOWN + 1)}


@cache
def cue_set() -> CueSet:
    """Make the cues ready that propose what no rule decides."""
    return kept_cue_set(each for each in BEHAVIORS.all().values() if each.name not in rules.BEHAVIORS)


@cache
def cue_names() -> tuple[str, ...]:
    """Return the behaviors with such cues."""
    return tuple(sorted({group.behavior.name for group in cue_set().groups}))


def candidates_in(batch: Batch, found: "pyarrow.Table") -> tuple[Candidates, NDArray[np.int64]]:
    """Return the prose of a batch as candidates, and which segments these are; `found` is what the cues found in it."""
    segments = batch.segments
    chosen = prose_segments(batch)
    data, offsets = text_buffers(batch.responses)
    starts, stops = offsets[segments.row] + segments.byte_start, offsets[segments.row] + segments.byte_stop
    first = segments.first[segments.row[chosen]]
    count = segments.first[segments.row[chosen] + 1] - first
    follows = chosen > first
    before = np.maximum(chosen - 1, 0)
    candidates = Candidates(
        buffer=data,
        start=starts[chosen].astype(np.int64),
        stop=stops[chosen].astype(np.int64),
        previous_start=np.where(follows, starts[before], 0).astype(np.int64),
        previous_stop=np.where(follows, stops[before], 0).astype(np.int64),
        position=((chosen - first) / np.maximum(count, 1)).astype(np.float32),
        cue_names=cue_names(),
        cues=said_in(batch, found)[chosen],
    )
    return candidates, chosen


def said_in(batch: Batch, found: "pyarrow.Table") -> NDArray[np.uint8]:
    """Return what cues say of every segment of a batch, one column a name of `cue_names`."""
    said = np.zeros((len(batch.segments), len(cue_names())), dtype=np.uint8)
    if found.num_rows:
        columns = {name: column for column, name in enumerate(cue_names())}
        column = _mapped(found["behavior"], columns)
        said[segments_of(batch, found), column] = _numbers(found)
    return said


def segments_of(batch: Batch, spans: "pyarrow.Table") -> NDArray[np.int64]:
    """Return the numbers of the segments that spans of a batch are."""
    segments = batch.segments
    longest = int(segments.stop.max(initial=0)) + 1
    places = segments.row.astype(np.int64) * longest + segments.start
    wanted = spans["row"].to_numpy() * longest + spans["start"].to_numpy()
    numbers: NDArray[np.int64] = np.searchsorted(places, wanted).astype(np.int64)
    return numbers


def judged_candidates(judgments: Sequence[Judgment], behaviors: Sequence[str]) -> Judged:
    """Turn judgments of segments into what a classifier learns from: with cues, and near-duplicates in one group."""
    segments = [judgment for judgment in judgments if judgment.unit == "segment"]
    judged = judged_of(segments, behaviors)
    batch, own = _as_batch(segments)
    said = said_in(batch, find(batch, cue_set()))[own]
    return replace(
        judged,
        candidates=replace(judged.candidates, cue_names=cue_names(), cues=said),
        groups=tied_groups(judged.groups, near_duplicates(segments)),
    )


def _as_batch(judgments: Sequence[Judgment]) -> tuple[Batch, NDArray[np.int64]]:
    """Lay judged segments out as responses, each behind the segment before it; return where the segments are."""
    batch = make_batch(
        [judgment.previous + judgment.text for judgment in judgments],
        prompts=[judgment.prompt or None for judgment in judgments],
    )
    places = [place for row, judgment in enumerate(judgments) for place in _places(row, judgment)]
    row, start, stop, byte_start, byte_stop = np.array(places, np.int32).reshape(-1, 5).T
    first = np.searchsorted(row, np.arange(len(judgments) + 1))
    kinds = np.full(len(row), SegmentKind.SENTENCE, np.int32)
    return replace(batch, segments=Segments(row, start, stop, byte_start, byte_stop, kinds, first)), first[1:] - 1


def _places(row: int, judgment: Judgment) -> Iterable[tuple[int, int, int, int, int]]:
    characters, size = len(judgment.previous), len(judgment.previous.encode())
    if characters:
        yield row, 0, characters, 0, size
    yield row, characters, characters + len(judgment.text), size, size + len(judgment.text.encode())


def _numbers(found: "pyarrow.Table") -> NDArray[np.uint8]:
    """Say of each tag of a cue whether it shows its behavior, or which guard vetoed; that is its last attribute."""
    numbers = np.full(found.num_rows, SHOWN, dtype=np.uint8)
    vetoed = np.flatnonzero(found["score"].to_numpy() < CONFIRMED)
    if len(vetoed):
        attributes = found["attributes"].combine_chunks()
        last = attributes.offsets.to_numpy()[vetoed + 1] - 1
        numbers[vetoed] = _mapped(attributes.items.take(_indices(last)), _GUARD_NUMBERS)
    return numbers


def _mapped(names: "pyarrow.Array | pyarrow.ChunkedArray", numbers: dict[str, int]) -> NDArray[np.int64]:
    import pyarrow
    from pyarrow import compute

    known = pyarrow.array(list(numbers), pyarrow.string())
    found: NDArray[np.int64] = np.array(list(numbers.values()))[compute.index_in(names, known).to_numpy()]
    return found


def _indices(values: NDArray[np.int64]) -> "pyarrow.Array":
    import pyarrow

    return pyarrow.array(values, pyarrow.int64())
