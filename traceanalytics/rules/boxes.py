r"""Where a response states its final answer: boxes, answer tags, `####`, and words that say so."""

import re
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from traceanalytics.readers.text import Span


class Box(NamedTuple):
    r"""A `\boxed{…}`; `content` is that of the innermost box, and None where the braces never close."""

    start: int
    stop: int
    content: str | None


LONGEST_PLACEHOLDER = 60

_MARK = re.compile(r"\\f?box(?:ed)?\s*\{|\\[{}]|[{}]")
_PLACEHOLDER = re.compile(
    r"(?:\\(?:text|mathrm|textbf|mbox)\{)?[\s.…?_*<\[({'\"]*"
    r"(?:(?:your |the |final |numerical )*(?:answer|result|solution|value)(?: goes)?(?: here)?|\\phantom\{.*\}"
    r"|\\[cl]?dots"
    r"|\\(?:quad|,|;|!|\s)|\\square|\\Box)?"
    r"[\s.…?_*>\])}'\"]*",
    re.IGNORECASE | re.DOTALL,
)
_ANSWER_TAG = re.compile(r"<(/?)answer>", re.IGNORECASE)
_HASHES = re.compile(r"^####[ \t]*\$?-?[\d,]+(?:\.\d+)?(?:/\d+)?%?(?: [a-z]+)?[ \t]*\.?$", re.MULTILINE)
_WORDS = ("answer", "solution", "result")
_BEFORE_WORD = 24  # characters
_IN_WORDS = re.compile(
    r"(?:(?:^|\W)(?:the|our|your|my|its) (?:final |correct |required |desired |exact |numerical )?(?:answer"
    r"|solution|result)"
    r"(?: to (?:the|this) [\w ]{1,40})? (?:is|equals|=|must be|should be|would be|:)(?: therefore| thus| hence)?:?\s+"
    r"|(?:^|\n|\*\*|# )\s*(?:final )?answer\b\W{0,6}(?:is\b|:|=)\W*)(?=\w|[$\\(-])",
)


def boxes(text: str, begin: int = 0) -> list[Box]:
    r"""Return every outermost box from a place on, in one pass over the braces.

    >>> [box.content for box in boxes(r"\boxed{\frac{1}{2}} and \boxed{\boxed{3}} and \boxed{4")]
    ['\\frac{1}{2}', '3', None]
    """
    begin = text.find("box", begin)
    if begin < 0:
        return []
    opened: list[tuple[int, int] | None] = []  # where each open box and its content begin; None for another brace
    closed: list[Box] = []
    for mark in _marks(text, begin, opened):
        if len(mark[0]) > 2:
            opened.append(mark.span())
        elif mark[0] == "{":
            opened.append(None)
        elif mark[0] == "}" and opened and (box := opened.pop()) is not None:
            inside = closed[-1] if closed and closed[-1].start >= box[1] else None
            content = text[box[1] : mark.start()].strip()
            if inside is not None and content == text[inside.start : inside.stop]:
                content = inside.content or ""
            while closed and closed[-1].start >= box[1]:
                closed.pop()
            closed.append(Box(box[0], mark.end(), content))
    return sorted([*closed, *(Box(*box, None) for box in opened if box is not None)], key=lambda box: box.start)


def _marks(text: str, begin: int, opened: list[tuple[int, int] | None]) -> Iterator[re.Match[str]]:
    """Yield boxes and braces from a place on; between boxes, while none is open, braces say nothing."""
    while begin >= 0:
        looked_at = begin + 3
        command = text.rfind("\\", max(0, begin - 2), begin)
        if command >= 0:
            for mark in _MARK.finditer(text, command):
                looked_at = max(looked_at, mark.end())
                if len(mark[0]) <= 2 and not any(opened):
                    break
                yield mark
            else:
                return
        opened.clear()
        begin = text.find("box", looked_at)


def is_placeholder(content: str) -> bool:
    r"""Say whether a box or tag holds no answer: nothing, dots, `answer`, a phantom."""
    if content.isdigit():
        return False
    return len(content) < LONGEST_PLACEHOLDER and _PLACEHOLDER.fullmatch(content) is not None


def answer_tags(text: str, begin: int = 0) -> list[Box]:
    """Return the pairs of answer tags from a place on, each with the nearest opening one.

    >>> [tag.content for tag in answer_tags("<answer>4<answer> 5 </answer></answer>")]
    ['5']
    """
    found = []
    opened: re.Match[str] | None = None
    for mark in _ANSWER_TAG.finditer(text, begin):
        if mark[1] and opened is not None:
            found.append(Box(opened.start(), mark.end(), text[opened.end() : mark.start()].strip()))
        opened = None if mark[1] else mark
    return found


def final_statements(prose: str, own_boxes: Iterable[Box], begin: int = 0) -> list[Span]:
    """Return the spans from a place on that mark an answer as the final one; `prose` holds no code."""
    found = [(box.start, box.stop) for box in own_boxes if box.content and not is_placeholder(box.content)]
    if prose.find("</", begin) >= 0:
        tags = answer_tags(prose, begin)
        found += [(tag.start, tag.stop) for tag in tags if not is_placeholder(tag.content or "")]
    if prose.find("####", begin) >= 0:
        found += [line.span() for line in _HASHES.finditer(prose, begin)]
    return sorted(found)


def statements_in_words(prose: str) -> list[Span]:
    """Return the spans of words that state an answer, each to the end of its line."""
    lowered = prose.lower()
    if len(lowered) != len(prose):
        lowered = prose
    found = set()
    for word in _WORDS:
        at = lowered.find(word)
        while at >= 0:
            begin = max(0, at - _BEFORE_WORD)
            words = _IN_WORDS.search(lowered, begin, min(len(lowered), at + 90))
            if words and words.start() <= at < words.end():
                line_end = prose.find("\n", words.end())
                found.add((words.start(), len(prose) if line_end < 0 else line_end))
            at = lowered.find(word, at + len(word))
    return sorted(found)
