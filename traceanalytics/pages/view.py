"""What a page looks at: the selectors of a reader, completed by what the store holds."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from shlex import quote
from typing import TYPE_CHECKING

from traceanalytics.behaviors import BEHAVIORS
from traceanalytics.errors import BadInput, Refused, UnknownName
from traceanalytics.findings.evaluations import FEWEST_PROMPTS, SPLITS_BY_DEFAULT, default_split
from traceanalytics.pages.base import MOST_ROWS, Selectors, Table
from traceanalytics.paths import default_store
from traceanalytics.store.remembering import Remembering
from traceanalytics.store.store import Store
from traceanalytics.types import JSON

if TYPE_CHECKING:
    import pyarrow

SPLITS = ("train", "val", "eval", "probe")
MOST_POINTS = 60  # of a line over training steps
FEWEST_POINTS = 12
_WIDTHS = (1, 2, 5)
_TAGGERS = """
SELECT if(count(*) OVER (PARTITION BY name) > 1, tagger_id, name) AS name, tagger_id
FROM taggers
WHERE tagger_id IN (SELECT DISTINCT tagged.tagger_id FROM tagged)
ORDER BY ALL
"""
_IS_STEP = """
SELECT 1 FROM rollouts WHERE step BETWEEN $first AND $last AND split = $split AND list_contains($runs, run_id) LIMIT 1
"""
_AROUND = """
SELECT max(step) FILTER (step < $first) AS before, min(step) FILTER (step > $last) AS after
FROM rollouts
WHERE split = $split AND list_contains($runs, run_id)
"""


@dataclass(frozen=True, slots=True)
class View:
    """The part of a store that a page shows: runs of one split, in bins of steps; its store remembers."""

    store: Store
    runs: tuple[str, ...]
    all_runs: tuple[str, ...]
    split: str
    splits: tuple[str, ...]
    bin_width: int
    first_step: int
    last_step: int
    rollouts: int
    tagger: str | None
    taggers: Mapping[str, str]
    selectors: Selectors

    @property
    def command(self) -> str:
        """Return the option that names the store in a command, where it needs one."""
        return "" if self.store.path == default_store() else f" --db {quote(str(self.store.path))}"

    def rows(self, query: str, **arguments: JSON) -> list[dict[str, JSON]]:
        """Run a query and return its rows, of the chosen runs where it tells runs apart."""
        return [
            row for row in self.table(query, **arguments).to_pylist() if row.get("run_id", None) in (*self.runs, None)
        ]

    def table(self, query: str, **arguments: JSON) -> "pyarrow.Table":
        """Run a query; the same call on a store that has not changed is answered from memory."""
        return self.store.query(query, **arguments)

    def sql(self, query: str, **arguments: JSON) -> str:
        """Return the call of a query as any DuckDB shell takes it."""
        of_tagger = "" if self.selectors.tagger is None else f"-- with {self.tagger} as the active tagger: `ta use`\n"
        written = ", ".join(f"{name} := {_literal(value)}" for name, value in arguments.items())
        return f"{of_tagger}-- defined in queries/{query}.sql and installed in the store\nFROM {query}({written});"

    @property
    def seen(self) -> tuple[str, ...]:
        """Return the behaviors that the tagger saw anywhere."""
        return tuple(self.table("behaviors_shown")["behavior"].to_pylist()) if self.tagger else ()

    @property
    def tagger_name(self) -> str | None:
        """Return what the tagger is called in selectors."""
        return next((name for name, tagger in self.taggers.items() if tagger == self.tagger), self.tagger)

    def need_tags(self) -> str:
        """Return the active tagger; a store without tags is answered with the command that makes some."""
        if self.tagger is None:
            raise Refused(f"No rollout is tagged yet: `ta tag{self.command}` finds the behaviors.")
        return self.tagger


def look(store: Store, selectors: Selectors) -> View:
    """Complete what a reader chose; an empty store is answered with the command that fills it."""
    overview = _remembering(store).query("run_overview").to_pylist() if store.exists else []
    if not overview:
        raise Refused(f"The store {store.path} holds no rollouts yet: `ta ingest PATH --db {store.path}` reads some.")
    taggers = _taggers(_remembering(store))
    if selectors.tagger is not None and selectors.tagger not in taggers:
        raise UnknownName("tagger that has read rollouts here", selectors.tagger, taggers)
    store = _remembering(store, None if selectors.tagger is None else taggers[selectors.tagger])
    all_runs = tuple(dict.fromkeys(row["run_id"] for row in overview))
    for run in selectors.runs:
        if run not in all_runs:
            raise BadInput(f"no run is called {run!r}; the store holds {', '.join(all_runs)}")
    runs = selectors.runs or all_runs
    of_runs = [row for row in overview if row["run_id"] in runs]
    splits = tuple(split for split in SPLITS if split in {row["split"] for row in of_runs})
    split = selectors.split or _default_split(of_runs)
    if split not in splits:
        raise BadInput(f"there is no split {split!r} of {', '.join(runs)}; there is {', '.join(splits)}")
    chosen = [row for row in of_runs if row["split"] == split]
    first = min((row["first_step"] or 0 for row in chosen), default=0)
    last = max((row["last_step"] or 0 for row in chosen), default=0)
    tagger = _active_tagger(store)
    shown = store.query("behaviors_shown")["behavior"].to_pylist() if tagger else []
    for behavior in selectors.behaviors:
        if behavior not in {*shown, *BEHAVIORS.all(), *taggers}:  # what another tagger shows stays chosen
            raise UnknownName("behavior", behavior, shown)
    view = View(
        store=store,
        runs=tuple(row["run_id"] for row in chosen),
        all_runs=all_runs,
        split=split,
        splits=splits,
        bin_width=selectors.bin_width or _bin_width(chosen, len(chosen) * max(len(shown), 1)),
        first_step=first,
        last_step=last,
        rollouts=sum(row["rollouts"] for row in chosen),
        tagger=tagger,
        taggers=taggers,
        selectors=selectors,
    )
    if selectors.step is not None:
        _check_step(view, selectors.step)
    return view


def _check_step(view: View, step: int) -> None:
    first = step // view.bin_width * view.bin_width
    last = max(step, first + view.bin_width - 1)
    given: dict[str, JSON] = {"first": first, "last": last, "split": view.split, "runs": list(view.runs)}
    if view.store.sql(_IS_STEP, given).num_rows:
        return
    (around,) = view.store.sql(_AROUND, given).to_pylist()
    near = [str(each) for each in (around["before"], around["after"]) if each is not None]
    if near:
        raise BadInput(f"there is no step {step}; the nearest is {' or '.join(near)}")


def _default_split(of_runs: Sequence[Mapping[str, JSON]]) -> str:
    """Return the split that findings look at by default in most of these runs."""
    steps: dict[str, list[str]] = {}
    enough = [row for row in of_runs if row["prompts"] >= FEWEST_PROMPTS]
    for row in enough or of_runs:
        steps.setdefault(row["run_id"], []).extend([row["split"]] * max(row["steps"], 1))
    defaults = [default_split(of_run) for of_run in steps.values()]
    return max(SPLITS_BY_DEFAULT, key=defaults.count)


def few_runs(names: Sequence[str]) -> str:
    """Name up to three runs, and of more the first two and how many there are besides.

    >>> few_runs(["a", "b", "c"]), few_runs(["a", "b", "c", "d"])
    ('a, b, c', 'a, b and 2 more runs')
    """
    return ", ".join(names) if len(names) <= 3 else f"{names[0]}, {names[1]} and {len(names) - 2} more runs"


def state_of(store: Store) -> tuple[int, int]:
    """Return what changes when somebody writes to the store."""
    stat = Path(store.path).stat()
    return stat.st_mtime_ns, stat.st_size


def as_table(
    title: str,
    rows: Sequence[Mapping[str, JSON]],
    columns: Mapping[str, str],
    sql: str = "",
    shares: Sequence[str] = (),
) -> Table:
    """Make a table of rows: `columns` says which keys, each under which heading; `shares` are headings."""
    return Table(title, list(columns.values()), [[row.get(key) for key in columns] for row in rows], sql, shares)


def _remembering(store: Store, tagger: str | None = None) -> Store:
    """Return the store as a tagger reads it, as one that remembers: the same object until somebody writes to it."""
    return _remembering_state(store, tagger, state_of(store))


@lru_cache(maxsize=4)  # a store that grows leaves a state behind at each look
def _remembering_state(store: Store, tagger: str | None, state: tuple[int, int]) -> Store:
    return Remembering(store if tagger is None else Store(store.path, tagger=tagger))


def _taggers(store: Store) -> dict[str, str]:
    """Return the ids of the taggers that have read rollouts, by name; one with several versions is named by its id."""
    return {row["name"]: row["tagger_id"] for row in store.sql(_TAGGERS).to_pylist()}


def _active_tagger(store: Store) -> str | None:
    rows = store.sql("SELECT value FROM meta WHERE name = 'active_tagger'").to_pylist()
    return rows[0]["value"] if rows else None


def _bin_width(chosen: Sequence[Mapping[str, JSON]], lines: int) -> int:
    """Return the least round width that leaves no more points than a line, and all lines of a chart, can show."""
    points = max(FEWEST_POINTS, min(MOST_POINTS, MOST_ROWS // max(lines, 1)))
    steps = max((row["steps"] for row in chosen), default=0)
    if steps <= points:
        return 1
    span = max(row["last_step"] - row["first_step"] + 1 for row in chosen if row["steps"])
    return next(
        scale * width for scale in (1, 10, 100, 1000, 10**4, 10**5) for width in _WIDTHS
        if span / (scale * width) <= points
    )  # fmt: skip


def _literal(value: JSON) -> str:
    """Write a value as SQL does.

    >>> _literal(["it's", None, 3])
    "['it''s', NULL, 3]"
    """
    if value is None:
        return "NULL"
    if isinstance(value, str):
        return "'" + value.replace("'", "''") + "'"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(map(_literal, value)) + "]"
    return str(value)
