"""Courses with a planted shape: a jump, a drift, and none."""

import dataclasses
from collections.abc import Sequence

import numpy as np
import pytest
from findings.worlds import Row, fill

from traceanalytics.errors import Refused
from traceanalytics.findings.base import Answer, get_finding
from traceanalytics.store.store import Store

CODE = ("code_reasoning",)


def find(store: Store, **arguments: object) -> Answer:
    return get_finding("transition_sharpness").find(store, **arguments)


def course(shares: Sequence[float], run: str = "a", every: int = 10, prompts: int = 100) -> list[Row]:
    """Return prompts with 8 samples at every evaluation, of which a share shows code."""
    drawn = np.random.default_rng(0).random((len(shares), prompts, 8))
    return [
        Row(f"p{i}", every * t, run, shown=CODE if drawn[t, i, k] < share else ())
        for t, share in enumerate(shares)
        for i in range(prompts)
        for k in range(8)
    ]


def test_a_jump_is_told_from_a_drift(store: Store) -> None:
    jump, drift = [0.3] * 8 + [0.8] * 8, list(np.linspace(0.3, 0.8, 16))
    answer = find(fill(store, course(jump, "jump") + course(drift, "drift")))
    by_label = {each.label: each for each in answer.estimates}
    assert by_label["jump: steps from 10 to 90% of the change"].value <= 10
    assert by_label["drift: sharpness, 0 a jump and 1 a straight drift"].value == pytest.approx(1, abs=0.25)
    assert "code_reasoning drifted in drift: 10 to 90% of its change of +" in answer.verdict
    assert "code_reasoning jumped in jump: 10 to 90% of its change of +" in answer.verdict
    assert "drift and jump: evaluations lie up to 10 steps apart; a faster rise looks the same" in answer.caveats
    assert answer.chart is not None


def test_a_course_that_does_not_move_has_no_rise_to_time(store: Store) -> None:
    with pytest.raises(
        Refused, match="code_reasoning of run 'a': the change from the first to the last third is .*: no"
    ):
        find(fill(store, course([0.5] * 12)))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"shown": None}, "no rollout of run 'a' is tagged: `ta tag` says what they show"),
        ({"step": 0}, "run 'a' has one step in the split eval: a course needs two"),
        ({"prompt": "p"}, "run 'a' has 1 prompt: at least 20 are needed"),
    ],
    ids=["untagged", "one step", "few prompts"],
)
def test_what_a_course_needs_is_said(change: dict[str, object], message: str, store: Store) -> None:
    with pytest.raises(Refused, match=message):
        find(fill(store, [dataclasses.replace(row, **change) for row in course([0.2, 0.4, 0.6, 0.8, 0.9])]))


def test_a_template_that_changes_on_the_way_is_refused(store: Store) -> None:
    rows = [
        dataclasses.replace(row, condition={"template": "other" if row.step == 20 else "chat"})
        for row in course([0.2, 0.4, 0.6, 0.8, 0.9])
    ]
    with pytest.raises(Refused, match="run 'a' was sampled with other conditions at step 0 than at step 20"):
        find(fill(store, rows))


def test_part_of_an_evaluation_that_is_not_tagged_is_refused(store: Store) -> None:
    rows = course([0.2, 0.4, 0.6, 0.8, 0.9])
    gaps = [
        dataclasses.replace(row, shown=None) if row.step == 20 and i % 4 == 0 else row for i, row in enumerate(rows)
    ]
    with pytest.raises(Refused, match=r"25% of the rollouts at step 20 of run 'a' \(eval\) are not tagged"):
        find(fill(store, gaps))
