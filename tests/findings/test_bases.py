"""A run without step 0 is held against the run that its log names as its base, or that `base` names."""

import numpy as np
import pytest
from findings.worlds import Row, fill

from traceanalytics.errors import Refused
from traceanalytics.findings.base import get_finding
from traceanalytics.store.store import Store


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Store:
    """A run that begins at step 10 with 50% and ends at 90%; its base, a run of its own, is at 25%."""
    draws = np.random.default_rng(0)
    rates = {("base", 0): 0.25, ("a", 10): 0.5, ("a", 20): 0.6, ("a", 30): 0.9, ("a", 40): 0.9}
    rows = [
        Row(f"p{prompt}", step, run, correct=draws.random() < rate, shown=("code_reasoning",) * (draws.random() < rate),
            split="val", reward_type="random", model_family="qwen")
        for (run, step), rate in rates.items()
        for prompt in range(40)
        for _ in range(8)
    ]  # fmt: skip
    filled = fill(Store(tmp_path_factory.mktemp("bases") / "traces.duckdb"), rows)
    with filled.writing() as connection:
        connection.execute("UPDATE runs SET base_run_id = 'base' WHERE run_id = 'a'").fetchall()
    return filled


@pytest.mark.parametrize(
    ("finding", "label"),
    [
        ("baseline_adjusted_gain", "accuracy of the base, condition unknown of base"),
        ("behavior_shift", "code_reasoning: start"),
        ("family_by_reward", "qwen under random: start"),
        ("reflection_rate", "share at the first step"),
        ("behavior_support", "rate in the base"),
    ],
)
def test_the_base_that_the_log_names_is_the_start(store: Store, finding: str, label: str) -> None:
    asked = {} if finding == "family_by_reward" else {"in_run": "a"}
    if finding == "reflection_rate":
        asked["in_behaviors"] = ("code_reasoning",)
    answer = get_finding(finding).find(store, **asked)
    (start,) = (each.value for each in answer.estimates if each.label == label)
    assert start == pytest.approx(0.25, abs=0.06)


@pytest.mark.parametrize(
    "finding", ["reward_gain", "family_by_reward", "transition_sharpness", "reflection_rate", "behavior_support"]
)
def test_a_base_can_be_named(store: Store, finding: str) -> None:
    named, recorded = (get_finding(finding).find(store, **asked) for asked in ({"base": "base"}, {}))
    assert [each.value for each in named.estimates] == [each.value for each in recorded.estimates]


def test_a_gain_is_that_over_the_base(store: Store) -> None:
    answer = get_finding("reward_gain").find(store, in_run="a")
    assert answer.estimates[0].value == pytest.approx(0.65, abs=0.08)


@pytest.mark.parametrize(
    ("finding", "what_to_do"),
    [
        ("baseline_adjusted_gain", "base=RUN names the run that holds the base model"),
        ("behavior_support", "name a run of the untrained model with base=RUN"),
    ],
)
def test_a_run_without_a_base_is_refused_rather_than_held_against_a_trained_step(
    store: Store, finding: str, what_to_do: str
) -> None:
    with store.writing() as connection:
        connection.execute("UPDATE runs SET base_run_id = NULL").fetchall()
    try:
        with pytest.raises(Refused) as refused:
            get_finding(finding).find(store, in_run="a")
    finally:
        with store.writing() as connection:
            connection.execute("UPDATE runs SET base_run_id = 'base' WHERE run_id = 'a'").fetchall()
    assert str(refused.value) == f"run 'a' has no step 0 in the split val: {what_to_do}"


def test_a_base_of_another_split_is_answered_with_what_to_add(store: Store) -> None:
    with store.writing() as connection:
        connection.execute("UPDATE rollouts SET split = 'train' WHERE run_id = 'a'").fetchall()
    try:
        with pytest.raises(Refused) as refused:
            get_finding("behavior_shift").find(store, in_run="a", base="base")
        answer = get_finding("behavior_shift").find(store, in_run="a")
    finally:
        with store.writing() as connection:
            connection.execute("UPDATE rollouts SET split = 'val'").fetchall()
    said = "base run 'base' has no tagged rollouts in the split train, only in val: add in_split=val"
    assert str(refused.value) == said
    assert f"a is not held against its base base: {said}" in answer.caveats


def test_a_run_is_not_held_against_itself(store: Store) -> None:
    with pytest.raises(Refused) as refused:
        get_finding("reward_gain").find(store, in_run="a", base="a")
    assert str(refused.value) == "in_run and base are both 'a': a run is not held against itself"


@pytest.mark.parametrize(
    "finding",
    ["behavior_shift", "behavior_support", "family_by_reward", "reflection_rate", "reward_gain", "shift_share",
     "strategy_switch", "training_stability", "transition_sharpness"],
)  # fmt: skip
def test_a_base_of_one_step_is_no_run_that_is_left_out(store: Store, finding: str) -> None:
    answer = get_finding(finding).find(store)
    assert not [caveat for caveat in answer.caveats if caveat.startswith("base is left out")]
    assert not [each for each in answer.estimates if each.label.startswith("base: ")]


def test_a_base_is_a_run_like_others_where_one_evaluation_is_asked_about(store: Store) -> None:
    answer = get_finding("accuracy_by_behavior").find(store)
    assert {each.label.split(":")[0] for each in answer.estimates} >= {"a", "base"}
