"""What a page is: a function from a store and selectors to blocks, in a file of `dashboards/` or of a user's folder."""

import traceback
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from traceanalytics.errors import Refused, UnknownName
from traceanalytics.paths import shipped_folder, user_files
from traceanalytics.registry import load_file
from traceanalytics.types import JSON

if TYPE_CHECKING:
    import altair

    from traceanalytics.store.store import Store

MOST_ROWS = 5000  # of a chart's table; what is more is aggregated in SQL, never sent to a browser


@dataclass(frozen=True, slots=True)
class Text:
    """Paragraphs, with an empty line between them, and the query behind their numbers.

    `lead` opens a page, `warning` is set apart.
    """

    text: str
    tone: str = "plain"
    sql: str = ""


@dataclass(frozen=True, slots=True)
class Table:
    """Rows with a heading; `sql` is the query behind them."""

    title: str
    columns: Sequence[str]
    rows: Sequence[Sequence[JSON]]
    sql: str = ""
    shares: Sequence[str] = ()  # columns that hold fractions, shown as percentages


@dataclass(frozen=True, slots=True)
class Chart:
    """An Altair chart, with the rows that it draws and the query behind them."""

    title: str
    chart: "altair.TopLevelMixin"
    table: Table
    lead: str = ""


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch of a response that shows something; offsets count code points."""

    start: int
    stop: int
    behavior: str
    score: float


@dataclass(frozen=True, slots=True)
class Reading:
    """One rollout to read, spans lit."""

    rollout_id: str
    facts: dict[str, JSON]
    prompt: str
    response: str
    spans: Sequence[Span] = ()


@dataclass(frozen=True, slots=True)
class Rollouts:
    """Sampled rollouts under a heading; `more` says how to see the rest."""

    title: str
    readings: Sequence[Reading]
    more: str = ""
    side_by_side: bool = False  # open, beside each other
    point: tuple[str, int] | None = None  # the behavior and step of a chart's point that leads here
    sql: str = ""


Block = Text | Table | Chart | Rollouts


@dataclass(frozen=True, slots=True, kw_only=True)
class Selectors:
    """What a reader of a page chose; None lets the page choose."""

    runs: tuple[str, ...] = ()
    split: str | None = None
    behaviors: tuple[str, ...] = ()
    bin_width: int | None = None
    step: int | None = None
    search: str = ""
    tagger: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """One page: its name in links and commands, its title, and the function that makes its blocks."""

    name: str
    title: str
    build: Callable[["Store", Selectors], list[Block]]
    order: int = field(default=100)
    is_ours: bool = False  # whether tests have checked its charts, so that Altair need not, which takes as long again

    def blocks(self, store: "Store", selectors: Selectors) -> list[Block]:
        """Build the page; what the data cannot answer is said in its place."""
        from altair.utils.schemapi import debug_mode

        try:
            with store.kept_open(), debug_mode(not self.is_ours):
                return self.build(store, selectors)
        except Refused as refusal:
            return [Text(str(refusal), "warning")]
        except Exception as error:
            if self.is_ours:
                raise
            return [Text(self._failed(error), "warning")]  # one page of a user's takes no other page with it

    def _failed(self, error: Exception) -> str:
        """Say where a user's page went wrong."""
        path = Path(self.build.__code__.co_filename)
        lines = [frame.lineno for frame in traceback.extract_tb(error.__traceback__) if Path(frame.filename) == path]
        said = " ".join(str(error).split())
        return f"{path.name}:{lines[-1] if lines else 1}: the page {self.name!r} failed: {type(error).__name__}: {said}"


def all_pages() -> dict[str, Page]:
    """Return every page by name, in their order: those of `dashboards/`, and those of the user's folders."""
    ours = sorted(shipped_folder("dashboards").glob("*.py"))
    found: dict[str, Page] = {}
    for path in [*ours, *user_files("dashboards", "*.py")]:
        for value in vars(load_file(path)).values():
            if isinstance(value, Page):
                found[value.name] = replace(value, is_ours=path in ours)
    return dict(sorted(found.items(), key=lambda item: (item[1].order, item[0])))


def get_page(name: str) -> Page:
    """Return one page; an unknown name is answered with the nearest one and the list."""
    pages = all_pages()
    if name not in pages:
        raise UnknownName("page", name, pages)
    return pages[name]
