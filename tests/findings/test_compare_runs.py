import dataclasses

import numpy as np
import pytest
from findings.worlds import Row, fill

from traceanalytics.errors import Refused, UnknownName
from traceanalytics.findings.base import Answer, get_finding
from traceanalytics.store.store import Store


def compare(store: Store, **arguments: object) -> Answer:
    return get_finding("compare_runs").find(store, **arguments)


def sampled(run: str, rates: list[float], *, samples: int = 16, seed: int = 0, step: int = 100) -> list[Row]:
    """Return problems with these chances of a right answer."""
    draws = np.random.default_rng(seed)
    return [
        Row(f"p{i}", step, run, correct=bool(draws.random() < rate), shown=("verification",) * (i % 2))
        for i, rate in enumerate(rates)
        for _ in range(samples)
    ]


def single(only_first: int, only_second: int, problems: int = 500) -> list[Row]:
    """Return one rollout a problem in two runs, of which so many are right in one run only."""
    return [
        Row(f"p{i}", 0, run, correct=i < only_first if run == "a" else only_first <= i < only_first + only_second)
        for run in "ab"
        for i in range(problems)
    ]


@pytest.mark.parametrize(("counts", "p"), [((18, 5), "0.011"), ((4, 0), "0.12")], ids=["S04", "AIME24"])
def test_one_rollout_a_problem_is_compared_by_mcnemar(counts: tuple[int, int], p: str, store: Store) -> None:
    answer = compare(fill(store, single(*counts)), in_run="a", in_other_run="b")
    assert answer.verdict.endswith(f"McNemar's exact p = {p}")
    assert any(
        caveat.startswith("one rollout a problem: which single problems changed cannot") for caveat in answer.caveats
    )
    assert not any("flipped" in each.label for each in answer.estimates)


def test_flipped_problems_stand_out_from_the_base_against_itself(store: Store) -> None:
    """Six of sixty problems are learned and three forgotten; the others stay at their chances."""
    chances = [0.1 + 0.8 * (i % 10) / 9 for i in range(60)]
    now = [0.97] * 6 + [0.03] * 3 + chances[9:]
    before = [0.03] * 6 + [0.97] * 3 + chances[9:]
    answer = compare(
        fill(store, sampled("new", now) + sampled("old", before, seed=1)), in_run="new", in_other_run="old"
    )
    by_label = {each.label: each for each in answer.estimates}
    assert 60 * by_label["share of problems flipped for the better"].value == pytest.approx(6)
    assert 60 * by_label["share of problems flipped for the worse"].value == pytest.approx(3)
    assert 60 * by_label["share of problems flipped from half of the rollouts"].value > 4
    assert 60 * by_label["share of problems flipped between two halves of old"].value < 1
    assert "; 6 problems flipped for the better and 3 for the worse; from half of the rollouts " in answer.verdict
    assert answer.chart is not None
    assert answer.table is not None
    assert answer.table.num_rows == 60


def test_samples_of_one_model_do_not_differ(store: Store) -> None:
    rates = [0.1 + 0.8 * (i % 10) / 9 for i in range(60)]
    answer = compare(fill(store, sampled("a", rates) + sampled("b", rates, seed=1)))
    assert answer.verdict.startswith(
        "a at step 100 is not shown to differ from b at step 100 in how often it is right on 60 problems: "
    )
    assert "; 0 problems flipped for the better and 0 for the worse; " in answer.verdict
    assert answer.caveats[0].startswith("two runs: this says how these two checkpoints differ")


def test_problems_pair_runs_whose_templates_differ(store: Store) -> None:
    rates = [0.5] * 30
    other = [dataclasses.replace(row, prompt=f"Question: {row.prompt}") for row in sampled("b", rates, step=50)]
    fill(store, sampled("a", rates) + other)
    with pytest.raises(Refused, match="runs 'a' and 'b' share 0 problems: at least 20 are needed"):
        compare(store)
    with store.writing() as connection:
        connection.execute("UPDATE prompts SET problem_key = replace(prompt_key, 'Question: ', '')").fetchall()
    answer = compare(store)
    assert answer.estimates[2].n == 30
    assert "the steps differ: a at step 100 and b at step 50" in answer.caveats


def test_behaviors_are_compared_too(store: Store) -> None:
    rows = sampled("a", [0.5] * 40) + [dataclasses.replace(row, shown=()) for row in sampled("b", [0.5] * 40)]
    answer = compare(fill(store, rows), in_behavior="verification")
    assert answer.estimates[2].value == pytest.approx(0.5)
    assert answer.verdict.startswith("a at step 100 shows verification more often than b at step 100 on 40 problems")


@pytest.mark.parametrize(
    ("change", "arguments", "message"),
    [
        (
            {"split": "val"},
            {},
            "run 'a' has the split eval and run 'b' val: splits are not mixed; in_split=… names one",
        ),
        (
            {"condition": {"temperature": "1.0"}},
            {},
            "run 'a' was sampled with a condition that the log does not say and",
        ),
        (
            {"correct": None},
            {},
            "no rollout of run 'b' is graded, and none has a ground truth that `ta grade` could go by",
        ),
        ({"shown": None}, {"in_behavior": "verification"}, "no rollout of run 'b' is tagged: `ta tag` says what they"),
        ({}, {"in_other_run": "a", "in_run": "a"}, "in_run and in_other_run are both 'a': a run is not compared with"),
        ({"run": "a"}, {}, "which two runs\\? in_run=… and in_other_run=… name them, of 1 run: a"),
    ],
    ids=["splits", "conditions", "ungraded", "untagged", "one run twice", "one run"],
)
def test_what_may_not_be_compared_is_refused(
    change: dict[str, object], arguments: dict[str, object], message: str, store: Store
) -> None:
    other = [dataclasses.replace(row, **change) for row in sampled("b", [0.5] * 30)]
    with pytest.raises(Refused, match=message):
        compare(fill(store, sampled("a", [0.5] * 30) + other), **arguments)


def test_an_unknown_run_is_answered_with_the_nearest(store: Store) -> None:
    fill(store, single(1, 1, 30))
    with pytest.raises(UnknownName, match="no run is called 'bb'. Did you mean 'b'"):
        compare(store, in_run="a", in_other_run="bb")
