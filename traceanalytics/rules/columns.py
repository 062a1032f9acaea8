"""One pattern over many texts: RE2, as Arrow has it, reads a column at once, some thirty times as fast as `re` does.

RE2 knows no looking around and only the letters of ASCII. What it says is taken where `re` would say the same; else
it only says in which texts `re` must look.
"""

import re
from collections.abc import Sequence
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from traceanalytics.rules.texts import buffer_of, column_of

if TYPE_CHECKING:
    import pyarrow

    from traceanalytics.rules.literals import Automaton

_FEW = 64  # texts that `re` has read before RE2 is ready
_MEMBERS = {"s": r"\t\n\x0b\f\r\x1c-\x1f ", "w": "0-9A-Za-z_", "d": "0-9"}
LETTERS_ALIKE = ("\u0130", "\u0131", "\u017f", "\u212a")  # two i, an s and a k to `re` where case is ignored
_BEYOND_ASCII = re.compile(r"[^\x00-\x7f]")
_LOOKS_AROUND = re.compile(r"\(\?<?[=!]")
_LONG_COUNT = re.compile(r"\{0,\d\d+\}")  # RE2 is slow to count that far
_STAND_IN = re.compile(r"[_0-9]")  # one that itself stands for letters or digits beyond ASCII
_TOKEN = re.compile(r"\\.|\[\^?\]?(?:\\.|[^\]\\])*\]|.", re.DOTALL)
_MEMBER = re.compile(r"\\.|.", re.DOTALL)
_FLAGS = {re.IGNORECASE: "i", re.MULTILINE: "m", re.DOTALL: "s"}


class Columns:
    r"""A pattern of `re`, looked for in many texts at once: anywhere in them, or only where they begin.

    What matches holds one of the small literals that it `needs`, if these are given; one after `\n` begins a line,
    behind any of `leads`.
    """

    def __init__(
        self, pattern: re.Pattern[str], *, at_start: bool = False, needs: Sequence[str] = (), leads: str = ""
    ) -> None:
        self._look = pattern.match if at_start else pattern.search
        self._pattern = pattern
        self._at_start = at_start
        self._own_letters = {*LETTERS_ALIKE, *filter(str.isalnum, _BEYOND_ASCII.findall(pattern.pattern))}
        self._is_literal = not {"\\", "["} & set(pattern.pattern)
        self._names_stand_ins = _STAND_IN.search(pattern.pattern) is not None
        self._needs, self._leads = needs, leads
        self._finds_more = any(each.search(pattern.pattern) for each in (_LOOKS_AROUND, _LONG_COUNT))

    def found(self, texts: Sequence[str]) -> list[bool]:
        """Say for each text whether the pattern is in it, just as `re` would."""
        if len(texts) < _FEW:
            return self._found_by_re(texts)
        if not self._needs:
            return self._found_by_re2(texts)
        may_match = self._with_needs(texts)
        left = [text for text, may in zip(texts, may_match, strict=True) if may]
        found = iter(self._found_by_re2(left) if len(left) >= _FEW else self._found_by_re(left))
        return [may and next(found) for may in may_match]

    def _found_by_re(self, texts: Sequence[str]) -> list[bool]:
        return [self._look(text) is not None for text in texts]

    def _with_needs(self, texts: Sequence[str]) -> list[bool]:
        """Say which texts hold what the pattern needs."""
        from traceanalytics.rules.literals import hold_any

        return hold_any(column_of(texts), self._literals).tolist()  # type: ignore[no-any-return]

    def _found_by_re2(self, texts: Sequence[str]) -> list[bool]:
        column = column_of(texts)
        if self._is_literal:  # of letters beyond ASCII it can be mistaken only in its own
            beyond = [i for i, text in enumerate(texts) if not text.isascii() and self._holds_own_letters(text)]
        else:
            column, beyond = _with_ascii_letters(column)
        found = _read(column, self._plain)
        missed = [i for i in beyond if self._holds_own_letters(texts[i])]
        for i in missed:
            found[i] = True
        doubted = range(len(texts)) if self._finds_more else beyond if self._names_stand_ins else missed
        for i in doubted:
            found[i] = found[i] and self._look(texts[i]) is not None
        return found

    def _holds_own_letters(self, text: str) -> bool:
        return any(letter in text for letter in self._own_letters)

    @cached_property
    def _literals(self) -> "Automaton":
        from traceanalytics.rules.literals import automaton

        return automaton([(literal, 1) for literal in (*self._needs, *LETTERS_ALIKE)], leads=self._leads)

    @cached_property
    def _plain(self) -> str:
        """Make the pattern for RE2; without what looks around, and with no count, it finds more than `re` does."""
        flags = "".join(letter for flag, letter in _FLAGS.items() if self._pattern.flags & flag)
        begin = r"\A" if self._at_start else ""
        return f"(?{flags or '-i'}){begin}(?:{translated(self._pattern.pattern)})"


def window(text: str, start: int, stop: int) -> str:
    """Cut out a part in which words are found as they are in its place: a letter before it is kept as a low line.

    >>> window("recheck it", 2, 10)
    '_check it'
    """
    before = text[start - 1] if start else " "
    part = text[start:stop]
    return f"_{part}" if before.isalnum() or before == "_" else part


def translated(source: str) -> str:
    r"""Say in RE2 what a pattern means.

    >>> translated(r"\bx(?!y)\d")
    '\\bx[0-9]'
    """
    pieces = []
    tokens = _TOKEN.findall(_LONG_COUNT.sub("*", source))
    at = 0
    while at < len(tokens):
        token = tokens[at]
        if token == "(" and _LOOKS_AROUND.match("".join(tokens[at : at + 4])):
            at = _behind_group(tokens, at)
            continue
        if token[0] == "[":
            token = _class(token)
        elif token[0] == "\\":
            token = _escape(token[1])
        pieces.append(token)
        at += 1
    return "".join(pieces)


def _read(column: "pyarrow.LargeStringArray", pattern: str) -> list[bool]:
    from pyarrow import compute

    return compute.match_substring_regex(column, pattern).to_pylist()  # type: ignore[no-any-return]


def _with_ascii_letters(column: "pyarrow.LargeStringArray") -> "tuple[pyarrow.LargeStringArray, list[int]]":
    """Write letters, digits and blanks beyond ASCII as RE2 knows them, and say which texts held any."""
    from traceanalytics.rules.columns_kernel import with_ascii_letters

    data, _ = buffer_of(column)
    if not (data >= 0x80).any():
        return column, []
    simple, changed = with_ascii_letters(column)
    return simple, np.flatnonzero(changed).tolist()


def _escape(letter: str) -> str:
    if letter in "swd":
        return f"[{_MEMBERS[letter]}]"
    if letter in "SW":
        return f"[^{_MEMBERS[letter.lower()]}]"
    if letter in "bB":
        return f"\\{letter}"
    return r"\z" if letter == "Z" else _literal(letter)


def _class(token: str) -> str:
    opening = "[^" if token.startswith("[^") else "["
    members = _MEMBER.findall(token[len(opening) : -1])
    if opening == "[^" and any(member == "_" or member.isdecimal() for member in members):
        raise ValueError(f"{token} leaves out a sign that stands for letters or digits beyond ASCII")
    return f"{opening}{''.join(map(_member, members))}]"


def _member(token: str) -> str:
    if token in (r"\s", r"\w", r"\d"):
        return _MEMBERS[token[1]]
    return _literal(token[-1]) if token[0] in "\\[]" else token


def _literal(letter: str) -> str:
    if letter.isalnum() and letter not in "nrtfv":
        raise ValueError(f"\\{letter} has no counterpart in RE2")
    return f"\\{letter}"


def _behind_group(tokens: Sequence[str], at: int) -> int:
    """Return the place behind the bracket that closes the one there."""
    depth = 1
    while depth:
        at += 1
        depth += {"(": 1, ")": -1}.get(tokens[at], 0)
    return at + 1
