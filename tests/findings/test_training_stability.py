"""Curves that are steady, shaken, falling and collapsing, as planted."""

import dataclasses

import numpy as np
import pytest
from findings.worlds import Row, fill

from traceanalytics.errors import Refused
from traceanalytics.findings.base import Answer, get_finding
from traceanalytics.store.store import Store


def find(store: Store, **arguments: object) -> Answer:
    return get_finding("training_stability").find(store, **arguments)


def course(levels: list[float] | np.ndarray, run: str = "a", prompts: int = 40) -> list[Row]:
    """Return prompts with 8 samples at every evaluation, of which a share is right."""
    drawn = np.random.default_rng(1).random((len(levels), prompts, 8))
    return [
        Row(f"p{i}", 10 * t, run, correct=bool(drawn[t, i, k] < level))
        for t, level in enumerate(levels)
        for i in range(prompts)
        for k in range(8)
    ]


RISE = np.linspace(0.3, 0.7, 10)


def test_a_collapse_is_told_from_a_fall_that_is_won_back(store: Store) -> None:
    collapse, dip = [*RISE, 0.3, 0.1, 0.05, 0.05], [*RISE, 0.3, 0.5, 0.6, 0.7]
    answer = find(fill(store, course(collapse, "gone") + course(dip, "back")))
    by_label = {each.label: each for each in answer.estimates}
    assert by_label["gone: deepest fall"].low <= 0.65 <= by_label["gone: deepest fall"].high
    assert "right answers of gone collapsed by 6" in answer.verdict
    assert "right answers of back fell back by " in answer.verdict
    assert (
        " points [25.3, 53.4] from step 90 to 100 (of steps 0 to 130, 40 prompts), with a spread of " in answer.verdict
    )
    assert answer.chart is not None


def test_noise_is_no_fall(store: Store) -> None:
    answer = find(fill(store, course(np.full(14, 0.5))))
    assert answer.estimates[0].low == 0
    assert answer.verdict.startswith("right answers of a did not fall beyond chance (deepest ")


def test_a_shaken_curve_shows_its_spread(store: Store) -> None:
    levels = 0.5 + np.random.default_rng(4).normal(0, 0.12, 40)
    answer = find(fill(store, course(levels, prompts=24)))
    (spread,) = (each for each in answer.estimates if each.label == "spread about the course")
    assert (spread.value, spread.unit) == (pytest.approx(0.12, abs=0.03), "evaluations")


def test_rewards_are_read_where_nothing_is_graded(store: Store) -> None:
    rows = [
        dataclasses.replace(row, correct=None, reward=2.0 * bool(row.correct) - 1) for row in course([*RISE, 0.4, 0.4])
    ]
    answer = find(fill(store, rows))
    assert answer.verdict.startswith("reward of a fell back by ")
    assert any("rewards outside 0 to 1 have no level of which half can be lost" in each for each in answer.caveats)
    assert "a: no spread is given: 12 evaluations: a spread about the course of a curve needs at least 14" in (
        answer.caveats
    )


def test_a_behavior_can_be_looked_at_instead(store: Store) -> None:
    rows = [
        dataclasses.replace(row, shown=("planning",) if row.correct else (), correct=None) for row in course(RISE[::-1])
    ]
    assert find(fill(store, rows), in_behavior="planning").verdict.startswith("planning of a fell back by")


def test_prompts_that_never_come_again_are_compared_as_they_are(store: Store) -> None:
    rows = [dataclasses.replace(row, prompt=f"{row.prompt}-{row.step}") for row in course([*RISE, 0.2, 0.1, 0.1])]
    answer = find(fill(store, rows))
    assert "collapsed" in answer.verdict
    assert "a: fewer than half of the prompts are at both ends: other prompts may be part of a change" in answer.caveats


@pytest.mark.parametrize(
    ("levels", "change", "message"),
    [
        ([0.3, 0.4], {}, "run 'a' has 2 evaluations: a fall that ends needs at least 3"),
        (
            [0.3, 0.4, 0.5],
            {"correct": None},
            "no rollout of run 'a' is graded or rewarded, and none has a ground truth that",
        ),
    ],
    ids=["few evaluations", "nothing known"],
)
def test_what_it_needs_is_said(levels: list[float], change: dict[str, object], message: str, store: Store) -> None:
    with pytest.raises(Refused, match=message):
        find(fill(store, [dataclasses.replace(row, **change) for row in course(levels)]))
