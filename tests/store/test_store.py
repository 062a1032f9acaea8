import subprocess
import sys
import threading
from pathlib import Path

import duckdb
import pytest

from traceanalytics.errors import BadInput, BadQuery
from traceanalytics.store.queries import get_query
from traceanalytics.store.store import Store, run_query


def test_reading_a_missing_store_says_how_to_make_one(store: Store) -> None:
    with pytest.raises(BadInput, match="no such store; `ta ingest PATH --db .*` makes one"), store.reading():
        pass


def _headers_only(path: Path) -> None:
    duckdb.connect(path).close()


def _nothing(path: Path) -> None:
    path.touch()


@pytest.mark.parametrize("leave", [_headers_only, _nothing])
def test_a_file_that_a_kill_left_without_tables_is_a_new_store(store: Store, leave) -> None:
    leave(store.path)
    assert not store.exists
    with pytest.raises(BadInput, match="no such store; `ta ingest PATH --db .*` makes one"), store.reading():
        pass
    with store.writing():
        pass
    assert store.exists
    assert store.sql("SELECT count(*) AS runs FROM runs").to_pylist() == [{"runs": 0}]


@pytest.mark.parametrize("left", [12, 4096, 8192, 12287])
def test_a_store_that_was_cut_short_is_refused_in_one_line_and_nothing_of_it_is_lost(store: Store, left: int) -> None:
    with store.writing():
        pass
    wal = Path(f"{store.path}.wal")
    wal.write_bytes(b"changes")
    store.path.write_bytes(cut := store.path.read_bytes()[:left])
    says = rf"traces\.duckdb: cut short, {left:,} bytes of a DuckDB file are left; restore it, or move it away \(also "
    says += r"traces\.duckdb\.wal, if there is one\) and ingest the logs again$"
    for opened in (store.reading, store.writing):
        with pytest.raises(BadInput, match=says), opened():
            pass
    with pytest.raises(BadInput, match=says):
        store.check_exists()
    assert (store.path.read_bytes(), wal.read_bytes()) == (cut, b"changes")


def test_a_kill_while_a_store_is_begun_leaves_nothing_in_its_place(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    def killed(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(Path, "replace", killed)
        with pytest.raises(KeyboardInterrupt), store.writing():
            pass
    assert not store.path.exists()
    with store.writing():
        pass
    assert store.exists


def test_a_log_of_changes_beside_empty_headers_is_a_store(store: Store) -> None:
    shell = duckdb.connect(store.path)
    shell.execute("SET wal_autocheckpoint = '1GB'").fetchall()
    shell.execute("CREATE TABLE meta (name VARCHAR, value VARCHAR)").fetchall()
    copy = Store(store.path.with_name("copy.duckdb"))
    for ending in ("", ".wal"):
        Path(f"{copy.path}{ending}").write_bytes(Path(f"{store.path}{ending}").read_bytes())
    shell.close()
    assert copy.exists


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("notes.txt", "notes.txt: not a DuckDB store; name another --db"),
        ("folder", "folder: cannot be opened as a store: Is a directory"),
        ("other.duckdb", "other.duckdb: a DuckDB file, but no store of traceanalytics; name another --db"),
    ],
)
def test_what_is_no_store_is_named_and_gets_no_lock_files(tmp_path: Path, name: str, message: str) -> None:
    (tmp_path / "notes.txt").write_text("hello")
    (tmp_path / "folder").mkdir()
    with duckdb.connect(tmp_path / "other.duckdb") as other:
        other.execute("CREATE TABLE mine (n INTEGER)").fetchall()
    before = sorted(tmp_path.iterdir())
    with pytest.raises(BadInput, match=message), Store(tmp_path / name).reading():
        pass
    assert sorted(tmp_path.iterdir()) == before


def test_a_log_taken_for_the_store_is_named(tmp_path: Path) -> None:
    log = tmp_path / "log.jsonl"
    log.write_text('{"prompt": "2 + 2?"}\n' * 1000, encoding="utf-8")
    with pytest.raises(BadInput, match=r"log\.jsonl: not a DuckDB store; name another --db"):
        Store(log).sql("SELECT 1")


def test_a_damaged_store_is_said_to_be_damaged(store: Store) -> None:
    with store.writing() as connection:
        connection.execute("INSERT INTO runs (run_id) VALUES ('a')").fetchall()
    damaged = bytearray(store.path.read_bytes())
    for place in range(12_300, len(damaged) - 8, 50_000):
        damaged[place : place + 8] = b"damaged!"
    store.path.write_bytes(damaged)
    with pytest.raises(BadInput, match=r"traces\.duckdb: damaged \(.*\); restore it, or ingest the logs again into"):
        store.sql("SELECT count(*) FROM runs")


@pytest.mark.parametrize("where", ["/proc/traces.duckdb", "/proc/self/folder/traces.duckdb", "/dev/null/traces.duckdb"])
def test_a_place_where_no_store_can_be_written_is_named(where: str) -> None:
    with pytest.raises(BadInput, match=f"^{where}: no store can be written there: \\w"), Store(where).writing():
        pass


def test_a_name_that_is_no_utf_8_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="DuckDB opens only names in UTF-8; name another --db"):
        Store(tmp_path / "a\udcff.duckdb")


def test_duckdb_draws_no_bar_on_standard_output_also_where_it_takes_python_for_a_shell(store: Store) -> None:
    with store.writing():
        pass
    script = (
        "import sys; from traceanalytics.store.store import Store\n"
        "for opened in (Store(sys.argv[1]).writing(), Store(sys.argv[1]).reading()):\n"
        "    with opened as connection:\n"
        "        print(connection.execute(\"SELECT current_setting('enable_progress_bar')\").fetchall())"
    )
    command = [sys.executable, "-c", script, str(store.path)]
    printed = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    assert printed == "[(False,)]\n" * 2


def test_a_failed_operation_leaves_nothing_behind(store: Store) -> None:
    with store.writing():
        pass
    with pytest.raises(ZeroDivisionError), store.writing() as connection:
        connection.execute("INSERT INTO runs (run_id) VALUES ('a')").fetchall()
        raise ZeroDivisionError
    assert store.sql("SELECT count(*) AS runs FROM runs").to_pylist() == [{"runs": 0}]


def test_a_query_is_a_macro_in_any_duckdb_shell(store: Store) -> None:
    with store.writing() as connection:
        connection.execute("INSERT INTO rollouts (run_id, split, reward) VALUES ('a', 'train', 1)").fetchall()
    with duckdb.connect(store.path, read_only=True) as shell:
        rows = shell.execute("SELECT run_id, rollouts FROM run_overview(in_run := 'a')").fetchall()
    assert rows == [("a", 1)]
    assert store.query("run_overview", in_run="a").to_pylist()[0]["rollouts"] == 1


def test_a_store_without_this_packages_queries_gets_them_for_the_call(store: Store) -> None:
    with store.writing() as connection:
        connection.execute("UPDATE meta SET value = 'older' WHERE name = 'queries_digest'").fetchall()
        older = "CREATE OR REPLACE MACRO run_overview(in_run VARCHAR := NULL) AS TABLE SELECT 'older' AS run_id"
        connection.execute(older).fetchall()
    assert store.query("run_overview").num_rows == 0


def test_only_the_macros_that_a_query_calls_are_made_for_the_call(store: Store) -> None:
    with store.writing() as connection:
        connection.execute("UPDATE meta SET value = 'older' WHERE name = 'queries_digest'").fetchall()
    with store.reading() as connection:
        run_query(connection, get_query("corrected_rate"), {})
        made = connection.execute(
            "SELECT function_name FROM duckdb_functions() WHERE database_name = 'temp' AND NOT internal ORDER BY ALL"
        ).fetchall()
    assert made == [("audited_rollouts",), ("corrected_rate",)]


def test_a_users_query_that_is_called_like_one_of_ours_is_the_one_that_answers(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with store.writing():
        pass
    (tmp_path / "queries").mkdir()
    mine = "CREATE OR REPLACE MACRO run_status(in_run VARCHAR := NULL) AS TABLE SELECT 'mine' AS whose"
    header = "-- Mine.\n--\n-- param in_run: none\n--\n-- column whose VARCHAR: mine\n"
    (tmp_path / "queries" / "run_status.sql").write_text(f"{header}{mine};\n", encoding="utf-8")
    monkeypatch.setenv("TRACEANALYTICS_PATH", str(tmp_path))
    assert store.query("run_status").to_pylist() == [{"whose": "mine"}]


def test_an_unknown_argument_is_answered_with_those_that_exist(store: Store) -> None:
    with store.writing():
        pass
    with pytest.raises(BadQuery, match="query 'run_overview' has no parameter 'run'; it takes in_run"):
        store.query("run_overview", run="a")


def test_a_store_of_another_version_is_refused(store: Store) -> None:
    with store.writing() as connection:
        connection.execute("UPDATE meta SET value = '0' WHERE name = 'schema_version'").fetchall()
    with pytest.raises(BadInput, match="store of version 0; this package reads version 1"), store.reading():
        pass


def test_user_sql_reaches_no_file(store: Store, tmp_path) -> None:
    with store.writing():
        pass
    with pytest.raises(BadQuery, match="disabled"):
        store.user_sql(f"COPY (SELECT 1) TO '{tmp_path}/leak.csv'")


def test_a_store_can_be_read_by_another_tagger_than_the_active_one(store: Store) -> None:
    with store.writing() as connection:
        for statement in (
            "INSERT INTO rollouts (rollout_id, run_id, split, step, response) VALUES ('a', 'r', 'train', 0, 'x')",
            "INSERT INTO taggers (tagger_id, kind, name) VALUES ('one@1', 'cues', 'one'), ('two@1', 'cues', 'two')",
            "INSERT INTO tagged VALUES ('one@1', 'a', ['planning'], 1, 1), ('two@1', 'a', [], 1, 1)",
            "INSERT INTO meta VALUES ('active_tagger', 'one@1')",
        ):
            connection.execute(statement).fetchall()
    by_other = Store(store.path, tagger="two@1")
    shares = [each.query("behavior_rate", in_behavior="planning")["share"].to_pylist() for each in (store, by_other)]
    assert shares == [[1.0], [0.0]]
    assert by_other.sql("SELECT len(shown) AS n FROM current_tagged").to_pylist() == [{"n": 0}]


def test_a_store_that_is_kept_open_is_opened_once_and_shows_one_state(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    with store.writing():
        pass
    opened = []
    connect = duckdb.connect
    monkeypatch.setattr(duckdb, "connect", lambda *given, **named: opened.append(given) or connect(*given, **named))
    with store.kept_open(), store.kept_open():
        rows = [Store(store.path).query("run_overview").num_rows, store.query("run_status").num_rows]
    assert (rows, len(opened)) == ([0, 0], 1)
    assert store.query("run_overview").num_rows == 0
    assert len(opened) == 2


def test_a_reader_that_keeps_a_store_open_reads_on_while_a_writer_waits(store: Store) -> None:
    with store.writing():
        pass
    wrote = threading.Event()

    def write() -> None:
        with store.writing() as connection:
            connection.execute("INSERT INTO runs (run_id) VALUES ('a')").fetchall()
        wrote.set()

    counted = "SELECT count(*) AS runs FROM runs"
    with store.kept_open():
        writer = threading.Thread(target=write)
        writer.start()
        assert not wrote.wait(0.3)
        assert Store(store.path).sql(counted).to_pylist() == [{"runs": 0}]
    writer.join(timeout=20)
    assert store.sql(counted).to_pylist() == [{"runs": 1}]


def test_a_store_that_is_not_there_cannot_be_kept_open_and_says_so_when_it_is_read(store: Store) -> None:
    with store.kept_open(), pytest.raises(BadInput, match="no such store"):
        store.query("run_overview")


def test_user_sql_is_answered_twice_by_a_store_that_is_kept_open(store: Store) -> None:
    with store.writing():
        pass
    with store.kept_open():
        assert [store.user_sql("SELECT 1 AS n").num_rows for _ in range(2)] == [1, 1]
        assert store.query("run_overview").num_rows == 0
