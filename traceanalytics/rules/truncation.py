"""Truncation: the log says that the response was cut off at its limit, or else its tail is left open."""

import re
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from traceanalytics.readers.text import ThinkState
from traceanalytics.rules.boxes import statements_in_words
from traceanalytics.rules.finding import Finding, Located
from traceanalytics.rules.reading import Reading

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

CUT = frozenset(
    {"length", "max_tokens", "max_length", "max_new_tokens", "max_output_tokens", "context_length", "incomplete"}
)
NOT_TOLD = frozenset({"", "unknown", "null", "none"})
TAIL = 2000  # characters in which something may be left open
SHOWN = 200  # characters of the span

_ENDED = re.compile(
    r"(?:<\|(?:im_end|endoftext|eot_id|end_of_text)\|>|</s>|<｜end▁of▁sentence｜>|<eos>|<end_of_turn>)\s*\Z"
)
_DISPLAYS = (("\\[", "\\]"), ("\\(", "\\)"), ("\\begin{", "\\end{"))
_BREAKS_OFF = re.compile(
    r"(?:[,+*/=<>({\[&^_\\-]|\\[a-zA-Z]+|\b(?:the|a|an|of|and|or|to|is|are|was|by|in|for|with|that|which|we|be|as"
    r"|at|from|if|so|then|because"
    r"|this|these|can|will|has|have|i|let|since|where|its|our|their|into|than|each|per))\s*\Z",
    re.IGNORECASE,
)


def find(readings: Sequence[Reading], proper_ends: "NDArray[np.bool_]") -> Iterator[Located]:
    """Find the cut in each: certain by the finish reason, likely by an open tail where the log gives none.

    What ends properly, as the pass over all ends sees it, may still leave thoughts, a fence or a box open.
    """
    for row, (reading, ends_properly) in enumerate(zip(readings, proper_ends.tolist(), strict=True)):
        reason = (reading.finish_reason or "").casefold()
        if reason in CUT:
            yield row, _cut(reading, 1.0, "finish reason")
        elif reason in NOT_TOLD and (not ends_properly or _leaves_more_open(reading)):
            left_open = open_tail(reading)
            if left_open:
                yield row, _cut(reading, 0.8, left_open)


def _cut(reading: Reading, score: float, by: str) -> Finding:
    stop = len(reading.response)
    return Finding("truncated", max(0, stop - SHOWN), stop, score, {"by": by})


def _leaves_more_open(reading: Reading) -> bool:
    """Say whether thoughts, a fence or a box are never closed."""
    if reading.may_hold_thoughts and reading.parts.state is ThinkState.UNCLOSED:
        return True
    if reading.may_hold_code and (last := reading.blocks[-1:]) and last[0].fenced and not last[0].closed:
        return True
    return reading.may_hold_answers and any(box.content is None for box in reading.boxes)


def open_tail(reading: Reading) -> str:
    """Say what a response leaves open at its end; nothing where it ends properly."""
    text = reading.response.rstrip()
    if not text or (
        reading.may_hold_markup and (_ENDED.search(text, max(0, len(text) - 40)) or _is_foreign_end(reading))
    ):
        return ""
    if reading.parts.state is ThinkState.UNCLOSED:
        return "open thoughts"
    if reading.may_hold_code and (last := reading.blocks[-1:]):
        if last[0].fenced and not last[0].closed:
            return "open fence"
        if last[0].stop >= len(text):
            return ""
    tail = text[-TAIL:]
    if "\\" in tail or "$$" in tail:
        if "box" in tail and any(box.content is None and box.start > len(text) - TAIL for box in reading.boxes):
            return "open box"
        if any(tail.rfind(opener) > tail.rfind(closer) for opener, closer in _DISPLAYS):
            return "open formula"
        if text.count("$$") % 2:
            return "open formula"
    if text.endswith("<answer>"):
        return "open answer tag"
    return _broken_off(reading, text)


def _is_foreign_end(reading: Reading) -> bool:
    """Say whether a tool or another role has the last word."""
    end = len(reading.response.rstrip())
    return any(start < end <= stop for start, stop in reading.tool_spans)


def _broken_off(reading: Reading, text: str) -> str:
    """Say whether the last line stops in the middle of a sentence."""
    if text[-1] in ".!?}$)*|]:\"'”。！？`>~":
        return ""
    line = text[text.rfind("\n") + 1 :]
    begin = len(text) - len(line)
    if any(stop > begin for _, stop in reading.final_statements) or statements_in_words(line):
        return ""
    if _BREAKS_OFF.search(line, max(0, len(line) - 40)) and not line.startswith(("---", "===", "***")):
        return "open sentence"
    if len(line.split()) >= 8 and text[-1].isalpha() and not reading.statements:
        return "open sentence"
    return ""
