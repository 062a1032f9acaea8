"""Runs that differ by their seed alone are one curve: on pages, and where the terminal says how code went."""

import pytest
from typer.testing import CliRunner

from traceanalytics.cli import app
from traceanalytics.pages.base import Chart, Selectors, get_page
from traceanalytics.pages.pooled import curves_of
from traceanalytics.pages.theme import spec_of
from traceanalytics.pages.view import look
from traceanalytics.simulate.world import Reward, World
from traceanalytics.store.store import Store
from traceanalytics.verbs.simulate import simulate

POOLED = "m under random"


@pytest.fixture(scope="module")
def said(tmp_path_factory: pytest.TempPathFactory) -> tuple[Store, str]:
    """Return a store of two seeds of one configuration, and what `ta analyze` said of them."""
    folder = tmp_path_factory.mktemp("seeds")
    for seed, steps in ((1, 10), (2, 20)):
        world = World(reward=Reward.RANDOM, prompts=20, samples=2, steps=steps, every=10, seed=seed)
        simulate(world, folder / f"seed-{seed}")
    runs = [str(folder / f"seed-{seed}") for seed in (1, 2)]
    settings = ["--set", "model=m", "--set", "reward_type=random"]
    words = [*runs, *settings, "--db", str(folder / "traces.duckdb"), "--out", str(folder / "report.html")]
    return Store(folder / "traces.duckdb"), CliRunner().invoke(app, ["analyze", *words], catch_exceptions=False).stdout


def test_the_terminal_puts_seeds_together_as_the_page_does(said: tuple[Store, str]) -> None:
    store, printed = said
    (ours,) = [line for line in printed.splitlines() if line.startswith("  code_reasoning") and POOLED in line]
    chart = next(
        block for block in get_page("behaviors").blocks(store, Selectors())
        if isinstance(block, Chart) and block.title == "Our count beside the published one"
    )  # fmt: skip
    drawn = [row for rows in spec_of(chart.chart)["datasets"].values() for row in rows]
    assert {row["run"] for row in drawn} == {POOLED}
    first = next(row for row in drawn if row["counted"] == "code_reasoning" and row["step"] == 0)
    assert f"{first['value']:.0%} [{100 * first['low']:.0f}, {100 * first['high']:.0f}] at step 0 → " in ours


def test_a_step_of_one_seed_alone_has_no_interval_over_runs(said: tuple[Store, str]) -> None:
    view = look(said[0], Selectors())
    rates = [{"run": run, "step": 0, "value": 0.5, "low": 0.4, "high": 0.6} for run in view.runs[:1]]
    assert [(row["run"], row["low"]) for row in curves_of(view, rates)] == [(POOLED, None)]


def test_runs_without_seeds_to_put_together_stay_the_runs_that_they_are(analyzed: Store) -> None:
    view = look(analyzed, Selectors(runs=("random", "truth")))
    rates = [{"run": run, "step": 0, "value": 0.5, "low": 0.4, "high": 0.6} for run in view.runs]
    assert curves_of(view, rates) == [{**row, "run_id": row["run"]} for row in rates]
