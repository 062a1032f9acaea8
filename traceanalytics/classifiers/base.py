"""What every kind of classifier has: candidate segments in, a score for each behavior out; saved without pickles."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import compress
from pathlib import Path
from typing import Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from traceanalytics.labels import Judgment
from traceanalytics.types import JSON

YES, NO, NOT_JUDGED = 1, 0, -1
SILENT, SHOWN = 0, 1  # what the cues of a behavior say of a segment; more than SHOWN: a guard vetoed, and which


Places = tuple[
    NDArray[np.uint8], NDArray[np.int64], NDArray[np.int64], NDArray[np.int64], NDArray[np.int64], NDArray[np.float32]
]


@dataclass(frozen=True, slots=True)
class Candidates:
    """Segments to score, as places in one byte buffer: the segment, the one before it, and its place.

    What cues say of each may stand beside: kinds that read nothing but text leave it alone.
    """

    buffer: NDArray[np.uint8]
    start: NDArray[np.int64]
    stop: NDArray[np.int64]
    previous_start: NDArray[np.int64]
    previous_stop: NDArray[np.int64]
    position: NDArray[np.float32]  # 0 for the first segment of a response, towards 1 for the last
    cue_names: tuple[str, ...] = ()  # behaviors whose cues were asked
    cues: NDArray[np.uint8] | None = None  # what they said, one column each: SILENT, SHOWN, or a guard's number

    def __len__(self) -> int:
        return len(self.start)

    def texts(self) -> list[str]:
        """Return the segments as texts, for kinds that read text."""
        return self._decoded(self.start, self.stop)

    def previous_texts(self) -> list[str]:
        """Return the segments before them."""
        return self._decoded(self.previous_start, self.previous_stop)

    def part(self, rows: NDArray[np.int64] | NDArray[np.bool_]) -> "Candidates":
        """Return some of the candidates."""
        return Candidates(
            self.buffer,
            self.start[rows],
            self.stop[rows],
            self.previous_start[rows],
            self.previous_stop[rows],
            self.position[rows],
            self.cue_names,
            None if self.cues is None else self.cues[rows],
        )

    def said_by_cues(self, names: Sequence[str]) -> NDArray[np.uint8]:
        """Return what the cues of some behaviors say, one column each; those that were not asked are silent."""
        if self.cues is not None and tuple(names) == self.cue_names:
            return self.cues
        said = np.zeros((len(self), len(names)), dtype=np.uint8)
        for column, name in enumerate(names):
            if self.cues is not None and name in self.cue_names:
                said[:, column] = self.cues[:, self.cue_names.index(name)]
        return said

    def places(self) -> Places:
        """Return the columns in the order in which the kernels take them."""
        return self.buffer, self.start, self.stop, self.previous_start, self.previous_stop, self.position

    def _decoded(self, starts: NDArray[np.int64], stops: NDArray[np.int64]) -> list[str]:
        whole = self.buffer.tobytes()
        return [whole[start:stop].decode() for start, stop in zip(starts.tolist(), stops.tolist(), strict=True)]


@dataclass(frozen=True, slots=True)
class Judged:
    """Candidates with what was judged of them: one column a behavior, holding YES, NO or NOT_JUDGED."""

    candidates: Candidates
    behaviors: tuple[str, ...]
    answers: NDArray[np.int8]
    groups: tuple[str, ...]  # what a split keeps together: the prompt
    voices: tuple[str, ...] = ()  # who wrote the text, such as a batch of labels or a run; empty where nobody knows
    sources: tuple[str, ...] = ()  # of each judgment, such as the rollout it was drawn from
    prompts: tuple[str, ...] = ()  # of each judgment; near-duplicates of other prompts share its group

    def part(self, rows: NDArray[np.bool_]) -> "Judged":
        """Return some of the judgments."""
        columns = (self.groups, self.voices, self.sources, self.prompts)
        kept = (tuple(compress(each, rows.tolist())) for each in columns)
        return Judged(self.candidates.part(rows), self.behaviors, self.answers[rows], *kept)

    def rollouts(self) -> tuple[str, ...]:
        """Return the ids of the rollouts that the judgments are of."""
        return tuple(sorted({rollout for source in self.sources if (rollout := rollout_of(source))}))


@dataclass(frozen=True, slots=True)
class FoundSpan:
    """Where inside a candidate a behavior is shown; start and stop count code points of the segment."""

    row: int
    behavior: str
    start: int
    stop: int
    score: float


class Classifier(Protocol):
    """A kind of classifier. `score` gives probabilities, calibrated so that 0.5 and more means shown."""

    kind: str
    behaviors: tuple[str, ...]

    def fit(self, judged: Judged) -> None:
        """Learn from judgments; what was not judged teaches nothing."""

    def score(self, candidates: Candidates) -> NDArray[np.float32]:
        """Return one row a candidate and one column a behavior."""

    def save(self, folder: Path) -> dict[str, JSON]:
        """Write the weights and return what the card must say to read them again."""

    @classmethod
    def load(cls, folder: Path, card: dict[str, JSON]) -> "Classifier":
        """Read a saved model; a folder that does not fit its card is a BadModel."""


@runtime_checkable
class FindsSpans(Protocol):
    """A classifier that also says where inside a segment a behavior is shown."""

    def spans(self, candidates: Candidates) -> list[FoundSpan]:
        """Return the places, of one candidate and behavior the surest first."""


def candidates_of(texts: Sequence[str], previous: Sequence[str], position: Iterable[float]) -> Candidates:
    """Lay texts and the segments before them out in one buffer."""
    pieces = [text.encode() for pair in zip(previous, texts, strict=True) for text in pair]
    ends = np.cumsum([0, *map(len, pieces)], dtype=np.int64)
    return Candidates(
        buffer=np.frombuffer(b"".join(pieces), dtype=np.uint8),
        start=ends[1:-1:2],
        stop=ends[2::2],
        previous_start=ends[0:-1:2],
        previous_stop=ends[1::2],
        position=np.fromiter(position, dtype=np.float32),
    )


def judged_of(judgments: Sequence[Judgment], behaviors: Sequence[str]) -> Judged:
    """Turn judgments of segments into what a classifier learns from."""
    segments = [judgment for judgment in judgments if judgment.unit == "segment"]
    answers = np.full((len(segments), len(behaviors)), NOT_JUDGED, dtype=np.int8)
    for row, judgment in enumerate(segments):
        for column, behavior in enumerate(behaviors):
            if behavior in judgment.judged:
                answers[row, column] = judgment.judged[behavior]
    groups = tuple(judgment.prompt or judgment.source or judgment.id for judgment in segments)
    return Judged(
        candidates=candidates_of(
            [judgment.text for judgment in segments],
            [judgment.previous for judgment in segments],
            [(judgment.index or 0) / max(judgment.of or 1, 1) for judgment in segments],
        ),
        behaviors=tuple(behaviors),
        answers=answers,
        groups=groups,
        voices=tuple(_voice(judgment.source) for judgment in segments),
        sources=tuple(judgment.source for judgment in segments),
        prompts=groups,
    )


def rollout_of(source: str) -> str:
    """Return the id of the rollout that a judgment's source names, empty where it names none.

    >>> rollout_of("rollout:a1b2"), rollout_of("seed:longcot:1:t01")
    ('a1b2', '')
    """
    return source.removeprefix("rollout:").split("#")[0] if source.startswith("rollout:") else ""


def _voice(source: str) -> str:
    """Return the batch that a source such as `seed:longcot:t01` names; a user's rollouts are one."""
    parts = source.split(":")
    return parts[0] if parts[0] == "rollout" else ":".join(parts[:2])
