"""What a further or refused ingest does to what is stored, and what it says that the user may not expect."""

import json
import os
from collections.abc import Iterable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from traceanalytics.errors import BadInput, TraceAnalyticsError
from traceanalytics.readers.lines import read_blocks
from traceanalytics.store.store import Store
from traceanalytics.verbs import reading, writing
from traceanalytics.verbs.ingest import IngestReport, ingest

LONG_AGO = 1_700_000_000
TABLES = ("runs", "rollouts", "prompts", "files", "rejects")


def record(number: int = 0, **others: Any) -> dict[str, Any]:
    return {"input": f"{number}+1?", "output": f"It is {number}.", "gts": "1", "score": 1.0, "step": 1, **others}


def write(path: Path, records: Iterable[Mapping[str, Any]], *, at: int = LONG_AGO) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(json.dumps(each) + "\n" for each in records), encoding="utf-8")
    os.utime(path, (at, at))
    return path


def content(store: Store) -> dict[str, list[Any]]:
    return {table: store.sql(f"FROM {table} ORDER BY ALL").to_pylist() for table in TABLES}


def total(report: IngestReport, *names: str) -> tuple[int, ...]:
    return tuple(report.total(name) for name in names)


@pytest.fixture
def run(tmp_path: Path) -> Path:
    write(tmp_path / "run" / "1.jsonl", [record(0), record(1)])
    write(tmp_path / "run" / "2.jsonl", [record(0, step=2), record(1, step=2)])
    return tmp_path / "run"


REFUSED: dict[str, tuple[dict[str, Any], str]] = {
    "reader": ({"reader": "nemo_gym"}, "the reader nemo_gym finds no rollout; 1.jsonl: lacks .* (of 2 files); nothing"),
    "container": ({"reader": "trl"}, "the reader trl finds no rollout; 1.jsonl: the reader trl cannot go on: "),
    "no such key": (
        {"mapping": {"prompt": "input", "response": "output", "reward": "scor"}},
        "--map reward=scor: no record holds 'scor'; the first record holds input, output, gts, score, step",
    ),
    "key twice": (
        {"mapping": {"prompt": "input", "response": "input"}},
        "--map prompt=input and response=input: a key becomes one column",
    ),
    "no number": (
        {"mapping": {"prompt": "input", "response": "gts", "reward": "output"}},
        "--map reward=output: 'It is 0.' is no number; the first record holds",
    ),
    "no truth": (
        {"mapping": {"correct": "output"}},
        "--map correct=output: 'It is 0.' is no truth value; those are true, false, 1 and 0; the first",
    ),
    "no split": ({"mapping": {"split": "output"}}, "'It is 0.' is no split; those are train, val, eval and probe;"),
    "no text": ({"mapping": {"response": "score"}}, "--map response=score: 1.0 is no text; the first record holds"),
    "no response": (
        {"mapping": {"prompt": "output"}},
        "the reader plain finds no rollout; 1.jsonl: holds no response (of 2 files); nothing changed",
    ),
}


@pytest.mark.parametrize(("words", "message"), REFUSED.values(), ids=REFUSED)
def test_a_refused_call_changes_nothing(store: Store, run: Path, words: Any, message: str) -> None:
    ingest([run], store=store)
    before = content(store)
    with pytest.raises(TraceAnalyticsError) as refused:
        ingest([run], store=store, **words)
    said = str(refused.value)
    start, _, end = message.partition(".*")
    assert (start in said, end in said, "\n" in said) == (True, True, False)
    assert content(store) == before
    assert ingest([run], store=store).as_json()["files"] == 0


def test_a_first_call_that_is_refused_makes_no_store(store: Store, run: Path) -> None:
    with pytest.raises(BadInput):
        ingest([run], store=store, reader="trl")
    assert list(run.parent.iterdir()) == [run]


def test_of_two_runs_none_is_touched_when_one_is_refused(store: Store, run: Path) -> None:
    write(run.parent / "other" / "a.jsonl", [{"loss": 1}])
    with pytest.raises(BadInput, match="no file holds rollouts; a.jsonl"):
        ingest([run, run.parent / "other"], store=store)
    assert not store.exists


def test_a_run_whose_records_are_all_rejects_says_so_again(store: Store, run: Path) -> None:
    path = write(run.parent / "bad" / "1.jsonl", [record(0, output=None)] * 3)
    for _ in range(2):
        with pytest.raises(BadInput, match=r"no record is a rollout; the first, .*1\.jsonl:1: holds no response"):
            ingest([path.parent], store=store)


def test_another_reader_replaces_rows_and_what_was_decided(store: Store, run: Path) -> None:
    ingest([run], store=store)
    mapping = {"prompt": "input", "response": "output", "ground_truth": "gts"}
    again = ingest([run], store=store, mapping=mapping)
    assert total(again, "rollouts", "replaced", "rewritten") == (4, 4, 0)
    decided = {"step": "field", "reward": "none", "correct": "none", "group": "prompt and step"}
    assert (again.runs[0].reader, again.runs[0].decided) == ("plain", decided)
    (stored,) = store.sql("SELECT reader, config->'decided' AS decided FROM runs").to_pylist()
    assert (stored["reader"], json.loads(stored["decided"])) == ("plain", decided)


def test_a_call_reports_its_own_decisions_and_the_run_keeps_all(store: Store, run: Path) -> None:
    ingest([run], store=store)
    write(run / "3.jsonl", [record(0, step=3, acc=True)])
    assert ingest([run], store=store).runs[0].decided["correct"] == "acc"
    (stored,) = store.sql("SELECT config->'decided'->>'correct' AS correct FROM runs").to_pylist()
    assert stored == {"correct": "acc, none"}
    assert ingest([run], store=store).runs[0].decided == {}


def test_a_mapped_key_is_no_other_column_as_well(store: Store, run: Path) -> None:
    write(run / "1.jsonl", [{"question": "said", "prompt": "asked"}])
    (run / "2.jsonl").unlink()
    ingest([run], store=store, mapping={"response": "question"})
    (row,) = store.sql("SELECT response, prompts.text FROM rollouts JOIN prompts USING (prompt_key)").to_pylist()
    assert row == {"response": "said", "text": "asked"}


def test_a_rewritten_file_is_counted_with_what_it_replaced(store: Store, run: Path) -> None:
    ingest([run], store=store)
    write(run / "1.jsonl", [record(7)], at=LONG_AGO + 5)
    assert total(ingest([run], store=store), "rewritten", "replaced", "rollouts") == (1, 2, 1)
    write(run / "1.jsonl", [record(7), record(8)], at=LONG_AGO + 9)
    assert total(ingest([run], store=store), "rewritten", "replaced", "rollouts") == (0, 0, 1)


def test_a_file_that_takes_several_transactions_is_read_whole(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(writing, "BULK_BYTES", 1)
    monkeypatch.setattr(reading, "read_blocks", partial(read_blocks, size=512))
    path = write(tmp_path / "long.jsonl", map(record, range(60)))
    assert ingest([path], store=store).total("rollouts") == 60
    assert store.sql("SELECT line FROM rollouts ORDER BY line")["line"].to_pylist() == list(range(1, 61))


@pytest.mark.parametrize("name", ["1.jsonl", "a.json"])
def test_nan_rewards_and_broken_text_are_counted(store: Store, tmp_path: Path, name: str) -> None:
    rows = [record(0), record(1, score=float("nan")), record(2, score=float("-inf"))]
    data = "\n".join(map(json.dumps, rows)) if name == "1.jsonl" else json.dumps(rows)
    path = tmp_path / "odd" / name
    path.parent.mkdir()
    path.write_bytes(data.encode().replace(b"It is 0", b"It is \xff"))
    report = ingest([path.parent], store=store)
    assert total(report, "rollouts", "odd_rewards", "odd_texts") == (3, 2, 1)


def test_half_a_surrogate_pair_is_broken_text(store: Store, tmp_path: Path) -> None:
    path = write(tmp_path / "1.jsonl", [record(output="\ud83d"), record(output="\U0001f600"), record(output="\\ud83d")])
    assert total(ingest([path], store=store), "rollouts", "odd_texts") == (3, 1)


def test_broken_text_in_csv_is_counted(store: Store, tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(b"prompt,response\n2+2?,4\n2+2?,\xff\n")
    assert total(ingest([path], store=store), "rollouts", "odd_texts") == (2, 1)


def test_conditions_of_rollouts_that_are_there_do_not_change_silently(store: Store, run: Path) -> None:
    ingest([run], store=store)
    with pytest.raises(BadInput, match="--condition t=1: all files of the run 'run' are read already, and 4 rollouts"):
        ingest([run], store=store, conditions={"t": "1"})
    write(run / "3.jsonl", [record(0, step=3)])
    report = ingest([run], store=store, conditions={"t": "1"})
    assert report.notes == ["--condition t=1: 4 rollouts of run that were read before keep what they have"]


def test_the_same_conditions_again_are_nothing_to_mention(store: Store, run: Path) -> None:
    ingest([run], store=store, conditions={"t": "1"})
    assert ingest([run], store=store, conditions={"t": "1"}).notes == []


def test_a_setting_that_is_no_column_is_mentioned(store: Store, run: Path) -> None:
    report = ingest([run], store=store, settings={"reward_typ": "random", "temperature": "0.6", "model": "m"})
    assert report.notes == [
        "--set reward_typ: not a column of runs, so it is kept in their config; did you mean reward_type?",
        "--set temperature: not a column of runs, so it is kept in their config",
    ]


def test_settings_of_a_run_that_was_read_before_are_said_to_be_stored(store: Store, run: Path) -> None:
    ingest([run], store=store, settings={"model": "m"})
    report = ingest([run], store=store, settings={"model": "n", "seed": "2"})
    assert report.notes == ["--set model=n seed=2: stored for the run run"]
    assert store.sql("SELECT model, seed FROM runs").to_pylist() == [{"model": "n", "seed": 2}]


def test_what_a_later_log_says_of_a_prompt_is_kept(store: Store, run: Path) -> None:
    ingest([run], store=store)
    named = [record(0, source="aime", difficulty=2)]
    write(run.with_name("later") / "1.jsonl", named)
    mapping = {
        "prompt": "input",
        "response": "output",
        "ground_truth": "gts",
        "dataset": "source",
        "level": "difficulty",
    }
    ingest([run.with_name("later")], store=store, mapping=mapping)
    said = store.sql("SELECT text, dataset, level FROM prompts WHERE dataset IS NOT NULL").to_pylist()
    assert said == [{"text": named[0]["input"], "dataset": "aime", "level": "2"}]
    unsaid = store.sql("SELECT count(*) AS prompts FROM prompts WHERE dataset IS NULL").to_pylist()
    assert unsaid == [{"prompts": 1}]


def test_several_runs_below_one_folder_are_mentioned_with_the_call_that_keeps_them_apart(
    store: Store, tmp_path: Path
) -> None:
    parent = tmp_path / "runs"
    for name in ("run1", "run2"):
        write(parent / name / "1.jsonl", [record(0)])
    (said,) = ingest([parent], store=store).notes
    assert said == (
        f"{parent} is read as one run, though run1 and run2 hold the same steps; "
        f"`ta ingest {parent / 'run1'} {parent / 'run2'}` keeps 2 runs apart"
    )
    assert ingest([parent], store=Store(tmp_path / "other.duckdb"), run="both").notes == []


@pytest.mark.parametrize("names", [("train", "val"), ("step_1", "step_2"), ("0", "1"), ("rank0", "rank1")])
def test_folders_of_splits_steps_and_processes_are_one_run(store: Store, tmp_path: Path, names: list[str]) -> None:
    for name in names:
        write(tmp_path / "run" / name / "1.jsonl", [record(0)])
    assert ingest([tmp_path / "run"], store=store).notes == []


def test_a_step_in_the_name_of_the_path_counts(store: Store, tmp_path: Path) -> None:
    write(tmp_path / "global_step_40" / "a.jsonl", [{"prompt": "2+2?", "response": "4"}])
    ingest([tmp_path / "global_step_40"], store=store)
    assert store.sql("SELECT step, step_source FROM rollouts").to_pylist() == [{"step": 40, "step_source": "directory"}]


@pytest.mark.parametrize("path", [".", "..", "../run/.."])
def test_a_run_is_named_for_the_folder_that_is_meant(
    store: Store, run: Path, monkeypatch: pytest.MonkeyPatch, path: str
) -> None:
    monkeypatch.chdir(run if path == "." else run / "..")
    (run.parent / "x").mkdir()
    monkeypatch.chdir(run if path == "." else run.parent / "x")
    meant = "run" if path == "." else run.parent.name
    assert [each.run for each in ingest([path], store=store).runs] == [meant]


def test_a_record_of_another_step_than_its_file_name_is_a_reject(store: Store, tmp_path: Path) -> None:
    plain = {"prompt": "2+2?", "response": "4"}
    write(tmp_path / "run" / "step_4.jsonl", [*[plain] * 30, {**plain, "step": 5}])
    assert total(ingest([tmp_path / "run"], store=store), "rollouts", "rejects") == (30, 1)
    (reject,) = store.sql("SELECT line, reason FROM rejects").to_pylist()
    reason = "the record says step 5, the file name says 4; the steps of a run come from one place"
    assert reject == {"line": 31, "reason": reason}


def test_names_that_are_no_utf_8_are_kept_as_their_codes(store: Store, tmp_path: Path) -> None:
    folder = tmp_path / os.fsdecode(b"r\xff")
    write(folder / os.fsdecode(b"a\xfe.jsonl"), [record(0)])
    assert ingest([folder], store=store).runs[0].run == "r\\xff"
    assert store.sql("SELECT path FROM files").to_pylist() == [{"path": f"{tmp_path}/r\\xff/a\\xfe.jsonl"}]
    assert ingest([folder], store=store).files == 0


def test_what_datasets_writes_beside_its_arrow_files_is_not_mentioned(store: Store, tmp_path: Path) -> None:
    import datasets

    saved = datasets.Dataset.from_list([{"prompt": "2+2?", "response": "4"}])
    datasets.DatasetDict({"test": saved}).save_to_disk(tmp_path / "saved")
    (tmp_path / "saved" / "config").mkdir()
    (tmp_path / "saved" / "config" / "state.json").write_text("{}")
    assert [each.name for each in ingest([tmp_path / "saved"], store=store).skipped] == ["config/state.json"]
