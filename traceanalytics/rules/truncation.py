"""Truncation: the log says that the response was cut off at its limit, or else its tail is left open."""

import re
from collections.abc import Iterator

from traceanalytics.readers.text import ThinkState
from traceanalytics.rules.boxes import statements_in_words
from traceanalytics.rules.finding import Finding
from traceanalytics.rules.reading import Reading

CUT = frozenset(
    {"length", "max_tokens", "max_length", "max_new_tokens", "max_output_tokens", "context_length", "incomplete"}
)
NOT_TOLD = frozenset({"", "unknown", "null", "none"})
_CUT_OR_NOT_TOLD = CUT | NOT_TOLD
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


def may_be_cut(reason: str | None) -> bool:
    """Say whether a finish reason leaves open, or tells, that the response was cut off."""
    return reason is None or reason.casefold() in _CUT_OR_NOT_TOLD


def find(reading: Reading, ends_properly: bool) -> Iterator[Finding]:
    """Find the cut: certain by the finish reason, likely by an open tail where the log gives none.

    What ends properly, as `proper_ends` sees it, may still leave thoughts, a fence or a box open.
    """
    reason = (reading.finish_reason or "").casefold()
    stop = len(reading.response)
    start = max(0, stop - SHOWN)
    if reason in CUT:
        yield Finding("truncated", start, stop, attributes={"by": "finish reason"})
    elif ends_properly and not _leaves_more_open(reading):
        return
    elif reason in NOT_TOLD and (left_open := open_tail(reading)):
        yield Finding("truncated", start, stop, score=0.8, attributes={"by": left_open})


def _leaves_more_open(reading: Reading) -> bool:
    """Say whether thoughts, a fence or a box are never closed."""
    last = reading.blocks[-1:]
    return (
        reading.parts.state is ThinkState.UNCLOSED
        or any(block.fenced and not block.closed for block in last)
        or any(box.content is None for box in reading.boxes)
    )


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
    if text[-1] in ".!?}$)*|]:\"'”。！？`>~" and not text.endswith(("\\]", "\\)")):
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
