import json
from pathlib import Path

import pytest
from pyarrow import parquet

from traceanalytics.errors import BadInput, UnknownName
from traceanalytics.simulate.world import World
from traceanalytics.verbs.simulate import simulate

SMALL = World(prompts=4, samples=2, steps=20, every=10)


def lines(path: Path) -> list[dict[str, object]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").split("\n") if line]


def test_a_verl_run_has_a_file_a_step_and_the_truth_beside_it(tmp_path: Path) -> None:
    written = simulate(SMALL, tmp_path / "run")
    assert sorted(path.name for path in (tmp_path / "run" / "train").iterdir()) == ["0.jsonl", "10.jsonl", "20.jsonl"]
    assert written.rollouts == 2 * 3 * 4 * 2
    records, truth = lines(tmp_path / "run" / "val" / "10.jsonl"), lines(written.truth / "val.jsonl")
    assert [record["output"] for record in records] == [each["response"] for each in truth if each["step"] == 10]
    assert [record["acc"] for record in records] == [each["correct"] for each in truth if each["step"] == 10]


def test_a_trl_run_has_a_column_named_after_its_reward(tmp_path: Path) -> None:
    simulate(SMALL, tmp_path / "run", trainer="trl")
    table = parquet.read_table(tmp_path / "run" / "completions" / "completions_00010.parquet")
    assert table.column_names == ["step", "prompt", "completion", "random_reward", "advantage"]
    assert table.num_rows == 8


@pytest.mark.parametrize(
    ("world", "message"),
    [
        (World(icc=1.0), "icc=1.0 is no share"),
        (World(prompts=0), "prompts=0; a run has at least one"),
        (World(every=0), "every=0; two dumps are at least one st"),
    ],
)
def test_an_impossible_world_is_refused(world: World, message: str, tmp_path: Path) -> None:
    with pytest.raises(BadInput, match=message):
        simulate(world, tmp_path / "run")


def test_nothing_is_written_over(tmp_path: Path) -> None:
    simulate(SMALL, tmp_path / "run")
    with pytest.raises(BadInput, match="run: not empty; name a new folder"):
        simulate(SMALL, tmp_path / "run")


def test_an_unknown_trainer_is_answered_with_the_known_ones(tmp_path: Path) -> None:
    with pytest.raises(UnknownName, match="no simulated trainer is called 'verll'. Did you mean 'verl'"):
        simulate(SMALL, tmp_path / "run", trainer="verll")


@pytest.mark.parametrize(
    ("place", "said"),
    [("file", "file: no run can be written there: Not a directory"), ("/proc/no", "/proc/no: no run can be written")],
)
def test_a_place_where_no_run_can_be_written_is_named(tmp_path: Path, place: str, said: str) -> None:
    (tmp_path / "file").write_text("hello")
    with pytest.raises(BadInput, match=said):
        simulate(World(prompts=2, steps=0), tmp_path / place)


def test_a_run_of_negative_steps_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="steps=-1; the last training step is 0 or later"):
        simulate(World(steps=-1), tmp_path / "run")
    assert not (tmp_path / "run").exists()
