"""The compiled pass that says which lines may mix languages: with a letter of another script, or with foreign words.

It looks at formulas too: what it turns down holds no mixing, what it lets through may.
An address lets a line through, as blanking it out may cut a word.
"""

from functools import cache
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from traceanalytics.compiled import compiled, inner
from traceanalytics.rules.function_words import FUNCTION_WORDS
from traceanalytics.rules.kernel_words import find, hash_of, point_at, slot_of, with_letter
from traceanalytics.rules.letters import GREEK, RANGES, SEVERAL, folded_letters
from traceanalytics.rules.texts import buffer_of

if TYPE_CHECKING:
    import pyarrow

ODD = SEVERAL  # in the table of letters: another script, or a letter that folds into several

_LAST_OF_HTTP = ord("p")
_BREAK = 10
_SLOTS = 4096


def mixed_lines(texts: "pyarrow.LargeStringArray", expected: NDArray[np.int64], least: int) -> NDArray[np.int64]:
    """Return row, start and stop (code points) of lines with an odd letter, or `least` different foreign words.

    `expected` holds the number of the prompt's language in `FUNCTION_WORDS`; a word is foreign where only another
    language has it, and where the prompt's is `UNKNOWN`, none is.
    """
    data, offsets = buffer_of(texts)
    lines = np.empty((len(data) // 2 + 1, 3), np.int64)
    count = _find(data, offsets, expected, least, _letters(), *_listed_words(), lines)
    return lines[:count]


@cache
def _letters() -> NDArray[np.uint16]:
    """Return what letters fold into, with those of other scripts as `ODD`."""
    table = folded_letters().copy()
    for start, stop, kind in RANGES:
        if kind > GREEK:
            table[start : stop + 1] = ODD
    return table


@cache
def _listed_words() -> tuple[NDArray[np.int64], NDArray[np.int32]]:
    """Return the hashes of all small words in an open-addressed table, and the languages of each as bits."""
    hashes, languages = np.zeros(_SLOTS, np.int64), np.zeros(_SLOTS, np.int32)
    for number, listed in enumerate(FUNCTION_WORDS.values()):
        for word in listed.split():
            hashed = hash_of(word)
            slot = slot_of(hashes, hashed)
            hashes[slot] = hashed
            languages[slot] |= 1 << number
    return hashes, languages


@compiled
def _find(
    data: NDArray[np.uint8],
    offsets: NDArray[np.int64],
    expected: NDArray[np.int64],
    least: int,
    letters: NDArray[np.uint16],
    hashes: NDArray[np.int64],
    languages: NDArray[np.int32],
    lines: NDArray[np.int64],
) -> int:
    counts = np.zeros(32, np.int64)
    seen = np.full(len(hashes), -1, np.int64)  # the line in which a word was seen last
    found = line = 0
    for row in range(len(expected)):
        own = expected[row]
        at, end = offsets[row], offsets[row + 1]
        hashed = length = begin = place = 0
        line += 1
        counts[:] = 0
        may_mix = False
        while at <= end:
            letter, point, size = 0, _BREAK, 1
            if at < end:
                point, size = point_at(data, at)
                letter = ODD if size == 4 else int(letters[point])
            may_mix = may_mix or letter == ODD
            may_mix = may_mix or (own >= 0 and point == _LAST_OF_HTTP and _ends_http(data, offsets[row], at))
            if letter > 0:
                hashed = with_letter(hashed, letter)
                length += 1
            elif length > 0:
                slot = find(hashes, hashed) if own >= 0 else -1
                listed = int(languages[slot]) if slot >= 0 else 0
                if listed != 0 and listed >> own & 1 == 0 and seen[slot] != line:
                    seen[slot] = line
                    for language in range(32):
                        if listed >> language & 1:
                            counts[language] += 1
                            may_mix = may_mix or counts[language] >= least
                hashed = length = 0
            if point == _BREAK:
                if may_mix:
                    lines[found, 0] = row
                    lines[found, 1] = begin
                    lines[found, 2] = place
                    found += 1
                begin = place + 1
                line += 1
                counts[:] = 0
                may_mix = False
            at += size
            place += 1
    return found


@inner
def _ends_http(data: NDArray[np.uint8], begin: int, at: int) -> bool:
    return at - 3 >= begin and data[at - 3] == 104 and data[at - 2] == 116 and data[at - 1] == 116
