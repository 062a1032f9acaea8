"""The compiled pass over fences and lines against plain Python."""

import re

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from traceanalytics.rules.code import _signals
from traceanalytics.rules.code_kernel import outlines

FENCE = re.compile(r"`{3,}[^\n`]*|^[ \t]*~{3,}[^\n]*", re.MULTILINE)
PIECES = [
    "`",
    "```",
    "~~~",
    "\n",
    "\n",
    " ",
    "\t",
    "py",
    "> ",
    "- ",
    "1. ",
    "é",
    "😀",
    ">>> ",
    "x",
    "(",
    "\x1c",
    "\xa0",
]
PIECES += ["import re", "from a import b", "print", "print(1)", "#", "include <a>", "def f(", "class", " A:", "<?php"]
PIECES += [
    "[asy]",
    "[",
    "[a",
    "[ASY]",
    "SELECT",
    "a FROM b",
    "int",
    " main(",
    "while True:",
    "for i in range",
    "let x = 1;",
    "disp(1)",
    "using",
]
TEXTS = st.lists(st.lists(st.sampled_from(PIECES), max_size=12).map("".join), max_size=5)


def fences_plainly(text: str) -> list[list[int]]:
    fences = []
    for found in FENCE.finditer(text):
        fence = found[0].lstrip(" \t")
        start = found.end() - len(fence)
        size = len(fence) - len(fence.lstrip(fence[0]))
        before = text[text.rfind("\n", 0, start) + 1 : start]
        fences.append([start, size, found.end(), not before.strip(" \t>*-.0123456789")])
    return fences


@settings(deadline=None)
@given(TEXTS)
def test_fences_stand_where_a_pattern_finds_them(texts: list[str]) -> None:
    expected = [[row, *fence] for row, text in enumerate(texts) for fence in fences_plainly(text)]
    assert outlines(texts).fences.tolist() == expected


@settings(deadline=None)
@given(TEXTS)
def test_no_line_that_signals_a_program_is_missed(texts: list[str]) -> None:
    found = {(row, start) for row, start in outlines(texts).lines.tolist()}
    for row, text in enumerate(texts):
        for line in re.finditer(r"^.*$", text, re.MULTILINE):
            assert not _signals(line[0]) or (row, line.start()) in found


@settings(deadline=None)
@given(TEXTS)
@example(["[as", "y", "[", "asy", ""])
def test_pictures_stand_where_their_tag_does_in_letters_of_any_size(texts: list[str]) -> None:
    assert outlines(texts).pictured.tolist() == [row for row, text in enumerate(texts) if "[asy" in text.lower()]


@pytest.mark.parametrize("line", ["we import re", "forty", "format(x)", "# a heading", "printed", "classes"])
def test_prose_begins_no_program(line: str) -> None:
    assert not len(outlines([line]).lines)
