"""Query files: one typed table macro each, with a header that documents parameters and columns."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from pathlib import Path

from traceanalytics.errors import BadQuery, UnknownName
from traceanalytics.paths import shipped_folder, user_files

_PARAMETER = re.compile(r"^-- param (\w+):\s*(\S.*)$")
_COLUMN = re.compile(r"^-- column (\w+) ([A-Z][\w(), \[\]]*?):\s*(\S.*)$")
_MACRO = re.compile(r"CREATE OR REPLACE MACRO (\w+)\s*\((.*?)\)\s*AS TABLE\b", re.DOTALL)
_SIGNATURE_PART = re.compile(r"(\w+)\s+(\w+(?:\[\])?)\s*(?::=\s*(.+?))?\s*$", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Parameter:
    """One named argument of a query: its SQL type and default as written, and what it means."""

    name: str
    type: str
    default: str | None
    meaning: str


@dataclass(frozen=True, slots=True)
class Column:
    """One column that a query returns, as its header declares it."""

    name: str
    type: str
    meaning: str


@dataclass(frozen=True, slots=True)
class Query:
    """One SQL file of a queries folder."""

    name: str
    title: str
    sql: str
    parameters: tuple[Parameter, ...]
    columns: tuple[Column, ...]
    path: Path

    @property
    def defaults(self) -> dict[str, str]:
        """Return the defaults that are words, by parameter."""
        written = {parameter.name: parameter.default or "" for parameter in self.parameters}
        return {name: default[1:-1] for name, default in written.items() if re.fullmatch(r"'[^']*'", default)}

    def check_arguments(self, names: Iterable[str]) -> None:
        """Refuse an argument that the query does not take, naming those that it takes."""
        takes = [parameter.name for parameter in self.parameters]
        for name in names:
            if name not in takes:
                listed = ", ".join(takes) or "none"
                raise BadQuery(f"query {self.name!r} has no parameter {name!r}; it takes {listed}")


def read_query(path: Path) -> Query:
    """Read one query file; a header that does not fit its macro is an error with file and line."""
    text = path.read_text(encoding="utf-8")
    header = [line for line in text.splitlines() if line.startswith("--")]
    macro = _MACRO.search(text)
    if macro is None:
        raise BadQuery(f"{path}: found no CREATE OR REPLACE MACRO name(...) AS TABLE; a query file holds exactly one")
    if macro[1] != path.stem:
        raise BadQuery(f"{path}: defines the macro {macro[1]!r}; it must be called {path.stem!r}, like its file")
    meanings = {found[1]: found[2] for line in header if (found := _PARAMETER.match(line))}
    parameters = tuple(_parameters(path, macro[2], meanings))
    unused = set(meanings) - {parameter.name for parameter in parameters}
    if unused:
        raise BadQuery(f"{path}: the header documents {sorted(unused)}, which the macro does not take")
    columns = tuple(Column(*found.groups()) for line in header if (found := _COLUMN.match(line)))
    title = header[0].removeprefix("--").strip() if header else ""
    return Query(path.stem, title, text, parameters, columns, path)


def read_queries(folder: Path | None = None) -> dict[str, Query]:
    """Read every query of a folder (ours when None), by name."""
    return dict(_read_queries(folder or shipped_folder("queries")))


def all_queries() -> dict[str, Query]:
    """Return every query by name: ours, and those of the user's folders."""
    return dict(
        sorted((read_queries() | {path.stem: read_query(path) for path in user_files("queries", "*.sql")}).items())
    )


def get_query(name: str) -> Query:
    """Return one query; an unknown name is answered with the nearest one and the list."""
    queries = all_queries()
    if name not in queries:
        raise UnknownName("query", name, queries)
    return queries[name]


def read_arguments(query: Query, written: Iterable[str]) -> dict[str, object]:
    """Read `name=value` words by the types of the query's parameters; an empty value is NULL."""
    types = {parameter.name: parameter.type for parameter in query.parameters}
    read: dict[str, object] = {}
    for word in written:
        name, equals, value = word.partition("=")
        if not equals:
            raise BadQuery(f"{word!r} is no argument; write PARAM=VALUE, such as {next(iter(types), 'in_run')}=…")
        query.check_arguments([name])
        read[name] = _read_value(query, name, types[name], value)
    return read


def digest_of(queries: Iterable[Query]) -> str:
    """Return a digest that changes when any query does."""
    return sha256("\0".join(query.sql for query in queries).encode()).hexdigest()


def with_called(query: Query) -> list[Query]:
    """Return the queries that a query calls, each after those that it calls itself, and the query as the last."""
    called = [other for name, other in read_queries().items() if name != query.name and f" {name}(" in _body(query)]
    found = [each for other in called for each in with_called(other)]
    return [*dict.fromkeys(found), query]


def _read_value(query: Query, name: str, type_name: str, value: str) -> object:
    if value in ("", "NULL"):
        return None
    if type_name.endswith("[]"):
        return value.split(",")
    try:
        if type_name in ("INTEGER", "BIGINT"):
            return int(value)
        if type_name == "DOUBLE":
            return float(value)
    except ValueError as error:
        raise BadQuery(f"query {query.name!r}: {name}={value!r} is no {type_name}") from error
    if type_name == "BOOLEAN":
        if value.lower() not in ("true", "false"):
            raise BadQuery(f"query {query.name!r}: {name}={value!r} is no BOOLEAN; write true or false")
        return value.lower() == "true"
    return value


@cache
def _read_queries(folder: Path) -> tuple[tuple[str, Query], ...]:
    queries = [read_query(path) for path in sorted(folder.glob("*.sql"))]
    # DuckDB looks up the macros that a macro calls when it is made: those that others call come first
    called = [query for query in queries if any(f" {query.name}(" in _body(other) for other in queries)]
    return tuple((query.name, query) for query in sorted(queries, key=lambda query: query not in called))


def _body(query: Query) -> str:
    return query.sql.partition(" AS TABLE")[2]


def _parameters(path: Path, signature: str, meanings: dict[str, str]) -> Iterable[Parameter]:
    without_comments = re.sub(r"--[^\n]*", "", signature)
    for part in re.split(r",(?![^(\[]*[)\]])", without_comments):
        if not part.strip():
            continue
        found = _SIGNATURE_PART.match(part.strip())
        if found is None:
            raise BadQuery(f"{path}: cannot read the parameter {part.strip()!r}; write `in_name TYPE := default`")
        if found[1] not in meanings:
            raise BadQuery(f"{path}: the header says nothing of {found[1]!r}; add `-- param {found[1]}: what it is`")
        yield Parameter(found[1], found[2].upper(), found[3], meanings[found[1]])
