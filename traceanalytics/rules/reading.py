"""One rollout as the rules read it: what several of them need is worked out once, when first asked for."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Generic, TypeVar, overload

from traceanalytics.readers.text import Parts, Span, ThinkState, own_spans, parts, question_of, tool_spans
from traceanalytics.rules.boxes import Box, answer_tags, boxes_in, final_statements, statements_in_words
from traceanalytics.rules.code import Block, blanked, blocks_in, find_blocks, spans_of

Value = TypeVar("Value")


class _once(Generic[Value]):
    """A property that is worked out at its first use; `functools.cached_property` takes a lock each time."""

    def __init__(self, work_out: Callable[["Reading"], Value]) -> None:
        self._work_out = work_out
        self._name = work_out.__name__
        self.__doc__ = work_out.__doc__

    @overload
    def __get__(self, reading: None, owner: type) -> "_once[Value]": ...
    @overload
    def __get__(self, reading: "Reading", owner: type) -> Value: ...
    def __get__(self, reading: "Reading | None", owner: type) -> "Value | _once[Value]":
        if reading is None:
            return self
        value = reading.__dict__[self._name] = self._work_out(reading)
        return value


@dataclass(eq=False)
class Reading:
    """A response with its prompt and what the log says of it. All offsets are those of the response."""

    response: str
    prompt: str = ""
    finish_reason: str | None = None
    tool_outputs: tuple[str, ...] = ()  # what tools returned, by the log
    may_hold_markup: bool = True  # special tokens, tags of tools and calls, turns of others
    may_hold_thoughts: bool = True  # marks of them
    code_words: Sequence[tuple[int, int]] = ()  # where words stand that may name code, and their numbers
    may_hold_code: bool = True  # fences, pictures, lines that begin as statements do
    may_hold_answers: bool = True  # boxes, answer tags, ####
    may_hold_answer_tags: bool = True
    answers_from: int = 0  # no box, answer tag or #### begins before

    @_once
    def tool_spans(self) -> list[Span]:
        """Return where tools or other roles speak inside the response."""
        return [] if self.own is self.response else tool_spans(self.response)

    @_once
    def own(self) -> str:
        """Return the response with everything that the model did not write blanked out."""
        if not self.may_hold_markup:
            return self.response
        kept = own_spans(self.response)
        if kept == [(0, len(self.response))]:
            return self.response
        gaps = zip([0, *(stop for _, stop in kept)], [*(start for start, _ in kept), len(self.response)], strict=True)
        return blanked(self.response, gaps)

    @_once
    def blocks(self) -> list[Block]:
        """Return the blocks of code, output and other fenced text."""
        return find_blocks(self.own) if self.may_hold_code else []

    @_once
    def prose(self) -> str:
        """Return the model's own text with all blocks blanked out."""
        if not self.blocks:
            return self.own
        return blanked(self.own, ((block.start, block.stop) for block in self.blocks))

    @_once
    def parts(self) -> Parts:
        """Return where reasoning and answer stand."""
        if not self.may_hold_thoughts:
            return Parts((0, 0), (0, len(self.response)), ThinkState.NONE)
        return parts(self.response)

    @_once
    def boxes(self) -> list[Box]:
        """Return the boxes in the prose."""
        return boxes_in([self.prose])[0] if self.may_hold_answers else []

    @_once
    def answer_tags(self) -> list[Box]:
        """Return the pairs of answer tags in the prose."""
        return answer_tags(self.prose, self.answers_from) if self.may_hold_answer_tags else []

    @_once
    def final_statements(self) -> list[Span]:
        """Return where the prose marks an answer as the final one: a box, a tag, `####`."""
        if not self.may_hold_answers:
            return []
        return final_statements(self.prose, [*self.boxes, *self.answer_tags], self.answers_from)

    @_once
    def statements(self) -> list[Span]:
        """Return where the prose states an answer, marked or in words."""
        return sorted([*self.final_statements, *statements_in_words(self.prose)])

    @_once
    def question(self) -> str:
        """Return the question that the prompt asks."""
        return _question(self.prompt)


def read_blocks(readings: Sequence[Reading]) -> None:
    """Find the blocks of many responses at once, and what of these is prose."""
    from traceanalytics.rules.blanks_kernel import blanked_texts

    waiting = [reading for reading in readings if reading.may_hold_code and "blocks" not in vars(reading)]
    for reading, blocks in zip(waiting, blocks_in([each.own for each in waiting]), strict=True):
        vars(reading)["blocks"] = blocks
    holding = [reading for reading in waiting if reading.blocks]
    spans = spans_of([reading.blocks for reading in holding])
    for reading, prose in zip(holding, blanked_texts([each.own for each in holding], spans), strict=True):
        vars(reading)["prose"] = prose


def read_boxes(readings: Sequence[Reading]) -> None:
    """Find the boxes of many responses at once."""
    for reading, found in zip(readings, boxes_in([each.prose for each in readings]), strict=True):
        vars(reading)["boxes"] = found


@lru_cache(maxsize=1024)
def _question(prompt: str) -> str:
    return question_of(prompt)
