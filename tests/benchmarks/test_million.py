"""The store that benchmarks ask: whole groups, the runs and rollouts asked for, and code reasoning that rises."""

import importlib.util
from pathlib import Path

import pytest

from traceanalytics.store.store import Store

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Store:
    spec = importlib.util.spec_from_file_location("million", ROOT / "benchmarks" / "million.py")
    assert spec is not None
    assert spec.loader is not None
    million = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(million)
    store: Store = million.make_store(tmp_path_factory.mktemp("million") / "made.duckdb", rollouts=80_000, runs=4)
    return store


def test_the_made_store_holds_whole_tagged_groups_of_every_run(made: Store) -> None:
    groups = made.sql("SELECT run_id, count(*) AS n FROM rollouts GROUP BY run_id, group_id").to_pylist()
    assert {(group["run_id"], group["n"]) for group in groups} == {(f"run-{i}", 8) for i in range(4)}
    assert made.sql("SELECT count(*) AS n FROM current_tagged").to_pylist() == [{"n": 80_000}]


def test_code_reasoning_rises_in_the_made_store(made: Store) -> None:
    shares = made.query("behavior_rate", in_run="run-0")["share"].to_pylist()
    assert (shares[0], shares[-1]) == pytest.approx((0.3, 0.7), abs=0.02)
