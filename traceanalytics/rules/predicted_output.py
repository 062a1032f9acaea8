"""Results that a text claims for code that nothing shows to have run."""

import re
from collections.abc import Iterator, Mapping, Sequence
from types import MappingProxyType

import numpy as np

from traceanalytics.rules.block_columns import NONE, Blocks, Numbers
from traceanalytics.rules.code_contents import Kind
from traceanalytics.rules.code_roles import Programs, Role
from traceanalytics.rules.code_runs import NEAR, output_after
from traceanalytics.rules.columns import Columns
from traceanalytics.rules.finding import Finding, Located

_FORMS = {form: MappingProxyType({"form": form}) for form in ("block", "comment", "words")}
AFTER_CODE = 400  # characters after a block that may claim its result

_CLAIM = re.compile(
    r"(?:\b(?:running|executing|run|execut(?:e|ed)|evaluat(?:e|ing))\b[^.\n]{0,60}?"
    r"\b(?:gives?|outputs?|prints?|returns?|yields?|produces?|shows?|get|obtain|see|find|result(?:s|ed)? (?:in|is))\b"
    r"|\b(?:the|this|our|above|its) (?:\w+ ){0,3}?(?:code|program|script|snippet|simulation|loop|search"
    r"|output)\b[^.\n]{0,40}?"
    r"\b(?:outputs?|prints?|returns?|gives?|yields?|produces?|shows?|is|was|will (?:output|print|give|return|be))\b"
    r"|\b(?:it|this|which) (?:outputs?|prints?|returns?)\b"
    r"|^[ \t*_#>-]*(?:expected |sample |program |code )?(?:output|result)s?\b[ \t*_]*:|^[ \t]*(?:=>|>>>"
    r"|->)[ \t]*(?=\S))"
    r"[^.\n]{0,50}?[\s:=`$(\[]*(?:-?\d|\\boxed|\\\(|\$|\[|\(-?\d|true\b|false\b|none\b|\{)",
    re.IGNORECASE | re.MULTILINE,
)
_STEMS = ("run", "execut", "evaluat", "output", "print", "return", "code", "program", "script", "result")
_CLAIM_IN_CODE = re.compile(
    r"^.*#\s*(?:(?:expected\s+)?output|outputs|prints|returns|result|gives|=>|->|→)\s*[:=]?\s*[`\"'\[(-]?\s*"
    r"(?:-?\d|true\b|false\b|\[).*$",
    re.IGNORECASE | re.MULTILINE,
)

_IN_WORDS = Columns(
    _CLAIM, needs=(*_STEMS, "snippet", "simulation", "loop", "search", "\n=>", "\n>>>", "\n->"), leads=" \t"
)
_IN_CODE = Columns(_CLAIM_IN_CODE)


def find(programs: Programs) -> Iterator[Located]:
    """Find what each response presents as the result of code that nothing shows to have run, with its number."""
    blocks = programs.blocks
    unrun = programs.number[programs.role != Role.EXECUTED]
    shown = np.array([output_after(blocks, number) for number in unrun.tolist()], np.int64)
    may_claim = programs.number[~np.isin(programs.role, (Role.EXECUTED, Role.REQUESTED))]
    may_claim = may_claim[blocks.are(Kind.PROGRAM)[may_claim]]
    texts = dict(zip(unrun.tolist(), _texts_after(blocks, unrun, shown).tolist(), strict=True))
    yield from _of_blocks(blocks, shown[shown != NONE])
    for number in _claiming_in_code(blocks, may_claim.tolist()):
        yield from _in_comment(blocks, number)
    for number in _claiming_in_words(blocks, {number: texts[number] for number in may_claim.tolist()}):
        yield from _in_words(blocks, number, *texts[number])
    yield from _of_blocks(blocks, _shown_alone(programs, shown))


def _texts_after(blocks: Blocks, numbers: Numbers, shown: Numbers) -> Numbers:
    """Return where words after programs and their outputs stand: not for long, and not behind the next block."""
    last = np.where(shown == NONE, numbers, shown)
    following = blocks.following[last]
    lengths = np.array([len(reading.response) for reading in blocks.readings], np.int64)
    ends = np.where(following == NONE, lengths[blocks.row[numbers]], blocks.start[following])
    starts = blocks.stop[last]
    return np.stack([starts, np.minimum(starts + AFTER_CODE, ends)], axis=1)


def _claiming_in_code(blocks: Blocks, numbers: Sequence[int]) -> list[int]:
    """Return which programs claim their results in comments."""
    commented = {number: code for number in numbers if "#" in (code := blocks.body(number))}
    claims = _IN_CODE.found(list(commented.values()))
    return [number for number, claimed in zip(commented, claims, strict=True) if claimed]


def _claiming_in_words(blocks: Blocks, spans: Mapping[int, Sequence[int]]) -> list[int]:
    """Return of which programs words claim the results, in given parts of the prose."""
    texts = [blocks.of[number].prose[start:stop] for number, (start, stop) in spans.items()]
    return [number for number, claimed in zip(spans, _claims(texts), strict=True) if claimed]


def _claims(texts: Sequence[str]) -> list[bool]:
    """Say which texts claim in words what a run gave."""
    return [
        claims and any(stem in text.casefold() for stem in (*_STEMS, ">"))
        for claims, text in zip(_IN_WORDS.found(texts), texts, strict=True)
    ]


def _of_blocks(blocks: Blocks, numbers: Numbers) -> Iterator[Located]:
    columns = (column[numbers].tolist() for column in (blocks.row, blocks.start, blocks.stop))
    for row, start, stop in zip(*columns, strict=True):
        yield row, Finding("predicted_output", start, stop, attributes=_FORMS["block"])


def _in_comment(blocks: Blocks, number: int) -> Iterator[Located]:
    block = blocks.each[number]
    found = _CLAIM_IN_CODE.search(blocks.of[number].response, block.body_start, block.body_stop)
    if found:
        yield int(blocks.row[number]), Finding("predicted_output", *found.span(), attributes=_FORMS["comment"])


def _in_words(blocks: Blocks, number: int, start: int, stop: int) -> Iterator[Located]:
    prose = blocks.of[number].prose
    found = _CLAIM.search(prose[start:stop])
    if found:
        span = start + found.start(), _line_end(prose, start + found.end())
        yield int(blocks.row[number]), Finding("predicted_output", *span, attributes=_FORMS["words"])


def _shown_alone(programs: Programs, shown: Numbers) -> Numbers:
    """Return the output that belongs to no block of code here, and that no tool returned."""
    blocks = programs.blocks
    ran = blocks.by_row(programs.number[programs.role == Role.EXECUTED])
    alone = np.setdiff1d(np.flatnonzero(blocks.are(Kind.OUTPUT)), shown)
    kept = []
    for number, row, start in zip(
        *(each.tolist() for each in (alone, blocks.row[alone], blocks.start[alone])), strict=True
    ):
        text = blocks.body(number).strip()
        follows_run = any(0 <= start - block.stop < NEAR for block in ran.get(row, ()))
        if text and not follows_run and not any(text in output for output in blocks.readings[row].tool_outputs):
            kept.append(number)
    return np.array(kept, np.int64)


def _line_end(text: str, position: int) -> int:
    stop = text.find("\n", position)
    return len(text) if stop < 0 else stop
