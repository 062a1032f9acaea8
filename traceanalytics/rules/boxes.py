r"""Where a response states its final answer: boxes, answer tags, `####`, and words that say so."""

import re
from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import NamedTuple

from traceanalytics.readers.text import Span


class Box(NamedTuple):
    r"""A `\boxed{…}`; `content` is that of the innermost box, and None where the braces never close."""

    start: int
    stop: int
    content: str | None


LONGEST_PLACEHOLDER = 60

_PLACEHOLDER = re.compile(
    r"(?:\\(?:text|mathrm|textbf|mbox)\{)?[\s.…?_*<\[({'\"]*"
    r"(?:(?:your |the |final |numerical )*(?:answer|result|solution|value)(?: goes)?(?: here)?|\\phantom\{.*\}"
    r"|\\[cl]?dots"
    r"|\\(?:quad|,|;|!|\s)|\\square|\\Box)?"
    r"[\s.…?_*>\])}'\"]*",
    re.IGNORECASE | re.DOTALL,
)
_ANSWER_TAG = re.compile(r"<(/?)answer>", re.IGNORECASE | re.ASCII)
_HASHES = re.compile(r"^####[ \t]*\$?-?[\d,]+(?:\.\d+)?(?:/\d+)?%?(?: [a-z]+)?[ \t]*\.?$", re.MULTILINE)
WORDS = ("answer", "solution", "result")
BEFORE_WORD, BEHIND_WORD = 24, 90  # characters
IN_WORDS = re.compile(
    r"(?:(?:^|\W)(?:the|our|your|my|its) (?:final |correct |required |desired |exact |numerical )?(?:answer"
    r"|solution|result)"
    r"(?: to (?:the|this) [\w ]{1,40})? (?:is|equals|=|must be|should be|would be|:)(?: therefore| thus| hence)?:?\s+"
    r"|(?:^|\n|\*\*|# )\s*(?:final )?answer\b\W{0,6}(?:is\b|:|=)\W*)(?=\w|[$\\(-])",
)


def boxes_in(texts: Sequence[str]) -> list[list[Box]]:
    r"""Return every outermost box of each text.

    >>> [box.content for box in boxes_in([r"\boxed{\frac{1}{2}} and \boxed{\boxed{3}} and \boxed{4"])[0]]
    ['\\frac{1}{2}', '3', None]
    """
    from traceanalytics.rules.boxes_kernel import UNCLOSED, paired_boxes

    found: list[list[Box]] = [[] for _ in texts]
    for row, start, stop, inner, inner_stop in paired_boxes(texts).tolist():
        content = texts[row][inner:inner_stop].strip() if inner_stop != UNCLOSED else None
        found[row].append(Box(start, stop, content))
    return found


@lru_cache(maxsize=4096)
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
    """Return the spans that mark an answer as the final one: boxes and tags, and `####` from a place on."""
    found = [(box.start, box.stop) for box in own_boxes if box.content and not is_placeholder(box.content)]
    if prose.find("####", begin) >= 0:
        found += [line.span() for line in _HASHES.finditer(prose, begin)]
    return sorted(found)


def statements_in_words(prose: str) -> list[Span]:
    """Return the spans of words that state an answer, each to the end of its line."""
    lowered = prose.lower()
    if len(lowered) != len(prose):
        lowered = prose
    found = set()
    for word in WORDS:
        at = lowered.find(word)
        while at >= 0:
            begin = max(0, at - BEFORE_WORD)
            words = IN_WORDS.search(lowered, begin, min(len(lowered), at + BEHIND_WORD))
            if words and words.start() <= at < words.end():
                line_end = prose.find("\n", words.end())
                found.add((words.start(), len(prose) if line_end < 0 else line_end))
            at = lowered.find(word, at + len(word))
    return sorted(found)
