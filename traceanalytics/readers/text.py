"""The cleaned view of a text that is stored as found: what the model itself wrote, and which question it was asked.

Spans count code points in the stored text, so that a tag on the cleaned view points into the log.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from hashlib import md5

Span = tuple[int, int]


class ThinkState(StrEnum):
    """How the reasoning part of a response is marked."""

    NONE = "none"  # no mark at all
    CLOSED = "closed"  # opened and closed
    UNCLOSED = "unclosed"  # opened, never closed: the response ended while thinking
    PREFILLED = "prefilled"  # closed, never opened: the template opened it


@dataclass(frozen=True, slots=True)
class Parts:
    """Reasoning and answer of a response; without marks everything is answer."""

    reasoning: Span
    answer: Span
    state: ThinkState


_TOOL_TAGS = (
    *("tool_response", "tool_result", "tool_output", "information", "observation", "search_result", "search_results"),
    "interpreter",
)
_TOKEN_TAGS = ("s", "bos", "eos", "pad", "end_of_turn", "start_of_turn")
FOREIGN_TAGS = (*_TOOL_TAGS, *_TOKEN_TAGS)  # beside <|…|>, <｜…｜>, ◁…▷ and bare role lines

_CONTROL_TOKEN = re.compile(rf"<(?:\|[^|<>\n]{{1,40}}\|>|｜[^｜<>\n]{{1,40}}｜>|/s>|(?:{'|'.join(_TOKEN_TAGS)})>)")
_THINK_TOKEN = re.compile(r"◁/?think▷")
THINK_OPENS = (
    *("<think>", "<thinking>", "<thought>", "<reasoning>", "<|begin_of_thought|>", "◁think▷"),
    "<|channel|>analysis<|message|>",
)
THINK_CLOSES = (
    *("</think>", "</thinking>", "</thought>", "</reasoning>", "<|end_of_thought|>", "◁/think▷"),
    "<|channel|>final<|message|>",
)
_THINK_CLOSE = re.compile(
    r"<(?:/(?:think(?:ing)?|thought|reasoning)>|\|end_of_thought\|>"
    r"|(?:\|end\|><\|start\|>assistant<)?\|channel\|>final<\|message\|>)|◁/think▷"
)
_LONGEST_CLOSING = max(map(len, THINK_CLOSES))
_BEFORE_CHANNEL = len("<|end|><|start|>assistant")
_TOOL_BLOCK = re.compile(
    rf"<(?:({'|'.join(_TOOL_TAGS)})>.*?(?:</\1>|\Z)"
    r"|\|im_start\|>(?:user|tool|system)\b.*?(?:<\|im_end\|>|\Z)"
    r"|\|start_header_id\|>(?:user|tool|ipython|system)<\|end_header_id\|>.*?(?:<\|eot_id\|>|\Z))",
    re.DOTALL,
)
_FLAT_TURN = re.compile(r"^(?:user|tool)\n.*?^assistant\n", re.DOTALL | re.MULTILINE)
_ROLE_LINE = re.compile(r"^(?:assistant|user|tool)$", re.MULTILINE)

_MESSAGE = re.compile(
    r"<\|im_start\|>user\n(.*?)<\|im_end\|>"
    r"|<\|start_header_id\|>user<\|end_header_id\|>\s*(.*?)<\|eot_id\|>"
    r"|<start_of_turn>user\n(.*?)<end_of_turn>"
    r"|<｜User｜>(.*?)<｜Assistant｜>",
    re.DOTALL,
)
_FLAT_USER = re.compile(r"^user\n(.*?)(?=^assistant\s*$|\Z)", re.DOTALL | re.MULTILINE)
_SPOKEN = re.compile(r"\bUser:\s*(.*?)\s*(?=\bAssistant:|\Z)", re.DOTALL)
_QUESTION = re.compile(
    r"\b(?:Question|Problem|Q|Instruction)\s*:\s*(.*?)\s*(?=\n+(?:Answer|Solution|A|Response)\s*:|\Z)", re.DOTALL
)
_INSTRUCTION = re.compile(
    r"(?:^|(?<=[.?!:$)\]}\n])|(?<=\s))\s*"
    r"(?:(?:please|kindly|you should|remember to|make sure to)\b[^.\n]*"
    r"|let'?s think step by step[^.\n]*"
    r"|(?:reason|think|solve|work)\b[^.\n]*\bstep[- ]by[- ]step[^\n]*"
    r"|(?:put|write|give|present|output|return|enclose|place|show|express|answer)\b[^\n]*"
    r"(?:\\boxed|<answer>|final answer|####)[^\n]*"
    r"|(?:your|the) (?:final )?answer (?:should|must) be\b[^\n]*"
    r"|(?:use|write) python\b[^\n]*)\s*\.?\s*\Z",
    re.IGNORECASE,
)
_LEADING_INSTRUCTION = re.compile(
    r"\A\s*(?:solve|answer) the following [^\n:]*(?:problem|question)s?\b[^\n:]*[:.]\s*"
    r"|\A\s*please (?:solve|answer)[^\n:]*:\s*",
    re.IGNORECASE,
)
_LONGEST_INSTRUCTIONS = 600
_SPACE = re.compile(r"\s+")


def think_state(response: str) -> ThinkState:
    """Say how the reasoning is marked.

    >>> think_state("21-4</think>17").value
    'prefilled'
    """
    return parts(response).state


def parts(response: str) -> Parts:
    """Split reasoning from answer at the last closing mark."""
    end = len(response)
    began_at = _behind_opening(response)
    closed = _last_closing(response)
    if closed is not None:
        began_inside = began_at is not None and began_at <= closed.start()
        start = began_at if began_inside and began_at is not None else 0
        state = ThinkState.CLOSED if began_inside else ThinkState.PREFILLED
        return Parts((start, closed.start()), (closed.end(), end), state)
    if began_at is not None:
        return Parts((began_at, end), (end, end), ThinkState.UNCLOSED)
    return Parts((0, 0), (0, end), ThinkState.NONE)


def _behind_opening(response: str) -> int | None:
    """Return the place behind the first opening mark; looking for each is faster than a pattern of all."""
    first, stop = len(response), None
    for mark in THINK_OPENS:
        at = response.find(mark, 0, first + len(mark) - 1)
        if at >= 0:
            first, stop = at, at + len(mark)
    return stop


def _last_closing(response: str) -> re.Match[str] | None:
    """Find the last closing mark, and what may belong to it in front."""
    tail_at = -1
    for mark in THINK_CLOSES:
        if tail_at >= 0 or mark in response:
            tail_at = max(tail_at, response.rfind(mark, tail_at + 1))
    if tail_at < 0:
        return None
    return list(_THINK_CLOSE.finditer(response, max(0, tail_at - _BEFORE_CHANNEL), tail_at + _LONGEST_CLOSING))[-1]


def own_spans(response: str) -> list[Span]:
    """Return the spans that the model itself wrote: tool output, other roles and chat tokens are left out.

    >>> [("a<|im_end|>b")[start:stop] for start, stop in own_spans("a<|im_end|>b")]
    ['a', 'b']
    """
    foreign = sorted(_foreign(response))
    spans, position = [], 0
    for start, stop in foreign:
        if start > position:
            spans.append((position, start))
        position = max(position, stop)
    if position < len(response):
        spans.append((position, len(response)))
    return spans


def tool_spans(response: str) -> list[Span]:
    """Return the spans that a tool or another role put between the model's own text."""
    return sorted(_tool_output(response))


def question_of(prompt: str) -> str:
    """Return the question in a prompt, without chat template, role names and instruction suffix.

    >>> question_of("system\\nBe brief.\\nuser\\nWhat is 2+2? Please put the answer in \\\\boxed{}.\\nassistant\\n")
    'What is 2+2?'
    """
    question = _last_user_message(prompt)
    if "<" in question or "◁" in question:
        question = _THINK_TOKEN.sub("", _CONTROL_TOKEN.sub("", question))
    question = _LEADING_INSTRUCTION.sub("", question).strip()
    while shorter := _without_instruction(question):
        question = shorter
    return _SPACE.sub(" ", question).strip()


def problem_key(prompt: str) -> str:
    """Return the key under which the same question is found in other trainers, runs and evaluations."""
    return md5(question_of(prompt).casefold().encode("utf-8", "replace")).hexdigest()[:16]


def _without_instruction(question: str) -> str | None:
    """Cut one instruction off the end, where all trainers put theirs; a long problem is not searched whole."""
    tail_at = max(0, len(question) - _LONGEST_INSTRUCTIONS)
    found = _INSTRUCTION.search(question, tail_at)
    return question[: found.start()].strip() if found else None


def _last_user_message(prompt: str) -> str:
    for sign, pattern in (("<", _MESSAGE), ("user\n", _FLAT_USER), (":", _SPOKEN), (":", _QUESTION)):
        found = pattern.findall(prompt) if sign in prompt else ()
        if found:
            return "".join(found[-1])
    return prompt


def _foreign(response: str) -> Iterator[Span]:
    yield from _tool_output(response)
    if "<" in response:
        yield from (found.span() for found in _CONTROL_TOKEN.finditer(response))
    if "◁" in response:
        yield from (found.span() for found in _THINK_TOKEN.finditer(response))


def _tool_output(response: str) -> Iterator[Span]:
    if "<" in response:
        yield from (found.span() for found in _TOOL_BLOCK.finditer(response))
    if "\nassistant\n" in response and _ROLE_LINE.search(response):
        yield from (found.span() for found in _FLAT_TURN.finditer(response))
