import csv
import json
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner, Result

from traceanalytics.cli import app
from traceanalytics.errors import BadInput, BadLabel
from traceanalytics.judging import Question, write_queue
from traceanalytics.labels import Judgment, read_labels
from traceanalytics.verbs.exchange import export_labels, import_labels

LINE = {
    "id": "a-1",
    "unit": "segment",
    "text": "Let me check that.",
    "judged": {"verification": True, "backtracking": False},
    "judged_by": "maria",
    "judged_on": "2026-11-21",
}
KNOWN = {"verification", "backtracking", "planning"}

text = st.text(st.characters(exclude_categories=["Cs"]), max_size=30)
judgments = st.builds(
    Judgment,
    id=text.filter(bool),
    unit=st.sampled_from(["segment", "rollout"]),
    text=text.filter(bool),
    judged=st.dictionaries(st.sampled_from(sorted(KNOWN)), st.booleans(), min_size=1),
    judged_by=st.sampled_from(["author", "maria", "llm:judge/7b"]),
    judged_on=st.just("2026-11-21"),
    previous=text,
    prompt=text,
    source=text,
    drawn_with=st.none() | st.floats(0, 1, exclude_min=True),
    note=text,
    attributes=st.dictionaries(st.just("announced_only"), st.booleans()),
    index=st.none() | st.integers(0, 999),
    of=st.none() | st.integers(1000, 2000),
)


def ta(*words: object) -> Result:
    return CliRunner().invoke(app, ["labels", *map(str, words)])


def write(path: Path, *records: object) -> Path:
    path.write_text("".join(json.dumps(record) + "\n" for record in records), encoding="utf-8")
    return path


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(lines=st.lists(judgments, min_size=1, max_size=4, unique_by=lambda each: (each.id, each.judged_by)))
@pytest.mark.parametrize("suffix", ["csv", "jsonl"])
def test_what_is_exported_comes_back_as_it_was(
    suffix: str, lines: list[Judgment], tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("round")
    (folder / "before.jsonl").write_text("".join(each.to_line() + "\n" for each in lines), encoding="utf-8")
    export_labels([folder / "before.jsonl"], folder / f"there.{suffix}")
    import_labels(folder / f"there.{suffix}", folder / "after.jsonl")
    assert read_labels([folder / "after.jsonl"], behaviors=KNOWN) == lines


def test_a_queue_goes_to_a_table_and_comes_back_judged(tmp_path: Path) -> None:
    write_queue(tmp_path / "queue.jsonl", [Question("r/0", "segment", "Check.", ("verification",), drawn_with=0.5)])
    assert ta("export", tmp_path / "queue.jsonl", "--out", tmp_path / "queue.csv").exit_code == 0
    rows = list(csv.DictReader((tmp_path / "queue.csv").read_text().splitlines()))
    rows[0]["judged:verification"] = "Yes"
    with (tmp_path / "done.csv").open("w", newline="") as file:
        writer = csv.DictWriter(file, rows[0])
        writer.writeheader()
        writer.writerows(rows)
    found = ta("import", tmp_path / "done.csv", "--out", tmp_path / "labels.jsonl", "--by", "jo", "--json")
    assert json.loads(found.stdout)["judgments"] == 1
    (line,) = read_labels([tmp_path / "labels.jsonl"], behaviors=KNOWN)
    assert (line.judged, line.judged_by, line.drawn_with) == ({"verification": True}, "jo", 0.5)


def test_columns_of_another_tool_are_mapped(tmp_path: Path) -> None:
    (tmp_path / "ls.csv").write_text("task,sentence,shows,who\n7,Let me check.,no,jo\n8,Skip me.,,jo\n")
    words = [f"--map={pair}" for pair in ("id=task", "text=sentence", "judged:verification=shows", "judged_by=who")]
    assert ta("import", tmp_path / "ls.csv", "--out", tmp_path / "labels.jsonl", *words).exit_code == 0
    (line,) = read_labels([tmp_path / "labels.jsonl"], behaviors=KNOWN)
    assert (line.id, line.text, line.judged, line.judged_by) == ("7", "Let me check.", {"verification": False}, "jo")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("id,text,judged_by,judged:verification\n1,a,jo,maybe\n", "x.csv:2: judged:verification is 'maybe'; it must"),
        ("id,text,judged_by,judged:dancing\n1,a,jo,yes\n", "x.csv:2: judged['dancing'] is no behavior"),
        ("id,text,judged:verification\n1,a,yes\n", "x.csv:2: 'judged_by' is missing"),
        ("id,text\n1,a\n", "x.csv: no judgment in it; a judged behavior is a column such as judged:verification"),
        ("id,text\n1,a,b\n", "x.csv:2: more cells than columns"),
        ('id,text\n1,"a\n', "x.csv: no CSV: unexpected end of data"),
        ("id,text,index,judged:planning\n1,a,x,no\n", "x.csv:2: 'index' is 'x'; it must be a number"),
        ("id,attributes,judged:planning\n1,x,no\n", "x.csv:2: 'attributes' is 'x'; it must be a JSON object"),
    ],
)
def test_a_faulty_table_is_named_and_nothing_is_imported(content: str, message: str, tmp_path: Path) -> None:
    (tmp_path / "x.csv").write_text(content)
    with pytest.raises(BadLabel) as raised:
        import_labels(tmp_path / "x.csv", tmp_path / "labels.jsonl")
    assert message in str(raised.value)
    assert not (tmp_path / "labels.jsonl").exists()


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"\xff\xfe\x00", "x.jsonl: no text in UTF-8"),
        (b"{", "x.jsonl:1: no JSON"),
        (b"[1]\n", "x.jsonl:1: 'id' is missing"),
        (b'{"judged": {"verification": true}}\n', "x.jsonl:1: 'id' is missing"),
        (b"[" * 100_000, "x.jsonl:1: no JSON"),
    ],
)
def test_hostile_lines_are_named_and_nothing_is_imported(content: bytes, message: str, tmp_path: Path) -> None:
    (tmp_path / "x.jsonl").write_bytes(content)
    with pytest.raises(BadLabel) as raised:
        import_labels(tmp_path / "x.jsonl", tmp_path / "labels.jsonl")
    assert message in str(raised.value)
    assert "\n" not in str(raised.value)


def test_an_import_is_appended_to_what_is_there(tmp_path: Path) -> None:
    path = write(tmp_path / "labels.jsonl", LINE)
    import_labels(write(tmp_path / "more.jsonl", LINE | {"id": "a-2"}), path)
    assert [each.id for each in read_labels([path], behaviors=KNOWN)] == ["a-1", "a-2"]


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--map", "text"], "--map 'text': write FIELD=COLUMN, such as text=sentence"),
        (["--map", "text=sentence"], "text=sentence: no column is called 'sentence'; there are id"),
    ],
)
def test_a_wrong_mapping_is_named(words: list[str], message: str, tmp_path: Path) -> None:
    (tmp_path / "x.csv").write_text("id\n1\n")
    found = ta("import", tmp_path / "x.csv", "--out", tmp_path / "y.jsonl", *words)
    assert message in str(found.exception)


def test_a_file_of_another_kind_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match=r"out.xlsx: the name must end in .jsonl or .csv"):
        export_labels([write(tmp_path / "a.jsonl", LINE)], tmp_path / "out.xlsx")


def test_an_export_overwrites_nothing(tmp_path: Path) -> None:
    path = write(tmp_path / "a.jsonl", LINE)
    with pytest.raises(BadInput, match="a.jsonl: there is such a file already; name another one"):
        export_labels([path], path)


@pytest.mark.parametrize("name", ["run", "empty.jsonl"])
def test_checking_what_holds_no_label_is_an_error(name: str, tmp_path: Path) -> None:
    (tmp_path / "run").mkdir()
    (tmp_path / "empty.jsonl").write_text("\n\n")
    found = ta("check", tmp_path / name)
    assert isinstance(found.exception, BadLabel)
    assert f"{name}: no label line in it; a label file has one JSON line a judgment" in str(found.exception)


def test_checking_a_log_of_rollouts_is_an_error(tmp_path: Path) -> None:
    path = write(tmp_path / "0.jsonl", {"input": "Add.", "output": "4", "score": 1.0})
    found = ta("check", path)
    assert "0.jsonl:1: 'id' is missing; a label line holds id, unit, text, judged" in str(found.exception)
