"""Every attribute has cases that carry it and cases that do not."""

import pytest

from traceanalytics.behaviors import BEHAVIORS
from traceanalytics.cues.attributes import ATTRIBUTES

ANNOUNCED_ONLY = [
    "Let me double-check that.",
    "Let me verify that.",
    "I should verify the second root.",
    "Quick sanity check:",
    "To be safe, I'll recount.",
    "But wait, let me make sure that the base is right.",
]
BEGUN = [
    "Let me check: 3 * 14 = 42.",
    "Substituting back: 3(2) + 20 = 26, true.",
    "To verify, $17 \\cdot 3$ leaves 1 modulo 5.",
    "Did I forget the pair (1, 12)?",
    "12 + 8 = 20 ✓",
]


@pytest.mark.parametrize("segment", ANNOUNCED_ONLY)
def test_a_check_that_is_not_begun_is_announced_only(segment: str) -> None:
    assert ATTRIBUTES["announced_only"](segment, slice(0, 4))


@pytest.mark.parametrize("segment", BEGUN)
def test_a_check_that_is_begun_is_more_than_announced(segment: str) -> None:
    assert not ATTRIBUTES["announced_only"](segment, slice(0, 4))


def test_every_attribute_of_a_behavior_that_cues_propose_has_its_function() -> None:
    read = [behavior for behavior in BEHAVIORS.all().values() if behavior.cues]
    assert {name for behavior in read for name in behavior.attributes} <= set(ATTRIBUTES)
