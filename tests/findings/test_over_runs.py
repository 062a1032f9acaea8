"""Findings whose unit is the run: what settings go with, and how far seeds end apart."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
from findings.worlds import Row, fill

from traceanalytics.errors import Refused
from traceanalytics.findings.base import Answer, get_finding
from traceanalytics.simulate.world import World
from traceanalytics.store.store import Store
from traceanalytics.verbs.ingest import ingest
from traceanalytics.verbs.simulate import simulate

GAINS = json.loads((Path(__file__).parents[1] / "stats" / "published" / "gains_by_reward.json").read_text("utf-8"))


def find(name: str, store: Store, **arguments: object) -> Answer:
    return get_finding(name).find(store, **arguments)


def graded(run: str, before: int, after: int, reward: str | None = None, family: str | None = None) -> list[Row]:
    """Return 20 prompts with ten samples at both ends, of which so many in 200 are right."""
    return [
        Row(f"p{i}", step, run, i + 20 * k < right, None, reward_type=reward, model_family=family)
        for step, right in ((0, before), (150, after))
        for i in range(20)
        for k in range(10)
    ]


def test_family_goes_with_more_of_the_published_gains_than_reward(store: Store) -> None:
    rows = [
        row
        for family, model in GAINS["models"].items()
        for reward, gain in zip(GAINS["rewards"], model["gains"], strict=True)
        for row in graded(f"{family} {reward}", 60, 60 + round(2 * float(gain)), reward, family)
    ]
    answer = find("variance_share", fill(store, rows))
    by_label = {each.label: each.value for each in answer.estimates}
    assert by_label == pytest.approx({"family": 0.659, "reward": 0.194, "remainder": 0.147}, abs=0.005)
    assert answer.verdict.startswith("family goes with 65.")
    assert (
        "data format is left out: 24 runs without it, which `ta ingest PATH --set data_format=…` says" in answer.caveats
    )
    assert (
        "one run a cell: the remainder mixes interactions of the settings with chance between seeds" in answer.caveats
    )
    assert answer.chart is not None


def test_few_runs_or_runs_alike_have_no_variance_to_share(store: Store, tmp_path: Path) -> None:
    alike = [row for i in range(4) for row in graded(f"a{i}", 60, 70 + i, "random", "one")]
    with pytest.raises(Refused, match="no setting tells the 4 runs apart; family is left out: every run has 'one'"):
        find("variance_share", fill(store, alike))
    with pytest.raises(Refused, match="3 runs have a gain: shares of the variance over runs need at least 4"):
        find("variance_share", fill(Store(tmp_path / "few.duckdb"), alike[: 3 * 400]))


def test_seeds_that_end_apart_need_more_runs(store: Store) -> None:
    rows = [row for i, end in enumerate((131, 136, 112)) for row in graded(f"seed-{i}", 100, end, "random")]
    answer = find("run_to_run_variance", fill(store, rows + graded("alone", 100, 120, "format")))
    by_label = {each.label: each for each in answer.estimates}
    spread = by_label["unnamed model under random: SD between runs"]
    assert (spread.n, spread.unit) == (3, "runs")
    assert spread.value == pytest.approx(0.0635, abs=0.01)
    assert by_label["unnamed model under random: runs for a standard error of 2 points"].value == pytest.approx(
        11, abs=4
    )
    assert (
        "unnamed model under format: n_runs=1, no inference about the configuration: run it with more seeds"
        in answer.caveats
    )
    assert answer.verdict.startswith("the 3 runs of unnamed model under random differ in right answers by an SD of ")
    assert answer.chart is not None


def with_other_prompts(rows: list[Row]) -> list[Row]:
    return [replace(row, prompt=f"other-{row.prompt}") for row in rows]


def test_runs_that_share_no_prompts_are_named_beside_the_answer_for_those_that_do(store: Store) -> None:
    alike = [row for i, end in enumerate((131, 136)) for row in graded(f"seed-{i}", 100, end, "random")]
    unlike = graded("x", 100, 120, "format") + with_other_prompts(graded("y", 100, 120, "format"))
    answer = find("run_to_run_variance", fill(store, alike + unlike))
    assert answer.verdict.startswith("the 2 runs of unnamed model under random differ")
    assert (
        "unnamed model under format is left out: its runs share 0 prompts, and at least 20 are needed" in answer.caveats
    )


def test_where_no_runs_share_prompts_all_are_named_in_the_refusal(store: Store) -> None:
    unlike = graded("x", 100, 120, "format") + with_other_prompts(graded("y", 100, 120, "format"))
    said = "no configuration can be compared; unnamed model under format is left out: its runs share 0 prompts, and at"
    with pytest.raises(Refused, match=said):
        find("run_to_run_variance", fill(store, unlike))


def test_made_up_runs_of_one_prompt_seed_can_be_compared(tmp_path: Path) -> None:
    store = Store(tmp_path / "traces.duckdb")
    for seed in (1, 2):
        world = World(prompts=24, samples=4, steps=20, every=10, seed=seed, prompt_seed=0)
        simulate(world, tmp_path / f"seed-{seed}")
        settings = {"model": "m", "reward_type": "random", "seed": str(seed)}
        ingest([tmp_path / f"seed-{seed}"], store=store, settings=settings)
    answer = find("run_to_run_variance", store)
    assert answer.verdict.startswith("the 2 runs of m under random differ in right answers by an SD of ")
    assert "on 24 prompts" in answer.verdict
    assert len(find("compare_runs", store).estimates) > 2
    texts = [path.read_bytes() for path in sorted(tmp_path.glob("seed-*/val/0.jsonl"))]
    assert texts[0] != texts[1], "the rollouts differ with the seed"


def test_single_runs_say_nothing_of_seeds(store: Store) -> None:
    with pytest.raises(
        Refused, match="no configuration has two runs, so that nothing says how far seeds differ: 2 sin"
    ):
        find("run_to_run_variance", fill(store, graded("a", 9, 90, "x") + graded("b", 9, 90, "y")))
