"""Answers in boxes and in tags, the last one counts; and marked thoughts."""

from collections.abc import Iterator

from traceanalytics.rules.boxes import answer_tags, is_placeholder
from traceanalytics.rules.finding import Finding
from traceanalytics.rules.reading import Reading


def find(reading: Reading) -> Iterator[Finding]:
    r"""Find the last answer in a box, the last in tags, and the marked thoughts."""
    text = reading.prose
    own = [box for box in reading.boxes if box.content is not None and not is_placeholder(box.content)]
    if own:
        last = own[-1]
        yield Finding(
            "boxed_answer",
            last.start,
            last.stop,
            attributes=_count(len(reading.boxes), len(reading.boxes) - len(own), text[last.stop :]),
        )
    tags = answer_tags(text, reading.answers_from) if reading.may_hold_markup else []
    filled = [tag for tag in tags if not is_placeholder(tag.content or "")]
    if filled:
        last_tag = filled[-1]
        yield Finding(
            "answer_tag",
            last_tag.start,
            last_tag.stop,
            attributes=_count(len(tags), len(tags) - len(filled), text[last_tag.stop :]),
        )
    yield from _thoughts(reading)


def _count(all_of_them: int, empty: int, after: str) -> dict[str, str]:
    return {"count": str(all_of_them), "empty": str(empty), "text_after": str(len(after.strip()))}


def _thoughts(reading: Reading) -> Iterator[Finding]:
    if not reading.may_hold_thoughts:
        return
    start, stop = reading.parts.reasoning
    state = reading.parts.state
    if state in ("closed", "prefilled") and reading.response[start:stop].strip():
        after = reading.response[reading.parts.answer[0] :].strip()
        yield Finding("think_tag", start, stop, attributes={"state": state.value, "text_after": str(len(after))})
