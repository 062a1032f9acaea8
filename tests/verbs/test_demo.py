import json
from dataclasses import replace
from pathlib import Path

import pytest

from traceanalytics.simulate.texts import REFLECTIONS
from traceanalytics.store.store import Store
from traceanalytics.verbs import demo as demo_module
from traceanalytics.verbs.demo import Point, demo

BEHAVIORS = ("code_reasoning", "code_mention", "predicted_output", *REFLECTIONS)


@pytest.fixture(scope="module")
def demonstrated(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[Point]]:
    folder = tmp_path_factory.mktemp("demo")
    smaller = {name: replace(world, prompts=24, every=50) for name, world in demo_module.WORLDS.items()}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(demo_module, "WORLDS", smaller)
        return folder, demo(folder)


def test_code_reasoning_is_recovered_within_two_points(demonstrated: tuple[Path, list[Point]]) -> None:
    _, points = demonstrated
    assert max(abs(point.planted - point.seen) for point in points) <= 0.02


def test_the_published_word_is_visibly_wrong_where_mentions_and_empty_fences_are_planted(
    demonstrated: tuple[Path, list[Point]],
) -> None:
    _, points = demonstrated
    last = next(point for point in points if (point.run, point.step) == ("none-random", 150))
    assert last.planted < 0.1
    assert last.published > last.planted + 0.3


@pytest.mark.parametrize("behavior", BEHAVIORS)
def test_every_planted_behavior_is_recovered_within_two_points(
    behavior: str, demonstrated: tuple[Path, list[Point]]
) -> None:
    folder, _ = demonstrated
    for run in demo_module.WORLDS:
        lines = (folder / f"{run}.truth" / "val.jsonl").read_text(encoding="utf-8").split("\n")
        truth = [json.loads(line) for line in lines if line]
        planted = sum(behavior in rollout["behaviors"] for rollout in truth) / len(truth)
        query = {"in_behavior": behavior, "in_run": run, "in_split": "val", "bin_width": 1000}
        (seen,) = Store(folder / "traces.duckdb").query("behavior_rate", **query).to_pylist()
        assert seen["share"] == pytest.approx(planted, abs=0.02)


def test_a_second_demo_reads_nothing_again(demonstrated: tuple[Path, list[Point]]) -> None:
    folder, points = demonstrated
    said: list[str] = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(demo_module, "WORLDS", dict.fromkeys(demo_module.WORLDS))
        assert demo(folder, say=said.append) == points
    assert said[-2] == "writing the report"
    assert [line for line in said if ": 0 new rollouts" in line or ": 0 rollouts tagged" in line] == said[:-2]
    assert said[-1].endswith("report.html")
    assert (folder / "report.html").exists()
