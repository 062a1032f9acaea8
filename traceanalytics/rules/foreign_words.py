"""The compiled pass that says which texts may mix languages: a letter of another script, or foreign words in a line.

It looks at formulas too: what it turns down holds no mixing, what it lets through may.
An address lets a text through, as blanking it out may cut a word.
"""

from functools import cache
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from traceanalytics.compiled import compiled, inner
from traceanalytics.rules.function_words import ANY_MAY_COME, FUNCTION_WORDS, LATIN_IS_FOREIGN
from traceanalytics.rules.kernel_words import find, hash_of, point_at, slot_of, with_letter
from traceanalytics.rules.letters import GREEK, RANGES, SEVERAL, folded_letters
from traceanalytics.rules.texts import buffer_of

if TYPE_CHECKING:
    import pyarrow

ODD = SEVERAL  # in the table of letters: another script, or a letter that folds into several

_LAST_OF_HTTP = ord("p")
_SLOTS = 4096


def may_mix(texts: "pyarrow.LargeStringArray", expected: NDArray[np.int64], least: int) -> NDArray[np.bool_]:
    """Say which texts hold an odd letter, or `least` different words in one line that only another language has.

    `expected` holds the number of the prompt's language in `FUNCTION_WORDS`, or the reason why there is none.
    """
    data, offsets = buffer_of(texts)
    found: NDArray[np.bool_] = expected == LATIN_IS_FOREIGN
    _find(data, offsets, expected, least, _letters(), *_listed_words(), found)
    return found


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
    found: NDArray[np.bool_],
) -> None:
    counts = np.zeros(32, np.int64)
    seen = np.full(len(hashes), -1, np.int64)  # the line in which a word was seen last
    line = 0
    for k in range(len(expected)):
        at, end = offsets[k], offsets[k + 1]
        own = expected[k]
        if own == ANY_MAY_COME or found[k]:
            continue
        hashed = length = 0
        line += 1
        counts[:] = 0
        while at <= end:
            letter = point = 0
            size = 1
            if at < end:
                point, size = point_at(data, at)
                if size == 4:
                    found[k] = True
                    break
                letter = int(letters[point])
            if letter == ODD or (own >= 0 and point == _LAST_OF_HTTP and _ends_http(data, offsets[k], at)):
                found[k] = True
                break
            at += size
            if letter > 0:
                hashed = with_letter(hashed, letter)
                length += 1
                continue
            if length > 0 and own >= 0:
                slot = find(hashes, hashed)
                listed = int(languages[slot]) if slot >= 0 else 0
                if listed != 0 and listed >> own & 1 == 0 and seen[slot] != line:
                    seen[slot] = line
                    for language in range(32):
                        if listed >> language & 1:
                            counts[language] += 1
                            if counts[language] >= least:
                                found[k] = True
                if found[k]:
                    break
            hashed = length = 0
            if point == 10:
                line += 1
                counts[:] = 0


@inner
def _ends_http(data: NDArray[np.uint8], begin: int, at: int) -> bool:
    return at - 3 >= begin and data[at - 3] == 104 and data[at - 2] == 116 and data[at - 1] == 116
