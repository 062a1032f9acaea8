"""Which split each run was read from while a finding answered: what the answer says of it is what happened."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from traceanalytics.errors import listed
from traceanalytics.store.remembering import Remembering
from traceanalytics.store.store import Store

if TYPE_CHECKING:
    import pyarrow

BY_DEFAULT = "the first of eval, val and train that has two steps with 20 prompts"


class NotingStore(Remembering):
    """A store that answers each question once, and notes from which split it was asked for which run."""

    def __init__(self, store: Store) -> None:
        super().__init__(store)
        self.split_of_run: dict[str, str] = {}

    def query(self, name: str, **arguments: object) -> "pyarrow.Table":
        """Run a query, or return what it gave before, and note its split."""
        run, split = arguments.get("in_run"), arguments.get("in_split")
        if run is not None and split is not None:
            self.split_of_run[str(run)] = str(split)
        return super().query(name, **arguments)


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
    return "split " + ", ".join(f"{split} of {listed(runs)}" for split, runs in of_split.items())
