"""Letters as sixty-four classes: plain Latin letter by letter with accents off, every other script as one class."""

import re
import unicodedata
from functools import cache

import numpy as np
from numpy.typing import NDArray

NO_LETTER, BOUNDARY, LOWER, UPPER = 0, 1, 2, 28
LATIN, GREEK, CYRILLIC, HEBREW, ARABIC, INDIC, SOUTHEAST, HANGUL, KANA, HAN = range(54, 64)
CLASSES = 64
SEVERAL = 1  # in the table of folded letters
SCRIPTS = {
    GREEK: "Greek",
    CYRILLIC: "Cyrillic",
    HEBREW: "Hebrew",
    ARABIC: "Arabic",
    INDIC: "Indic",
    SOUTHEAST: "Southeast Asian",
    HANGUL: "Hangul",
    KANA: "Kana",
    HAN: "Han",
}

RANGES = (
    (0x0370, 0x03FF, GREEK),
    (0x0400, 0x052F, CYRILLIC),
    (0x0590, 0x05FF, HEBREW),
    (0x0600, 0x08FF, ARABIC),
    (0x0900, 0x0DFF, INDIC),
    (0x0E00, 0x109F, SOUTHEAST),
    (0x1100, 0x11FF, HANGUL),
    (0x1780, 0x17FF, SOUTHEAST),
    (0x1F00, 0x1FFF, GREEK),
    (0x3041, 0x30FF, KANA),
    (0x3105, 0x312F, HAN),
    (0x3131, 0x318E, HANGUL),
    (0x31F0, 0x31FF, KANA),
    (0x3400, 0x4DBF, HAN),
    (0x4E00, 0x9FFF, HAN),
    (0xAC00, 0xD7AF, HANGUL),
    (0xF900, 0xFAFF, HAN),
    (0xFB1D, 0xFB4F, HEBREW),
    (0xFB50, 0xFDFF, ARABIC),
    (0xFE70, 0xFEFC, ARABIC),
    (0xFF66, 0xFF9D, KANA),
)
_ABOVE = (0x20000, 0x3FFFF, HAN)

_LETTERS = re.compile(r"[^\W\d_]+")


@cache
def letter_table() -> NDArray[np.uint8]:
    """Return the class of every code point of the basic plane; what is no letter is 0."""
    table = np.zeros(0x10000, np.uint8)
    for point in (*range(0xAA, 0x250), *range(0x1E00, 0x1F00)):
        if chr(point).isalpha():
            letter = unicodedata.normalize("NFKD", chr(point))[0]
            table[point] = LATIN
            if letter.isascii() and letter.isalpha():
                table[point] = (LOWER if letter.islower() else UPPER) + ord(letter.lower()) - ord("a")
    for start, stop, letter_class in RANGES:
        table[start : stop + 1] = letter_class
    table[ord("a") : ord("z") + 1] = np.arange(LOWER, LOWER + 26)
    table[ord("A") : ord("Z") + 1] = np.arange(UPPER, UPPER + 26)
    return table


@cache
def folded_letters() -> NDArray[np.uint16]:
    """Return what every letter of the basic plane folds into; 0 for what is no letter, `SEVERAL` for more than one."""
    table = np.zeros(0x10000, np.uint16)
    everything = "".join(map(chr, (*range(0xD800), *range(0xE000, 0x10000))))
    for letter in "".join(_LETTERS.findall(everything)):
        folded = letter.casefold()
        table[ord(letter)] = ord(folded) if len(folded) == 1 else SEVERAL
    return table


def letters_of(text: str) -> NDArray[np.uint8]:
    """Return the class of every character of a text.

    >>> letters_of("a é7").tolist() == [LOWER, NO_LETTER, LOWER + 4, NO_LETTER]
    True
    """
    points = np.frombuffer(text.encode("utf-32-le", "surrogatepass"), np.uint32)
    classes = letter_table()[np.minimum(points, 0xFFFF)]
    classes[points > 0xFFFF] = NO_LETTER
    start, stop, letter_class = _ABOVE
    classes[(points >= start) & (points <= stop)] = letter_class
    return classes
