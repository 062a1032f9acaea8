"""All that rules say of the code in responses: what it is for, what is claimed of it, and where it is only named."""

from collections.abc import Iterator, Sequence

from traceanalytics.rules import code_mentions, predicted_output
from traceanalytics.rules.code_calls import Call, calls_in
from traceanalytics.rules.code_contents import PROGRAMS, Kind
from traceanalytics.rules.code_roles import Judged, Role, judged_blocks
from traceanalytics.rules.finding import Finding
from traceanalytics.rules.reading import Reading, read_blocks


def find(readings: Sequence[Reading]) -> list[list[Finding]]:
    """Find in each response code reasoning, the other roles of code, claimed results, and announcements."""
    read_blocks(readings)
    calls = [calls_in(reading.own) for reading in readings]
    judged = judged_blocks(readings, calls)
    predicted = predicted_output.find(readings, judged)
    last = [
        max([*(each.block.start for each in blocks), *(call.start for call in own_calls)], default=-1)
        for blocks, own_calls in zip(judged, calls, strict=True)
    ]
    mentions = code_mentions.find(readings, last, calls)
    certain = [list(_of_code(*each)) for each in zip(readings, judged, calls, strict=True)]
    return [[*code, *claims, *said] for code, claims, said in zip(certain, predicted, mentions, strict=True)]


def _of_code(reading: Reading, judged: Sequence[Judged], calls: Sequence[Call]) -> Iterator[Finding]:
    for each in judged:
        yield from _of_block(each)
        if each.role is Role.VERIFY and each.announces_check:
            yield _introduction(*each.lead)
    if reading.blocks:
        yield from _degenerate(reading, judged)
    if calls:
        yield from _executed_calls(reading, calls)


def _of_block(judged: Judged) -> Iterator[Finding]:
    block = judged.block
    attributes = {
        "role": judged.role.value,
        "language": block.language,
        "lines": str(block.lines),
        "fenced": "true" if block.fenced else "false",
        "place": "after answer" if judged.after_answer else "before answer",
    }
    if block.parses is not None:
        attributes["parses"] = "true" if block.parses else "false"
    if block.imports:
        attributes["imports"] = ",".join(block.imports)
    if judged.evidence:
        attributes["evidence"] = judged.evidence
    if judged.role is Role.EXECUTED:
        yield Finding("executed_code", block.start, block.stop, attributes=attributes)
    elif block.kind is Kind.LINE and judged.role is Role.VERIFY:
        yield Finding("code_verification", block.start, block.stop, attributes=attributes)
    elif block.kind is Kind.LINE and judged.role is not Role.REQUESTED:
        return
    elif judged.role is Role.REQUESTED:
        yield Finding("requested_code", block.start, block.stop, attributes=attributes)
    elif judged.role in (Role.SOLVE, Role.VERIFY):
        yield Finding("code_reasoning", block.start, block.stop, attributes=attributes)
        if judged.role is Role.VERIFY:
            yield Finding("code_verification", block.start, block.stop, attributes=attributes)
    elif judged.role is Role.DRIFT:
        yield Finding("post_answer_drift", block.start, block.stop, attributes={"kind": "code", **attributes})


def _introduction(start: int, lead: str) -> Finding:
    """Find the sentence that announces the check; it belongs to the code."""
    start += len(lead) - len(lead.lstrip())
    return Finding("code_verification", start, start + len(lead.strip()), attributes={"role": Role.VERIFY.value})


def _degenerate(reading: Reading, judged: Sequence[Judged]) -> Iterator[Finding]:
    """Report loops of fences once: from the first to the last of them."""
    hollow = [block for block in reading.blocks if block.kind is Kind.HOLLOW]
    cut_off = [block for block in hollow if not block.closed and block.stop == len(reading.own)]
    named = [block for block in hollow if block.language]
    empty = hollow if len(hollow) > 1 else [block for block in named if block not in cut_off]
    repeated = [each.block for each in judged if each.role is Role.DEGENERATE]
    blocks = sorted([*empty, *repeated], key=lambda block: block.start)
    if blocks:
        attributes = {"count": str(len(blocks)), "kind": "empty" if not repeated else "repeated"}
        yield Finding("degenerate_code", blocks[0].start, blocks[-1].stop, attributes=attributes)


def _executed_calls(reading: Reading, calls: Sequence[Call]) -> Iterator[Finding]:
    """Report calls that carry code, but for those around a block that is reported itself."""
    blocks = [block for block in reading.blocks if block.kind in PROGRAMS]
    for start, stop, code in calls:
        if not code or any(start <= block.start and block.stop <= stop for block in blocks):
            continue
        lines = sum(1 for line in code.splitlines() if line.strip() and not line.lstrip().startswith("#"))
        attributes = {"role": Role.EXECUTED.value, "lines": str(lines), "evidence": "tool call"}
        yield Finding("executed_code", start, stop, attributes=attributes)
