"""Results that a text claims for code that nothing shows to have run."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from traceanalytics.readers.text import Span
from traceanalytics.rules.code import Block
from traceanalytics.rules.code_contents import Kind
from traceanalytics.rules.code_roles import NEAR, Judged, Role, output_after
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


@dataclass(eq=False, slots=True)
class _Unrun:
    """A program that nothing shows to have run, the output shown after it, and where words may claim what it gave."""

    program: Judged
    shown: Block | None
    code: str = ""
    text: str = ""
    text_from: int = 0
    claims_in_code: bool = False
    claims_in_words: bool = False


def find(readings: Sequence[Reading], judged: Sequence[Sequence[Judged]]) -> list[list[Finding]]:
    """Find what each text presents as the result of code that nothing shows to have run."""
    unrun = [
        [_Unrun(each, output_after(each)) for each in programs if each.role is not Role.EXECUTED] for programs in judged
    ]
    _read_claims([each for programs in unrun for each in programs if _may_claim(each.program)])
    return [
        [*_claimed(programs), *_shown_alone(reading, programs, own)] if reading.blocks else []
        for reading, programs, own in zip(readings, unrun, judged, strict=True)
    ]


def _may_claim(program: Judged) -> bool:
    return program.block.kind is Kind.PROGRAM and program.role is not Role.REQUESTED


def _read_claims(unrun: Sequence[_Unrun]) -> None:
    """Find out which programs have their results claimed, in comments or in the words after them."""
    for each in unrun:
        reading, block = each.program.reading, each.program.block
        each.code = reading.response[block.body_start : block.body_stop]
        each.text_from, stop = _text_after(each)
        each.text = reading.prose[each.text_from : stop]
    for each, claims in zip(unrun, _claims([each.text for each in unrun]), strict=True):
        each.claims_in_words = claims
    commented = [each for each in unrun if "#" in each.code]
    for each, claims in zip(commented, _IN_CODE.found([each.code for each in commented]), strict=True):
        each.claims_in_code = claims


def _text_after(unrun: _Unrun) -> Span:
    """Return where words after a program and its output stand: not for long, and not behind the next block."""
    program, shown = unrun.program, unrun.shown
    reading, following = program.reading, program.following
    after = program.block.stop
    if shown is not None:
        after = shown.stop
        following = next((block for block in reading.blocks if block.start >= after), None)
    return after, min(after + AFTER_CODE, len(reading.response) if following is None else following.start)


def _claims(texts: Sequence[str]) -> list[bool]:
    """Say which texts claim in words what a run gave; most hold none of the stems."""
    may_claim = _HOLD_A_STEM.found(texts)
    found = iter(_IN_WORDS.found([text for text, may in zip(texts, may_claim, strict=True) if may]))
    said = [may and next(found) for may in may_claim]
    return [
        claims and any(stem in text.casefold() for stem in _CLAIM_STEMS)
        for claims, text in zip(said, texts, strict=True)
    ]


def _claimed(unrun: Sequence[_Unrun]) -> Iterator[Finding]:
    for each in unrun:
        reading, block = each.program.reading, each.program.block
        if each.shown is not None:
            yield Finding("predicted_output", each.shown.start, each.shown.stop, attributes={"form": "block"})
        if each.claims_in_code and (
            inside := _CLAIM_IN_CODE.search(reading.response, block.body_start, block.body_stop)
        ):
            yield Finding("predicted_output", *inside.span(), attributes={"form": "comment"})
        if each.claims_in_words and (found := _CLAIM.search(each.text)):
            stop = _line_end(reading.prose, each.text_from + found.end())
            yield Finding("predicted_output", each.text_from + found.start(), stop, attributes={"form": "words"})


def _shown_alone(reading: Reading, unrun: Sequence[_Unrun], judged: Sequence[Judged]) -> Iterator[Finding]:
    """Find output that belongs to no block of code here, and that no tool returned."""
    claimed = [each.shown.start for each in unrun if each.shown is not None]
    for block in reading.blocks:
        if block.kind is not Kind.OUTPUT or block.start in claimed:
            continue
        text = reading.response[block.body_start : block.body_stop].strip()
        ran = (each.block.stop for each in judged if each.role is Role.EXECUTED)
        follows_run = any(0 <= block.start - stop < NEAR for stop in ran)
        if text and not follows_run and not any(text in output for output in reading.tool_outputs):
            yield Finding("predicted_output", block.start, block.stop, attributes={"form": "block"})


def _line_end(text: str, position: int) -> int:
    stop = text.find("\n", position)
    return len(text) if stop < 0 else stop
