"""Queues of questions and the answers to them: what `ta suggest` draws and what people and judges say.

A queue is a file of label lines without judgments. Answers go into a label file that is only ever appended to; each is
on the disk before the next question is asked, so a judge that is killed goes on where it was.
"""

import json
import os
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import date
from difflib import get_close_matches
from itertools import count
from pathlib import Path
from threading import Lock

from traceanalytics.errors import BadLabel
from traceanalytics.labels import UNITS, Judgment, check_judge, check_place, check_texts, located_labels
from traceanalytics.types import JSON

OF_A_ROLLOUT = "rollout:"  # a source that begins so names the rollout
_SKIPPED = re.compile(r"skipped: ([\w, ]+)")
_TEXTS = ("id", "unit", "text", "previous", "prompt", "source", "before")


@dataclass(frozen=True, slots=True)
class Question:
    """One line of a queue: a segment in its context, or a whole rollout, and the behaviors to judge it for."""

    id: str
    unit: str
    text: str
    asked: tuple[str, ...]
    previous: str = ""
    prompt: str = ""
    source: str = ""
    before: str = ""  # what comes before `previous`, for the eye alone
    drawn_with: float | None = None
    index: int | None = None
    of: int | None = None

    def to_line(self) -> str:
        """Write the question as one JSON line, empty parts left out."""
        return json.dumps({name: value for name, value in asdict(self).items() if value not in ("", None)})

    def judgment(self, judged: Mapping[str, bool], judged_by: str, note: str = "") -> Judgment:
        """Return what a judge says of it today."""
        return Judgment(
            self.id,
            self.unit,
            self.text,
            dict(judged),
            judged_by,
            date.today().isoformat(),
            previous=self.previous,
            prompt=self.prompt,
            source=self.source,
            drawn_with=self.drawn_with,
            note=note,
            index=self.index,
            of=self.of,
        )


def question_id(rollout_id: str, index: int | None = None) -> str:
    """Name a rollout, or one of its segments, the same way in every queue.

    >>> question_id("f1-7"), question_id("f1-7", 3)
    ('f1-7', 'f1-7/3')
    """
    return rollout_id if index is None else f"{rollout_id}/{index}"


def write_queue(path: Path, questions: Iterable[Question]) -> None:
    """Write a queue; one that is there is left as it is."""
    if path.exists():
        raise BadLabel(f"{path}: there is such a file already; name another one for the queue")
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(f"{question.to_line()}\n" for question in questions), encoding="utf-8")


def read_queue(path: Path, *, behaviors: Iterable[str]) -> list[Question]:
    """Read a queue; the first faulty line is an error that names file and line."""
    if not path.is_file():
        raise BadLabel(f"{path}: no such queue; `ta suggest` draws one")
    known = set(behaviors)
    lines = enumerate(path.read_bytes().split(b"\n"), 1)
    questions = [_read_question(line, f"{path}:{number}", known) for number, line in lines if line.strip()]
    if not questions:
        raise BadLabel(f"{path}: no question in it; `ta suggest` draws some")
    return list({question.id: question for question in questions}.values())


def free_queue(kind: str) -> Path:
    """Return a file of this folder for a queue of a kind: the first of `queue-KIND.jsonl`, `queue-KIND-2.jsonl`, …"""
    names = (f"queue-{kind}.jsonl" if number == 1 else f"queue-{kind}-{number}.jsonl" for number in count(1))
    return next(path for path in map(Path, names) if not path.exists())


def answers_beside(queue: Path) -> Path:
    """Return the label file that answers to a queue go to unless another one is named."""
    return queue.with_name(f"{queue.stem}-judged.jsonl")


@dataclass(slots=True)
class Answers:
    """What one judge has said to the questions of a queue; `next` is what to ask."""

    questions: Sequence[Question]
    path: Path
    judged_by: str
    known: Iterable[str]
    _said: dict[str, dict[str, bool | None]] = field(default_factory=dict)  # None was skipped
    _notes: dict[str, str] = field(default_factory=dict)
    _order: list[tuple[str, str]] = field(default_factory=list)  # of answers, for undoing them
    _lock: Lock = field(default_factory=Lock)

    def __post_init__(self) -> None:
        check_judge(self.judged_by, str(self.path))
        _mend_torn_tail(self.path)
        if self.path.exists():
            for _, _, judgment in located_labels([self.path], behaviors=self.known):
                self._take_up(judgment)

    @property
    def total(self) -> int:
        """Return how many answers the queue asks for."""
        return sum(len(question.asked) for question in self.questions)

    @property
    def done(self) -> int:
        """Return how many questions are answered or skipped."""
        return sum(behavior in self._of(question) for question in self.questions for behavior in question.asked)

    @property
    def skipped(self) -> int:
        """Return how many questions are skipped."""
        return sum(
            self._of(question).get(behavior, True) is None for question in self.questions for behavior in question.asked
        )

    def next(self) -> tuple[Question, str] | None:
        """Return the first question that is open, with the behavior it asks for; None when all are answered."""
        for question in self.questions:
            for behavior in question.asked:
                if behavior not in self._of(question):
                    return question, behavior
        return None

    def open_questions(self) -> list[tuple[Question, str]]:
        """Return everything that is open."""
        return [(each, name) for each in self.questions for name in each.asked if name not in self._of(each)]

    def answer(self, question: Question, behavior: str, shown: bool | None, *, note: str = "") -> None:
        """Keep an answer; None skips. The line is on the disk when this returns."""
        with self._lock:
            said = {**self._of(question), behavior: shown}
            self._write(question, said, note)
            self._said[question.id] = said
            self._order.append((question.id, behavior))

    def undo(self) -> bool:
        """Take the last answer back, with a later line that does not hold it; False when there is none."""
        with self._lock:
            if not self._order:
                return False
            name, behavior = self._order[-1]
            question = next(each for each in self.questions if each.id == name)
            said = {key: value for key, value in self._of(question).items() if key != behavior}
            self._write(question, said, "")
            self._said[name] = said
            self._order = [each for each in self._order if each != (name, behavior)]
            return True

    def _of(self, question: Question) -> dict[str, bool | None]:
        return self._said.get(question.id, {})

    def _write(self, question: Question, said: Mapping[str, bool | None], note: str) -> None:
        note = "; ".join(each for each in (self._notes.get(question.id, ""), note) if each)
        self._notes[question.id] = note
        judged = {behavior: shown for behavior, shown in said.items() if shown is not None}
        skipped = [behavior for behavior, shown in said.items() if shown is None]
        note = "; ".join([*([f"skipped: {', '.join(skipped)}"] if skipped else []), *([note] if note else [])])
        append_line(self.path, question.judgment(judged, self.judged_by, note).to_line())

    def _take_up(self, judgment: Judgment) -> None:
        if judgment.judged_by != self.judged_by or judgment.id not in {question.id for question in self.questions}:
            return
        skipped = _SKIPPED.match(judgment.note)
        said: dict[str, bool | None] = dict(judgment.judged)
        said |= dict.fromkeys(skipped[1].split(", ") if skipped else [], None)
        self._notes[judgment.id] = judgment.note[skipped.end() :].removeprefix("; ") if skipped else judgment.note
        before = self._said.get(judgment.id, {})
        gone = {(judgment.id, behavior) for behavior in before if behavior not in said}
        self._order = [each for each in self._order if each not in gone]
        self._order += [(judgment.id, name) for name in said if name not in before or before[name] != said[name]]
        self._said[judgment.id] = said


def append_line(path: Path, line: str) -> None:
    """Append a line in one write and wait until it is on the disk."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("ab") as file:
        file.write(f"{line}\n".encode())
        file.flush()
        os.fsync(file.fileno())


def _mend_torn_tail(path: Path) -> None:
    """Put a last line that was cut off aside, into FILE.torn, so that the next line does not grow onto it."""
    if not path.is_file():
        return
    content = path.read_bytes()
    tail = content[content.rfind(b"\n") + 1 :]
    if not tail:
        return
    try:
        json.loads(tail)
    except ValueError:
        append_line(path.with_name(f"{path.name}.torn"), tail.decode("utf-8", "backslashreplace"))
        os.truncate(path, len(content) - len(tail))
    else:
        append_line(path, "")


def _read_question(line: bytes, where: str, known: set[str]) -> Question:
    try:
        record: JSON = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise BadLabel(f"{where}: no JSON: {error}") from error
    if not isinstance(record, dict):
        raise BadLabel(f"{where}: a {type(record).__name__}; a line of a queue is an object")
    for name in ("id", "unit", "text", "asked"):
        if not record.get(name):
            raise BadLabel(f"{where}: {name!r} is missing; a line of a queue holds id, unit, text and asked")
    check_texts({name: record[name] for name in _TEXTS if name in record}, where)
    if record["unit"] not in UNITS:
        raise BadLabel(f"{where}: 'unit' is {record['unit']!r}; it must be segment or rollout")
    asked = record["asked"]
    if not isinstance(asked, list) or not all(isinstance(name, str) for name in asked):
        raise BadLabel(f"{where}: 'asked' is {asked!r}; it must be a list of behaviors")
    for behavior in asked:
        if behavior not in known:
            nearest = get_close_matches(behavior, known, n=1)
            hint = f" Did you mean {nearest[0]!r}?" if nearest else ""
            raise BadLabel(f"{where}: asked {behavior!r} is no behavior.{hint}")
    fields = {name: record[name] for name in Question.__slots__ if record.get(name) is not None}
    check_place(fields, where)
    drawn_with = fields.get("drawn_with")
    if drawn_with is not None and not (isinstance(drawn_with, int | float) and 0 < drawn_with <= 1):
        raise BadLabel(f"{where}: 'drawn_with' is {drawn_with!r}; it must be a probability above 0, or null")
    return Question(**{**fields, "asked": tuple(dict.fromkeys(asked))})
