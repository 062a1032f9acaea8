"""What the code of a response is for: its role by position and surroundings; and code only announced."""

import json
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from enum import StrEnum
from functools import lru_cache
from typing import NamedTuple

from traceanalytics.readers.text import Span
from traceanalytics.rules.code import Block, Kind, blanked
from traceanalytics.rules.drift import drift_of
from traceanalytics.rules.finding import Finding
from traceanalytics.rules.reading import Reading
from traceanalytics.rules.requests import asks_for_code
from traceanalytics.rules.texts import words

LEAD = 300  # characters before a block that say what it is for
RESULT_WITHIN = 400  # characters before a block in which a result to check may stand
AFTER_CODE = 400  # characters after a block that may claim its result
NEAR = 60  # characters other than blanks between a block and what a tool returned
REPEATED = 3  # the same block this often is a loop


class Role(StrEnum):
    """What a block of program code is for."""

    SOLVE = "solve"
    VERIFY = "verify"
    REQUESTED = "requested"
    EXECUTED = "executed"
    DRIFT = "drift"
    DEGENERATE = "degenerate"


class Judged(NamedTuple):
    """A block and its role; `evidence` says why it counts as executed."""

    block: Block
    role: Role
    lead: tuple[int, str]  # the last sentence before it, and where that begins
    after_answer: bool
    evidence: str = ""


_CHECKS = re.compile(
    r"\b(?:verif(?:y|ies|ied|ying|ication)|double[- ]check\w*|cross[- ]check\w*|re-?check\w*|re-?count\w*|confirm\w*"
    r"|validat\w+|sanity|make sure|ensure|vouch|agrees?|compared? (?:with|to|by)|numerical(?:ly)? check|corroborat\w+"
    r"|(?:to be|be) (?:quite |really |absolutely )?(?:safe|sure|certain)|on the safe side|see (?:whether|if|that)"
    r"|tell (?:whether|if)|test(?:ing)? (?:this|it|the|our|my))\b"
    r"|\bcheck(?:s|ed|ing)?\b(?! (?:every|each|all|which|for each|through)\b"
    r"| the (?:numbers|values|candidates|cases|range)\b)",
    re.IGNORECASE,
)
_CHECK_STEMS = (
    *("verif", "check", "count", "confirm", "validat", "sanity", "make sure", "ensure", "vouch", "agree", "compare"),
    *("corroborat", "safe", "sure", "certain", "see ", "tell ", "test"),
)
_SOLVES = re.compile(
    r"\b(?:solve|compute|calculate|find|determine|evaluate|get|obtain|work out|count|enumerate|implement|simulate"
    r"|translate"
    r"|carry out|define|code (?:this|it)|write)\b",
    re.IGNORECASE,
)
_CHECKS_IN_CODE = re.compile(
    r"\bassert\b|@assert|\bprint\w*\s*\(.*==|===|\b(?:should (?:be|print|give|equal)|expected?\b|expect(?:ing)?\b"
    r"|confirm\w*|compare with|sanity|numerical check|check (?:again|of|that|the (?:value|result|answer|sum|total))"
    r"|verif(?:y|ies|ication))",
    re.IGNORECASE,
)
_CHECK_IN_CODE_STEMS = ("assert", "==", "should", "expect", "confirm", "compare", "sanity", "check", "verif")
_RESULT_BEFORE = re.compile(
    r"=\s*[\\$({\[]*-?(?:\\?d?frac|\\?sqrt|\\?binom|\\pi|π|\d)"
    r"|\b(?:so|thus|hence|therefore|gives?|makes?|leaves?|get|total|sum|answer|result|is|are|equals?)\b[^.\n]{0,60}\d",
    re.IGNORECASE | re.MULTILINE,
)
_SENTENCE_END = re.compile(r"[.!?]\**\s+|\n+")
_CLAIM = re.compile(
    r"(?:\b(?:running|executing|run|execut(?:e|ed)|evaluat(?:e|ing))\b[^.\n]{0,60}?"
    r"\b(?:gives?|outputs?|prints?|returns?|yields?|produces?|shows?|get|obtain|see|find|result(?:s|ed)? (?:in|is))\b"
    r"|\b(?:the|this|our|above|its) (?:\w+ ){0,3}?(?:code|program|script|snippet|simulation|loop|search"
    r"|output)\b[^.\n]{0,40}?"
    r"\b(?:outputs?|prints?|returns?|gives?|yields?|produces?|shows?|is|was|will (?:output|print|give|return|be))\b"
    r"|\b(?:it|this|which) (?:outputs?|prints?|returns?)\b"
    r"|^[ \t*_#>-]*(?:expected |sample |program |code )?(?:output|result)s?\b[ \t*_]*:|^[ \t]*(?:=>|>>>"
    r"|->)[ \t]*(?=\S))"
    r"[^.\n]{0,50}?[\s:=`$(\[]*(?=-?\d|\\boxed|\\\(|\$|\[|\(-?\d|true\b|false\b|none\b|\{)",
    re.IGNORECASE | re.MULTILINE,
)
_CLAIM_STEMS = ("run", "execut", "evaluat", "output", "print", "return", "code", "program", "script", "result", ">")
_CLAIM_IN_CODE = re.compile(
    r"^.*#\s*(?:(?:expected\s+)?output|outputs|prints|returns|result|gives|=>|->|→)\s*[:=]?\s*[`\"'\[(-]?\s*"
    r"(?:-?\d|true\b|false\b|\[).*$",
    re.IGNORECASE | re.MULTILINE,
)
_OUTPUT_LEAD = re.compile(
    r"\s*(?:[*_#]*\s*(?:(?:the|sample|expected|program|code|console)\s+)*(?:output|result|stdout|prints?)\b[^\n]{0,40})?\s*",
    re.IGNORECASE,
)
_CALL = re.compile(
    r"<(tool_call|function_call|code|python|execute|executor|code_interpreter|ipython|jupyter)>(.*?)(?:</\1>|\Z)"
    r"|<\|python_tag\|>(.*?)(?=<\||\Z)",
    re.DOTALL,
)
_CALL_OPENERS = (
    *("<tool_call>", "<function_call>", "<code>", "<python>", "<execut", "<code_interpreter>", "<ipython>"),
    *("<jupyter>", "<|python_tag|>"),
)
_CODE_KEYS = ("code", "python", "script", "source", "cell", "program", "command", "input")
_LOOKS_LIKE_CODE = re.compile(
    r"[=(*+/]|\bprint\b|\bimport\b|\bdef\b|\bfor\b",
)
_NUMBER = re.compile(r"\d+(?:\.\d+)?")
_TRIVIAL = frozenset({"0", "1", "2", "10", "100"})
_NAME = re.compile(r"[A-Za-z]{4,}")
_PLAIN_NAMES = words(
    "print import from return range sympy math numpy solve symbols simplify result answer value total count list "
    "append "
    "float sqrt else elif while true false none func main code python solution define calculate compute find "
    "given number "
    "numbers that with this using variables variable expression equation function evaluate final output step first the"
)

_ANNOUNCES = re.compile(
    r"\b(?:python|sympy|numpy|scipy|matlab|mathematica|wolfram(?:alpha)?|sage(?:math)?|octave|pari|itertools|pytest)\b"
    r"|\b(?:a|an|some|the|this|any|simple|short|small|little|few lines of|quick|write|run|execute|with|using|in"
    r"|via|by|of)"
    r" (?:\w+ ){0,2}?(?:code|script|program|simulation|snippet|computer|interpreter|compiler|debugger|notebook)s?\b"
    r"|\b(?:nested|quick|short|small|simple|for|while|a|the) ?-?loops?\b|\bbrute[- ]forc(?:e|ing)\b|\bby machine\b"
    r"|\bcod(?:e|ing) (?:this|it|that|up)\b|\b(?:in|into) code\b|\bprogram(?:ming|s)? (?:this|it|that|the)\b"
    r"|\bprogrammatic(?:ally)?\b|\bsimulat(?:e|ing|ion)\b|\bunit tests?\b",
    re.IGNORECASE,
)
_BY_HAND = re.compile(r"\b(?:brute[- ]forc|simulat|loop|unit test)", re.IGNORECASE)  # also done without a computer
_MACHINE = re.compile(
    r"\b(?:code|coding|script|program\w*|comput\w+|machine|python|run(?:ning)?|write|lines|numerically|trials|quick)\b",
    re.IGNORECASE,
)
_BY_THE_MODEL = re.compile(
    r"\b(?:i|we|let['’]?s|let us|let me|one|you|us|me|our|here['’]?s|here is|easy|easily)\b"
    r"|\b(?:can|could|would|will|should|may|might|['’]d|['’]ll) ?(?:be )?\w+"
    r"|^\W*(?:using|with|by|in|a|the following|below|now|to)\b",
    re.IGNORECASE,
)
_OTHER_CODES = re.compile(
    r"\b(?:secret|zip|area|bar|post(?:al)?|morse|security|access|pass|pin|qr|color|colour|dress|country|genetic"
    r"|binary|error|"
    r"promo|discount|letter|digit|entry|lock|source of the|penal|building|civil|product|huffman|gray|ascii) ?-?codes?\b"
    r"|\bcode ?words?\b|\bcodes\b|\bprogramming (?:language|class|course|contest|club|competition)\b"
    r"|\b(?:linear|integer|dynamic|quadratic|tv|television|training|school|space|reading|loyalty|exchange"
    r"|graduate) program"
    r"|\bprogrammers?\b|\bpythons\b|\b(?:burmese|ball|reticulated|pet) python\b|\bmonty python\b|\bmanuscript\b",
    re.IGNORECASE,
)
_DENIES = re.compile(
    r"\b(?:not|no|without|cannot|can['’]?t|don['’]?t|won['’]?t|unable|instead of|rather than|never)\b[^.\n]{0,50}"
    r"\b(?:python|code|coding|program|script|computer|run|execute)",
    re.IGNORECASE,
)
_OF_SHOWN_CODE = re.compile(r"\b(?:above|previous|the|this|our) (?:\w+ )?(?:code|program|script)\b", re.IGNORECASE)
_CODE_WORDS = (
    *("python", "sympy", "numpy", "scipy", "matlab", "mathematica", "wolfram", "octave", "sage", "pari", "itertools"),
    *("code", "coding", " script", "program", "simulat", "brute", "computer", "loop", "interpreter", "snippet"),
    *("by machine", "pytest", "unit test", "compiler", "debugger", "notebook"),
)
_SENTENCE = re.compile(r"[^.!?\n]+(?:[.](?=\w)[^.!?\n]+)*[.!?:]*")


def judged_blocks(reading: Reading) -> list[Judged]:
    """Give every block of program code its role, in order of place."""
    programs = [block for block in reading.blocks if block.kind in (Kind.PROGRAM, Kind.LINE)]
    if not programs:
        return []
    drift = drift_of(reading)
    called = _called_code(reading)
    requested = asks_for_code(reading.prompt)
    times: Counter[str] = Counter()
    often = Counter(_normalized(reading, block) for block in programs)
    judged = []
    for i, block in enumerate(programs):
        normalized = _normalized(reading, block)
        times[normalized] += 1
        after = any(stop <= block.start for _, stop in reading.statements)
        following = programs[i + 1].start if i + 1 < len(programs) else len(reading.response)
        evidence = _evidence(reading, block, following, called)
        lead = _lead(reading, block)
        if evidence:
            role = Role.EXECUTED
        elif often[normalized] >= REPEATED and times[normalized] > 1:
            role = Role.DEGENERATE
        elif drift is not None and block.start >= drift[0]:
            role = Role.DRIFT
        elif requested:
            role = Role.REQUESTED
        elif after and not _belongs(reading, block, lead[1]):
            role = Role.DRIFT
        else:
            role = Role.VERIFY if after or _checks_result(reading, block, lead) else Role.SOLVE
        judged.append(Judged(block, role, lead, after, evidence))
    return judged


def find(reading: Reading) -> Iterator[Finding]:
    """Find code reasoning, the other roles of code, results claimed for code that nobody ran, and announcements."""
    judged = judged_blocks(reading)
    for each in judged:
        yield from _of_block(each)
        if each.role is Role.VERIFY:
            yield from _introduction(*each.lead)
    yield from _degenerate(reading, judged)
    yield from _executed_calls(reading)
    yield from _predicted(reading, judged)
    if reading.may_name_code:
        yield from _mentions(reading)


def _of_block(judged: Judged) -> Iterator[Finding]:
    block = judged.block
    attributes = {
        "role": judged.role.value,
        "language": block.language,
        "lines": str(block.lines),
        "fenced": str(block.fenced).lower(),
        "place": "after answer" if judged.after_answer else "before answer",
    }
    if block.parses is not None:
        attributes["parses"] = str(block.parses).lower()
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


def _introduction(start: int, lead: str) -> Iterator[Finding]:
    """Find the sentence that announces the check; it belongs to the code."""
    if _announces_check(lead):
        start += len(lead) - len(lead.lstrip())
        yield Finding("code_verification", start, start + len(lead.strip()), attributes={"role": Role.VERIFY.value})


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


def _normalized(reading: Reading, block: Block) -> str:
    return " ".join(reading.response[block.body_start : block.body_stop].split())


def _evidence(reading: Reading, block: Block, following: int, called: Sequence[str]) -> str:
    """Say by what a block is known to have run: a tool's answer right after it, the same code in a call, the log."""
    if any(start <= block.start and block.stop <= stop for start, stop in _call_spans(reading)):
        return "tool call"
    for start, _ in reading.tool_spans:
        if block.stop <= start < following:
            between = _CALL.sub("", reading.own[block.stop : start])
            if len("".join(between.split())) <= NEAR:
                return "tool response"
    body = "".join(reading.response[block.body_start : block.body_stop].split()) if called else ""
    if body and any(body in code or code in body for code in called):
        return "tool call"
    if not reading.tool_outputs:
        return ""
    shown = _output_after(reading, block)
    if shown is None:
        return "" if reading.tool_spans else "log"
    text = reading.response[shown.body_start : shown.body_stop].strip()
    return "log" if any(text and text in output for output in reading.tool_outputs) else ""


def _call_spans(reading: Reading) -> list[Span]:
    return [found.span() for found in _found_calls(reading)]


@lru_cache(maxsize=1)
def _found_calls(reading: Reading) -> list[re.Match[str]]:
    if "<" not in reading.own or not any(opener in reading.own for opener in _CALL_OPENERS):
        return []
    return list(_CALL.finditer(reading.own))


def _called_code(reading: Reading) -> list[str]:
    """Return the code that tool calls in the response carry, without blanks."""
    return ["".join(code.split()) for _, code in _calls(reading) if len(code) > 8]


def _calls(reading: Reading) -> Iterator[tuple[Span, str]]:
    for found in _found_calls(reading):
        content = found[2] if found[2] is not None else found[3]
        code = _code_in_call(content or "")
        if code:
            yield found.span(), code


def _code_in_call(content: str) -> str:
    """Return the code of a call: the call itself, or the argument that holds it."""
    stripped = content.strip()
    if not stripped.startswith("{"):
        return stripped if _LOOKS_LIKE_CODE.search(stripped) else ""
    try:
        call = json.loads(stripped, strict=False)
    except ValueError:
        found = re.search(r'\\?"(?:code|script|source)\\?"\s*:\s*\\?"(.*)', stripped, re.DOTALL)
        return found[1].replace("\\n", "\n") if found else ""
    return _code_argument(call)


def _code_argument(call: object) -> str:
    if isinstance(call, str):
        try:
            return _code_argument(json.loads(call, strict=False)) if call.lstrip().startswith("{") else ""
        except ValueError:
            return ""
    if not isinstance(call, dict):
        return ""
    for key in _CODE_KEYS[:3]:
        if isinstance(call.get(key), str) and _LOOKS_LIKE_CODE.search(call[key]):
            return str(call[key])
    for key in ("arguments", "parameters", "function", "input", "args"):
        if code := _code_argument(call.get(key)):
            return code
    return ""


def _executed_calls(reading: Reading) -> Iterator[Finding]:
    """Report calls that carry code, but for those around a block that is reported itself."""
    blocks = [block for block in reading.blocks if block.kind in (Kind.PROGRAM, Kind.LINE)]
    for (start, stop), code in _calls(reading):
        if any(start <= block.start and block.stop <= stop for block in blocks):
            continue
        lines = sum(1 for line in code.splitlines() if line.strip() and not line.lstrip().startswith("#"))
        attributes = {"role": Role.EXECUTED.value, "lines": str(lines), "evidence": "tool call"}
        yield Finding("executed_code", start, stop, attributes=attributes)


def _predicted(reading: Reading, judged: Sequence[Judged]) -> Iterator[Finding]:
    """Find what the text presents as the result of code that nothing shows to have run."""
    ran = [each.block for each in judged if each.role is Role.EXECUTED]
    claimed: set[int] = set()
    for each in judged:
        if each.role is Role.EXECUTED:
            continue
        shown = _output_after(reading, each.block)
        if shown is not None:
            claimed.add(shown.start)
            yield Finding("predicted_output", shown.start, shown.stop, attributes={"form": "block"})
        if each.block.kind is not Kind.PROGRAM or each.role is Role.REQUESTED:
            continue
        if inside := _claim_in_code(reading.response, each.block):
            yield Finding("predicted_output", *inside.span(), attributes={"form": "comment"})
        after = shown.stop if shown is not None else each.block.stop
        if said := _claim(reading.prose[after : _end_of_text_after(reading, after)]):
            stop = _line_end(reading.prose, after + said.end())
            yield Finding("predicted_output", after + said.start(), stop, attributes={"form": "words"})
    for block in reading.blocks:
        if block.kind is not Kind.OUTPUT or block.start in claimed:
            continue
        text = reading.response[block.body_start : block.body_stop].strip()
        follows_run = any(0 <= block.start - each.stop < NEAR for each in ran)
        if text and not follows_run and not any(text in output for output in reading.tool_outputs):
            yield Finding("predicted_output", block.start, block.stop, attributes={"form": "block"})


def _claim_in_code(response: str, block: Block) -> re.Match[str] | None:
    if response.find("#", block.body_start, block.body_stop) < 0:
        return None
    return _CLAIM_IN_CODE.search(response, block.body_start, block.body_stop)


def _claim(text: str) -> re.Match[str] | None:
    """Find words that claim what a run gave; most texts hold none of the stems."""
    lowered = text.casefold()
    return _CLAIM.search(text) if any(stem in lowered for stem in _CLAIM_STEMS) else None


def _output_after(reading: Reading, block: Block) -> Block | None:
    """Return the block that presents the output of another: fenced as output, or bare and right after it."""
    following = next((each for each in reading.blocks if each.start >= block.stop), None)
    if following is None:
        return None
    between = reading.own[block.stop : following.start]
    if following.kind is Kind.OUTPUT:
        return following if len(between.strip()) <= LEAD else None
    bare = following.fenced and not following.tag and following.kind in (Kind.TEXT, Kind.LINE)
    plain = following.fenced and following.tag in ("text", "txt", "plaintext", "console")
    return following if (bare or plain) and _OUTPUT_LEAD.fullmatch(between) else None


def _end_of_text_after(reading: Reading, start: int) -> int:
    following = next((block.start for block in reading.blocks if block.start >= start), len(reading.response))
    return min(start + AFTER_CODE, following)


def _line_end(text: str, position: int) -> int:
    stop = text.find("\n", position)
    return len(text) if stop < 0 else stop


def _checks_result(reading: Reading, block: Block, lead: tuple[int, str]) -> bool:
    """Say whether a block checks a result that stands before it, worked out by hand or by other code."""
    start, said = lead
    announced = _announces_check(said)
    silent = bool(said.strip()) and not said.rstrip().endswith(":") and not _SOLVES.search(said)
    silent = silent and not _announces_code(reading.prose, max(0, block.start - RESULT_WITHIN), block.start)
    if not announced and not silent and not _checks_in_code(reading.response, block):
        return False
    known = start if announced else block.start
    return _RESULT_BEFORE.search(reading.prose, max(0, known - RESULT_WITHIN), known) is not None


def _announces_check(text: str) -> bool:
    lowered = text.lower()
    return any(stem in lowered for stem in _CHECK_STEMS) and _CHECKS.search(text) is not None


def _checks_in_code(response: str, block: Block) -> bool:
    lowered = response[block.body_start : block.body_stop].lower()
    if not any(stem in lowered for stem in _CHECK_IN_CODE_STEMS):
        return False
    return _CHECKS_IN_CODE.search(response, block.body_start, block.body_stop) is not None


def _announces_code(text: str, start: int, stop: int) -> bool:
    lowered = text[start:stop].lower()
    return any(word in lowered for word in _CODE_WORDS) and _ANNOUNCES.search(text, start, stop) is not None


def _lead(reading: Reading, block: Block) -> tuple[int, str]:
    """Return the last sentence before a block and where it begins; it is empty right after another block."""
    begin = max((each.stop for each in reading.blocks if each.stop <= block.start), default=0)
    begin = max(begin, block.start - LEAD)
    text = reading.prose[begin : block.start]
    last = len(text.rstrip())
    ends = [found.end() for found in _SENTENCE_END.finditer(text, 0, last)]
    return (begin + ends[-1], text[ends[-1] :]) if ends else (begin, text)


def _belongs(reading: Reading, block: Block, lead: str) -> bool:
    """Say whether code after the answer still deals with the question."""
    if _announces_check(lead):
        return True
    text = reading.response[block.body_start : block.body_stop]
    asked = f"{reading.question} {reading.prose[: block.start]}"
    numbers = set(_NUMBER.findall(text)) - _TRIVIAL
    if numbers and not numbers.isdisjoint(_NUMBER.findall(asked)):
        return True
    names = {name.casefold() for name in set(_NAME.findall(text.replace("_", " ")))} - _PLAIN_NAMES
    return len(names) > 1 and len(names & {word.casefold() for word in set(_NAME.findall(asked))}) > 1


def _mentions(reading: Reading) -> Iterator[Finding]:
    """Find announcements of code, or talk of it, that no code follows."""
    calls = _call_spans(reading)
    begins = [block.start for block in reading.blocks if block.kind in (Kind.PROGRAM, Kind.LINE)]
    last = max([*begins, *(start for start, _ in calls)], default=-1)
    prose = blanked(reading.prose, calls) if calls else reading.prose
    for start, stop in _sentences_with(prose, _CODE_WORDS, max(0, last)):
        text = prose[start:stop]
        if not _ANNOUNCES.search(text) or _OTHER_CODES.search(text) or _DENIES.search(text):
            continue
        if not _BY_THE_MODEL.search(text) or (last >= 0 and _OF_SHOWN_CODE.search(text)):
            continue
        if _BY_HAND.search(text) and not _MACHINE.search(text):
            continue
        yield Finding("code_mention", start, stop, score=0.7)


def _sentences_with(prose: str, words: Sequence[str], begin: int) -> Iterator[Span]:
    """Yield the sentences that hold one of the words, in order."""
    lowered = prose.lower()
    if len(lowered) != len(prose):
        lowered = prose
    reached = begin
    for at in sorted(at for word in words for at in _occurrences(lowered, word, begin)):
        if at < reached:
            continue
        start = begin
        for mark in ("\n", ". ", ": ", "? ", "! "):
            start = max(start, prose.rfind(mark, start, at) + 1)
        sentence = _SENTENCE.match(prose, start)
        if sentence is not None and sentence.end() > at:
            reached = sentence.end()
            yield start + len(sentence[0]) - len(sentence[0].lstrip()), sentence.end()


def _occurrences(text: str, word: str, begin: int) -> Iterator[int]:
    at = text.find(word, begin)
    while at >= 0:
        yield at
        at = text.find(word, at + len(word))
