"""A store that answers from memory what was asked of it before, for as long as one question is being answered."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING

import duckdb

from traceanalytics.store.store import Store

if TYPE_CHECKING:
    import pyarrow


class Remembering(Store):
    """The same store; whoever holds this object reads the same rows once, whatever is written meanwhile."""

    def __init__(self, store: Store) -> None:
        super().__init__(store.path, tagger=store.tagger)
        self._asked = store
        self._answers: dict[tuple[str, str], pyarrow.Table] = {}

    @contextmanager
    def reading(self) -> Iterator[duckdb.DuckDBPyConnection]:
        """Open the store as the one behind this does."""
        with self._asked.reading() as connection:
            yield connection

    def query(self, name: str, **arguments: object) -> "pyarrow.Table":
        """Run a query, or return what it gave before."""
        asked = name, repr(sorted(arguments.items()))
        if asked not in self._answers:
            self._answers[asked] = self._asked.query(name, **arguments)
        return self._answers[asked]

    def sql(self, statement: str, parameters: Mapping[str, object] | None = None) -> "pyarrow.Table":
        """Run a statement of ours, or return what it gave before."""
        asked = statement, repr(sorted((parameters or {}).items()))
        if asked not in self._answers:
            self._answers[asked] = self._asked.sql(statement, parameters)
        return self._answers[asked]
