"""Patterns as small programs over bytes, so that most segments are turned down without a call into `re`.

A program says whether a pattern may match: it ignores what is looked at ahead or behind, and takes any character beyond
ASCII for any other. It may say yes where `re` says no, never the other way round (`tests/cues` holds it to that; the
few characters beyond ASCII that `re` takes for a k, s or i are left out).
"""

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from functools import cache
from re import _constants as codes  # type: ignore[attr-defined]
from typing import Any

import numpy as np
from numpy.typing import NDArray

from traceanalytics.cues.kernel import (
    BEYOND_ASCII,
    EDGE,
    END,
    JUMP,
    LITERAL,
    LOOP,
    MATCH,
    NOTHING,
    SET,
    SIGN,
    SPLIT,
    START,
    WORD,
)

_MOST = 1 << 30
_ALL = (1 << 256) - 1
_BEYOND_ASCII = _ALL >> 128 << 128
_WORD_BYTES = sum(1 << byte for byte in b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz")
_EDGES = {  # behind what stands before: the bytes before which a word may begin or end
    NOTHING: _WORD_BYTES | _BEYOND_ASCII,
    SIGN: _WORD_BYTES | _BEYOND_ASCII,
    WORD: _ALL ^ _WORD_BYTES,
    BEYOND_ASCII: _ALL,
}
_MOST_COPIES = 6  # of a repeated part; beyond, any number of them is let through
_REPEATS = (codes.MAX_REPEAT, codes.MIN_REPEAT, codes.POSSESSIVE_REPEAT)
_ONE_CHARACTER = (codes.LITERAL, codes.NOT_LITERAL, codes.IN, codes.ANY)


@dataclass(frozen=True, slots=True)
class Programs:
    """Some programs, one behind the other."""

    steps: NDArray[np.int32]  # code, three operands, and the set of bytes with which a loop goes on
    letters: NDArray[np.uint8]  # the bytes of all literals, one behind the other
    sets: NDArray[np.uint8]  # one row of 256 bytes a set of characters; a character is known by its first byte
    alike: NDArray[np.uint8]  # of the 256 bytes: those that every set holds or lacks together share a number
    ways: NDArray[np.int32]  # [split, number of a byte]: the step to go on with, the split itself for both its ways
    entries: NDArray[np.int32]
    first: NDArray[np.uint8]  # [program, what stands before, byte]: can it begin with this byte there


def compile_programs(patterns: Iterable[Any]) -> Programs:
    """Compile patterns that ignore case, as `re` has parsed them."""
    builder = _Builder()
    entries = []
    for parsed in patterns:
        entries.append(len(builder.steps))
        builder.add(parsed, many_lines=bool(parsed.state.flags & re.MULTILINE))
        builder.steps.append([MATCH, 0, 0, 0])
    masks = _first_bytes(builder)
    alike, ways = _ways(builder.steps, masks)
    numbers = dict(builder.sets)
    steps = [[*step, _follows(at, step, masks, numbers)] for at, step in enumerate(builder.steps)]
    return Programs(
        np.array(steps, np.int32).reshape(-1, 5),
        np.array(builder.letters, np.uint8),
        _rows(numbers),
        alike,
        ways,
        np.array(entries, np.int32),
        np.stack([_rows([_opening(builder, masks, at, before) for at in entries]) for before in _EDGES], axis=1),
    )


def _first_bytes(builder: "_Builder") -> list[int]:
    """Return for each step the bytes, as bits, with which its program may go on from there; what may end takes all.

    Steps point forward but for the jump at the end of a loop, which is given all bytes.
    """
    sets = list(builder.sets)
    masks = [_ALL] * len(builder.steps)
    for at in range(len(builder.steps) - 1, -1, -1):
        code, one, two, _ = builder.steps[at]
        if code == LITERAL:
            masks[at] = _either_case(builder.letters[one])
        elif code == SET:
            masks[at] = sets[one]
        elif code == LOOP:
            masks[at] = sets[one] | (masks[at + 1] if two == 0 else 0)
        elif code == SPLIT:
            masks[at] = masks[one] | masks[two]
        elif code == JUMP and one > at:
            masks[at] = masks[one]
        elif code in (EDGE, START):
            masks[at] = masks[at + 1]
        elif code == END:
            masks[at] = 0
    return masks


def _opening(builder: "_Builder", masks: Sequence[int], entry: int, before: int) -> int:
    """Return the bytes, as bits, with which a program may begin, by what stands before."""
    sets = list(builder.sets)
    found, waiting = 0, [entry]
    seen: set[int] = set()  # ways part and meet again
    while waiting:
        at = waiting.pop()
        if at in seen:
            continue
        seen.add(at)
        code, one, two, _ = builder.steps[at]
        if code == LOOP:
            found |= sets[one]
            waiting += [at + 1] if two == 0 else []
        elif code == SPLIT:
            waiting += [one, two]
        elif code == JUMP and one > at:
            waiting.append(one)
        elif code == EDGE:
            found |= masks[at + 1] & _EDGES[before]
        elif code == START:
            waiting += [at + 1] if before == NOTHING else []
        else:
            found |= masks[at]
    return found


def _follows(at: int, step: list[int], masks: list[int], numbers: dict[int, int]) -> int:
    """Return the number of the set of bytes that follow a loop."""
    return numbers.setdefault(masks[at + 1], len(numbers)) if step[0] == LOOP else 0


def _ways(steps: list[list[int]], masks: Sequence[int]) -> tuple[NDArray[np.uint8], NDArray[np.int32]]:
    """Number bytes, and say for each split and such a number with which step a program goes on.

    It is the first one behind all splits of which only one side can begin so: -1 where neither side can, and the split
    itself where both can. Each split is told its row.
    """
    splits = [at for at, step in enumerate(steps) if step[0] == SPLIT]
    distinct = {mask: None for at in splits for mask in (masks[steps[at][1]], masks[steps[at][2]])}
    held, alike = np.unique(_rows(distinct), axis=1, return_inverse=True)
    holds = dict(zip(distinct, held == 1, strict=True))
    ways = np.empty((len(splits), held.shape[1]), np.int32)
    for row in range(len(splits) - 1, -1, -1):
        at = splits[row]
        steps[at][3] = row
        one, two = (_landing(steps, ways, side) for side in steps[at][1:3])
        takes_one, takes_two = (holds[masks[side]] for side in steps[at][1:3])
        ways[row] = np.where(takes_one, np.where(takes_two, at, one), np.where(takes_two, two, -1))
    return alike.ravel().astype(np.uint8), ways


def _landing(steps: Sequence[Sequence[int]], ways: NDArray[np.int32], at: int) -> NDArray[np.int32] | int:
    """Return where a program lands that goes on at a step: behind jumps ahead, and where a split there leads it."""
    while steps[at][0] == JUMP and steps[at][1] > at:
        at = steps[at][1]
    return ways[steps[at][3]] if steps[at][0] == SPLIT else at


def _rows(masks: Iterable[int]) -> NDArray[np.uint8]:
    packed = np.frombuffer(b"".join(mask.to_bytes(32, "little") for mask in masks), np.uint8)
    return np.unpackbits(packed.reshape(-1, 32), axis=1, bitorder="little")


@dataclass(slots=True)
class _Builder:
    steps: list[list[int]] = field(default_factory=list)
    letters: bytearray = field(default_factory=bytearray)  # of literals
    sets: dict[int, int] = field(default_factory=dict)  # sets of first bytes, as bits, and their numbers

    def add(self, nodes: Sequence[tuple[Any, Any]], *, many_lines: bool) -> None:
        goes_on = False
        for code, argument in nodes:
            literal = _spelled(argument) if code is codes.LITERAL else b""
            if literal:
                self._literal(literal, goes_on=goes_on)
            elif code in _ONE_CHARACTER:
                self._step(SET, self._set(code, argument))
            elif code is codes.BRANCH:
                self._branch(argument[1], many_lines=many_lines)
            elif code in (codes.SUBPATTERN, codes.ATOMIC_GROUP):
                self.add(argument[-1] if code is codes.SUBPATTERN else argument, many_lines=many_lines)
            elif code in _REPEATS:
                self._repeat(*argument, many_lines=many_lines)
            elif code is codes.AT:
                if argument in _PLACES and not (many_lines and _PLACES[argument] != EDGE):
                    self._step(_PLACES[argument])
            elif code not in (codes.ASSERT, codes.ASSERT_NOT):
                self._step(LOOP, self._set(codes.IN, [(codes.NEGATE, None)]), 0, _MOST)
            goes_on = literal != b""

    def _literal(self, literal: bytes, *, goes_on: bool) -> None:
        """Add bytes to the last step, where they go on with its literal, or begin one."""
        if goes_on:
            self.steps[-1][2] += len(literal)
        else:
            self._step(LITERAL, len(self.letters), len(literal))
        self.letters += literal

    def _step(self, code: int, *operands: int) -> list[int]:
        self.steps.append([code, *operands, *[0] * (3 - len(operands))])
        return self.steps[-1]

    def _branch(self, parts: Sequence[Sequence[tuple[Any, Any]]], *, many_lines: bool) -> None:
        ends = []
        for part in parts[:-1]:
            split = self._step(SPLIT, len(self.steps) + 1)
            self.add(part, many_lines=many_lines)
            ends.append(self._step(JUMP))
            split[2] = len(self.steps)
        self.add(parts[-1], many_lines=many_lines)
        for end in ends:
            end[1] = len(self.steps)

    def _repeat(self, least: int, most: int, body: Sequence[tuple[Any, Any]], *, many_lines: bool) -> None:
        limit = _MOST if most is codes.MAXREPEAT else int(most)
        if len(body) == 1 and body[0][0] in _ONE_CHARACTER:
            self._step(LOOP, self._set(*body[0]), least, limit)
            return
        for _ in range(min(least, _MOST_COPIES)):
            self.add(body, many_lines=many_lines)
        if limit - least <= _MOST_COPIES:
            splits = []
            for _ in range(limit - least):
                splits.append(self._step(SPLIT, len(self.steps) + 1))
                self.add(body, many_lines=many_lines)
            for split in splits:
                split[2] = len(self.steps)
        else:
            begin = len(self.steps)
            split = self._step(SPLIT, begin + 1)
            self.add(body, many_lines=many_lines)
            self._step(JUMP, begin)
            split[2] = len(self.steps)

    def _set(self, code: Any, argument: Any) -> int:
        items: Sequence[tuple[Any, Any]] = argument
        if code is codes.LITERAL:
            items = [(codes.LITERAL, argument)]
        elif code is not codes.IN:
            items = [(codes.NEGATE, None), (codes.LITERAL, 10 if code is codes.ANY else argument)]
        return self.sets.setdefault(_members(tuple(items)), len(self.sets))


@cache
def _members(items: tuple[tuple[Any, Any], ...]) -> int:
    """Return the first bytes of the characters that may belong to a set, as bits."""
    ascii_members = sum(1 << byte for byte in range(128) if _holds(items, chr(byte)))
    return ascii_members | (_BEYOND_ASCII if _may_hold_beyond_ascii(items) else 0)


_PLACES = {
    codes.AT_BEGINNING: START,
    codes.AT_BEGINNING_STRING: START,
    codes.AT_END: END,
    codes.AT_END_STRING: END,
    codes.AT_BOUNDARY: EDGE,
}
_KINDS: dict[Any, Callable[[str], bool]] = {
    codes.CATEGORY_DIGIT: str.isdigit,
    codes.CATEGORY_NOT_DIGIT: lambda letter: not letter.isdigit(),
    codes.CATEGORY_SPACE: str.isspace,
    codes.CATEGORY_NOT_SPACE: lambda letter: not letter.isspace(),
    codes.CATEGORY_WORD: lambda letter: letter.isalnum() or letter == "_",
    codes.CATEGORY_NOT_WORD: lambda letter: not (letter.isalnum() or letter == "_"),
}


def _holds(items: Sequence[tuple[Any, Any]], letter: str) -> bool:
    spellings = {letter, letter.lower(), letter.upper()}
    negated = bool(items) and items[0][0] is codes.NEGATE
    return negated != any(_item_holds(item, each) for item in items for each in spellings)


def _item_holds(item: tuple[Any, Any], letter: str) -> bool:
    code, argument = item
    if code is codes.LITERAL:
        return bool(argument == ord(letter))
    if code is codes.RANGE:
        return bool(argument[0] <= ord(letter) <= argument[1])
    return code is codes.CATEGORY and _KINDS[argument](letter)


def _may_hold_beyond_ascii(items: Sequence[tuple[Any, Any]]) -> bool:
    for code, argument in items:
        if code in (codes.NEGATE, codes.CATEGORY):
            return True
        if (argument if code is codes.LITERAL else argument[1]) >= 128:
            return True
    return False


def _spelled(point: int) -> bytes:
    """Return the bytes of a character, lowered; nothing for one beyond ASCII that has other spellings."""
    letter = chr(point)
    if point < 128:
        return letter.lower().encode()
    return b"" if letter.lower() != letter.upper() else letter.encode("utf-8", "surrogatepass")


def _either_case(byte: int) -> int:
    return 1 << byte | (1 << byte - 32 if 97 <= byte <= 122 else 0)
