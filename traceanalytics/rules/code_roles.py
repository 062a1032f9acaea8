"""What the code of a response is for: its role by position and surroundings."""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

from traceanalytics.rules.boxes import statements_in_words
from traceanalytics.rules.code import Block
from traceanalytics.rules.code_calls import Call, without_calls
from traceanalytics.rules.code_contents import PROGRAMS, Kind
from traceanalytics.rules.code_mentions import ANNOUNCES, DOTTED_I
from traceanalytics.rules.columns import LETTERS_ALIKE, Columns, window
from traceanalytics.rules.drift import drift_of, read_drifts
from traceanalytics.rules.reading import Reading
from traceanalytics.rules.requests import which_ask_for_code
from traceanalytics.rules.texts import words

LEAD = 300  # characters before a block that say what it is for
RESULT_WITHIN = 400  # characters before a block in which a result to check may stand
NEAR = 60  # characters other than blanks between a block and what a tool returned
REPEATED = 3  # the same block this often is a loop


Lead = tuple[int, str]  # where only words can decide: the last sentence before a block, and where that begins


class Role(StrEnum):
    """What a block of program code is for."""

    SOLVE = "solve"
    VERIFY = "verify"
    REQUESTED = "requested"
    EXECUTED = "executed"
    DRIFT = "drift"
    DEGENERATE = "degenerate"


@dataclass(eq=False, slots=True)
class Judged:
    """A block of program code on the way to its role, and what stands around it."""

    reading: Reading
    block: Block
    before: int  # where the block before it stops
    following: Block | None
    after_answer: bool
    evidence: str = ""  # why it counts as executed
    role: Role = Role.SOLVE  # unless something says otherwise
    lead: Lead = (0, "")
    announces_check: bool = False  # in its lead


_CHECKS = re.compile(
    r"\b(?:verif(?:y|ies|ied|ying|ication)|double[- ]check\w*|cross[- ]check\w*|re-?check\w*|re-?count\w*|confirm\w*"
    r"|validat\w+|sanity|make sure|ensure|vouch|agrees?|compared? (?:with|to|by)|numerical(?:ly)? check|corroborat\w+"
    r"|(?:to be|be) (?:quite |really |absolutely )?(?:safe|sure|certain)|on the safe side|see (?:whether|if|that)"
    r"|tell (?:whether|if)|test(?:ing)? (?:this|it|the|our|my))\b"
    r"|\bcheck(?:s|ed|ing)?\b(?! (?:every|each|all|which|for each|through)\b"
    r"| the (?:numbers|values|candidates|cases|range)\b)",
    re.IGNORECASE,
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
_EQUALS = re.compile(r"=\s*[\\$({\[]*-?(?:\\?d?frac|\\?sqrt|\\?binom|\\pi|π|\d)", re.IGNORECASE)
_GIVES = re.compile(
    r"\b(?:so|thus|hence|therefore|gives?|makes?|leaves?|get|total|sum|answer|result|is|are|equals?)\b[^.\n]{0,60}\d",
    re.IGNORECASE,
)
_SENTENCE_END = re.compile(r"[.!?]\**\s+|\n+")
_NUMBER = re.compile(r"\d+(?:\.\d+)?")
_DIGITS_AND_POINTS = re.compile(r"[\d.]+")
_TRIVIAL = frozenset({"0", "1", "2", "10", "100"})
_NAME = re.compile(r"[A-Za-z]{4,}")
_PLAIN_NAMES = words(
    "print import from return range sympy math numpy solve symbols simplify result answer value total count list "
    "append "
    "float sqrt else elif while true false none func main code python solution define calculate compute find "
    "given number "
    "numbers that with this using variables variable expression equation function evaluate final output step first the"
)
_OUTPUT_LEAD = re.compile(
    r"\s*(?:[*_#]*\s*(?:(?:the|sample|expected|program|code|console)\s+)*(?:output|result|stdout|prints?)\b[^\n]{0,40})?\s*",
    re.IGNORECASE,
)
_ANNOUNCE_CHECK = Columns(_CHECKS)
_SAY_TO_SOLVE = Columns(_SOLVES)
_CHECK_INSIDE = Columns(_CHECKS_IN_CODE)
_SAY_WHAT_IT_GIVES = Columns(_GIVES)


def judged_blocks(readings: Sequence[Reading], calls: Sequence[Sequence[Call]]) -> list[list[Judged]]:
    """Give every block of program code its role, in order of place, in each of many responses."""
    read_drifts([reading for reading in readings if reading.blocks and "drift" not in vars(reading)])
    programs = [
        list(_programs(reading, own_calls)) if reading.blocks else []
        for reading, own_calls in zip(readings, calls, strict=True)
    ]
    _decide([each for group in programs for each in group if each.role is Role.SOLVE])
    return programs


def _programs(reading: Reading, calls: Sequence[Call]) -> Iterator[Judged]:
    """Yield the programs of a response, with the roles that their places and their likes decide."""
    blocks = reading.blocks
    places = [i for i, block in enumerate(blocks) if block.kind in PROGRAMS]
    if not places:
        return
    programs = [blocks[i] for i in places]
    drift = drift_of(reading)
    answered = _answered_at(reading, programs[0].start, programs[-1].start)
    again = _repeated(reading, programs)
    may_have_run = bool(calls or reading.tool_outputs or reading.tool_spans)
    called = ["".join(call.code.split()) for call in calls if len(call.code) > 8]
    for number, (i, block) in enumerate(zip(places, programs, strict=True)):
        before = max((each.stop for each in blocks[:i] if each.stop <= block.start), default=0)
        following = next((each for each in blocks[i + 1 :] if each.start >= block.stop), None)
        judged = Judged(reading, block, before, following, answered <= block.start)
        if may_have_run:
            until = programs[number + 1].start if number + 1 < len(programs) else len(reading.response)
            judged.evidence = _evidence(judged, until, calls, called)
        if judged.evidence:
            judged.role = Role.EXECUTED
        elif number in again:
            judged.role = Role.DEGENERATE
        elif drift is not None and block.start >= drift[0]:
            judged.role = Role.DRIFT
        yield judged


def _answered_at(reading: Reading, first: int, last: int) -> int:
    """Return where the first statement of an answer ends, as far as it matters to programs from `first` to `last`."""
    marked = min((stop for _, stop in reading.final_statements), default=last + 1)
    if marked <= first:
        return marked
    prose = reading.prose if DOTTED_I in reading.prose else reading.prose[:last]
    return min([marked, *(stop for _, stop in statements_in_words(prose) if stop < last)])  # a line that goes on is cut


def _repeated(reading: Reading, programs: Sequence[Block]) -> frozenset[int]:
    """Return which programs stood before, where one stands there too often."""
    if len(programs) < REPEATED:
        return frozenset()
    texts = [" ".join(reading.response[block.body_start : block.body_stop].split()) for block in programs]
    often = Counter(texts)
    return frozenset(i for i, text in enumerate(texts) if often[text] >= REPEATED and text in texts[:i])


def _decide(programs: Sequence[Judged]) -> None:
    """Decide by the prompt, and by what the texts of the programs and around them say."""
    asking = which_ask_for_code({each.reading.prompt for each in programs})
    undecided = []
    for each in programs:
        if each.reading.prompt in asking:
            each.role = Role.REQUESTED
        else:
            each.lead = _lead(each.reading.prose, each.before, each.block.start)
            undecided.append(each)
    for each, announced in zip(undecided, _ANNOUNCE_CHECK.found([each.lead[1] for each in undecided]), strict=True):
        each.announces_check = announced
        if each.after_answer:
            each.role = Role.VERIFY if announced or _belongs(each.reading, each.block) else Role.DRIFT
    for each in _checking([each for each in undecided if not each.after_answer]):
        each.role = Role.VERIFY


def _checking(programs: Sequence[Judged]) -> list[Judged]:
    """Return which programs check a result that stands before them, worked out by hand or by other code."""
    wordless = [each for each in programs if not each.announces_check]
    inside = _CHECK_INSIDE.found(
        [window(each.reading.response, each.block.body_start, each.block.body_stop) for each in wordless]
    )
    silent = _silent([each for each, checks in zip(wordless, inside, strict=True) if not checks])
    checking = [each for each, checks in zip(wordless, inside, strict=True) if checks]
    checking += [*silent, *(each for each in programs if each.announces_check)]
    before = [each.lead[0] if each.announces_check else each.block.start for each in checking]
    windows = [
        window(each.reading.prose, max(0, known - RESULT_WITHIN), known)
        for each, known in zip(checking, before, strict=True)
    ]
    return [each for each, stated in zip(checking, _state_results(windows), strict=True) if stated]


def _state_results(texts: Sequence[str]) -> list[bool]:
    """Say which texts state a result, by an equals sign or in words."""
    equal = [_EQUALS.search(text) is not None for text in texts]
    said = iter(_SAY_WHAT_IT_GIVES.found([text for text, equals in zip(texts, equal, strict=True) if not equals]))
    return [equals or next(said) for equals in equal]


def _silent(programs: Sequence[Judged]) -> list[Judged]:
    """Return the programs that nothing introduces: no colon, no word of solving, no announcement of code."""
    kept = [each for each in programs if each.lead[1].strip() and not each.lead[1].rstrip().endswith(":")]
    solves = _SAY_TO_SOLVE.found([each.lead[1] for each in kept])
    kept = [each for each, solving in zip(kept, solves, strict=True) if not solving]
    before = [(max(0, each.block.start - RESULT_WITHIN), each.block.start) for each in kept]
    named = [_names_code(each.reading, *span) for each, span in zip(kept, before, strict=True)]
    windows = (
        window(each.reading.prose, *span) for each, span, names in zip(kept, before, named, strict=True) if names
    )
    announced = iter(ANNOUNCES.found(list(windows)))
    return [each for each, names in zip(kept, named, strict=True) if not (names and next(announced))]


def _names_code(reading: Reading, start: int, stop: int) -> bool:
    """Say whether a part of a response may hold a word that announcements of code cannot do without."""
    if any(start <= at < stop for at, _ in reading.code_words):
        return True
    return not reading.response.isascii() and any(letter in reading.prose[start:stop] for letter in LETTERS_ALIKE)


def _evidence(program: Judged, until: int, calls: Sequence[Call], called: Sequence[str]) -> str:
    """Say by what a block is known to have run: a tool's answer right after it, the same code in a call, the log."""
    reading, block = program.reading, program.block
    if any(call.start <= block.start and block.stop <= call.stop for call in calls):
        return "tool call"
    for start, _ in reading.tool_spans:
        if block.stop <= start < until:
            between = without_calls(reading.own[block.stop : start])
            if len("".join(between.split())) <= NEAR:
                return "tool response"
    body = "".join(reading.response[block.body_start : block.body_stop].split()) if called else ""
    if body and any(body in code or code in body for code in called):
        return "tool call"
    if not reading.tool_outputs:
        return ""
    shown = output_after(program)
    if shown is None:
        return "" if reading.tool_spans else "log"
    text = reading.response[shown.body_start : shown.body_stop].strip()
    return "log" if any(text and text in output for output in reading.tool_outputs) else ""


def output_after(program: Judged) -> Block | None:
    """Return the block that presents the output of a program: fenced as output, or bare and right after it."""
    following = program.following
    if following is None or not (following.kind is Kind.OUTPUT or _may_be_output(following)):
        return None
    between = program.reading.own[program.block.stop : following.start]
    if following.kind is Kind.OUTPUT:
        return following if len(between.strip()) <= LEAD else None
    return following if _OUTPUT_LEAD.fullmatch(between) else None


def _may_be_output(block: Block) -> bool:
    if not block.fenced:
        return False
    bare = not block.tag and block.kind in (Kind.TEXT, Kind.LINE)
    return bare or block.tag in ("text", "txt", "plaintext", "console")


def _lead(prose: str, before: int, stop: int) -> Lead:
    """Return the last sentence before a block and where it begins; it is empty right after another block."""
    begin = max(before, stop - LEAD)
    text = prose[begin:stop]
    last = len(text.rstrip())
    line_end = text.rfind("\n", 0, last)
    sure = len(text[: max(line_end, 0)].rstrip().rstrip("*")) - 1  # no end of a sentence reaches across
    ends = [found.end() for found in _SENTENCE_END.finditer(text, max(sure, 0), last)]
    return (begin + ends[-1], text[ends[-1] :]) if ends else (begin, text)


def _belongs(reading: Reading, block: Block) -> bool:
    """Say whether code after the answer still deals with the question."""
    text = reading.response[block.body_start : block.body_stop]
    question, prose = reading.question, reading.prose
    for number in set(_NUMBER.findall(text)) - _TRIVIAL:
        if _holds_number(question, number, len(question)) or _holds_number(prose, number, block.start):
            return True
    names = {name.casefold() for name in set(_NAME.findall(text.replace("_", " ")))} - _PLAIN_NAMES
    asked = f"{question} {prose[: block.start]}"
    folded = asked.casefold()
    shared = {name for name in names if name in folded} if len(names) > 1 else ()
    return len(shared) > 1 and len(names & {word.casefold() for word in set(_NAME.findall(asked))}) > 1


def _holds_number(text: str, number: str, stop: int) -> bool:
    """Say whether a number stands in the first part of a text as a whole: digits and points beside it belong to it."""
    at = text.find(number, 0, stop)
    while at >= 0:
        start = at
        while start and (text[start - 1].isdecimal() or text[start - 1] == "."):
            start -= 1
        around = _DIGITS_AND_POINTS.match(text, start, stop)
        if around is None or number in _NUMBER.findall(around[0]):
            return around is not None
        at = text.find(number, around.end(), stop)
    return False
