import json
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from typer.testing import CliRunner, Result

from traceanalytics.cli import app
from traceanalytics.errors import BadInput, Refused, TraceAnalyticsError, UnknownName
from traceanalytics.findings.base import Answer, Finding, get_finding, read_parameters
from traceanalytics.store.store import Store

if TYPE_CHECKING:
    import pyarrow

A_STRANGERS_FINDING = '''
"""How many rollouts are longer than a limit."""

from traceanalytics.errors import Refused
from traceanalytics.findings.base import Answer, Finding, Named


def infer(store, *, longer_than: int = 3, in_run: str | None = None, loud: bool = False) -> Answer:
    row = store.query("rollouts_longer_than", at_least=longer_than).to_pylist()[0]
    if not row["rollouts"]:
        raise Refused("no rollouts: ingest some first")
    share = row["longer"] / row["rollouts"]
    return Answer([Named("share", share, None, None, row["rollouts"], "rollouts")], f"{share:.0%} are longer")


long_responses = Finding(
    name="long_responses", claim="Responses get long", infer=infer, queries=("rollouts_longer_than",)
)
'''
A_STRANGERS_QUERY = """-- Rollouts and how many of them are long.
--
-- param at_least: characters
--
-- column rollouts BIGINT: all
-- column longer BIGINT:   the long ones
CREATE OR REPLACE MACRO rollouts_longer_than(at_least INTEGER := 3) AS TABLE
SELECT count(*) AS rollouts, count(*) FILTER (WHERE length(response) > at_least) AS longer FROM rollouts;
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "mine"
    (folder / "findings").mkdir(parents=True)
    (folder / "queries").mkdir()
    (folder / "findings" / "long_responses.py").write_text(A_STRANGERS_FINDING)
    (folder / "queries" / "rollouts_longer_than.sql").write_text(A_STRANGERS_QUERY)
    monkeypatch.setenv("TRACEANALYTICS_PATH", str(folder))
    return folder


@pytest.fixture
def filled(store: Store) -> Store:
    with store.writing() as connection:
        connection.execute("INSERT INTO rollouts (rollout_id, response) VALUES ('a', 'ab'), ('b', 'abcdef')").fetchall()
    return store


def run(*words: object) -> Result:
    return CliRunner().invoke(app, [str(word) for word in words], catch_exceptions=False)


def test_a_strangers_finding_loads_runs_and_is_listed(folder: Path, filled: Store) -> None:
    listed = json.loads(run("list", "findings", "--json").stdout)
    assert "Responses get long (longer_than, in_run, loud, by)" in [each["about"] for each in listed]
    answer = json.loads(run("finding", "long_responses", "longer_than=1", "--db", filled.path, "--json").stdout)
    assert answer["params"] == {"longer_than": 1, "in_run": None, "loud": False, "by": None}
    assert answer["verdict"] == "100% are longer"
    assert answer["query"] == A_STRANGERS_QUERY
    assert answer["estimates"][0] == {
        "label": "share",
        "value": 1.0,
        "low": None,
        "high": None,
        "n": 2,
        "unit": "rollouts",
        "kind": "raw",
    }


def test_a_strangers_query_runs_without_being_installed(folder: Path, filled: Store) -> None:
    assert filled.query("rollouts_longer_than", at_least=3).to_pylist() == [{"rollouts": 2, "longer": 1}]
    installed = filled.sql("SELECT function_name FROM duckdb_functions() WHERE function_name = 'rollouts_longer_than'")
    assert installed.num_rows == 0


def test_a_finding_refuses_what_the_data_cannot_answer(folder: Path, store: Store) -> None:
    with store.writing():
        pass
    with pytest.raises(Refused, match="no rollouts: ingest some first") as refusal:
        run("finding", "long_responses", "--db", store.path)
    assert refusal.value.exit_code == 1


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["longer_than"], "'longer_than' is no parameter; write NAME=VALUE, such as longer_than=…"),
        (["longer_than=x"], "finding 'long_responses': longer_than='x' is no int"),
        (["loud=maybe"], "finding 'long_responses': loud='maybe' is no bool"),
        (["quiet=true"], "finding 'long_responses' has no parameter 'quiet'; it takes longer_than, in_run, loud, by"),
    ],
)
def test_a_wrong_parameter_is_named(words: list[str], message: str, folder: Path) -> None:
    with pytest.raises(BadInput, match=message):
        read_parameters(get_finding("long_responses"), words)


def test_parameters_are_read_by_their_types(folder: Path) -> None:
    read = read_parameters(get_finding("long_responses"), ["longer_than=5", "in_run=", "loud=TRUE"])
    assert read == {"longer_than": 5, "in_run": None, "loud": True}


def test_an_unknown_finding_is_answered_with_the_nearest(folder: Path) -> None:
    with pytest.raises(UnknownName, match="no finding is called 'long_response'. Did you mean 'long_responses'?"):
        get_finding("long_response")


def test_a_file_that_does_not_load_is_named(folder: Path) -> None:
    (folder / "findings" / "broken.py").write_text("import nowhere_at_all")
    with pytest.raises(TraceAnalyticsError, match="broken.py: ModuleNotFoundError while loading: No module named"):
        get_finding("long_responses")


A_TYPED_FINDING = """
from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from traceanalytics.findings.base import Answer, Finding

if TYPE_CHECKING:
    from traceanalytics.store.store import Store


@dataclass
class Kept:
    words: str


def infer(store: Store, *, words: int = 2) -> Answer:
    return Answer([], Kept(f"{words} words").words)


typed = Finding(name="typed", claim="Annotations may be text", infer=infer)
"""


def test_a_strangers_file_may_hold_dataclasses_and_names_for_type_checkers_only(folder: Path, filled: Store) -> None:
    (folder / "findings" / "typed.py").write_text(A_TYPED_FINDING)
    answer = json.loads(run("finding", "typed", "words=3", "--db", filled.path, "--json").stdout)
    assert (answer["verdict"], answer["params"]["words"]) == ("3 words", 3)


def test_a_strangers_finding_takes_no_name_that_is_taken(folder: Path) -> None:
    (folder / "findings" / "mine.py").write_text(A_TYPED_FINDING.replace('name="typed"', 'name="shift_share"'))
    with pytest.raises(
        TraceAnalyticsError, match="mine.py: a finding is called 'shift_share' already; give yours another name"
    ):
        get_finding("shift_share")


def test_a_finding_reads_the_same_rows_once(filled: Store) -> None:
    asked: list[str] = []

    class Counting(Store):
        def query(self, name: str, **arguments: object) -> "pyarrow.Table":
            asked.append(name)
            return super().query(name, **arguments)

    def infer(store: Store) -> Answer:
        rows = [store.query("run_overview").num_rows for _ in range(3)]
        return Answer([], f"{rows}")

    assert Finding(name="x", claim="x", infer=infer).find(Counting(filled.path)).verdict == "[1, 1, 1]"
    assert asked == ["run_overview"]
