"""The automaton of literals against plain search, and the literals that patterns need."""

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from traceanalytics.rules import drift, predicted_output
from traceanalytics.rules.columns import _FEW, Columns
from traceanalytics.rules.literals import automaton, hold_any
from traceanalytics.rules.texts import column_of

LITERALS = ("rerun", "un a", "é", "nn")
BEGIN_LINES = ("run", "q")
PIECES = st.sampled_from(["r", "e", "run", "RUN", "un", " ", "a", "\n", "# ", "*", "q", "é", "É", "n"])


@settings(deadline=None)
@given(st.lists(st.lists(PIECES, max_size=9).map("".join), max_size=5))
def test_a_text_holds_a_literal_where_plain_search_finds_one(texts: list[str]) -> None:
    literals = automaton([*((each, 1) for each in LITERALS), *((f"\n{each}", 2) for each in BEGIN_LINES)], leads="# *")
    lowered = [re.sub("[A-Z]", lambda letter: letter[0].lower(), text) for text in texts]
    assert hold_any(column_of(texts), literals).tolist() == [
        any(literal in text for literal in LITERALS)
        or any(line.lstrip("# *").startswith(BEGIN_LINES) for line in text.split("\n"))
        for text in lowered
    ]


TURNS = ["\n", " ", "\t", "#", "**", ">", "_", ":", ".", "3", "x", "é", "Human", "User", "user\n", "[INST]", "Input:"]
TURNS += ["Question", "Problem", "Exercise", "Q", "Instruction", "Task", "Prompt", "Example", "Query"]
OTHERS = ["let's", "Let me", "we will", "now", "now,", "for", "here is", "here’s", "up", "consider", "look at", "hard"]
OTHERS += ["another", "a new", "a different", "a similar", "the next", "a second", "the following", "one more", "next"]
OTHERS += ["a related", "problem", "question:", "exercise", "example :", "task", "taſk", "\n"]


CLAIMS = [
    "Running",
    "execute",
    "evaluating",
    "it",
    "gives",
    "prints",
    "returns",
    "yields",
    "the",
    "loop",
    "search",
    "is",
]
CLAIMS += [
    "our",
    "snippet",
    "simulation",
    "\n",
    ">",
    "=>",
    "->",
    ">>>",
    "Output:",
    "results:",
    "program",
    "4",
    "$",
    "true",
]


@pytest.mark.parametrize(
    ("columns", "patterns", "pieces", "between"),
    [
        (drift._FURTHER, (drift._NEW_TURN, drift._ANOTHER), TURNS, ""),
        (drift._FURTHER, (drift._NEW_TURN, drift._ANOTHER), OTHERS, " "),
        (predicted_output._IN_WORDS, (predicted_output._CLAIM,), CLAIMS, " "),
    ],
    ids=["new turns", "other questions", "claims"],
)
@settings(deadline=None, max_examples=150)
@given(data=st.data())
def test_nothing_matches_without_what_its_pattern_needs(
    columns: Columns, patterns: tuple[re.Pattern[str], ...], pieces: list[str], between: str, data: st.DataObject
) -> None:
    texts = data.draw(st.lists(st.lists(st.sampled_from(pieces), max_size=9).map(between.join), max_size=9))
    expected = [any(pattern.search(text) for pattern in patterns) for text in texts]
    assert columns.found(texts * _FEW) == expected * _FEW


def test_a_pattern_in_any_size_needs_also_the_letters_that_are_alike() -> None:
    columns = Columns(re.compile(r"\bask\b", re.IGNORECASE), needs=("ask",))
    assert columns.found(["ask", "aſk", "ASK", "bask", "as k"] * _FEW) == [True, True, True, False, False] * _FEW
