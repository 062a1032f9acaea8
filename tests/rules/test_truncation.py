"""The compiled pass over the ends of responses against what is looked for one by one."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from traceanalytics.rules import truncation
from traceanalytics.rules.reading import Reading
from traceanalytics.rules.texts import column_of
from traceanalytics.rules.truncation_kernel import proper_ends

PIECES = [
    "\\[",
    "\\]",
    "\\(",
    "\\)",
    "\\begin{a}",
    "\\end{a}",
    "\\\\[2pt]",
    "$",
    "$$",
    "\\boxed{3}",
    "\\boxed{",
    "```\n",
]
PIECES += ["<answer>", "</answer>", "<think>", "</think>", ". ", ".\n", "and", "é", "。", "\u3000", " ", "x" * 2100]
TEXTS = st.lists(st.lists(st.sampled_from(PIECES), max_size=12).map("".join), max_size=5)


@settings(deadline=None, max_examples=300)
@given(TEXTS)
def test_no_text_that_ends_properly_is_cut(texts: list[str]) -> None:
    readings = [Reading(text, may_hold_thoughts="think" in text) for text in texts]
    nothing_known = truncation.find(list(map(Reading, texts)), np.zeros(len(texts), np.bool_))
    assert list(truncation.find(readings, proper_ends(column_of(texts)))) == list(nothing_known)
