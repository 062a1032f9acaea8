"""What the code of a response is for: its role by position and surroundings."""

import re
from collections import Counter
from collections.abc import Iterator, Sequence, Set
from dataclasses import dataclass
from enum import IntEnum
from functools import lru_cache
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from traceanalytics.rules.block_columns import NONE, Blocks, Numbers
from traceanalytics.rules.boxes import statements_in_words
from traceanalytics.rules.code_calls import Call, without_calls
from traceanalytics.rules.code_contents import PROGRAMS, Kind
from traceanalytics.rules.code_mentions import ANNOUNCES, DOTTED_I
from traceanalytics.rules.columns import Columns, window
from traceanalytics.rules.drift import drift_of, read_drifts
from traceanalytics.rules.reading import Reading
from traceanalytics.rules.requests import which_ask_for_code
from traceanalytics.rules.texts import words

LEAD = 300  # characters before a block that say what it is for
RESULT_WITHIN = 400  # characters before a block in which a result to check may stand
NEAR = 60  # characters other than blanks between a block and what a tool returned
SHARED_NAMES = 2  # of a program with the question and the way to its answer
REPEATED = 3  # the same block this often is a loop


class Role(IntEnum):
    """What a block of program code is for."""

    SOLVE = 0  # unless something says otherwise
    VERIFY = 1
    REQUESTED = 2
    EXECUTED = 3
    DRIFT = 4
    DEGENERATE = 5


@dataclass(eq=False, slots=True)
class Programs:
    """The blocks of program code among the blocks of many responses, and what each is for, as columns."""

    blocks: Blocks
    number: Numbers  # among the blocks
    role: NDArray[np.int8]
    after_answer: NDArray[np.bool_]
    announces_check: NDArray[np.bool_]  # in its lead
    leads: dict[int, str]  # of those that only words can decide: the last sentence before, empty right after a block
    evidence: dict[int, str]  # of those that count as executed: why


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


def judged_programs(blocks: Blocks, calls: Sequence[Sequence[Call]]) -> Programs:
    """Give every block of program code its role; the calls are those of each response."""
    number = np.flatnonzero(blocks.are(*PROGRAMS))
    count = len(number)
    programs = Programs(
        blocks,
        number,
        role=np.zeros(count, np.int8),
        after_answer=np.zeros(count, np.bool_),
        announces_check=np.zeros(count, np.bool_),
        leads={},
        evidence={},
    )
    _decide_by_place(programs, calls)
    _decide_by_words(programs)
    return programs


def _decide_by_place(programs: Programs, calls: Sequence[Sequence[Call]]) -> None:
    """Decide by the answer and the drift of each response, by repetition, and by what shows that a program has run."""
    blocks, number = programs.blocks, programs.number
    rows, firsts, counts = np.unique(blocks.row[number], return_index=True, return_counts=True)
    readings = [blocks.readings[row] for row in rows.tolist()]
    read_drifts([reading for reading in readings if "drift" not in vars(reading)])
    starts = blocks.start[number]
    answered = _answered_at(readings, starts[firsts].tolist(), starts[firsts + counts - 1].tolist())
    drifting = np.array([len(each.own) if (drift := drift_of(each)) is None else drift[0] for each in readings])
    programs.after_answer[:] = np.repeat(np.array(answered, np.int64), counts) <= starts
    programs.role[np.repeat(drifting, counts) <= starts] = Role.DRIFT
    for first, size in zip(firsts[counts >= REPEATED].tolist(), counts[counts >= REPEATED].tolist(), strict=True):
        texts = [" ".join(blocks.body(int(number[program])).split()) for program in range(first, first + size)]
        programs.role[[first + i for i in _repeated(texts)]] = Role.DEGENERATE
    for reading, row, first, size in zip(readings, rows.tolist(), firsts.tolist(), counts.tolist(), strict=True):
        if calls[row] or reading.tool_outputs or reading.tool_spans:
            found = _evidence_in(blocks, number[first : first + size].tolist(), calls[row])
            programs.evidence |= {first + i: evidence for i, evidence in enumerate(found) if evidence}
    programs.role[list(programs.evidence)] = Role.EXECUTED


def _answered_at(readings: Sequence[Reading], firsts: Sequence[int], lasts: Sequence[int]) -> list[int]:
    """Return where the first statement of an answer ends in each, as far as its first and last programs need it."""
    answered = [
        min((stop for _, stop in reading.final_statements), default=last + 1)
        for reading, last in zip(readings, lasts, strict=True)
    ]
    unmarked = [i for i, first in enumerate(firsts) if answered[i] > first]
    proses = [readings[i].prose for i in unmarked]
    for i, stated in zip(unmarked, _stated_in_words(proses, [lasts[i] for i in unmarked]), strict=True):
        if stated < lasts[i]:
            answered[i] = min(answered[i], stated)
    return answered


def _stated_in_words(proses: Sequence[str], untils: Sequence[int]) -> Iterator[int]:
    """Yield where the first statement in words before a place ends in each text."""
    from traceanalytics.rules.answer_words_kernel import answer_words, end_of_first_statement

    heads = [prose[:until] for prose, until in zip(proses, untils, strict=True)]
    rows, places = answer_words(heads).T.tolist()
    firsts = np.searchsorted(rows, np.arange(len(proses) + 1)).tolist()
    for prose, head, (first, stop) in zip(proses, heads, pairwise(firsts), strict=True):
        if DOTTED_I in prose:
            yield min((end for _, end in statements_in_words(prose)), default=len(head))
        else:
            yield end_of_first_statement(head, places[first:stop]) if first < stop else len(head)


def _repeated(texts: Sequence[str]) -> list[int]:
    """Return which programs stood before, where one stands there too often."""
    often = Counter(texts)
    return [i for i, text in enumerate(texts) if often[text] >= REPEATED and text in texts[:i]]


def _decide_by_words(programs: Programs) -> None:
    """Decide by the prompt, and by what the texts of the programs and around them say."""
    blocks = programs.blocks
    left = np.flatnonzero(programs.role == Role.SOLVE)
    prompts = [blocks.readings[row].prompt for row in blocks.row[programs.number[left]].tolist()]
    asking = which_ask_for_code(set(prompts))
    requested = np.array([prompt in asking for prompt in prompts], np.bool_)
    programs.role[left[requested]] = Role.REQUESTED
    left = left[~requested]
    leads = _leads(blocks, programs.number[left])
    programs.leads = dict(zip(left.tolist(), leads, strict=True))
    programs.announces_check[left] = _ANNOUNCE_CHECK.found(leads)
    late = programs.after_answer[left]
    programs.role[_checking(programs, left[~late])] = Role.VERIFY
    for program in left[late].tolist():
        deals = programs.announces_check[program] or _belongs(blocks, int(programs.number[program]))
        programs.role[program] = Role.VERIFY if deals else Role.DRIFT


def _leads(blocks: Blocks, numbers: Numbers) -> list[str]:
    """Return the last sentence before each block; it is empty right after another one."""
    from traceanalytics.rules.leads_kernel import last_sentences

    stops = blocks.start[numbers]
    begins = np.maximum(blocks.before[numbers], stops - LEAD)
    spans = zip(numbers.tolist(), begins.tolist(), stops.tolist(), strict=True)
    texts = [blocks.of[number].prose[begin:stop] for number, begin, stop in spans]
    return [text[len(text) - size :] for text, size in zip(texts, last_sentences(texts).tolist(), strict=True)]


def _checking(programs: Programs, left: Numbers) -> Numbers:
    """Return which programs check a result that stands before them, worked out by hand or by other code."""
    blocks = programs.blocks
    announcing = programs.announces_check[left]
    wordless = left[~announcing]
    bodies = [_window_of_body(blocks, number) for number in programs.number[wordless].tolist()]
    inside = np.array(_CHECK_INSIDE.found(bodies), np.bool_)
    silent = _silent(programs, wordless[~inside])
    checking = np.concatenate([wordless[inside], silent, left[announcing]])
    numbers = programs.number[checking]
    behind = [
        len(programs.leads[program]) if announces else 0
        for program, announces in zip(checking.tolist(), programs.announces_check[checking].tolist(), strict=True)
    ]
    known = blocks.start[numbers] - np.array(behind, np.int64)
    windows = [
        window(blocks.of[number].prose, max(0, place - RESULT_WITHIN), place)
        for number, place in zip(numbers.tolist(), known.tolist(), strict=True)
    ]
    return checking[np.array(_state_results(windows), np.bool_)]


def _window_of_body(blocks: Blocks, number: int) -> str:
    block = blocks.each[number]
    return window(blocks.of[number].response, block.body_start, block.body_stop)


def _state_results(texts: Sequence[str]) -> list[bool]:
    """Say which texts state a result, by an equals sign or in words."""
    equal = [_EQUALS.search(text) is not None for text in texts]
    said = iter(_SAY_WHAT_IT_GIVES.found([text for text, equals in zip(texts, equal, strict=True) if not equals]))
    return [equals or next(said) for equals in equal]


def _silent(programs: Programs, left: Numbers) -> Numbers:
    """Return the programs that nothing introduces: no colon, no word of solving, no announcement of code."""
    blocks = programs.blocks
    leads = [programs.leads[program] for program in left.tolist()]
    open_ended = np.array([bool(lead.strip()) and not lead.rstrip().endswith(":") for lead in leads], np.bool_)
    left = left[open_ended]
    solving = _SAY_TO_SOLVE.found([lead for lead, is_open in zip(leads, open_ended, strict=True) if is_open])
    left = left[~np.array(solving, np.bool_)]
    starts = zip(programs.number[left].tolist(), blocks.start[programs.number[left]].tolist(), strict=True)
    windows = [window(blocks.of[number].prose, max(0, start - RESULT_WITHIN), start) for number, start in starts]
    return left[~np.array(ANNOUNCES.found(windows), np.bool_)]


def _evidence_in(blocks: Blocks, numbers: Sequence[int], calls: Sequence[Call]) -> Iterator[str]:
    """Say of the programs of a response by what each is known to have run, or nothing."""
    called = ["".join(call.code.split()) for call in calls if len(call.code) > 8]
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
        return following if len(_between(blocks, number, following).strip()) <= LEAD else NONE
    bare = not block.tag and block.kind in (Kind.TEXT, Kind.LINE)
    if block.fenced and (bare or block.tag in ("text", "txt", "plaintext", "console")):
        return following if _OUTPUT_LEAD.fullmatch(_between(blocks, number, following)) else NONE
    return NONE


def _between(blocks: Blocks, number: int, following: int) -> str:
    return blocks.of[number].own[blocks.stop[number] : blocks.start[following]]


def _belongs(blocks: Blocks, number: int) -> bool:
    """Say whether code after the answer still deals with the question: it shares a number or names with it."""
    reading, start, text = blocks.of[number], blocks.each[number].start, blocks.body(number)
    numbers = _numbers_in(text)
    if not numbers.isdisjoint(_asked_numbers(reading.question)):
        return True
    if any(_holds_number(reading.prose, digits, start) for digits in numbers):
        return True
    names = {name.casefold() for name in set(_NAME.findall(text.replace("_", " ")))} - _PLAIN_NAMES
    return len(names) >= SHARED_NAMES and _shares_names(names, f"{reading.question} {reading.prose[:start]}")


def _numbers_in(text: str) -> frozenset[str]:
    return frozenset(_NUMBER.findall(text)) - _TRIVIAL


_asked_numbers = lru_cache(maxsize=1024)(_numbers_in)


def _shares_names(names: Set[str], asked: str) -> bool:
    """Say whether enough of some names stand in a text; most do not even stand inside its words."""
    folded = asked.casefold()
    if sum(name in folded for name in names) < SHARED_NAMES:
        return False
    return len(names & {word.casefold() for word in set(_NAME.findall(asked))}) >= SHARED_NAMES


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
