"""Prompts that commit to one strategy or answer, beside a rate that merely moves."""

import dataclasses

import pytest
from findings.worlds import Row, fill

from traceanalytics.errors import Refused
from traceanalytics.findings.base import Answer, get_finding
from traceanalytics.store.store import Store

CODE = ("code_reasoning",)


def find(store: Store, **arguments: object) -> Answer:
    return get_finding("strategy_concentration").find(store, **arguments)


def prompts(step: int, shown: list[int], answers: str = "aaaa") -> list[Row]:
    """Return prompts with 4 samples each, of which so many show code, with an answer a letter."""
    return [
        Row(f"p{i}", step, shown=CODE if k < code else (), prediction=answers[k])
        for i, code in enumerate(shown)
        for k in range(4)
    ]


def test_prompts_that_commit_are_told_from_a_rate_that_moves(store: Store) -> None:
    rows = prompts(0, [2] * 40, "abcd") + prompts(100, [4, 0] * 20, "aaab")
    answer = find(fill(store, rows))
    by_label = {each.label: each.value for each in answer.estimates}
    # 2 of 4 show it: 4 of 6 pairs differ. All or none: no pair. Both at a rate of one half, 1/2 of all pairs.
    assert by_label["pairs that differ in strategy at the first step"] == pytest.approx(4 / 6)
    assert by_label["pairs that differ in strategy at the last step"] == 0
    assert by_label["part of the diversity of strategy within prompts at the first step"] == pytest.approx(4 / 3)
    assert by_label["part of the diversity of strategy within prompts at the last step"] == 0
    assert by_label["pairs that differ in answer at the first step"] == 1
    assert by_label["change of the pairs that differ in answer"] == pytest.approx(-0.5)
    assert answer.verdict.startswith(
        "from step 0 to 100 pairs of a prompt's rollouts in a came to agree more often in strategy (from 67% ["
    )
    assert " and came to agree more often in answer (from 100% [" in answer.verdict
    assert answer.chart is not None


def test_answers_that_nobody_read_are_not_compared(store: Store) -> None:
    rows = [dataclasses.replace(row, prediction=None) for row in prompts(0, [2] * 30) + prompts(100, [2] * 30)]
    answer = find(fill(store, rows))
    assert "in strategy (from 67% [" in answer.verdict
    assert "in answer" not in answer.verdict
    assert answer.verdict.startswith("from step 0 to 100 pairs of a prompt's rollouts in a show no change beyond ")
    assert (
        "a: answers are not compared, because fewer than half of the rollouts have one that the log or `ta grade` has "
        "read" in answer.caveats
    )


def test_a_prompt_with_one_rollout_has_no_pair(store: Store) -> None:
    rows = [Row(f"p{i}", step, shown=CODE) for step in (0, 100) for i in range(30)]
    with pytest.raises(Refused, match="run 'a' has one rollout a prompt at step 0: pairs that differ need 2 or more"):
        find(fill(store, rows))
