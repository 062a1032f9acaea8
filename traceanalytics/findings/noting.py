"""Which split each run was read from while a finding answered: what the answer says of it is what happened."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING

from traceanalytics.store.store import Store

if TYPE_CHECKING:
    import duckdb
    import pyarrow

BY_DEFAULT = "the first of eval, val and train that has two steps with 20 prompts"


class NotingStore(Store):
    """A store that answers as another does and notes from which split it was asked for which run."""

    def __init__(self, store: Store) -> None:
        super().__init__(store.path, tagger=store.tagger)
        self._asked = store
        self.split_of_run: dict[str, str] = {}

    @contextmanager
    def reading(self) -> "Iterator[duckdb.DuckDBPyConnection]":
        with self._asked.reading() as connection:
            yield connection

    def query(self, name: str, **arguments: object) -> "pyarrow.Table":
        run, split = arguments.get("in_run"), arguments.get("in_split")
        if run is not None and split is not None:
            self.split_of_run[str(run)] = str(split)
        return self._asked.query(name, **arguments)

    def sql(self, statement: str, parameters: Mapping[str, object] | None = None) -> "pyarrow.Table":
        return self._asked.sql(statement, parameters)


def splits_in_words(split_of_run: Mapping[str, str]) -> str:
    """Write which split was read, of which runs where it is not the same for all.

    >>> splits_in_words({"a": "val", "b": "val"}), splits_in_words({"a": "val", "b": "train"})
    ('split val', 'split val of a, train of b')
    """
    of_split: dict[str, list[str]] = {}
    for run, split in split_of_run.items():
        of_split.setdefault(split, []).append(run)
    if len(of_split) == 1:
        return f"split {next(iter(of_split))}"
    return "split " + ", ".join(f"{split} of {' and '.join(runs)}" for split, runs in of_split.items())
