"""Numbers that audits correct stand beside the raw ones, and where nobody audited it is said how many would do."""

from itertools import product
from pathlib import Path

import numpy as np
import pytest
from findings.test_audits import STEPS, audit, plant
from findings.worlds import Row, fill

from traceanalytics.findings.base import Answer, all_findings, get_finding
from traceanalytics.store.store import Store

RATES = {0: 0.3, 40: 0.45, 80: 0.6}
RIGHT = (0.4, 0.8)  # of rollouts that do not show the behavior, and of those that do
# What the world holds by each finding's label: at the first step unless the finding looks at the last.
TRUE = {
    "accuracy_by_behavior": {"accuracy of verification": 0.8, "accuracy of no verification": 0.4, "difference": 0.4},
    "reflection_vs_accuracy": {"accuracy with reflection": 0.8, "difference over all prompts": 0.4},
    "elicitation_headroom": {"headroom by verification": 0.28, "headroom by no verification": -0.12},
    "shift_share": {"gain": 0.12, "mix of strategies": 0.12, "better within verification": 0.0},
    "behavior_support": {"rate in the base": 0.3, "rate after training": 0.6},
    "family_by_reward": {"qwen under random: start": 0.3, "qwen under random: end": 0.6},
    "reflection_rate": {"share at the first step": 0.3, "change": 0.3},
}


@pytest.fixture(scope="module")
def audited(tmp_path_factory: pytest.TempPathFactory) -> Store:
    """Return a store of which half of the rollouts are audited; its tagger finds 90%, and 30% too much."""
    folder = tmp_path_factory.mktemp("audited")
    store = Store(folder / "traces.duckdb")
    truth = plant(store, rates=RATES, false_positives=dict.fromkeys(STEPS, 0.3), right=RIGHT)
    audit(store, truth, folder / "audit.jsonl", n=480)
    return store


def stability(store: Store, **arguments: object) -> Answer:
    return get_finding("training_stability").find(store, **arguments)


def ask(store: Store, name: str) -> Answer:
    finding = get_finding(name)
    of = {"in_behavior": "verification"} if "in_behavior" in finding.parameters else {"in_behaviors": ("verification",)}
    first = {"at_step": 0} if name == "accuracy_by_behavior" else {}
    return finding.find(store, **of, **first)


@pytest.mark.parametrize("name", TRUE)
def test_corrected_numbers_hold_the_truth_beside_the_raw_ones(name: str, audited: Store) -> None:
    answer = ask(audited, name)
    by_label = {(each.label, each.kind): each for each in answer.estimates}
    for label, true in TRUE[name].items():
        raw, corrected = by_label[label, "raw"], by_label[f"{label}, prediction-powered", "corrected"]
        assert corrected.low is not None
        assert corrected.high is not None
        assert corrected.low <= true <= corrected.high, label
        assert abs(corrected.value - true) < max(abs(raw.value - true), 0.12), label
    assert not [each for each in answer.caveats if each.startswith("uncorrected")]


@pytest.mark.parametrize(
    ("name", "label"),
    [
        ("behavior_support", "rate in the base, Rogan-Gladen"),
        ("family_by_reward", "qwen under random: end, Rogan-Gladen"),
        ("reflection_rate", "share at the last step, Rogan-Gladen"),
    ],
)
def test_a_rate_is_corrected_by_the_error_rates_too(name: str, label: str, audited: Store) -> None:
    assert label in [each.label for each in ask(audited, name).estimates if each.kind == "corrected"]


@pytest.fixture(scope="module")
def unaudited(tmp_path_factory: pytest.TempPathFactory) -> Store:
    """Return a store that every finding can answer on: a behavior comes in over 12 training steps, and is right."""
    draws = np.random.default_rng(0)
    rows = []
    for run, step in product("ab", range(12)):
        for prompt in range(30):
            for _ in range(4):
                shows = bool(draws.random() < 0.2 + 0.05 * step)
                right = bool(draws.random() < 0.3 + 0.4 * shows)
                of = {"correct": right, "reward": float(right), "shown": ("verification",) if shows else ()}
                rows.append(
                    Row(f"p{prompt}", step, run, split="train", model_family="qwen", reward_type="random", **of)
                )
    return fill(Store(tmp_path_factory.mktemp("unaudited") / "traces.duckdb"), rows)


READ_TAGS = [name for name, each in all_findings().items() if {"in_behavior", "in_behaviors"} & set(each.parameters)]


@pytest.mark.parametrize("name", READ_TAGS)
def test_where_nobody_audited_every_finding_says_how_many_would_do(name: str, unaudited: Store) -> None:
    (caveat,) = [each for each in ask(unaudited, name).caveats if each.startswith("uncorrected: ")]
    assert "; audit " in caveat
    assert f" points: `ta label --for {name} -n " in caveat


def test_an_audit_of_another_behavior_is_none_of_this_one(audited: Store) -> None:
    said = [
        next(each for each in stability(audited, in_behavior=behavior).caveats if each.startswith("uncorrected: "))
        for behavior in ("verification", "planning")
    ]
    assert "the page `tagger` shows its audits" in said[0]
    assert "rollouts to know its errors to" in said[1]


def test_two_runs_are_compared_as_their_audits_correct_them(store: Store, tmp_path: Path) -> None:
    truth = plant(store, rates={0: 0.3, 40: 0.3, 80: 0.3}, false_positives=dict.fromkeys(STEPS, 0.3))
    audit(store, truth, tmp_path / "audit.jsonl", n=480)
    with store.writing() as connection:
        connection.execute("INSERT INTO runs BY NAME SELECT 'b' AS run_id").fetchall()
        connection.execute("UPDATE rollouts SET run_id = 'b' WHERE step = 80").fetchall()
    answer = get_finding("compare_runs").find(store, in_behavior="verification")
    labels = [each.label for each in answer.estimates if each.kind == "corrected"]
    assert "difference, prediction-powered" in labels
    assert "a at step 40: with verification, Rogan-Gladen" in labels
    assert not [each for each in answer.caveats if each.startswith("uncorrected")]


def test_switched_cells_are_corrected_by_the_error_rates_of_both_eras(audited: Store) -> None:
    answer = ask(audited, "strategy_switch")
    by_label = {each.label: each for each in answer.estimates if each.kind == "corrected"}
    # Of the 12 points of the gain, 0.7 * 0.6 * (0.8 - 0.4) lie in prompts that came to verify.
    corrected = by_label["no verification -> verification, as change of accuracy, Rogan-Gladen"]
    assert corrected.low is not None
    assert corrected.high is not None
    assert corrected.low <= 0.168 <= corrected.high
    assert "corrected cells take the tagger to err alike on right and on wrong rollouts" in answer.caveats
    assert not [each for each in answer.caveats if each.startswith("uncorrected")]
