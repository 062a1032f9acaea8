"""Languages and topics: the passes over a batch against a plain reading of what they promise."""

import re

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from traceanalytics.rules import drift, language
from traceanalytics.rules.foreign_letters import foreign_letters
from traceanalytics.rules.foreign_words import _listed_words
from traceanalytics.rules.function_words import FUNCTION_WORDS
from traceanalytics.rules.letters import CYRILLIC, GREEK, folded_letters, letters_of
from traceanalytics.rules.reading import Reading
from traceanalytics.rules.strange_tail import strange_tails

PATTERN = re.compile(
    r"\$\$[^$]{0,2000}\$\$|\$[^$\n]*\$|\\\[.{0,1500}?\\\]|\\\(.{0,500}?\\\)|\\begin\{.{0,2000}?\\end\{\w+\*?\}"
    r"|\\text\{[^{}\n]{0,200}\}|\\mathrm\{[^{}\n]{0,200}\}|`[^`\n]*`|\"[^\"\n]*\"|“[^”\n]*”|«[^»\n]*»|「[^」\n]*」"
    r"|『[^』\n]*』|‘[^’\n]*’|\([^()\n]{1,60}\)|（[^（）\n]{1,60}）|https?://\S+",
    re.DOTALL,
)
PROMPTS = (
    "What is the sum of 3 and 4, and why is it so?",
    "Was ist die Summe von drei und vier, und wie zeigt man das?",
    "x",
    "计算 3 加 4 的和是多少",
    "Translate this into French, and say why it is so.",
)
PIECES = (
    *("und", "Die", "IST", "nicht", "zu", "von", "est", "que", "être", "ÊTRE", "İle", "ſein", "straße", "Kelvin"),
    *("the sum of", "Évariste", "\n", "\n", ". ", " ", " ", "$", "`", "(", ")", "“", "”", "http://a", "```\n", "1"),
    *("因此", "да", "ﾊﾟ", "😀", "\u0345", "²", "_"),
)

NO_PROSE = (
    *(
        "因",
        "かな",
        "да",
        "\U00020000",
        "\\end{é²}",
        "\\end{a*}",
        "é",
        "$",
        "$$",
        "\\[",
        "\\]",
        "\\(",
        "\\)",
        "\\begin{a}",
        "\\end{a}",
        "\\text{",
        "\\mathrm{",
        "}",
        "`",
        '"',
        "“",
        "”",
    ),
    *("«", "»", "「", "」", "『", "』", "‘", "’", "(", ")", "（", "）", "http", "http://", "a", " ", "\n"),
)


def may_mix(readings: list[Reading]) -> list[bool]:
    return [bool(lines) for lines in language._lines_that_may_mix(readings)]


@given(st.lists(st.sampled_from(PIECES), max_size=40).map("".join), st.sampled_from(PROMPTS))
@settings(deadline=None, max_examples=400)
def test_the_pass_turns_no_line_down_that_mixes_languages(text: str, prompt: str) -> None:
    lines = [(found.start(), found.end()) for found in re.finditer(r"[^\n]+", text)]
    (seen,) = language._seen([Reading(text, prompt)])
    mixed = {(found.start, found.stop) for found in language._other_latin(seen, lines)}
    _, passed = language._lines_that_may_mix([Reading("", prompt), Reading(text, prompt)])
    assert language._is_foreign_latin(prompt) or mixed <= set(passed)


def test_foreign_words_in_a_line_are_read_and_the_same_over_many_lines_are_not() -> None:
    texts = ["Also und die von, nicht", "und\ndie\nvon\nnicht", "und die the sum", "été à Nîmes"]
    assert may_mix([Reading(text, PROMPTS[0]) for text in texts]) == [True, False, False, False]


TEXTS = st.lists(st.lists(st.sampled_from(NO_PROSE), max_size=30).map("".join), max_size=3)


@given(TEXTS)
@settings(deadline=None, max_examples=400)
def test_no_prose_is_what_all_patterns_together_find(texts: list[str]) -> None:
    found = foreign_letters(texts, [frozenset()] * len(texts), 3).gaps.tolist()
    assert found == [[row, *gap.span()] for row, text in enumerate(texts) for gap in PATTERN.finditer(text)]


@pytest.mark.parametrize(
    "most", ["$$2000$$", "\\[1500\\]", "\\(500\\)", "\\begin{2000\\end{a}", "\\text{200}", "(60)", "（60）"]
)
def test_no_formula_is_longer_than_its_pattern_allows(most: str) -> None:
    count = int(re.sub(r"\D", "", most))
    texts = [most.replace(str(count), "é" * (count + more)) for more in (0, 1)]
    found = foreign_letters(texts, [frozenset()] * 2, 3).gaps.tolist()
    assert found == [[row, *gap.span()] for row, text in enumerate(texts) for gap in PATTERN.finditer(text)]


@given(TEXTS)
@settings(deadline=None, max_examples=400)
def test_foreign_letters_are_those_outside_of_what_is_no_prose(texts: list[str]) -> None:
    found = foreign_letters(texts, [frozenset({CYRILLIC})] * len(texts), 3)
    for row, text in enumerate(texts):
        letters = letters_of(PATTERN.sub(lambda gap: " " * len(gap[0]), text))
        foreign = np.flatnonzero((letters > GREEK) & (letters != CYRILLIC))
        breaks = np.flatnonzero(np.diff(foreign) > 4) + 1
        stretches = [part for part in np.split(foreign, breaks) if len(part)]
        assert found.letters[row].tolist() == [np.count_nonzero(letters), len(foreign)]
        here = found.stretches[found.stretches[:, 0] == row][:, 1:].tolist()
        assert here == [[part[0], part[-1] + 1, letters[part[0]]] for part in stretches]


def test_no_two_small_words_share_a_hash() -> None:
    words = {word for listed in FUNCTION_WORDS.values() for word in listed.split()}
    assert (_listed_words()[0] != 0).sum() == len(words)
    assert all(folded_letters()[ord(letter)] == ord(letter) for word in words for letter in word)


TOPICS = (
    *("apple", "Banana", "cherry", "orange", "lemons", "grapes", "melons", "Straße", "élève", "ÉLÈVE", "that", "ab"),
    *("\n\n", "\n \n", "\n\u3000\u2028\n", "\n", " ", " ", " ", "_", "7", "²", "😀", "дерево", "x\u0345yz", "\x1c"),
)


QUESTIONS = st.sampled_from(["", "What apple, ÉLÈVE?"])
WITH_CUTS = st.tuples(st.lists(st.sampled_from(TOPICS), max_size=60), st.integers(0, 60), QUESTIONS)


@given(st.lists(WITH_CUTS, max_size=4))
@settings(deadline=None, max_examples=400)
def test_the_last_paragraphs_are_as_strange_as_sets_of_words_say(drawn: list[tuple[list[str], int, str]]) -> None:
    readings = [(Reading("".join(pieces), question), len("".join(pieces[:cut]))) for pieces, cut, question in drawn]
    texts, cuts = [reading.response for reading, _ in readings], [cut for _, cut in readings]
    found = strange_tails(texts, cuts, [question for _, _, question in drawn], drift._plain_table(), least=6, own=0.2)
    for tail, (reading, cut) in zip(found, readings, strict=True):
        expected = drift._strange_paragraphs(reading, cut)
        assert tail is None or tuple(tail) == (expected if expected[0] >= 0 else (-1, -1))


def test_words_that_fold_into_several_letters_are_left_to_sets() -> None:
    assert strange_tails(["ab"], [0], ["Straße"], drift._plain_table(), least=6, own=0.2) == [None]
    assert strange_tails(["Straße"], [0], [""], drift._plain_table(), least=6, own=0.2) == [None]


@given(st.lists(st.sampled_from(" ".join(FUNCTION_WORDS.values()).split()[::9] + ["xx", "é"]), max_size=12))
def test_a_prompt_is_in_the_first_language_that_has_most_of_its_words(words: list[str]) -> None:
    counts = [sum(word in listed.split() for word in words) for listed in FUNCTION_WORDS.values()]
    told = len(words) >= 5 and max(counts) >= 0.2 * len(words)
    asked = list(FUNCTION_WORDS)[counts.index(max(counts))] if told else None
    assert language._latin_language(" ".join(words)) == asked


@given(st.text(st.sampled_from("aé因дαカ 1"), max_size=12))
def test_the_letters_of_a_prompt_say_which_scripts_may_come(prompt: str) -> None:
    letters = letters_of(prompt)
    known = letters[letters > 0]
    assert language._is_foreign_latin(prompt) == (len(known) > 4 and np.mean(known > GREEK) >= language.MAIN_SCRIPT)
    assert (CYRILLIC in language._scripts_of(prompt)) == (prompt.count("д") >= language.LEAST_LETTERS)
