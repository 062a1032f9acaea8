"""One pattern over many texts says what `re` says of each, for every pattern that is read so."""

import re

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from traceanalytics.rules.columns import _STRANGE, Columns, _read, translated
from traceanalytics.rules.columns_kernel import with_ascii_letters
from traceanalytics.rules.texts import column_of

PATTERNS = {
    "words": re.compile(r"\b(?:check(?:s|ed)?|verif\w+|so)\b", re.IGNORECASE),
    "lines": re.compile(r"^\s*(?:out|is)\s*:\s*\S+$", re.MULTILINE),
    "not words": re.compile(r"^\W*(?:so|k)\B.", re.IGNORECASE),
    "looks ahead": re.compile(r"so(?! is)|=(?!=)\s*\d(?=[)\]]|\Z)"),
    "looks behind": re.compile(r"(?<![<>=!])=\s*[^\s\]]{2,3}"),
    "classes": re.compile(r"[\](][\w.]+[])]|[^]a[]\)|[.\d-]{2}"),
    "letters": re.compile(r"[²因]|é\\b|\\b\\w+so", re.IGNORECASE),
    "literals": re.compile(r"so|check|因", re.IGNORECASE),
    "counts": re.compile(r"is[^.\n]{0,10}?so|[=:]\s{0,12}\d"),
    "ends": re.compile(r"(?:so|is).*\Z", re.DOTALL),
}
PIECES = ["so", "So", "check", "checks", "verify", "is", "out", "=", "==", "[", "]", "(", ")", "1", "23", ":", "."]
PIECES += [
    " ",
    "\n",
    "\t",
    "\x0b",
    "\x1c",
    "\xa0",
    "\u2028",
    "a",
    "_",
    "-",
    "é",
    "²",
    "٣",
    "ſ",
    "K",
    "İ",
    "ı",
    "因",
    "’",
    "×",
    "…",
    "\x85",
    "‿",
]
TEXTS = st.lists(st.lists(st.sampled_from(PIECES), max_size=9).map("".join), min_size=16, max_size=24)


@pytest.mark.parametrize("name", PATTERNS)
@settings(deadline=None, max_examples=25)  # of 16 texts or more
@given(texts=TEXTS)
def test_a_column_is_read_as_each_of_its_texts(name: str, texts: list[str]) -> None:
    pattern = PATTERNS[name]
    assert Columns(pattern).found(texts) == [pattern.search(text) is not None for text in texts]
    assert Columns(pattern, at_start=True).found(texts) == [pattern.match(text) is not None for text in texts]


def plainly(sign: str) -> str:
    if sign.isascii():
        return sign
    return "\x1f" if sign.isspace() else "7" if sign.isdecimal() else "_" if sign.isalnum() else sign


@settings(deadline=None)
@given(st.lists(st.tuples(st.text() | st.lists(st.sampled_from(PIECES)).map("".join), st.booleans())))
def test_letters_digits_and_blanks_beyond_ascii_are_written_as_re2_knows_them(chosen: list[tuple[str, bool]]) -> None:
    written = with_ascii_letters(column_of([text for text, _ in chosen]), np.array([simple for _, simple in chosen]))
    assert written.to_pylist() == ["".join(map(plainly, text)) if simple else text for text, simple in chosen]


def test_every_sign_beyond_ascii_has_its_counterpart() -> None:
    signs = "".join(chr(point) for point in range(0x80, 0x110000) if not 0xD800 <= point < 0xE000)
    assert with_ascii_letters(column_of([signs]), np.array([True])).to_pylist() == ["".join(map(plainly, signs))]


def test_few_texts_are_read_one_by_one() -> None:
    assert Columns(PATTERNS["words"]).found(["so", "some"]) == [True, False]


def test_no_letter_digit_or_blank_passes_for_a_sign() -> None:
    points = (chr(point) for point in range(0x80, 0x110000) if not 0xD800 <= point < 0xE000)
    named = [point for point in points if point.isalnum() or point.isspace()]
    assert all(_read(column_of(named), _STRANGE))
    assert not any(_read(column_of(["–“”…×÷≤≥→−±·°√😀✅", "a b"]), _STRANGE))


def test_what_re2_cannot_say_is_an_error() -> None:
    with pytest.raises(ValueError, match=r"^\\1 has no counterpart in RE2$"):
        translated(r"(a)\1")


@pytest.mark.parametrize("source", ["[^_]", "[^.0-9]"])
def test_a_pattern_may_not_leave_out_what_stands_for_other_letters(source: str) -> None:
    message = re.escape(f"{source} leaves out a sign that stands for letters or digits beyond ASCII")
    with pytest.raises(ValueError, match=f"^{message}$"):
        translated(source)
