"""All that rules say of the code in responses: what it is for, what is claimed of it, and where it is only named."""

from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache

from traceanalytics.rules import code_mentions, predicted_output
from traceanalytics.rules.code_calls import Call, calls_in
from traceanalytics.rules.code_contents import PROGRAMS, Kind
from traceanalytics.rules.code_roles import Judged, Role, judged_blocks
from traceanalytics.rules.finding import Finding
from traceanalytics.rules.reading import Reading, read_blocks

_SHOWN_BY_PROGRAMS: Mapping[Role, tuple[str, ...]] = {
    Role.EXECUTED: ("executed_code",),
    Role.REQUESTED: ("requested_code",),
    Role.SOLVE: ("code_reasoning",),
    Role.VERIFY: ("code_reasoning", "code_verification"),
    Role.DRIFT: ("post_answer_drift",),
}
_SHOWN_BY_LINES: Mapping[Role, tuple[str, ...]] = {  # where the task does not ask for code
    Role.EXECUTED: ("executed_code",),
    Role.VERIFY: ("code_verification",),
}


def find(readings: Sequence[Reading]) -> list[list[Finding]]:
    """Find in each response code reasoning, the other roles of code, claimed results, and announcements."""
    read_blocks(readings)
    calls = [calls_in(reading.own) if reading.may_hold_markup else [] for reading in readings]
    judged = judged_blocks(readings, calls)
    predicted = predicted_output.find(readings, judged)
    last = [
        max(programs[-1].block.start if programs else -1, own_calls[-1].start if own_calls else -1)
        for programs, own_calls in zip(judged, calls, strict=True)
    ]
    mentions = code_mentions.find(readings, last, calls)
    certain = [
        _of_code(*each) if each[0].blocks or each[2] else () for each in zip(readings, judged, calls, strict=True)
    ]
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
    block, role = judged.block, judged.role
    if block.kind is Kind.LINE and role is not Role.REQUESTED:
        shown = _SHOWN_BY_LINES.get(role, ())
    else:
        shown = _SHOWN_BY_PROGRAMS.get(role, ())
    for behavior in shown:
        attributes = _attributes(
            role,
            block.language,
            block.lines,
            block.fenced,
            judged.after_answer,
            block.parses,
            block.imports,
            judged.evidence,
        )
        if behavior == "post_answer_drift":
            attributes = {"kind": "code", **attributes}
        yield Finding(behavior, block.start, block.stop, attributes=attributes)


@lru_cache(maxsize=1024)
def _attributes(
    role: Role,
    language: str,
    lines: int,
    fenced: bool,
    after_answer: bool,
    parses: bool | None,
    imports: tuple[str, ...],
    evidence: str,
) -> Mapping[str, str]:
    attributes = {
        "role": role.value,
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


def _introduction(start: int, lead: str) -> Finding:
    """Find the sentence that announces the check; it belongs to the code."""
    start += len(lead) - len(lead.lstrip())
    return Finding("code_verification", start, start + len(lead.strip()), attributes={"role": Role.VERIFY.value})


def _degenerate(reading: Reading, judged: Sequence[Judged]) -> Iterator[Finding]:
    """Report loops of fences once: from the first to the last of them."""
    hollow = [block for block in reading.blocks if block.kind is Kind.HOLLOW]
    repeated = [each.block for each in judged if each.role is Role.DEGENERATE]
    if not hollow and not repeated:
        return
    cut_off = [block for block in hollow if not block.closed and block.stop == len(reading.own)]
    empty = hollow if len(hollow) > 1 else [block for block in hollow if block.language and block not in cut_off]
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
