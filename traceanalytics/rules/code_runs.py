"""What shows that a program has run: the answer of a tool, the same code in a call, the log; and its output."""

import re
from collections.abc import Iterator, Sequence

from traceanalytics.rules.block_columns import NONE, Blocks
from traceanalytics.rules.code_calls import Call, without_calls
from traceanalytics.rules.code_contents import Kind

NEAR = 60  # characters other than blanks between a block and what a tool returned
OUTPUT_WITHIN = 300  # characters between a program and a block tagged as output
SHORTEST_CALLED = 9  # characters of code in a call that are compared

_OUTPUT_LEAD = re.compile(
    r"\s*(?:[*_#]*\s*(?:(?:the|sample|expected|program|code|console)\s+)*(?:output|result|stdout|prints?)\b[^\n]{0,40})?\s*",
    re.IGNORECASE,
)


def evidence_of(blocks: Blocks, numbers: Sequence[int], calls: Sequence[Call]) -> Iterator[str]:
    """Say of the programs of a response by what each is known to have run, or nothing."""
    called = ["".join(call.code.split()) for call in calls if len(call.code) >= SHORTEST_CALLED]
    untils = [*(blocks.each[number].start for number in numbers[1:]), len(blocks.of[numbers[0]].response)]
    for number, until in zip(numbers, untils, strict=True):
        yield _evidence(blocks, number, until, calls, called)


def _evidence(blocks: Blocks, number: int, until: int, calls: Sequence[Call], called: Sequence[str]) -> str:
    """Say by what a block is known to have run: a tool's answer right after it, the same code in a call, the log."""
    reading, block = blocks.of[number], blocks.each[number]
    if any(call.start <= block.start and block.stop <= call.stop for call in calls):
        return "tool call"
    for start, _ in reading.tool_spans:
        if block.stop <= start < until:
            between = without_calls(reading.own[block.stop : start])
            if len("".join(between.split())) <= NEAR:
                return "tool response"
    body = "".join(blocks.body(number).split()) if called else ""
    if body and any(body in code or code in body for code in called):
        return "tool call"
    if not reading.tool_outputs:
        return ""
    shown = output_after(blocks, number)
    if shown == NONE:
        return "" if reading.tool_spans else "log"
    text = blocks.body(shown).strip()
    return "log" if any(text and text in output for output in reading.tool_outputs) else ""


def output_after(blocks: Blocks, number: int) -> int:
    """Return the number of the block that presents the output of another: fenced as output, or bare and right after."""
    following = int(blocks.following[number])
    if following == NONE:
        return NONE
    block = blocks.each[following]
    if block.kind is Kind.OUTPUT:
        return following if len(_between(blocks, number, following).strip()) <= OUTPUT_WITHIN else NONE
    bare = not block.tag and block.kind in (Kind.TEXT, Kind.LINE)
    if block.fenced and (bare or block.tag in ("text", "txt", "plaintext", "console")):
        return following if _OUTPUT_LEAD.fullmatch(_between(blocks, number, following)) else NONE
    return NONE


def _between(blocks: Blocks, number: int, following: int) -> str:
    return blocks.of[number].own[blocks.stop[number] : blocks.start[following]]
