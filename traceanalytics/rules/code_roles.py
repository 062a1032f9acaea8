"""What the code of a response is for: its role by position and surroundings."""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import IntEnum
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from traceanalytics.rules.block_columns import Blocks, Numbers
from traceanalytics.rules.boxes import statements_in_words
from traceanalytics.rules.code_calls import Call
from traceanalytics.rules.code_contents import PROGRAMS
from traceanalytics.rules.code_mentions import ANNOUNCES, DOTTED_I
from traceanalytics.rules.code_runs import evidence_of
from traceanalytics.rules.code_topics import is_of_the_question
from traceanalytics.rules.columns import Columns, window
from traceanalytics.rules.drift import drift_of, read_drifts
from traceanalytics.rules.reading import Reading
from traceanalytics.rules.requests import which_ask_for_code

LEAD = 300  # characters before a block that say what it is for
RESULT_WITHIN = 400  # characters before a block in which a result to check may stand
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
    r"|translate|carry out|define|code (?:this|it)|write)\b",
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
    blocks = programs.blocks
    rows, firsts, counts = np.unique(blocks.row[programs.number], return_index=True, return_counts=True)
    readings = [blocks.readings[row] for row in rows.tolist()]
    _compare_with_answers(programs, readings, firsts, counts)
    for reading, row, first, size in zip(readings, rows.tolist(), firsts.tolist(), counts.tolist(), strict=True):
        numbers = programs.number[first : first + size].tolist()
        if size >= REPEATED:
            repeated = _repeated([" ".join(blocks.body(number).split()) for number in numbers])
            programs.role[[first + i for i in repeated]] = Role.DEGENERATE
        if calls[row] or reading.tool_outputs or reading.tool_spans:
            found = evidence_of(blocks, numbers, calls[row])
            programs.evidence |= {first + i: evidence for i, evidence in enumerate(found) if evidence}
    programs.role[list(programs.evidence)] = Role.EXECUTED


def _compare_with_answers(
    programs: Programs, readings: Sequence[Reading], firsts: NDArray[np.intp], counts: NDArray[np.intp]
) -> None:
    """Say which programs stand after the answer, and which where the response has left its question."""
    read_drifts([reading for reading in readings if "drift" not in vars(reading)])
    starts = programs.blocks.start[programs.number]
    answered = _answered_at(readings, starts[firsts].tolist(), starts[firsts + counts - 1].tolist())
    drifting = [len(each.own) if (drift := drift_of(each)) is None else drift[0] for each in readings]
    programs.after_answer[:] = np.repeat(np.array(answered, np.int64), counts) <= starts
    programs.role[np.repeat(np.array(drifting, np.int64), counts) <= starts] = Role.DRIFT


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
        deals = programs.announces_check[program] or is_of_the_question(blocks, int(programs.number[program]))
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
    windows = [_text_before(programs, program) for program in checking.tolist()]
    return checking[np.array(_state_results(windows), np.bool_)]


def _text_before(programs: Programs, program: int) -> str:
    """Return the text before a program, and before the sentence that announces it as a check."""
    number = int(programs.number[program])
    until = programs.blocks.each[number].start
    if programs.announces_check[program]:
        until -= len(programs.leads[program])
    return window(programs.blocks.of[number].prose, max(0, until - RESULT_WITHIN), until)


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
    leads = [programs.leads[program] for program in left.tolist()]
    open_ended = np.array([bool(lead.strip()) and not lead.rstrip().endswith(":") for lead in leads], np.bool_)
    left = left[open_ended]
    solving = _SAY_TO_SOLVE.found([lead for lead, is_open in zip(leads, open_ended, strict=True) if is_open])
    left = left[~np.array(solving, np.bool_)]
    announced = ANNOUNCES.found([_text_before(programs, program) for program in left.tolist()])
    return left[~np.array(announced, np.bool_)]
