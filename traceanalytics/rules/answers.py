"""Answers in boxes and in tags, the last one counts; and marked thoughts."""

from collections.abc import Iterator, Sequence

from traceanalytics.readers.text import ThinkState
from traceanalytics.rules.boxes import Box, is_placeholder
from traceanalytics.rules.finding import Finding, Located
from traceanalytics.rules.reading import Reading


def find(readings: Sequence[Reading]) -> Iterator[Located]:
    """Find in each response the last answer in a box, the last in tags, and the marked thoughts."""
    for row, reading in enumerate(readings):
        if reading.may_hold_answers:
            for behavior, marks in (("boxed_answer", reading.boxes), ("answer_tag", reading.answer_tags)):
                filled = [mark for mark in marks if mark.content is not None and not is_placeholder(mark.content)]
                if filled:
                    yield row, _last(behavior, filled, len(marks), reading.prose)
        if reading.may_hold_thoughts:
            yield from ((row, finding) for finding in _thoughts(reading))


def _last(behavior: str, filled: Sequence[Box], count: int, prose: str) -> Finding:
    last = filled[-1]
    attributes = {
        "count": str(count),
        "empty": str(count - len(filled)),
        "text_after": str(len(prose[last.stop :].strip())),
    }
    return Finding(behavior, last.start, last.stop, attributes=attributes)


def _thoughts(reading: Reading) -> Iterator[Finding]:
    start, stop = reading.parts.reasoning
    state = reading.parts.state
    if state in (ThinkState.CLOSED, ThinkState.PREFILLED) and reading.response[start:stop].strip():
        after = reading.response[reading.parts.answer[0] :].strip()
        yield Finding("think_tag", start, stop, attributes={"state": state.value, "text_after": str(len(after))})
