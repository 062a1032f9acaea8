import dataclasses

import numpy as np
import pytest
from findings.worlds import Row, fill

from traceanalytics.errors import Refused
from traceanalytics.findings.base import Answer, get_finding
from traceanalytics.store.store import Store

CODE = ("code_reasoning",)


def find(store: Store, **arguments: object) -> Answer:
    return get_finding("selection_pressure").find(store, **arguments)


def groups(pattern: str, reward: str = "format", steps: int = 2, prompts: int = 12) -> list[Row]:
    """Return groups with a rollout a letter: c and C show code, capitals are rewarded."""
    return [
        Row(
            f"p{i}",
            step,
            correct=(i + at) % 2 == 0,
            shown=CODE if kind in "cC" else (),
            split="train",
            reward=float(kind.isupper()),
            response="x" * (50 + (7 * at + i) % 5),
            reward_type=reward,
        )
        for step in range(steps)
        for i in range(prompts)
        for at, kind in enumerate(pattern)
    ]


def test_rewarded_code_is_favored_also_given_length_and_correctness(store: Store) -> None:
    answer = find(fill(store, groups("CCll")))
    by_label = {each.label: each for each in answer.estimates}
    # Advantages ±1 against a share of one half: 4/3 · mean(A·b) = 4/3 · 1/2.
    assert by_label["expected selection"].value == pytest.approx(2 / 3)
    assert (by_label["expected selection"].n, by_label["expected selection"].unit) == (24, "groups")
    assert by_label["expected selection, given length and correctness"].value > 0.3
    assert answer.verdict.startswith(
        "the rewards of a favor code_reasoning within groups from step 0 to 1 (S = +0.6667 ["
    )
    assert any(each.startswith("a: advantages are not logged; they are rewards centered") for each in answer.caveats)
    assert answer.chart is not None
    assert answer.table is not None
    assert answer.table["step"].to_pylist() == [0, 1]


def test_rewards_that_ignore_the_behavior_do_not_select_it(store: Store) -> None:
    answer = find(fill(store, groups("CcLl", reward="random")))
    assert answer.estimates[0].value == pytest.approx(0)
    assert "are not shown to favor or disfavor code_reasoning" in answer.verdict
    assert (
        "a: under a random reward expected selection is 0 by construction; what is realized is chance" in answer.caveats
    )


def test_groups_rewarded_alike_are_silent(store: Store) -> None:
    silent = [dataclasses.replace(row, prompt=f"silent-{row.prompt}") for row in groups("CCLL")]
    answer = find(fill(store, groups("CCll") + silent))
    assert answer.estimates[0].value == pytest.approx(1 / 3)
    assert " over 48 groups, in 24 of which all rewards are equal and favor nothing)" in answer.verdict


def test_logged_advantages_are_taken_as_they_are(store: Store) -> None:
    rows = [dataclasses.replace(row, advantage=2 * (row.reward or 0) - 1) for row in groups("CCll", prompts=24)]
    answer = find(fill(store, rows), to_step=0)
    assert answer.estimates[0].value == pytest.approx(2 / 3)
    assert answer.estimates[0].n == 24
    assert not any("not logged" in each for each in answer.caveats)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            {"split": "eval"},
            "run 'a' has no groups in the split train at these steps, and selection acts in those alone",
        ),
        ({"reward": None}, "100% of the training rollouts of run 'a' have neither an advantage nor a reward"),
        ({"shown": None}, "100% of the training rollouts of run 'a' are not tagged: selection needs whole groups"),
        ({"prompt": "p"}, "run 'a' has 2 groups at these steps: at least 20 are needed"),
    ],
    ids=["no training", "no rewards", "untagged", "few groups"],
)
def test_what_selection_needs_is_said(change: dict[str, object], message: str, store: Store) -> None:
    with pytest.raises(Refused, match=message):
        find(fill(store, [dataclasses.replace(row, **change) for row in groups("CCll")]))


def test_part_of_a_group_is_refused(store: Store) -> None:
    with pytest.raises(
        Refused, match="group a/train/0/p0 at step 0 of run 'a' has 3 of 4 rollouts: selection needs whole groups"
    ):
        find(fill(store, groups("CCll")[1:]))


STEP_SIZE = 0.05
RATES = {"code_reasoning": 0.5, "planning": 0.4, "verification": 0.3, "summary": 0.6, "deduction": 0.5}
WEIGHTS = {"code_reasoning": 1.5, "planning": 1.0, "verification": -0.7, "summary": -1.2, "deduction": 0.0}


def replicated(*, selected: bool = True, drifts: float = 0.0, split: str = "train") -> list[Row]:
    """Return a run whose behaviors move by step size × selection a step, and deduction by a drift that nothing selects.

    Rewards are sums of what is shown; without `selected` they are coins.
    """
    generator = np.random.default_rng(5)
    rates, rows = dict(RATES), []
    for step in range(16):
        shown = {name: generator.random((48, 8)) < rate for name, rate in rates.items()}
        rewards = sum(WEIGHTS[name] * drawn for name, drawn in shown.items()) if selected else 0
        rewards = rewards + generator.normal(0, 0.5, (48, 8))
        spread = np.sqrt(0.25 + sum(WEIGHTS[name] ** 2 * rate * (1 - rate) for name, rate in rates.items()))
        rows += [
            Row(
                f"p{i}",
                step,
                shown=tuple(name for name in shown if shown[name][i, k]),
                reward=float(rewards[i, k]),
                split=each,
                correct=None,
                reward_type="random" if not selected else None,
            )
            for each in dict.fromkeys(("train", split))
            for i in range(48)
            for k in range(8)
        ]
        for name, rate in rates.items():
            pressure = WEIGHTS[name] * rate * (1 - rate) / spread if selected else 0
            rates[name] = rate + STEP_SIZE * pressure + (drifts if name == "deduction" else 0)
    return rows


def test_one_step_size_predicts_the_drift_of_behaviors_that_are_selected(store: Store) -> None:
    answer = find(fill(store, replicated()))
    by_label = {each.label: each for each in answer.estimates}
    step_size = by_label["step size of all behaviors"]
    assert step_size.low < STEP_SIZE < step_size.high
    assert step_size.value == pytest.approx(STEP_SIZE, rel=0.3)
    assert by_label["drift of code_reasoning not predicted by first-order selection"].low < 0.05
    assert "; of the +" in answer.verdict
    assert answer.verdict.endswith("are not predicted by first-order selection")
    assert answer.chart is not None
    assert "hconcat" in answer.chart.to_dict()


def test_drift_that_nothing_selects_is_left_over(store: Store) -> None:
    answer = find(fill(store, replicated(drifts=0.03)), in_behavior="deduction")
    by_label = {each.label: each for each in answer.estimates}
    left = by_label["drift of deduction not predicted by first-order selection"]
    assert left.low > 0.3
    assert left.value == pytest.approx(0.45, abs=0.1)
    assert "are not shown to favor or disfavor deduction" in answer.verdict
    assert any("which is not to say that the reward did not cause it" in each for each in answer.caveats)


def test_drift_is_observed_on_fixed_prompts_where_they_are_evaluated(store: Store) -> None:
    answer = find(fill(store, replicated(split="val")))
    assert "that code_reasoning moved in val from step 0 to 15 it predicts" in answer.verdict


def test_coins_predict_no_drift(store: Store) -> None:
    answer = find(fill(store, replicated(selected=False, drifts=0.03)), in_behavior="deduction")
    assert "is not shown to predict the drift that it was not fitted to" in answer.verdict or any(
        each.startswith("a: no drift is predicted, because the two halves of the prompts do not agree")
        for each in answer.caveats
    )


def test_few_steps_have_no_step_size_and_the_reason_is_said(store: Store) -> None:
    answer = find(fill(store, groups("CCll")))
    said = "a: no drift is predicted, because the split train has 2 steps with tags, and a step size needs at least 4"
    assert said in answer.caveats
    everywhere = [dataclasses.replace(row, shown=CODE) for row in groups("CCll", steps=5)]
    (store.path.parent / "all.duckdb").unlink(missing_ok=True)
    answer = find(fill(Store(store.path.parent / "all.duckdb"), everywhere))
    assert "a: no drift is predicted, because no behavior is shown in 2% to 98% of the rollouts" in answer.caveats
