"""A store that answers from memory what was asked of it before, for as long as one question is being answered."""

from collections.abc import Callable, Hashable, Iterator, Mapping
from contextlib import contextmanager
from functools import wraps
from threading import Lock
from typing import TYPE_CHECKING, Any, Concatenate, ParamSpec, TypeVar

import duckdb

from traceanalytics.store.queries import get_query
from traceanalytics.store.store import Store

if TYPE_CHECKING:
    import pyarrow

MOST_ANSWERS = 512  # that are kept; what was asked longest ago is forgotten first
# Parameters that only choose rows of these queries: who asked for all of them needs ask for none again.
_CHOOSE_ROWS = {
    "evaluations": {"in_run": "run_id", "in_split": "split"},
    "correct_by_prompt": {"in_run": "run_id"},
    "outcomes_by_prompt": {"in_run": "run_id"},
}
_NOTHING = object()

Given = ParamSpec("Given")
Found = TypeVar("Found")


class Remembering(Store):
    """The same store; whoever holds this object reads the same rows once, whatever is written meanwhile."""

    def __init__(self, store: Store) -> None:
        super().__init__(store.path, tagger=store.tagger)
        self._asked = store
        self._answers: dict[Hashable, Any] = {}
        self._turn = Lock()

    @contextmanager
    def reading(self) -> Iterator[duckdb.DuckDBPyConnection]:
        """Open the store as the one behind this does, with the tagger that was chosen there."""
        with self._asked.reading() as connection:
            yield connection

    def query(self, name: str, **arguments: object) -> "pyarrow.Table":
        """Run a query, or return what it gave before."""
        asked = _asked(name, arguments)
        part = self._part_of_known(name, arguments)
        return self.remember(asked, lambda: self._asked.query(name, **arguments) if part is None else part)

    def sql(self, statement: str, parameters: Mapping[str, object] | None = None) -> "pyarrow.Table":
        """Run a statement of ours, or return what it gave before."""
        asked = statement, repr(sorted((parameters or {}).items()))
        return self.remember(asked, lambda: self._asked.sql(statement, parameters))

    def remember(self, asked: Hashable, answer: Callable[[], Found]) -> Found:
        """Return what was the answer before, or find it now; a refusal is not remembered."""
        with self._turn:
            known = self._answers.get(asked, _NOTHING)
        found: Any = answer() if known is _NOTHING else known
        with self._turn:
            self._answers.pop(asked, None)
            self._answers[asked] = found
            while len(self._answers) > MOST_ANSWERS:
                del self._answers[next(iter(self._answers))]
        return found  # type: ignore[no-any-return]  # the key says what the answer is of

    def _part_of_known(self, name: str, arguments: Mapping[str, object]) -> "pyarrow.Table | None":
        """Return the rows asked for where more was asked before; None where that was not, or holds no such row."""
        columns = _CHOOSE_ROWS.get(name, {})
        chosen = {columns[key]: value for key, value in arguments.items() if key in columns and value is not None}
        if not chosen:
            return None
        wider = {key: value for key, value in arguments.items() if key not in columns}
        with self._turn:
            known = self._answers.get(_asked(name, wider))
        if known is None:
            return None
        from pyarrow.compute import field

        for column, value in chosen.items():
            known = known.filter(field(column) == value)
        return known if known.num_rows else None


def remembered(
    compute: Callable[Concatenate[Store, Given], Found],
) -> Callable[Concatenate[Store, Given], Found]:
    """Let a store that remembers keep what a function of it and of hashable arguments returns."""

    @wraps(compute)
    def ask(store: Store, *arguments: Given.args, **named: Given.kwargs) -> Found:
        if not isinstance(store, Remembering):
            return compute(store, *arguments, **named)
        asked = compute, arguments, tuple(named.items())
        return store.remember(asked, lambda: compute(store, *arguments, **named))

    return ask  # type: ignore[return-value]  # `wraps` names the first parameter


def _asked(name: str, arguments: Mapping[str, object]) -> tuple[str, str]:
    """Return what a question is remembered by: an argument that is the default is none."""
    defaults = {each.name: each.default for each in get_query(name).parameters}
    given = {key: value for key, value in arguments.items() if _as_default(value) != defaults.get(key)}
    return name, repr(sorted(given.items()))


def _as_default(value: object) -> str:
    """Write a value as the signature of a query does.

    >>> _as_default(None), _as_default("train"), _as_default(1)
    ('NULL', "'train'", '1')
    """
    return "NULL" if value is None else repr(value)
