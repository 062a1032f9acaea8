"""Results that a text claims for code that nothing shows to have run."""

import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from traceanalytics.rules.code import Block
from traceanalytics.rules.code_contents import Kind
from traceanalytics.rules.code_roles import NEAR, Judged, Role, next_block, output_after
from traceanalytics.rules.columns import Columns
from traceanalytics.rules.finding import Finding
from traceanalytics.rules.reading import Reading

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
_CLAIM_STEMS = ("run", "execut", "evaluat", "output", "print", "return", "code", "program", "script", "result", ">")
_CLAIM_IN_CODE = re.compile(
    r"^.*#\s*(?:(?:expected\s+)?output|outputs|prints|returns|result|gives|=>|->|→)\s*[:=]?\s*[`\"'\[(-]?\s*"
    r"(?:-?\d|true\b|false\b|\[).*$",
    re.IGNORECASE | re.MULTILINE,
)

_HOLD_A_STEM = Columns(re.compile("|".join(_CLAIM_STEMS), re.IGNORECASE))
_IN_WORDS = Columns(_CLAIM)
_IN_CODE = Columns(_CLAIM_IN_CODE)


class _Unrun(NamedTuple):
    """A block that nothing shows to have run, the block shown after it, and where words may claim what it gave."""

    block: Block
    shown: Block | None
    code: str
    start: int
    text: str


def find(readings: Sequence[Reading], judged: Sequence[Sequence[Judged]]) -> list[list[Finding]]:
    """Find what each text presents as the result of code that nothing shows to have run."""
    unrun = [
        [_unrun(reading, each) for each in blocks if each.role is not Role.EXECUTED] if blocks else []
        for reading, blocks in zip(readings, judged, strict=True)
    ]
    flat = [each for blocks in unrun for each in blocks]
    said = _claims([each.text for each in flat])
    commented = _IN_CODE.found([each.code for each in flat])
    claims = zip(said, commented, strict=True)
    return [
        [*_claimed(reading, blocks, claims), *_shown_alone(reading, blocks, judged_ones)] if reading.blocks else []
        for reading, blocks, judged_ones in zip(readings, unrun, judged, strict=True)
    ]


def _unrun(reading: Reading, judged: Judged) -> _Unrun:
    block = judged.block
    shown = output_after(reading, block)
    after = shown.stop if shown is not None else block.stop
    if block.kind is not Kind.PROGRAM or judged.role is Role.REQUESTED:
        return _Unrun(block, shown, "", after, "")
    code = reading.response[block.body_start : block.body_stop]
    text = reading.prose[after : _end_of_text_after(reading, after)]
    return _Unrun(block, shown, code if "#" in code else "", after, text)


def _claims(texts: Sequence[str]) -> list[bool]:
    """Say which texts claim in words what a run gave; most hold none of the stems."""
    may_claim = _HOLD_A_STEM.found(texts)
    found = iter(_IN_WORDS.found([text for text, may in zip(texts, may_claim, strict=True) if may]))
    said = [may and next(found) for may in may_claim]
    return [
        claims and any(stem in text.casefold() for stem in _CLAIM_STEMS)
        for claims, text in zip(said, texts, strict=True)
    ]


def _claimed(reading: Reading, unrun: Sequence[_Unrun], claims: Iterator[tuple[bool, bool]]) -> Iterator[Finding]:
    for each, (said, commented) in zip(unrun, claims, strict=False):
        if each.shown is not None:
            yield Finding("predicted_output", each.shown.start, each.shown.stop, attributes={"form": "block"})
        block = each.block
        if commented and (inside := _CLAIM_IN_CODE.search(reading.response, block.body_start, block.body_stop)):
            yield Finding("predicted_output", *inside.span(), attributes={"form": "comment"})
        if said and (found := _CLAIM.search(each.text)):
            stop = _line_end(reading.prose, each.start + found.end())
            yield Finding("predicted_output", each.start + found.start(), stop, attributes={"form": "words"})


def _shown_alone(reading: Reading, unrun: Sequence[_Unrun], judged: Sequence[Judged]) -> Iterator[Finding]:
    """Find output that belongs to no block of code here, and that no tool returned."""
    claimed = {each.shown.start for each in unrun if each.shown is not None}
    for block in reading.blocks:
        if block.kind is not Kind.OUTPUT or block.start in claimed:
            continue
        text = reading.response[block.body_start : block.body_stop].strip()
        ran = (each.block.stop for each in judged if each.role is Role.EXECUTED)
        follows_run = any(0 <= block.start - stop < NEAR for stop in ran)
        if text and not follows_run and not any(text in output for output in reading.tool_outputs):
            yield Finding("predicted_output", block.start, block.stop, attributes={"form": "block"})


def _end_of_text_after(reading: Reading, start: int) -> int:
    following = next_block(reading, start)
    return min(start + AFTER_CODE, len(reading.response) if following is None else following.start)


def _line_end(text: str, position: int) -> int:
    stop = text.find("\n", position)
    return len(text) if stop < 0 else stop
