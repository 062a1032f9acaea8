"""Families and rewards whose courses are planted: one that moves under any reward, one that moves under none."""

from pathlib import Path

import numpy as np
import pytest
from findings.worlds import Row, fill

from traceanalytics.errors import Refused
from traceanalytics.findings.base import Answer, get_finding
from traceanalytics.store.store import Store

CODE = ("code_reasoning",)


def find(store: Store, **arguments: object) -> Answer:
    return get_finding("family_by_reward").find(store, **arguments)


def run(family: str | None, reward: str | None, end: float, seed: int = 0) -> list[Row]:
    """Return 24 prompts with 8 samples at 6 evaluations; from step 20 on the share has moved from .3 to `end`."""
    drawn = np.random.default_rng(seed).random((6, 24, 8))
    return [
        Row(
            f"p{i}",
            10 * t,
            f"{family} {reward} {seed}",
            correct=bool(drawn[t, i, k] < 0.5),
            shown=CODE if drawn[t, i, k] < (0.3 if t < 2 else end) else (),
            model_family=family,
            reward_type=reward,
        )
        for t in range(6)
        for i in range(24)
        for k in range(8)
    ]


def test_an_interaction_is_tested_where_cells_hold_several_runs(store: Store) -> None:
    rows = [
        row
        for family, reward, end in (("A", "true", 0.8), ("A", "random", 0.8), ("B", "true", 0.8), ("B", "random", 0.3))
        for seed in range(2)
        for row in run(family, reward, end, seed)
    ]
    answer = find(fill(store, rows))
    by_label = {each.label: each for each in answer.estimates}
    assert by_label["A under random: end"].value == pytest.approx(0.8, abs=0.05)
    assert (by_label["A under random: end"].n, by_label["A under random: end"].unit) == (2, "runs")
    assert by_label["A under random: step of the onset"].value == pytest.approx(20, abs=10)
    assert "B under random: step of the onset" not in by_label
    assert by_label["p of family × reward"].value < 0.01
    assert "; B under random (2 runs, B random 0 and B random 1) from 27% [" in answer.verdict
    assert "; what a reward changes depends on the family (p = " in answer.verdict
    assert answer.chart is not None


def test_the_limits_of_a_rate_over_two_runs_end_at_0_and_1(store: Store) -> None:
    rows = run("A", "true", 0.98, seed=0) + run("A", "true", 0.6, seed=1)
    end = next(each for each in find(fill(store, rows)).estimates if each.label == "A under true: end")
    assert (end.low, end.high) == (0, 1)


def test_one_run_a_cell_gives_no_p(store: Store) -> None:
    rows = run("A", "true", 0.8) + run("A", "random", 0.8) + run("B", "true", 0.8) + run("B", "random", 0.3)
    answer = find(fill(store, rows))
    assert "depend" not in answer.verdict
    assert "no p of family × reward: 4 runs in 4 cells: an interaction needs cells with several runs" in answer.caveats
    assert (
        "A under random, A under true, B under random and B under true are one run each: their intervals describe a "
        "checkpoint, not the family or the reward"
    ) in answer.caveats
    assert {each.unit for each in answer.estimates if each.label == "A under true: change per 100 steps"} == {"prompts"}


def test_right_answers_can_be_followed_instead(store: Store) -> None:
    answer = find(fill(store, run("A", "true", 0.8) + run("A", "random", 0.8)), in_behavior=None)
    assert answer.verdict.startswith("right answers: A under random (1 run, A random 0) from ")
    assert "no p of family × reward: it needs two families and two rewards, and there are 1 and 2" in answer.caveats


def test_runs_that_say_nothing_are_refused_or_left_out(store: Store, tmp_path: Path) -> None:
    answer = find(fill(store, run("A", "true", 0.8) + run(None, "true", 0.8)))
    assert (
        "None true 0 is left out: no model_family is known: `ta ingest PATH --set model_family=…` says it"
        in answer.caveats
    )
    with pytest.raises(Refused, match="no run says both its model_family and its reward_type: `ta ingest PATH --set"):
        find(fill(Store(tmp_path / "none.duckdb"), run(None, "true", 0.8)))
