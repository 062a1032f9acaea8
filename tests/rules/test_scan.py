"""What the pass over a batch promises the rules: no row that a rule needs is missed."""

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from traceanalytics.rules import scan
from traceanalytics.rules.scan import flags_of, scanned, words_by_row
from traceanalytics.rules.texts import CODE_WORDS


def has(text: str, flag: int) -> bool:
    return bool(flags_of(pa.array([text], pa.large_string()))[0] & flag)


@pytest.mark.parametrize(
    ("text", "flag"),
    [
        ("so ```python", scan.FENCE),
        ("x = 1\n    Print(x)", scan.STATEMENT),
        ("import math", scan.STATEMENT),
        ("\\boxed{3}", scan.ANSWER),
        ("so \\box{3}", scan.ANSWER),
        ("<Answer>3", scan.ANSWER),
        ("#### 3", scan.ANSWER),
        ("<|im_end|>", scan.MARKUP),
        ("It is 4.<eos>", scan.MARKUP),
        ("<observation>4", scan.MARKUP),
        ("so <code>print(4)", scan.MARKUP),
        ("a◁/think▷", scan.THOUGHT),
        ("use SymPy here", scan.CODE_WORD),
        ("да", scan.SCRIPT),
        ("因此", scan.SCRIPT),
        ("después", scan.ACCENT),
        ("Việt", scan.ACCENT),
        ("[asy] draw", scan.DIAGRAM),
    ],
)
def test_a_row_is_flagged_for_what_it_holds(text: str, flag: int) -> None:
    assert has(text, flag)


@pytest.mark.parametrize(
    ("text", "flag"),
    [
        ("`x` and ``y``", scan.FENCE),
        ("we import math", scan.STATEMENT),
        ("the answer is in box {3}", scan.ANSWER),
        ("3 < 4 and 5 > 2", scan.MARKUP),
        ("<think>a</think><answer>3</answer>", scan.MARKUP),
        ("I think so</answer>", scan.THOUGHT),
        ("αβγ ≤ 3 × 4 – “x”", scan.SCRIPT),
        ("αβγ ≤ 3 – “x”", scan.ACCENT),
        ("", scan.FENCE),
    ],
)
def test_a_row_is_not_flagged_for_what_it_lacks(text: str, flag: int) -> None:
    assert not has(text, flag)


WORDS = [
    "```",
    "python",
    "pyth",
    "\n",
    " ",
    "import ",
    "ans",
    "answer",
    "<answer",
    "</",
    "<eos>",
    "coding",
    "é",
    "ж",
    "for i in ",
]


@settings(deadline=None)
@given(st.lists(st.lists(st.sampled_from(WORDS), max_size=8).map("".join), max_size=6))
def test_flags_are_those_of_plain_search(texts: list[str]) -> None:
    for text, flags in zip(texts, flags_of(pa.array(texts, pa.large_string())), strict=True):
        lines = [line.lstrip(" \t") for line in text.split("\n")]
        assert bool(flags & scan.FENCE) == ("```" in text)
        assert bool(flags & scan.CODE_WORD) == ("python" in text or "coding" in text)
        assert bool(flags & scan.ANSWER) == ("<answer" in text)
        assert bool(flags & scan.MARKUP) == ("<eos>" in text)
        assert bool(flags & scan.STATEMENT) == any(line.startswith(("import ", "for i in ")) for line in lines)


NAMES = ["Python", "code", "de", " script", "pro", "gram", "K", "é", "\n", "brute", "by machine", "Loop", "unit test"]


@settings(deadline=None)
@given(st.lists(st.lists(st.sampled_from(NAMES), max_size=8).map("".join), max_size=6))
def test_words_that_may_name_code_are_found_where_they_stand(texts: list[str]) -> None:
    found = words_by_row(scanned(pa.array(texts, pa.large_string())).words, len(texts))
    for text, located in zip(texts, found, strict=True):
        lowered = text.replace("K", "_").lower()
        expected = [
            (at, n) for n, word in enumerate(CODE_WORDS) for at in range(len(text)) if lowered.startswith(word, at)
        ]
        assert set(expected) <= set(located)
        assert all(lowered.startswith(CODE_WORDS[n].lstrip(), at + (CODE_WORDS[n][0] == " ")) for at, n in located)
        assert [at for at, _ in located] == sorted(at for at, _ in located)
