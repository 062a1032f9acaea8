import duckdb
import pytest

from traceanalytics.errors import BadInput, BadQuery
from traceanalytics.store.store import Store


def test_reading_a_missing_store_says_how_to_make_one(store: Store) -> None:
    with pytest.raises(BadInput, match="no such store; `ta ingest PATH --db .*` makes one"), store.reading():
        pass


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
