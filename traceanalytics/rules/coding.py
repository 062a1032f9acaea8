"""All that rules say of the code in responses: what it is for, what is claimed of it, and where it is only named."""

from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache

import numpy as np

from traceanalytics.rules import code_mentions, predicted_output
from traceanalytics.rules.block_columns import blocks_of
from traceanalytics.rules.code import Block
from traceanalytics.rules.code_calls import Call, calls_in
from traceanalytics.rules.code_contents import PROGRAMS, Kind
from traceanalytics.rules.code_roles import Programs, Role, judged_programs
from traceanalytics.rules.finding import Finding, Located
from traceanalytics.rules.reading import Reading, read_blocks

_NAMES: Mapping[int, str] = {role: role.name.lower() for role in Role}
_SHOWN_BY_PROGRAMS: Mapping[int, tuple[str, ...]] = {
    Role.EXECUTED: ("executed_code",),
    Role.REQUESTED: ("requested_code",),
    Role.SOLVE: ("code_reasoning",),
    Role.VERIFY: ("code_reasoning", "code_verification"),
    Role.DRIFT: ("post_answer_drift",),
}
_SHOWN_BY_LINES: Mapping[int, tuple[str, ...]] = {  # where the task does not ask for code
    Role.EXECUTED: ("executed_code",),
    Role.VERIFY: ("code_verification",),
}


def find(readings: Sequence[Reading]) -> Iterator[Located]:
    """Find code reasoning, the other roles of code, claimed results, and announcements."""
    read_blocks(readings)
    calls = [calls_in(reading.own) if reading.may_hold_markup else [] for reading in readings]
    programs = judged_programs(blocks_of(readings), calls)
    behind_code = np.array([own_calls[-1].stop if own_calls else 0 for own_calls in calls], np.int64)
    np.maximum.at(behind_code, programs.blocks.row[programs.number], programs.blocks.stop[programs.number])
    yield from _of_programs(programs)
    yield from _degenerate(programs)
    yield from _executed_calls(readings, calls)
    yield from predicted_output.find(programs)
    yield from code_mentions.find(readings, behind_code.tolist(), calls)


def _of_programs(programs: Programs) -> Iterator[Located]:
    blocks = programs.blocks
    columns = (programs.number, blocks.row[programs.number], programs.role, programs.after_answer)
    for program, (number, row, role, late) in enumerate(zip(*(each.tolist() for each in columns), strict=True)):
        block = blocks.each[number]
        is_line = block.kind is Kind.LINE and role != Role.REQUESTED
        evidence = programs.evidence.get(program, "")
        attributes = _attributes(
            role, block.language, block.lines, block.fenced, late, block.parses, block.imports, evidence
        )
        for behavior in (_SHOWN_BY_LINES if is_line else _SHOWN_BY_PROGRAMS).get(role, ()):
            yield row, Finding(behavior, block.start, block.stop, 1.0, attributes)
        if role == Role.VERIFY and programs.announces_check[program]:
            yield row, _introduction(block.start, programs.leads[program])


@lru_cache(maxsize=1024)
def _attributes(
    role: int,
    language: str,
    lines: int,
    fenced: bool,
    after_answer: bool,
    parses: bool | None,
    imports: tuple[str, ...],
    evidence: str,
) -> Mapping[str, str]:
    attributes = {
        **({"kind": "code"} if role == Role.DRIFT else {}),
        "role": _NAMES[role],
        "language": language,
        "lines": str(lines),
        "fenced": "true" if fenced else "false",
        "place": "after answer" if after_answer else "before answer",
    }
    if parses is not None:
        attributes["parses"] = "true" if parses else "false"
    if imports:
        attributes["imports"] = ",".join(imports)
    if evidence:
        attributes["evidence"] = evidence
    return attributes


def _introduction(stop: int, lead: str) -> Finding:
    """Find the sentence that announces the check, which ends before the code; it belongs to it."""
    start = stop - len(lead.lstrip())
    return Finding("code_verification", start, start + len(lead.strip()), attributes={"role": _NAMES[Role.VERIFY]})


def _degenerate(programs: Programs) -> Iterator[Located]:
    """Report loops of fences once in a response: from the first to the last of them."""
    blocks = programs.blocks
    hollow = blocks.by_row(np.flatnonzero(blocks.are(Kind.HOLLOW)))
    repeated = blocks.by_row(programs.number[programs.role == Role.DEGENERATE])
    for row in sorted({*hollow, *repeated}):
        empty, again = hollow.get(row, []), repeated.get(row, [])
        if len(empty) == 1:
            empty = [block for block in empty if block.language and not _is_cut_off(block, blocks.readings[row])]
        if found := sorted([*empty, *again], key=lambda block: block.start):
            attributes = {"count": str(len(found)), "kind": "repeated" if again else "empty"}
            yield row, Finding("degenerate_code", found[0].start, found[-1].stop, attributes=attributes)


def _is_cut_off(block: Block, reading: Reading) -> bool:
    return not block.closed and block.stop == len(reading.own)


def _executed_calls(readings: Sequence[Reading], calls: Sequence[Sequence[Call]]) -> Iterator[Located]:
    """Report calls that carry code, but for those around a block that is reported itself."""
    for row, own_calls in enumerate(calls):
        for start, stop, code in own_calls:
            blocks = (block for block in readings[row].blocks if block.kind in PROGRAMS)
            if not code or any(start <= block.start and block.stop <= stop for block in blocks):
                continue
            lines = sum(1 for line in code.splitlines() if line.strip() and not line.lstrip().startswith("#"))
            attributes = {"role": _NAMES[Role.EXECUTED], "lines": str(lines), "evidence": "tool call"}
            yield row, Finding("executed_code", start, stop, attributes=attributes)
