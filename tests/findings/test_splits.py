"""One rule says which split is looked at unless one is chosen, and every answer names the split that it read."""

from pathlib import Path

import pytest
from findings.worlds import Row, fill

from traceanalytics.findings.base import get_finding
from traceanalytics.findings.shifts import split_of
from traceanalytics.pages.base import Selectors
from traceanalytics.pages.view import look
from traceanalytics.store.store import Store
from traceanalytics.verbs.describe import describe


@pytest.fixture
def store(tmp_path: Path) -> Store:
    """Run `a` trains and is evaluated at two steps; run `b` is not evaluated."""
    rows = [
        Row(f"p{prompt}", step, run, correct=(prompt + step + sample) % 3 > 0, split=split,
            shown=("code_reasoning",) * ((prompt + sample + step // 10) % 2))
        for run, split in (("a", "train"), ("a", "val"), ("b", "train"))
        for step in (0, 10)
        for prompt in range(24)
        for sample in range(4)
    ]  # fmt: skip
    return fill(Store(tmp_path / "traces.duckdb"), rows)


@pytest.mark.parametrize("finding", ["behavior_shift", "reward_gain", "strategy_switch"])
def test_an_answer_names_the_split_that_it_read_by_default(store: Store, finding: str) -> None:
    answer = get_finding(finding).find(store, in_run="a").as_json()
    assert (answer["params"]["in_split"], answer["splits"]) == ("val", {"a": "val"})
    assert (
        answer["caveats"][-1]
        == "split val by default: the first of eval, val and train that has two steps with 20 prompts"
    )


def test_an_answer_names_the_split_that_was_chosen(store: Store) -> None:
    assert get_finding("reward_gain").find(store, in_run="a", in_split="train").caveats[-1] == "split train"


def test_runs_of_two_splits_are_named_apart(store: Store) -> None:
    answer = get_finding("reward_gain").find(store)
    assert answer.caveats[-1].startswith("split val of a, train of b by default")
    assert answer.params["in_split"] is None


def test_pages_and_findings_look_at_the_same_split(store: Store) -> None:
    assert {look(store, Selectors(runs=("a",))).split, split_of(store, "a")} == {"val"}


def test_the_description_of_a_finding_says_what_the_default_is() -> None:
    (split,) = (each for each in describe("finding", "reward_gain")["parameters"] if each["name"] == "in_split")
    assert split["default"] == "the first of eval, val and train that has two steps with 20 prompts"
