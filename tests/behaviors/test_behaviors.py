"""Every behavior file: complete, and its examples behave as it says when only its cues are read."""

import re
import time
from dataclasses import replace
from functools import cache

import numpy as np
import pytest

from traceanalytics.behaviors import BEHAVIORS
from traceanalytics.cues.finding import find_cues
from traceanalytics.cues.guards import GUARDS
from traceanalytics.segments import SegmentKind, Segments, make_batch
from traceanalytics.tagging import SHOWN_FROM
from traceanalytics.types import Behavior, Example

LEAST_EXAMPLES = 6
SECONDS = 0.5  # a pattern that backtracks takes minutes here
# Stores, labels and queries hold these names: one that goes or changes leaves them without a meaning.
NAMES = {
    "code": "code_mention code_reasoning code_verification degenerate_code executed_code predicted_output "
    "requested_code",
    "control": "backward_chaining monitoring planning subgoal_setting",
    "format": "answer_tag boxed_answer gibberish language_mixing post_answer_drift repetition_loop think_tag truncated",
    "reflection": "backtracking confirmation gap_analysis self_correction self_doubt verification",
    "search": "deduction example_testing exploration final_answer hypothesis knowledge_recall problem_restatement "
    "summary",
}
WITH_CUES = [behavior for behavior in BEHAVIORS.all().values() if behavior.cues]


@cache
def shown() -> dict[Example, set[str]]:
    """Run the cues over all examples at once, each with the segment before it."""
    every = list(
        dict.fromkeys(as_example(each) for behavior in WITH_CUES for each in (*behavior.shows, *behavior.shows_not))
    )
    batch = make_batch([each.previous + each.text for each in every], prompts=[each.prompt for each in every])
    found = find_cues(replace(batch, segments=segments_of(every))).to_pylist()
    said: dict[Example, set[str]] = {each: set() for each in every}
    for tag in found:
        example = every[tag["row"]]
        if tag["score"] >= SHOWN_FROM and tag["start"] == len(example.previous):
            said[example].add(tag["behavior"])
    return said


def segments_of(every: list[Example]) -> Segments:
    """Take what stands before an example, if anything, and the example itself as the segments of its row."""
    places = []
    for row, each in enumerate(every):
        before, whole = (len(text.encode()) for text in (each.previous, each.previous + each.text))
        if each.previous:
            places.append((row, 0, len(each.previous), 0, before))
        places.append((row, len(each.previous), len(each.previous) + len(each.text), before, whole))
    columns = np.array(places, np.int32).T
    first = np.searchsorted(columns[0], np.arange(len(every) + 1))
    return Segments(*columns, np.full(len(places), SegmentKind.SENTENCE, np.int32), first)


def examples(kind: str) -> list[object]:
    return [
        pytest.param(behavior, example, id=f"{behavior.name}: {example.text[:60]}")
        for behavior in WITH_CUES
        for example in map(as_example, getattr(behavior, kind))
    ]


def as_example(example: str | Example) -> Example:
    return Example(example) if isinstance(example, str) else example


def test_every_behavior_that_ships_is_known_under_its_name_and_family() -> None:
    known: dict[str, list[str]] = {}
    for behavior in BEHAVIORS.all().values():
        known.setdefault(str(behavior.family), []).append(behavior.name)
    assert {family: " ".join(sorted(names)) for family, names in known.items()} == NAMES


@pytest.mark.parametrize(("behavior", "example"), examples("shows"))
def test_an_example_that_shows_a_behavior_meets_one_of_its_cues(behavior: Behavior, example: Example) -> None:
    assert behavior.name in shown()[example]


@pytest.mark.parametrize(("behavior", "example"), examples("shows_not"))
def test_a_near_miss_meets_none_of_the_cues(behavior: Behavior, example: Example) -> None:
    assert behavior.name not in shown()[example]


@pytest.mark.parametrize("behavior", BEHAVIORS.all().values(), ids=lambda behavior: behavior.name)
def test_a_behavior_says_what_it_is_and_shows_it(behavior: Behavior) -> None:
    assert behavior.definition
    assert behavior.border
    assert min(len(behavior.shows), len(behavior.shows_not)) >= LEAST_EXAMPLES
    texts = [as_example(example) for example in (*behavior.shows, *behavior.shows_not)]
    assert len(set(texts)) == len(texts)


@pytest.mark.parametrize("behavior", WITH_CUES, ids=lambda behavior: behavior.name)
def test_a_cue_names_guards_that_exist_and_a_pattern_that_can_hold_its_literal(behavior: Behavior) -> None:
    for cue in behavior.cues:
        assert set(cue.guards) <= set(GUARDS)
        assert cue.literal == cue.literal.lower().strip()
        assert cue.confirm is None or re.compile(cue.confirm)


HOSTILE = ["so ", "  ", ", ", "1 = 1 ", "if i ", "(", "really "]


@pytest.mark.parametrize("behavior", WITH_CUES, ids=lambda behavior: behavior.name)
def test_no_pattern_is_slow_on_a_text_made_to_make_it_backtrack(behavior: Behavior) -> None:
    first_of_pattern = {cue.confirm: cue for cue in reversed(behavior.cues) if cue.confirm}
    for cue in first_of_pattern.values():
        for filler in HOSTILE:
            text = (filler * 9 + cue.literal + " ") * (3000 // (9 * len(filler) + len(cue.literal) + 1))
            began = time.perf_counter()
            list(re.finditer(str(cue.confirm), text, re.IGNORECASE))
            assert time.perf_counter() - began < SECONDS, (cue, filler)


def test_a_file_is_named_like_its_behavior_and_stands_in_the_folder_of_its_family() -> None:
    for origin, behavior in BEHAVIORS._found():
        assert origin.split(".")[-2:] == [behavior.family.value, behavior.name]
