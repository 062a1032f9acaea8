"""Blocks as columns, and the last sentence before each, against plain Python."""

import re

from hypothesis import example, given, settings
from hypothesis import strategies as st

from traceanalytics.rules.block_columns import NONE, blocks_of
from traceanalytics.rules.code import Block
from traceanalytics.rules.code_contents import Kind
from traceanalytics.rules.leads_kernel import last_sentences
from traceanalytics.rules.reading import Reading

SPANS = st.lists(st.tuples(st.integers(0, 30), st.integers(1, 9)), max_size=6, unique_by=lambda span: span[0]).map(
    sorted
)


def reading_of(spans: list[tuple[int, int]]) -> Reading:
    reading = Reading(" " * 50)
    blocks = [Block(start, start + size, start, start + size, "", Kind.TEXT) for start, size in spans]
    vars(reading)["blocks"] = blocks
    return reading


@given(st.lists(SPANS, max_size=4))
@example([[(0, 9), (1, 2), (4, 1), (12, 3)]])
def test_each_block_knows_its_neighbors_also_where_blocks_overlap(responses: list[list[tuple[int, int]]]) -> None:
    blocks = blocks_of([reading_of(spans) for spans in responses])
    assert blocks.each == [block for reading in blocks.readings for block in reading.blocks]
    for number, block in enumerate(blocks.each):
        own = blocks.readings[int(blocks.row[number])].blocks
        following = next((each for each in own if each.start >= block.stop), None)
        assert blocks.before[number] == max((each.stop for each in own if each.stop <= block.start), default=0)
        assert following == (None if blocks.following[number] == NONE else blocks.each[int(blocks.following[number])])


SENTENCE_END = re.compile(r"[.!?]\**\s+|\n+")
LETTERS = st.text(st.sampled_from("ab.!?*\n \t\x1c\xa0é因"), max_size=14)


@settings(deadline=None)
@given(st.lists(LETTERS, max_size=6))
@example(["a.** b", ".\n", "\n", " a", "a\n b"])
def test_the_last_sentence_is_as_long_as_a_pattern_says(texts: list[str]) -> None:
    begins = [
        max((found.end() for found in SENTENCE_END.finditer(text, 0, len(text.rstrip()))), default=0) for text in texts
    ]
    assert last_sentences(texts).tolist() == [len(text) - begin for text, begin in zip(texts, begins, strict=True)]
