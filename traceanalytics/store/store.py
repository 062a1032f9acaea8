"""The store: one DuckDB file that every operation opens, uses and closes."""

import re
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path
from threading import get_ident
from typing import TYPE_CHECKING, Any, TypeVar

import duckdb

from traceanalytics.errors import BadInput, BadQuery, StoreHeld
from traceanalytics.store import turnstile
from traceanalytics.store.names import check_names, why_empty, with_tagger_ids
from traceanalytics.store.queries import Query, digest_of, get_query, read_queries, with_called

if TYPE_CHECKING:
    import pyarrow

SCHEMA_VERSION = "1"
STORAGE_VERSION = "v1.4.0"
MEMORY_LIMIT = "700MB"
PATIENCE_SECONDS = 10.0
# A transaction of 100 MB of text fills several of these. With the default of 122,880 none is ever full, and each
# transaction packs all text of the last one again: three times the work at a million rollouts.
ROW_GROUP_SIZE = 4096
_BYTES_OF_NO_TABLES = 3 * 4096  # the headers of a DuckDB file

Opened = TypeVar("Opened")

_SCHEMA = Path(__file__).with_name("schema.sql")
_HOLDER = re.compile(r"\(PID (\d+)\)|PID (\d+)")
_DAMAGE = re.compile(r"corrupt|checksum", re.IGNORECASE)
_KEPT: dict[tuple[Path, int], duckdb.DuckDBPyConnection] = {}  # by file and thread


class Store:
    """A DuckDB file of rollouts. Nothing stays open between calls, so that others can work with the file."""

    def __init__(self, path: str | Path, *, memory_limit: str = MEMORY_LIMIT, tagger: str | None = None) -> None:
        """`tagger` is the id of the one whose tags this store's queries read; None means the active one."""
        self.path = Path(path)
        try:
            str(self.path).encode()
        except UnicodeEncodeError as error:
            raise BadInput(f"{str(self.path)!r}: DuckDB opens only names in UTF-8; name another --db") from error
        self._memory_limit = memory_limit
        self.tagger = tagger

    @property
    def exists(self) -> bool:
        """Say whether the store is there; a file without tables, as a kill leaves it, is none yet."""
        if not self.path.exists():
            return False
        if self.path.stat().st_size > _BYTES_OF_NO_TABLES:
            return True
        with turnstile.reading(self.path):
            return not self._is_new()

    def check_exists(self) -> None:
        """Raise where there is no store: behind a misspelled name nothing should look like a store without rollouts."""
        if not self.exists:
            raise _no_such_store(self.path)

    @contextmanager
    def reading(self) -> Iterator[duckdb.DuckDBPyConnection]:
        """Open the store for reading beside other readers; a missing store is an error that says how to make one."""
        kept = _KEPT.get((self.path, get_ident()))
        with self._opened() if kept is None else closing(kept.cursor()) as connection:
            if self.tagger is not None:
                _read_by(connection, self.tagger)
            yield connection

    @contextmanager
    def kept_open(self) -> Iterator[None]:
        """Open the file once for all that this thread reads in the block: opening takes longer than most queries.

        Writers wait until the block ends, so that all its numbers are of one state of the store.
        """
        place = (self.path, get_ident())
        if place in _KEPT or not self.exists:
            yield
            return
        with self._opened() as connection:
            _KEPT[place] = connection
            try:
                yield
            finally:
                del _KEPT[place]

    def workbench(self) -> duckdb.DuckDBPyConnection:
        """Open a connection to nothing, in which rows are prepared before `writing` holds the store for them."""
        connection = duckdb.connect(config={"memory_limit": self._memory_limit})
        _keep_to_itself(connection)
        # with it, two threads leave half-filled row groups, which are packed twice and leave holes in the file
        connection.execute("SET preserve_insertion_order = false").fetchall()
        return connection

    @contextmanager
    def writing(self, workbench: duckdb.DuckDBPyConnection | None = None) -> Iterator[duckdb.DuckDBPyConnection]:
        """Open the store alone, inside one transaction; what fails leaves nothing behind."""
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise BadInput(f"{self.path}: no store can be written there: {error.strerror}") from error
        with turnstile.writing(self.path), self._attached(workbench) as connection:
            connection.execute("BEGIN").fetchall()
            try:
                _make_or_check(connection, self.path)
                yield connection
            except BaseException:
                connection.execute("ROLLBACK").fetchall()
                raise
            connection.execute("COMMIT").fetchall()

    def query(self, name: str, **arguments: object) -> "pyarrow.Table":
        """Run one shipped query and return an Arrow table.

        A store that an older or newer package wrote gets this package's macro for the one call.
        """
        query = get_query(name)
        query.check_arguments(arguments)
        with self.reading() as connection:
            check_names(connection, arguments, query.defaults)
            return run_query(connection, query, with_tagger_ids(connection, arguments))

    def why_empty(self, name: str, **arguments: object) -> str | None:
        """Say why a query found nothing, where the split or a missing tagger is the reason."""
        with self.reading() as connection:
            return why_empty(connection, get_query(name), arguments)

    def sql(self, statement: str, parameters: Mapping[str, object] | None = None) -> "pyarrow.Table":
        """Run a statement of ours, read-only, and return an Arrow table."""
        with self.reading() as connection:
            return connection.sql(statement, params=dict(parameters or {})).to_arrow_table()

    def user_sql(self, statement: str) -> "pyarrow.Table":
        """Run a statement of the user's: read-only, and it can reach no other file and no network."""
        with self.reading() as connection:
            if not connection.execute("SELECT current_setting('lock_configuration')").fetchall()[0][0]:
                connection.execute("SET enable_external_access = false").fetchall()
                connection.execute("SET lock_configuration = true").fetchall()
            try:
                if not (statements := len(connection.extract_statements(statement))):
                    raise BadQuery("no SQL to answer; write one statement, such as SELECT count(*) FROM rollouts")
                if statements > 1:
                    raise BadQuery(f"{statements} SQL statements at once; write one, without a semicolon in between")
                relation = connection.sql(statement)
                return _with_distinct_names(relation.to_arrow_table()) if relation is not None else _empty_table()
            except duckdb.Error as error:
                raise BadQuery(_one_line(error)) from error

    @contextmanager
    def _opened(self) -> Iterator[duckdb.DuckDBPyConnection]:
        if not self.path.exists() or self._is_untouched():
            raise _no_such_store(self.path)
        with turnstile.reading(self.path), self._connected() as connection:
            _check_version(connection, self.path)
            yield connection

    @contextmanager
    def _connected(self) -> Iterator[duckdb.DuckDBPyConnection]:
        config: dict[str, str | bool | int | float | list[str]] = {"memory_limit": self._memory_limit}
        connection = self._patiently(lambda: duckdb.connect(self.path, read_only=True, config=config))
        try:
            _keep_to_itself(connection)
            with _damage_said(self.path):
                yield connection
        finally:
            connection.close()

    @contextmanager
    def _attached(self, workbench: duckdb.DuckDBPyConnection | None) -> Iterator[duckdb.DuckDBPyConnection]:
        """Attach the file rather than connect to it: only so can the size of its row groups be told."""
        connection = workbench or self.workbench()
        try:
            if self._is_new():
                self._begin(connection)
            self._patiently(lambda: _attach(connection, self.path))
            connection.execute("USE store").fetchall()
            with _damage_said(self.path):
                yield connection
        finally:
            if workbench is None:
                connection.close()
            else:
                connection.execute("USE memory").fetchall()
                connection.execute("DETACH DATABASE IF EXISTS store").fetchall()

    def _begin(self, connection: duckdb.DuckDBPyConnection) -> None:
        """Put an empty store in its place whole: a piece of a store is then one that was cut, never one half made.

        What a newer DuckDB left empty goes, as it would not take our storage version.
        """
        made = self.path.with_name(f".{self.path.name}.new")
        made.unlink(missing_ok=True)
        _attach(connection, made)
        connection.execute("DETACH DATABASE store").fetchall()
        self.path.with_name(f"{self.path.name}.wal").unlink(missing_ok=True)
        made.replace(self.path)

    def _is_new(self) -> bool:
        """Say whether there is no file, or one without anything in it; a file that was cut short is an error."""
        if not self.path.exists() or self._is_untouched():
            return True
        if self.path.stat().st_size > _BYTES_OF_NO_TABLES:
            return False
        with self._connected() as connection:
            return _is_empty(connection)

    def _is_untouched(self) -> bool:
        """Say whether the file holds no byte; of one too short for a store's headers, say that it was cut."""
        if not self.path.is_file() or (size := self.path.stat().st_size) >= _BYTES_OF_NO_TABLES:
            return False
        with self.path.open("rb") as file:
            opening = file.read(12)
        if opening[8:] == b"DUCK":
            raise BadInput(
                f"{self.path}: cut short, {size:,} bytes of a DuckDB file are left; restore it, or move it away (also "
                f"{self.path.name}.wal, if there is one) and ingest the logs again"
            )
        return not opening

    def _patiently(self, connect: Callable[[], Opened]) -> Opened:
        give_up_at = time.monotonic() + PATIENCE_SECONDS
        while True:
            try:
                return connect()
            except duckdb.IOException as error:
                if "set lock on file" not in str(error):
                    raise BadInput(f"{self.path}: {_why_not_opened(error)}") from error
                if time.monotonic() > give_up_at:
                    raise StoreHeld(
                        f"{self.path} is held by {_holder(error)}; close it there and run this again"
                    ) from error
                time.sleep(0.05)
            except duckdb.Error as error:  # of a text file, say, which DuckDB would open as a table
                raise BadInput(f"{self.path}: {_why_not_opened(error)}") from error


@contextmanager
def _damage_said(path: Path) -> Iterator[None]:
    """Say of a file whose bytes are not what DuckDB wrote that it is damaged, whenever that comes out."""
    try:
        yield
    except duckdb.Error as error:
        if not _DAMAGE.search(str(error)):
            raise
        raise BadInput(f"{path}: {_why_not_opened(error)}") from error


def run_query(connection: duckdb.DuckDBPyConnection, query: Query, arguments: Mapping[str, object]) -> "pyarrow.Table":
    """Call a query's macro with bound arguments on an open store."""
    call = ", ".join(f"{name} := ${name}" for name in arguments)
    name = query.name
    if read_queries().get(name) != query or _installed_digest(connection) != digest_of(read_queries().values()):
        name = f"temp.{query.name}"
        for each in with_called(query):
            connection.execute(
                each.sql.replace("CREATE OR REPLACE MACRO", "CREATE OR REPLACE TEMP MACRO", 1)
            ).fetchall()
    try:
        return connection.sql(f"FROM {name}({call})", params=dict(arguments)).to_arrow_table()
    except duckdb.Error as error:
        raise BadQuery(f"query {query.name!r}: {_one_line(error)}") from error


def install_queries(connection: duckdb.DuckDBPyConnection) -> None:
    """Put this package's queries into the store as macros, when they are not there yet."""
    digest = digest_of(read_queries().values())
    if _installed_digest(connection) == digest:
        return
    for query in read_queries().values():
        connection.execute(query.sql).fetchall()
    connection.execute("INSERT OR REPLACE INTO meta VALUES ('queries_digest', $1)", [digest]).fetchall()


def _make_or_check(connection: duckdb.DuckDBPyConnection, path: Path) -> None:
    tables = connection.execute("SELECT count(*) FROM duckdb_tables() WHERE table_name = 'meta'").fetchall()[0][0]
    if not tables:
        connection.execute(_SCHEMA.read_text(encoding="utf-8")).fetchall()
        connection.execute("INSERT INTO meta VALUES ('schema_version', $1)", [SCHEMA_VERSION]).fetchall()
    _check_version(connection, path)
    install_queries(connection)


def _check_version(connection: duckdb.DuckDBPyConnection, path: Path) -> None:
    try:
        found = connection.execute("SELECT value FROM meta WHERE name = 'schema_version'").fetchall()
    except duckdb.CatalogException as error:
        if _is_empty(connection):
            raise _no_such_store(path) from error
        raise BadInput(f"{path}: a DuckDB file, but no store of traceanalytics; name another --db") from error
    if found != [(SCHEMA_VERSION,)]:
        version = found[0][0] if found else "none"
        raise BadInput(
            f"{path}: store of version {version}; this package reads version {SCHEMA_VERSION}: "
            "ingest the logs again into a new --db, or use the package that wrote it"
        )


def _read_by(connection: duckdb.DuckDBPyConnection, tagger: str) -> None:
    """Lay views over the store's own, in this connection only, that take a tagger for the active one."""
    catalog = connection.execute("SELECT current_database()").fetchall()[0][0].replace('"', '""')
    active = tagger.replace("'", "''")
    value = f"if(name = 'active_tagger', '{active}', value)"
    for view, select in (
        ("meta", f'SELECT name, {value} AS value FROM "{catalog}".main.meta'),
        ("current_tagged", f"SELECT * FROM tagged WHERE tagger_id = '{active}'"),
        ("current_tags", f"SELECT * FROM tags WHERE tagger_id = '{active}'"),
    ):
        connection.execute(f"CREATE TEMP VIEW {view} AS {select}").fetchall()


def _keep_to_itself(connection: duckdb.DuckDBPyConnection) -> None:
    """Let DuckDB fetch no extension, and draw no bar on standard output when it takes Python for a shell."""
    connection.execute("SET autoinstall_known_extensions = false").fetchall()
    connection.execute("SET enable_progress_bar = false").fetchall()


def _no_such_store(path: Path) -> BadInput:
    return BadInput(f"{path}: no such store; `ta ingest PATH --db {path}` makes one")


def _attach(connection: duckdb.DuckDBPyConnection, path: Path) -> None:
    """Attach a file as `store`."""
    place = str(path).replace("'", "''")
    connection.execute(
        f"ATTACH '{place}' AS store (STORAGE_VERSION '{STORAGE_VERSION}', ROW_GROUP_SIZE {ROW_GROUP_SIZE})"
    ).fetchall()


def _is_empty(connection: duckdb.DuckDBPyConnection) -> bool:
    tables = connection.execute("FROM duckdb_tables() LIMIT 1").fetchall()
    return not tables and not connection.execute("FROM duckdb_views() WHERE NOT internal LIMIT 1").fetchall()


def _installed_digest(connection: duckdb.DuckDBPyConnection) -> str | None:
    found = connection.execute("SELECT value FROM meta WHERE name = 'queries_digest'").fetchall()
    return found[0][0] if found else None


def _holder(error: Exception) -> str:
    found = _HOLDER.search(str(error))
    return f"process {found[1] or found[2]}" if found else "another program"


def _why_not_opened(error: Exception) -> str:
    said = _one_line(error)
    if "not a valid DuckDB database" in said or "Cannot launch in-memory database" in said:
        return "not a DuckDB store; name another --db"
    if _DAMAGE.search(said):
        return f"damaged ({said.rpartition(': ')[2]}); restore it, or ingest the logs again into a new --db"
    return f"cannot be opened as a store: {said.rpartition(': ')[2]}"


def _one_line(error: Exception) -> str:
    return " ".join(str(error).split("\n\n")[0].split())


def _with_distinct_names(table: "pyarrow.Table") -> "pyarrow.Table":
    """Tell columns of one name apart, as DuckDB does in its subqueries: a row by name would hold the last one only."""
    names: list[str] = []
    for name in table.column_names:
        candidates = (name, *(f"{name}_{number}" for number in range(1, table.num_columns + 1)))
        names.append(next(each for each in candidates if each not in names))
    return table.rename_columns(names)


def _empty_table() -> Any:
    import pyarrow

    return pyarrow.table({})
