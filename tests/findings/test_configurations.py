import dataclasses

import pytest
from findings.worlds import Row, fill

from traceanalytics.findings.configurations import configurations, over_seeds
from traceanalytics.store.store import Store

RUN = Row("p", reward_type="random", model_family="qwen")


def test_seeds_of_one_configuration_are_one(store: Store) -> None:
    runs = {"a-1": "random", "a-2": "random", "b": "format", "unsaid": None}
    fill(store, [dataclasses.replace(RUN, run=run, reward_type=reward) for run, reward in runs.items()])
    with store.writing() as connection:
        connection.execute("UPDATE runs SET model_family = NULL WHERE run_id = 'unsaid'").fetchall()
        connection.execute("UPDATE runs SET seed = length(run_id)").fetchall()
    assert configurations(store) == {
        "qwen under random": ("a-1", "a-2"),
        "qwen under format": ("b",),
        "unsaid": ("unsaid",),
    }


def test_a_setting_that_differs_is_in_the_name(store: Store) -> None:
    fill(store, [dataclasses.replace(RUN, run=run) for run in ("a", "b")])
    with store.writing() as connection:
        connection.execute("UPDATE runs SET algorithm = if(run_id = 'a', 'grpo', 'dapo'), model = 'm'").fetchall()
    assert list(configurations(store)) == ["m under random, grpo", "m under random, dapo"]


def test_seeds_are_one_curve_with_an_interval_over_runs() -> None:
    rows = [
        {"run": run, "step": step, "behavior": "verification", "value": value}
        for run, values in (("a", (0.0, 0.156)), ("b", (0.0, 0.18)), ("c", (0.0, 0.06)), ("alone", (0.1, 0.2)))
        for step, value in enumerate(values)
    ]
    curve = over_seeds(rows, {"random": ("a", "b", "c"), "format": ("alone",)})
    last, single = curve[1], curve[-1]
    assert (last["run"], last["step"], last["behavior"], last["runs"]) == ("random", 1, "verification", 3)
    assert [last["value"], last["low"], last["high"]] == pytest.approx([0.132, 0.0, 0.29], abs=5e-4)
    assert single == {
        "run": "format",
        "step": 1,
        "behavior": "verification",
        "value": 0.2,
        "low": None,
        "high": None,
    } | {"runs": 1}
