"""A store that holds one part of the data only: whatever is asked of it is answered for that part."""

from collections.abc import Iterator
from contextlib import contextmanager

import duckdb

from traceanalytics.errors import Refused
from traceanalytics.store.names import RUN_COLUMNS
from traceanalytics.store.store import Store

MOST_PARTS = 50
_MAPPED = ("dataset", "level")  # columns that `--map` fills from a key of a plain log
_IN_EXTRA = """
SELECT runs.run_id, list_contains(json_keys(rollouts.extra), $by) AS is_key
FROM rollouts
JOIN runs USING (run_id)
WHERE runs.reader = 'plain' AND ($run IS NULL OR rollouts.run_id = $run)
ORDER BY is_key DESC NULLS LAST
LIMIT 1
"""
_PARTS = """
SELECT parts.part, count(*) AS rollouts
FROM rollout_parts(by := $by) AS parts
JOIN rollouts USING (rollout_id)
WHERE $run IS NULL OR rollouts.run_id = $run
GROUP BY ALL ORDER BY ALL
"""


class PartOfStore(Store):
    """One part of a store's rollouts, under the names that the whole store has them."""

    def __init__(self, store: Store, by: str, part: str) -> None:
        super().__init__(store.path, tagger=store.tagger)
        self._by, self._part = by, part

    @contextmanager
    def reading(self) -> Iterator[duckdb.DuckDBPyConnection]:
        """Open the store with a view of its rollouts in front of them; macros and statements read the view."""
        with super().reading() as connection:
            connection.execute(
                "CREATE TEMP TABLE rollouts_of_part AS "
                "SELECT rollout_id FROM rollout_parts(by := $by) AS parts WHERE parts.part = $part",
                {"by": self._by, "part": self._part},
            ).fetchall()
            (name,) = connection.execute("SELECT current_database()").fetchall()[0]
            quoted = name.replace('"', '""')
            connection.execute(
                f'CREATE TEMP VIEW rollouts AS SELECT * FROM "{quoted}".main.rollouts '
                "WHERE rollout_id IN (SELECT rollout_id FROM rollouts_of_part)"
            ).fetchall()
            yield connection


def parts_of(store: Store, by: str, *, run: str | None = None) -> tuple[list[str], int]:
    """Return the parts of a store, or of one run of it, and how many rollouts belong to none."""
    rows = store.sql(_PARTS, {"by": by, "run": run}).to_pylist()
    parts = [row["part"] for row in rows if row["part"] is not None]
    if not parts:
        raise Refused(f"no rollout says its {by}: there is nothing to part by{_cure(store, by, run)}")
    if len(parts) > MOST_PARTS:
        raise Refused(f"by={by} makes {len(parts)} parts: at most {MOST_PARTS} are told apart")
    return parts, sum(row["rollouts"] for row in rows if row["part"] is None)


def _cure(store: Store, by: str, run: str | None) -> str:
    """Say how a log is read so that its rollouts say it; nothing where no option of `ta ingest` does that."""
    if by in RUN_COLUMNS:
        return f"; `ta ingest PATH --set {by}=…` says it"
    plain = store.sql(_IN_EXTRA, {"by": by, "run": run}).to_pylist() if by in _MAPPED else []
    if not plain:
        return ""
    key = by if plain[0]["is_key"] else "KEY"
    return f"; `ta ingest PATH --map {by}={key}` reads it from the key {key} of the log"
