"""Which split each run was read from while a finding answered: what the answer says of it is what happened."""

from collections.abc import Collection, Iterable, Mapping
from typing import TYPE_CHECKING

from traceanalytics.errors import listed
from traceanalytics.store.remembering import Remembering
from traceanalytics.store.store import Store

if TYPE_CHECKING:
    import pyarrow

LEFT_OUT, MANY_LEFT_OUT = " is left out: ", " are left out: "
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


def said_once(caveats: Iterable[str], names: Collection[str]) -> list[str]:
    """Return what is said of several runs (or parts) in the same words once, with the names of all of them.

    >>> said_once(["a: no step 0", "one run", "b: no step 0", "one run"], ["a", "b"])
    ['a and b: no step 0', 'one run']
    >>> said_once(["a is left out: no grades", "b is left out: no grades"], ["a", "b"])
    ['a and b are left out: no grades']
    """
    of: dict[tuple[str, str], list[str]] = {}
    for caveat in caveats:
        name, how = _who(caveat, names)
        held = of.setdefault((how, caveat.removeprefix(name + how)), [])
        if name not in held:
            held.append(name)
    return [
        f"{listed(held)}{MANY_LEFT_OUT if how == LEFT_OUT and len(held) > 1 else how}{said}"
        for (how, said), held in of.items()
    ]


def _who(caveat: str, names: Collection[str]) -> tuple[str, str]:
    """Return of whom a caveat is said, and what stands between the name and what is said."""
    for name in sorted(names, key=len, reverse=True):
        for how in (": ", LEFT_OUT):
            if caveat.startswith(name + how):
                return name, how
    return "", ""
