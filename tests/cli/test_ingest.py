"""`ta ingest` and `ta rejects`: options, output, and the exit code of what cannot be read."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from traceanalytics.cli import app
from traceanalytics.errors import BadInput
from traceanalytics.store.store import Store

RECORD = {"input": "2+2?", "output": "4", "gts": "4", "score": 1.0, "step": 7}


def run(*words: object) -> Result:
    return CliRunner().invoke(app, [str(word) for word in words], catch_exceptions=False)


@pytest.fixture
def logs(tmp_path: Path) -> Path:
    folder = tmp_path / "dump"
    folder.mkdir()
    (folder / "7.jsonl").write_text(f"{json.dumps(RECORD)}\nno json\x1b[31m\n")
    return folder


def test_json_counts_what_this_call_stored(store: Store, logs: Path) -> None:
    (logs / "notes.txt").write_text("hello")
    printed = json.loads(run("ingest", logs, "--db", store.path, "--json").stdout)
    wanted = {"files": 1, "rollouts": 1, "duplicates": 0, "rejects": 1, "blanks": 0, "skipped": 1}
    assert {name: printed[name] for name in wanted} == wanted
    (of_run,) = printed["runs"]
    assert {name: of_run[name] for name in ("run", "reader", "rollouts", "first_step", "last_step")} == {
        "run": "dump",
        "reader": "verl",
        "rollouts": 1,
        "first_step": 7,
        "last_step": 7,
    }
    again = json.loads(run("ingest", logs, "--db", store.path, "--json").stdout)
    assert (again["files"], again["rollouts"], again["rejects"]) == (0, 0, 0)


def test_what_was_decided_is_printed(store: Store, logs: Path) -> None:
    printed = run("ingest", logs, "--db", store.path)
    assert (
        printed.stdout.splitlines()[0] == "dump: verl; step from field; reward from score; group from prompt and step"
    )
    assert "`ta rejects` lists what is no rollout" in printed.stderr


@pytest.mark.parametrize(
    "words",
    [
        ["--set", "model=m", "reward_type=random", "seed=3"],
        ["--set", "model=m", "--set", "reward_type=random", "--set", "seed=3"],
    ],
    ids=["several", "repeated"],
)
def test_settings_are_several_or_repeated(store: Store, logs: Path, words: list[str]) -> None:
    run("ingest", "--db", store.path, *words, logs)
    found = store.sql("SELECT model, reward_type, seed FROM runs").to_pylist()
    assert found == [{"model": "m", "reward_type": "random", "seed": 3}]


def test_a_mapping_is_given_with_commas(store: Store, tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_text('{"question": "2+2?", "out": "4"}\n')
    run("ingest", path, "--db", store.path, "--run", "a", "--map", "prompt=question,response=out")
    assert store.sql("SELECT run_id, response FROM rollouts").to_pylist() == [{"run_id": "a", "response": "4"}]


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--set", "model"], "--set 'model' is no pair; write --set KEY=VALUE"),
        (["--set", "seed=x"], "--set seed=x: a seed is a whole number"),
        (["--set", "run_id=x"], "--set run_id=x cannot be set so; use --run NAME"),
        (["--set", "correct_from=acc"], "--set correct_from=acc: correctness can be read from `score` only"),
        (["--set", "correct_from=score"], "needs --set reward_type=ground_truth: only then does the score say what is"),
        (["--map", "promt=question"], "no column is called 'promt'. Did you mean 'prompt'?"),
        (["--map", "prompt=a", "--reader", "verl"], "--map is for the reader plain; verl knows where its columns come"),
        (["--reader", "verll"], "no reader is called 'verll'. Did you mean 'verl'?"),
    ],
    ids=["no pair", "seed", "reserved", "correct_from", "reward_type", "column", "map and reader", "reader"],
)
def test_a_wrong_option_is_named(store: Store, logs: Path, words: list[str], message: str) -> None:
    with pytest.raises(Exception, match=".") as refused:
        run("ingest", logs, "--db", store.path, *words)
    assert message in str(refused.value)


def test_two_paths_of_one_name_need_a_name(store: Store, tmp_path: Path) -> None:
    for folder in ("a/dump", "b/dump"):
        (tmp_path / folder).mkdir(parents=True)
    with pytest.raises(BadInput, match="would both be the run 'dump'; name one of them with --run"):
        run("ingest", tmp_path / "a" / "dump", tmp_path / "b" / "dump", "--db", store.path)


def test_rejects_are_listed_with_file_line_and_reason(store: Store, logs: Path) -> None:
    run("ingest", logs, "--db", store.path)
    (row,) = json.loads(run("rejects", "--run", "dump", "--db", store.path, "--json").stdout)
    assert row == {
        "run": "dump",
        "file": str(logs / "7.jsonl"),
        "line": 2,
        "byte": len(json.dumps(RECORD)) + 1,
        "reason": "no JSON: Expecting value at character 0",
        "raw": "no json\x1b[31m",
    }
    assert "\x1b" not in run("rejects", "--db", store.path).stdout


def test_an_error_is_one_line_and_exit_code_2(store: Store, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "traceanalytics", "ingest", str(tmp_path / "none"), "--db", str(store.path)]
    result: Any = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (result.returncode, result.stdout) == (2, "")
    assert result.stderr == f"{tmp_path / 'none'}: no such file or folder\n"


def test_what_the_user_may_not_expect_is_said_in_a_line_each(store: Store, logs: Path) -> None:
    run("ingest", logs, "--db", store.path)
    odd = [{**RECORD, "score": float("nan")}, {**RECORD, "score": "high"}, {**RECORD, "output": "5"}]
    data = "\n".join(map(json.dumps, odd)).encode()
    (logs / "7.jsonl").write_bytes(data.replace(b'"5"', b'"\xff"'))
    assert run("ingest", logs, "--db", store.path).stderr.splitlines() == [
        "1 file rewritten, its 1 rollout replaced",
        "2 rewards (NaN, infinite or no number) left out: `extra` keeps what was there",
        "1 record with bytes that are no UTF-8, or half a surrogate pair: stored as U+FFFD",
    ]
    printed = run("ingest", logs, "--db", store.path, "--reader", "verl", "--set", "temperature=1")
    assert printed.stderr.splitlines()[:3] == [
        "--set temperature: not a column of runs, so it is kept in their config",
        f"--set temperature=1: stored for the run {logs.name}",
        "read anew, 3 rollouts replaced",
    ]


def test_a_column_is_mapped_once(store: Store, logs: Path) -> None:
    with pytest.raises(BadInput, match="--map prompt=a and prompt=b: give prompt one value"):
        run("ingest", logs, "--db", store.path, "--map", "prompt=a,prompt=b")


def test_a_file_name_that_is_no_utf_8_is_printed_as_json(store: Store, logs: Path) -> None:
    (logs / os.fsdecode(b"a\xff.txt")).write_text("hello")
    printed = json.loads(run("ingest", logs, "--db", store.path, "--json").stdout)
    assert printed["skipped_files"] == [{"file": "a\\xff.txt", "reason": "it is no JSON, Parquet, Arrow or CSV"}]


def test_an_unwritable_store_is_an_error_of_one_line(logs: Path) -> None:
    command = [sys.executable, "-m", "traceanalytics", "ingest", str(logs), "--db", "/proc/no/traces.duckdb"]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    said = "/proc/no/traces.duckdb: no store can be written there: No such file or directory\n"
    assert (result.returncode, result.stdout, result.stderr) == (2, "", said)


def test_a_log_whose_steps_have_another_name_is_answered_with_how_to_name_them(store: Store, tmp_path: Path) -> None:
    log = tmp_path / "log.jsonl"
    log.write_text(json.dumps({"prompt": "2+2?", "response": "4", "global_step": 3}) + "\n")
    said = "log.jsonl: no step in it; where the log counts steps, --map step=FIELD says under which name"
    assert said in run("ingest", log, "--db", store.path).stderr
    assert said not in run("ingest", log, "--db", store.path, "--map", "step=global_step").stderr
