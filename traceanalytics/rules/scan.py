"""One compiled pass over a batch that says which rules must look at a row; most rows need few of them."""

from functools import cache
from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray

from traceanalytics.compiled import compiled
from traceanalytics.readers.text import FOREIGN_TAGS, THINK_CLOSES, THINK_OPENS
from traceanalytics.rules.code_calls import CALL_TAGS
from traceanalytics.rules.literals import BEGINS_LINE, Automaton, automaton
from traceanalytics.rules.texts import CODE_WORDS, buffer_of

if TYPE_CHECKING:
    import pyarrow

FENCE = 1
STATEMENT = 2  # a line begins as statements of programs do
ANSWER = 4
MARKUP = 8  # a special token, a tag of tools or of calls, the turn of another
CODE_WORD = 16
SCRIPT = 32  # a letter that is neither Latin nor Greek
ACCENT = 64  # a Latin letter beyond ASCII
DIAGRAM = 128
THOUGHT = 256  # a mark of thoughts
ANSWER_TAG = 512
_FLAGS = 10  # bits

_ANYWHERE = {
    FENCE: ("```", "~~~"),
    ANSWER: ("\\box", "\\fbox", "####", "<answer"),
    MARKUP: ("<|", "<｜", "◁", "</s>", "\nassistant", *(f"<{tag}>" for tag in (*FOREIGN_TAGS, *CALL_TAGS))),
    CODE_WORD: (
        *("python", "sympy", "numpy", "scipy", "matlab", "mathematica", "wolfram", "octave", "sagemath", "itertools"),
        *("code", "coding", " script", "program", "simulat", "brute", "computer", " loop", "interpreter", "snippet"),
        *("by machine", "pytest", "unit test", "compiler", "debugger", "notebook"),
    ),
    DIAGRAM: ("[asy",),
    ANSWER_TAG: ("</answer>",),
    THOUGHT: (*THINK_OPENS, *THINK_CLOSES),
}
_BEGINS_A_LINE = (
    *("import ", "def ", "class solution", "print(", "print (", ">>> ", "while true", "for (", "for _ in ", "#include"),
    *(f"for {name} in " for name in ("i", "j", "k", "n", "m", "x", "a", "b", "p", "d")),
    *(f"from {name}" for name in ("sympy", "math ", "itertools", "collections", "fractions", "functools", "scipy")),
    *(f"from {name}" for name in ("numpy", "typing", "random", "decimal", "__future__")),
    *("using namespace", "public static", "public class", "int main", "console.log", "const ", "var ", "function "),
    *("disp(", "printf(", "<?php", "library(", "fn ", "func ", "select *", "select count", "select distinct"),
)
_LONGEST = 8  # characters of the longest sign of an answer
_SIZES = np.array([len(word) for word in CODE_WORDS])


class Scanned(NamedTuple):
    """What every text holds."""

    flags: NDArray[np.uint16]  # a sum of the flags above
    answers_from: NDArray[np.int64]  # the code point at or before which no sign of an answer begins
    words: NDArray[np.int32]  # row, start, number among the words that may name code; those of a row by where they end


def flags_of(texts: "pyarrow.LargeStringArray") -> NDArray[np.uint16]:
    """Return the flags of every text."""
    return scanned(texts).flags


def scanned(texts: "pyarrow.LargeStringArray") -> Scanned:
    """Look every text through once."""
    data, offsets = buffer_of(texts)
    flags = np.zeros(len(texts), np.uint16)
    answers = np.zeros(len(texts), np.int64)
    words = np.empty((len(data) // 2 + 1, 3), np.int32)  # they may overlap
    count = _scan(data, offsets, *_automaton(), _SIZES, flags, answers, words)
    return Scanned(flags, np.maximum(answers - _LONGEST, 0), words[:count])


def words_by_row(words: NDArray[np.int32], rows: int) -> list[list[tuple[int, int]]]:
    """Return of each row where words stand that may name code, and which: (start, number)."""
    located = list(zip(words[:, 1].tolist(), words[:, 2].tolist(), strict=True))
    firsts = np.searchsorted(words[:, 0], np.arange(rows + 1)).tolist()
    return [located[first:stop] for first, stop in pairwise(firsts)]


@cache
def _automaton() -> Automaton:
    literals = [(literal, flag) for flag, words in _ANYWHERE.items() for literal in words]
    literals += [(word.lstrip(), 1 << _FLAGS + number) for number, word in enumerate(CODE_WORDS)]
    return automaton([*literals, *((f"\n{word}", STATEMENT) for word in _BEGINS_A_LINE)], leads=" \t")


@compiled
def _scan(
    data: NDArray[np.uint8],
    offsets: NDArray[np.int64],
    table: NDArray[np.uint16],
    outputs: NDArray[np.int64],
    sizes: NDArray[np.int64],
    flags: NDArray[np.uint16],
    answers: NDArray[np.int64],
    words: NDArray[np.int32],
) -> int:
    count = 0
    for row in range(len(offsets) - 1):
        state = BEGINS_LINE
        found = 0
        letters = 0
        first = -1
        for at in range(offsets[row], offsets[row + 1]):
            byte = data[at]
            letters += byte & 0xC0 != 0x80
            state = table[state, byte]
            shown = outputs[state]
            if shown:
                found |= shown
                if first < 0 and shown & ANSWER:
                    first = letters
                for word in range(len(sizes) if shown >> _FLAGS else 0):
                    if shown >> _FLAGS + word & 1:
                        words[count, 0] = row
                        words[count, 1] = letters - sizes[word]
                        words[count, 2] = word
                        count += 1
            if byte >= 0xC3:
                if byte <= 0xC9 or byte == 0xE1:
                    found |= ACCENT
                if (byte >= 0xD0 and byte <= 0xE1) or (byte >= 0xE3 and byte <= 0xED) or byte == 0xF0:
                    found |= SCRIPT
        flags[row] = found & ((1 << _FLAGS) - 1)
        answers[row] = first if first >= 0 else letters
    return count
