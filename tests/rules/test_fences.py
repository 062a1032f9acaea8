"""The compiled passes that pair fences and blank blocks out, against plain Python."""

from collections.abc import Iterator

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from traceanalytics.rules.blanks_kernel import blanked_texts
from traceanalytics.rules.code import blanked
from traceanalytics.rules.code_contents import TAGS
from traceanalytics.rules.code_kernel import outlines
from traceanalytics.rules.fences import _read_info, fenced_in

PIECES = [
    "```",
    "```",
    "````",
    "~~~",
    "\n",
    "\n",
    "\n  ",
    "> ",
    "python",
    "py ",
    "xyz",
    " text",
    "{.cpp}",
    "é",
    "x = 1",
]
PIECES += ["print(1)", "import re\nx = 2\nprint(x)\n", "so", "\r", "output", "\u2028"]
TEXTS = st.lists(st.lists(st.sampled_from(PIECES), max_size=14).map("".join), max_size=5)

Pair = tuple[int, int, int, int, str, bool]  # start, stop, where the body starts and stops, tag, closed


def paired_plainly(text: str, marks: list[list[int]], begun: Pair | None) -> Iterator[Pair]:
    opened: tuple[int, int, int, str] | None = None  # start, body, size, tag
    if begun:
        yield begun
        marks = marks[1:]
    for start, size, stop, leads in marks:
        if opened and size < opened[2]:
            continue
        info = _read_info(text[start + size : stop])
        names_another = leads and info.tag in TAGS
        if opened:
            end = start if names_another else start + size
            yield opened[0], end, opened[1], max(opened[1], start), opened[3], not names_another
        is_new = names_another or opened is None
        opened = (start, min(len(text), start + size + info.body), size, info.opens) if is_new else None
    if opened and (opened[3] or text[opened[1] :].strip()):
        yield opened[0], len(text), opened[1], len(text), opened[3], False


@settings(deadline=None)
@given(TEXTS)
def test_fences_are_paired_one_after_the_other(texts: list[str]) -> None:
    fences = outlines(texts).fences
    found = fenced_in(texts, fences)
    pairs = list(zip(found.places.tolist(), found.tags, found.closed, strict=True))
    for row, text in enumerate(texts):
        own = [(*place[1:], tag, closed) for place, tag, closed in pairs if place[0] == row]
        marks = [mark[1:] for mark in fences.tolist() if mark[0] == row]
        begun = own[0] if own and own[0][2] == own[0][0] == 0 and own[0][3] == marks[0][0] else None
        assert own == list(paired_plainly(text, marks, begun))
    assert found.bodies == [texts[row][start:stop] for row, _, _, start, stop in found.places.tolist()]


def test_a_fence_closes_the_program_that_its_prompt_began() -> None:
    text = "import re\nx = 2\nprint(x)\n```\nSo it is 2."
    found = fenced_in([text], outlines([text]).fences)
    assert found.places.tolist() == [[0, 0, 28, 0, 25]]
    assert (found.tags, found.closed) == ([""], [True])


SPANS = st.lists(st.tuples(st.integers(0, 12), st.integers(0, 6)).map(lambda at: (at[0], at[0] + at[1])), max_size=4)


@settings(deadline=None)
@given(st.lists(st.tuples(st.text(st.sampled_from("ab\n`é因😀"), max_size=15), SPANS.map(sorted)), max_size=4))
def test_many_texts_are_blanked_as_each_alone(rows: list[tuple[str, list[tuple[int, int]]]]) -> None:
    spans = [(row, *span) for row, (_, spans) in enumerate(rows) for span in spans]
    found = blanked_texts([text for text, _ in rows], np.array(spans, np.int64).reshape(-1, 3))
    assert found == [blanked(text, spans) for text, spans in rows]
