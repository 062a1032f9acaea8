"""Drift after the answer: once the final answer stands there, the response takes up a new question or topic."""

import re
from collections.abc import Iterator, Sequence
from functools import lru_cache
from types import MappingProxyType
from typing import TYPE_CHECKING

from traceanalytics.rules.columns import Columns
from traceanalytics.rules.finding import Finding, Located
from traceanalytics.rules.function_words import FUNCTION_WORDS
from traceanalytics.rules.reading import Reading
from traceanalytics.rules.texts import words

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

Drift = tuple[int, str]  # where it begins, and what it is

NEW_QUESTION, NEW_TOPIC = "new question", "new topic"
_KINDS = {kind: MappingProxyType({"kind": kind}) for kind in (NEW_QUESTION, NEW_TOPIC)}

LEAST_TAIL = 40  # characters after the answer
LONG_TAIL = 300
SAME_QUESTION = 0.6
OWN_WORDS = 0.2
LEAST_WORDS = 6  # of a paragraph that counts

_NEW_TURN = re.compile(
    r"^[ \t]*(?:[#>*_]+[ \t]*)*(?:(?:Human|User|Student|Questioner)\b[ \t]*:|user\n|\[INST\]|Input:[ \t]*\S"
    r"|(?:Question|Problem|Exercise|Q|Instruction|Task|Prompt|Example|Query)\b(?:[ \t]*#?\d+)?[*_]*[ \t]*[:.][*_]*"
    r"(?:[ \t]+\S|[ \t]*\n+\S))",
    re.MULTILINE,
)
_ANOTHER = re.compile(
    r"\b(?:let(?:['’]s| us| me)|we(?:['’]ll| can| will)?|i(?:['’]ll| will)?)(?: now| also| then)?"
    r" (?:move on to|try|consider|solve|look at|do|tackle|take|turn to|explore|work on|proceed to|go to|create"
    r"|generate)"
    r"(?: up)? (?:another|a new|a different|a similar|the next|a second|the following|one more|a related) (?:\w+ )?"
    r"(?:problem|question|exercise|example|puzzle|task|topic|scenario)"
    r"|\b(?:the )?next (?:problem|question|exercise|task)\b"
    r"|\b(?:here is|here['’]s) (?:another|a new|a similar|the next)\b"
    r"|\banother (?:problem|question|exercise|example)\s*:"
    r"|\bnow,? (?:for )?(?:another|a (?:new|different)) (?:problem|question)",
    re.IGNORECASE,
)
_ASKS = re.compile(
    r"\?\s*$|\b(?:find|determine|calculate|compute|evaluate|solve|simplify|prove|how (?:many|much|long|far|old)"
    r"|what (?:is|are|was))\b",
    re.IGNORECASE | re.MULTILINE,
)
_FURTHER = Columns(
    re.compile(f"{_NEW_TURN.pattern}|(?i:{_ANOTHER.pattern})", re.MULTILINE),
    needs=(
        *("\nhuman", "\nuser", "\nstudent", "\nquestioner", "\n[inst]", "\ninput:", "\nquestion", "\nproblem"),
        *("\nexercise", "\nq", "\ninstruction", "\ntask", "\nprompt", "\nexample", "\nquery"),
        *("another", "a new", "a different ", "a similar", "the next", "a second ", "the following ", "one more "),
        *("a related ", "next problem", "next question", "next exercise", "next task"),
    ),
    leads=" \t#>*_",
)
_ASKING = Columns(_ASKS)
_WORD = re.compile(r"[^\W\d_]{4,}")
_BETWEEN_PARAGRAPHS = re.compile(r"(\n\s*\n)")
_LOWER_WORD = re.compile(r"[a-z]{4,}")
_COMMON = words(
    "this that these those with from have will would could should given find what which when where then than "
    "them they their "
    "there here each every some more most into over also only just very because since thus hence therefore "
    "answer final "
    "boxed text frac solution result question problem value number numbers equal equals total step first second next "
    "check verify confirm correct code python print output using used show shows calculate compute determine following "
    "import return math sympy solve function"
)


def find(readings: Sequence[Reading]) -> Iterator[Located]:
    """Find where each response drifts off after its answer."""
    for row, reading in enumerate(readings):
        found = drift_of(reading)
        if found is not None:
            start, kind = found
            yield row, Finding("post_answer_drift", start, len(reading.own.rstrip()), attributes=_KINDS[kind])


def drift_of(reading: Reading) -> Drift | None:
    """Return where the drift begins and what it is: a new question, or a new topic."""
    if "drift" not in vars(reading):
        read_drifts([reading])
    return vars(reading)["drift"]  # type: ignore[no-any-return]


def read_drifts(readings: Sequence[Reading]) -> None:
    """Find the drifts of many responses at once; code after the answer asks for them too."""
    answered = []
    for reading in readings:
        vars(reading)["drift"] = None
        place = _answered_at(reading)
        if place is not None and len(reading.own) - place >= LEAST_TAIL:
            answered.append((reading, place))
    for (reading, _), found in zip(answered, _new_questions(answered), strict=True):
        vars(reading)["drift"] = found
    rest = [(reading, at) for reading, at in answered if not drift_of(reading) and len(reading.own) - at >= LONG_TAIL]
    for (reading, _), found in zip(rest, _new_topics(rest), strict=True):
        vars(reading)["drift"] = found


def _new_questions(answered: Sequence[tuple[Reading, int]]) -> Iterator[Drift | None]:
    """Find in each a new turn, or words that turn to another question, unless it is the one that was asked."""
    tails = [reading.prose[place:] for reading, place in answered]
    for (reading, place), tail, may_be_new in zip(answered, tails, _FURTHER.found(tails), strict=True):
        found = next(_further_questions(tail, reading), None) if may_be_new else None
        yield None if found is None else (place + found, NEW_QUESTION)


def _further_questions(tail: str, reading: Reading) -> Iterator[int]:
    for pattern in (_NEW_TURN, _ANOTHER):
        for found in pattern.finditer(tail):
            if not _repeats_question(tail[found.start() :], reading):
                yield found.start() + len(found[0]) - len(found[0].lstrip())


def _answered_at(reading: Reading) -> int | None:
    """Return the end of the first statement of the answer, after the thoughts where they are marked."""
    statements = reading.final_statements
    if not statements:
        return None
    begin = reading.parts.answer[0]
    return next((stop for start, stop in statements if start >= begin), None)


def _repeats_question(tail: str, reading: Reading) -> bool:
    """Say whether what follows asks what the prompt asked."""
    asked = _words(reading.question)
    follows = _words(tail[: max(200, len(reading.question) + 60)])
    return bool(asked) and len(asked & follows) >= SAME_QUESTION * len(asked)


def _new_topics(answered: Sequence[tuple[Reading, int]]) -> Iterator[Drift | None]:
    """Find the last paragraphs of each, where they share no words with the question and the way to its answer."""
    from traceanalytics.rules.strange_tail import strange_tails

    tails = strange_tails(
        [reading.own for reading, _ in answered],
        [place for _, place in answered],
        [reading.question for reading, _ in answered],
        _plain_table(),
        least=LEAST_WORDS,
        own=OWN_WORDS,
    )
    begins = []
    for (reading, place), tail in zip(answered, tails, strict=True):
        begin, strange = _strange_paragraphs(reading, place) if tail is None else tail
        begins.append(begin if begin >= 0 and strange >= LONG_TAIL else len(reading.own))
    topics = [reading.own[begin:] for (reading, _), begin in zip(answered, begins, strict=True)]
    for begin, topic, asks in zip(begins, topics, _ASKING.found(topics), strict=True):
        yield (begin + len(topic) - len(topic.lstrip()), NEW_TOPIC) if asks else None


def _strange_paragraphs(reading: Reading, answered: int) -> tuple[int, int]:
    """Do what `strange_tails` does, for any letters."""
    known = _words(reading.question) | _words_of(reading.own[:answered])
    begin, strange = -1, 0
    position = len(reading.own)
    for paragraph in reversed(_BETWEEN_PARAGRAPHS.split(reading.own[answered:])):
        position -= len(paragraph)
        words = _words_of(paragraph)
        if len(words) >= LEAST_WORDS:
            if len(words & known) >= OWN_WORDS * len(words):
                break
            begin = position
            strange += len(paragraph)
    return begin, strange


@lru_cache(maxsize=1)
def _plain_table() -> "NDArray[np.int64]":
    from traceanalytics.rules.kernel_words import table_of

    return table_of(_plain_words())


@lru_cache(maxsize=1024)
def _words(text: str) -> frozenset[str]:
    return _words_of(text)


def _words_of(text: str) -> frozenset[str]:
    if text.isascii():
        return frozenset(_LOWER_WORD.findall(text.lower())) - _plain_words()
    return frozenset(word.casefold() for word in _WORD.findall(text)) - _plain_words()


@lru_cache(maxsize=1)
def _plain_words() -> frozenset[str]:
    return _COMMON.union(word for words in FUNCTION_WORDS.values() for word in words.split())
