import numpy as np
import pytest
from findings.worlds import Row, fill

from traceanalytics.errors import Refused
from traceanalytics.findings.base import Answer, get_finding
from traceanalytics.store.store import Store

CODE = ("code_reasoning",)


def couple(store: Store, **arguments: object) -> Answer:
    return get_finding("behavior_accuracy_coupling").find(store, **arguments)


def run(shares: list[float], accuracies: list[float], seed: int = 0) -> list[Row]:
    """Return 60 prompts with 20 samples a step, behavior and correctness drawn apart from each other."""
    draws = np.random.default_rng(seed)
    return [
        Row(f"p{i}", 10 * at, correct=draws.random() < accuracy, shown=CODE * int(draws.random() < share))
        for at, (share, accuracy) in enumerate(zip(shares, accuracies, strict=True))
        for i in range(60)
        for _ in range(20)
    ]


ZIGZAG = [0.3, 0.5, 0.35, 0.6, 0.45, 0.7, 0.5, 0.8, 0.6, 0.85, 0.65, 0.9]


def test_changes_that_go_together_are_told(store: Store) -> None:
    answer = couple(fill(store, run(ZIGZAG, [each - 0.1 for each in ZIGZAG])))
    now = answer.estimates[0]
    assert (now.label, now.n, now.unit) == ("correlation of changes", 11, "evaluations")
    assert now.low is not None
    assert now.low > 0.5
    assert answer.verdict.startswith("code_reasoning and accuracy move together from step to step in a (r = +0.9")
    assert answer.estimates[1].label == "correlation of changes, halves exchanged"
    assert answer.chart is not None


def test_two_trends_alone_are_no_coupling(store: Store) -> None:
    """Both rise steadily: their levels correlate perfectly, their changes are sampling error."""
    rise = [0.2 + 0.05 * i for i in range(14)]
    answer = couple(fill(store, run(rise, [each + 0.1 for each in rise])))
    assert "are not shown to move together" in answer.verdict


def test_a_behavior_that_goes_ahead_is_found_at_its_lag(store: Store) -> None:
    answer = couple(fill(store, run([*ZIGZAG[1:], 0.7, 0.8], [*ZIGZAG, 0.7])))
    by_label = {each.label: each.value for each in answer.estimates}
    assert by_label["correlation of changes, code_reasoning 1 evaluation ahead"] > 0.8
    assert by_label["correlation of changes"] < 0
    assert "move against each other" in answer.verdict


def test_prompts_that_took_it_up_before_they_were_solved_are_counted(store: Store) -> None:
    rows = [
        Row(f"p{i}", step, correct=step >= solved, shown=CODE * int(step >= taken))
        for i in range(30)
        for taken, solved in [(2 + i % 3, 5 + i % 4 if i < 20 else 1)]
        for step in range(12)
    ]
    by_label = {each.label: each for each in couple(fill(store, rows)).estimates}
    first = by_label["prompts that took up code_reasoning before they were solved"]
    assert (first.value, first.n, first.unit) == (20 / 30, 30, "prompts")


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        (run([0.65, 0.8, 0.9, 0.91], [0.49, 0.58, 0.66, 0.67]), "3 differences: an association over steps needs at le"),
        ([Row(f"p{i}", step) for i in range(30) for step in range(9)], "no rollout of run 'a' is graded"),
    ],
    ids=["the published four points", "no grades"],
)
def test_too_little_is_refused(rows: list[Row], message: str, store: Store) -> None:
    with pytest.raises(Refused, match=message):
        couple(fill(store, rows))
