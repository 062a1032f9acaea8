"""One pattern over many texts says what `re` says of each, for every pattern that is read so."""

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from traceanalytics.rules.columns import _FEW, Columns, translated
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
TEXTS = st.lists(st.lists(st.sampled_from(PIECES), max_size=9).map("".join), max_size=24)


@pytest.mark.parametrize("name", PATTERNS)
@settings(deadline=None, max_examples=25)
@given(texts=TEXTS)
def test_a_column_is_read_as_each_of_its_texts(name: str, texts: list[str]) -> None:
    pattern = PATTERNS[name]
    assert Columns(pattern)._found_by_re2(texts) == [pattern.search(text) is not None for text in texts]
    assert Columns(pattern, at_start=True)._found_by_re2(texts) == [pattern.match(text) is not None for text in texts]


def plainly(sign: str) -> str:
    if sign.isascii():
        return sign
    return "\x1f" if sign.isspace() else "7" if sign.isdecimal() else "_" if sign.isalnum() else sign


@settings(deadline=None)
@given(st.lists(st.text() | st.lists(st.sampled_from(PIECES)).map("".join)))
def test_letters_digits_and_blanks_beyond_ascii_are_written_as_re2_knows_them(texts: list[str]) -> None:
    written, changed = with_ascii_letters(column_of(texts))
    expected = ["".join(map(plainly, text)) for text in texts]
    assert written.to_pylist() == expected
    assert changed.tolist() == [text != simple for text, simple in zip(texts, expected, strict=True)]


def test_every_sign_beyond_ascii_has_its_counterpart() -> None:
    signs = "".join(chr(point) for point in range(0x80, 0x110000) if not 0xD800 <= point < 0xE000)
    assert with_ascii_letters(column_of([signs]))[0].to_pylist() == ["".join(map(plainly, signs))]


@pytest.mark.parametrize("times", [1, _FEW])
def test_few_texts_and_many_are_read_alike(times: int) -> None:
    assert Columns(PATTERNS["words"]).found(["so", "some", "ſo", "éso"] * times) == [True, False, True, False] * times


def test_what_re2_cannot_say_is_an_error() -> None:
    with pytest.raises(ValueError, match=r"^\\1 has no counterpart in RE2$"):
        translated(r"(a)\1")


@pytest.mark.parametrize("source", ["[^_]", "[^.0-9]"])
def test_a_pattern_may_not_leave_out_what_stands_for_other_letters(source: str) -> None:
    message = re.escape(f"{source} leaves out a sign that stands for letters or digits beyond ASCII")
    with pytest.raises(ValueError, match=f"^{message}$"):
        translated(source)
