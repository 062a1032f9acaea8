"""What stands around segments, asked of many at once, against one after the other."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from traceanalytics.cues.alike import Alike, prose_segments
from traceanalytics.cues.guards import spaced_words
from traceanalytics.cues.surroundings import Surroundings
from traceanalytics.segments import Batch, make_batch

PIECES = (
    "Check it. ",
    "So x = 2. ",
    "\n\n",
    "\u3000",
    "\u2028",
    "é! ",
    "<|im_end|>",
    "<tool_response> </tool_response>",
    "$x$",
)
RESPONSES = st.lists(st.lists(st.sampled_from(PIECES), max_size=8).map("".join), max_size=4)
PROMPTS = ("What is it?", "Check it", "", None)


def batch_of(responses: list[str]) -> Batch:
    return make_batch(responses, prompts=[PROMPTS[row % len(PROMPTS)] for row in range(len(responses))])


@given(RESPONSES)
@settings(deadline=None)
def test_segments_follow_nothing_where_the_one_before_is_blank_or_missing(responses: list[str]) -> None:
    batch = batch_of(responses)
    around, segments = Surroundings(batch), np.arange(len(batch.segments))
    assert around.follow_nothing(segments).tolist() == [not around.previous(at).strip() for at in segments.tolist()]


@given(RESPONSES)
@settings(deadline=None)
def test_prompts_hold_the_words_that_they_hold(responses: list[str]) -> None:
    batch = batch_of(responses)
    around, segments = Surroundings(batch), np.arange(len(batch.segments))
    words = [((), (" it ",), (" what ", " x "))[at % 3] for at in segments.tolist()]
    plain = [
        any(word in spaced_words(around.prompt(at)) for word in each)
        for at, each in zip(segments.tolist(), words, strict=True)
    ]
    assert around.echo(segments, words).tolist() == plain


@given(RESPONSES)
@settings(deadline=None)
def test_a_text_stands_everywhere_that_a_segment_equals_it(responses: list[str]) -> None:
    batch = batch_of(responses)
    alike, around = Alike(batch), Surroundings(batch)
    texts = around.texts(alike.first)
    places, which = alike.everywhere(np.arange(len(texts)))
    assert len(set(texts)) == len(texts)
    assert sorted(places.tolist()) == prose_segments(batch).tolist()
    assert [texts[number] for number in which.tolist()] == around.texts(places)
