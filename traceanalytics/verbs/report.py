"""One self-contained HTML file that says what changed, with its numbers kept in it so that they can be checked."""

import json
import platform
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from hashlib import sha256
from importlib.metadata import version
from pathlib import Path
from shlex import quote

from traceanalytics import __version__
from traceanalytics.errors import Refused, UnknownName
from traceanalytics.pages.assets import load_beside
from traceanalytics.pages.base import Block, Chart, Page, Reading, Rollouts, Selectors, Table, all_pages, get_page
from traceanalytics.pages.html import MOST_CHARACTERS, MOST_ROWS_SHOWN, render
from traceanalytics.pages.seal import sealed
from traceanalytics.pages.story import sql_of_title
from traceanalytics.pages.story import title as title_of
from traceanalytics.pages.theme import themed
from traceanalytics.pages.view import View, look
from traceanalytics.pages.words import scope
from traceanalytics.store.store import Store
from traceanalytics.types import JSON

MOST_ROLLOUTS = 300  # that one report holds
MOST_BYTES = 3_000_000  # of a report
# What a report shows of tables (rows of each) and of rollouts (characters of all): the first of these that fits.
_SIZES = ((MOST_ROWS_SHOWN, 600_000), (60, 400_000), (20, 150_000))
_FILES = "SELECT run_id, digest, size, good_lines FROM files ORDER BY ALL"
_SOURCES = """
SELECT run_id, list(DISTINCT mark) AS marks
FROM (SELECT run_id, unnest([left(md5(path), 8), left(digest, 8)]) AS mark FROM files)
WHERE mark IS NOT NULL AND list_contains($runs, run_id)
GROUP BY ALL
ORDER BY ALL
"""
_TAGGERS = """
SELECT taggers.tagger_id, count(tagged.rollout_id) AS rollouts FROM taggers LEFT JOIN tagged USING (tagger_id)
GROUP BY ALL ORDER BY ALL
"""
_MOST_MARKS = 100  # of the files of a run
_ROUNDED = 9  # significant digits in which numbers are kept and compared


@dataclass(frozen=True, slots=True)
class Written:
    """What was written where."""

    path: Path
    size: int
    pages: tuple[str, ...]
    headline: str


@dataclass(frozen=True, slots=True)
class Made:
    """A report before it is written; `facts` is what it keeps of itself to be checked by."""

    title: str
    document: bytes
    facts: dict[str, JSON]


def report(store: Store, out: Path, *, selectors: Selectors | None = None, page_names: Sequence[str] = ()) -> Written:
    """Write a report of all pages, or of those named."""
    load_beside()
    with store.kept_open():
        return _report(store, out, selectors or Selectors(), page_names)


def _report(store: Store, out: Path, chosen: Selectors, page_names: Sequence[str]) -> Written:
    pages = [get_page(name) for name in page_names] if page_names else list(all_pages().values())
    made = make(store, chosen, pages)
    out.parent.mkdir(parents=True, exist_ok=True)
    out.write_bytes(made.document)
    return Written(out, len(made.document), tuple(page.name for page in pages), made.title)


def make(store: Store, chosen: Selectors, pages: Sequence[Page]) -> Made:
    """Make a report of these pages, as large as its bound lets it be."""
    view = _view(store, chosen)
    title = title_of(view) if view else f"{store.path.name}: no rollouts yet"
    built = [(page, page.blocks(store, chosen)) for page in pages]
    facts = {
        "pages": [page.name for page in pages],
        "selectors": asdict(chosen),
        "digest": _digest(store),
        "sources": {run: marks[:_MOST_MARKS] for run, marks in sources(store, view.runs).items()} if view else {},
        "versions": versions(),
        "numbers": _numbers(built),
    }
    for rows, characters in _SIZES:
        document = _document(store, view, chosen, title, _limited(built, characters), facts, rows)
        if len(document) <= MOST_BYTES:
            break
    return Made(title, document, facts)


def _document(
    store: Store,
    view: View | None,
    chosen: Selectors,
    title: str,
    built: list[tuple[Page, list[Block]]],
    facts: dict[str, JSON],
    most_rows: int,
) -> bytes:
    document = render(
        title,
        built,
        scope=scope(view) if view else "",
        sql=sql_of_title(view) if view else "",
        footer=_made_from(store, view, chosen),
        is_checked=True,
        command=view.command if view else "",
        known=view.seen if view else (),
        runs=view.runs if view else (),
        most_rows=most_rows,
    )
    return sealed(document, facts).encode()


def draw(
    store: Store, out: Path, *, kind: str, page_name: str, chart: str = "1", selectors: Selectors | None = None
) -> None:
    """Write one chart of a page as png, svg or json (Vega-Lite); `chart` is its number or the start of its title."""
    chosen = selectors or Selectors()
    drawn = [each for each in get_page(page_name).blocks(store, chosen) if isinstance(each, Chart)]
    if not drawn:
        raise Refused(f"page {page_name!r} has no chart of this store; `ta report --page {page_name}` says why")
    one = _chosen(drawn, chart)
    spec = themed(one.chart)
    spec.setdefault("title", {"text": one.title, "subtitle": scope(look(store, chosen))})
    out.parent.mkdir(parents=True, exist_ok=True)
    if kind == "json":
        out.write_text(json.dumps(spec, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
        return
    import vl_convert

    if kind == "svg":
        out.write_text(vl_convert.vegalite_to_svg(spec), encoding="utf-8")
    else:
        out.write_bytes(vl_convert.vegalite_to_png(spec, scale=2))


def _chosen(drawn: Sequence[Chart], chart: str) -> Chart:
    if chart.isdigit() and 1 <= int(chart) <= len(drawn):
        return drawn[int(chart) - 1]
    for each in drawn:
        if each.title.lower().startswith(chart.lower()):
            return each
    raise UnknownName("chart", chart, [each.title for each in drawn])


def _view(store: Store, selectors: Selectors) -> View | None:
    try:
        return look(store, selectors)
    except Refused:
        return None


def _limited(built: list[tuple[Page, list[Block]]], characters: int) -> list[tuple[Page, list[Block]]]:
    """Keep as many rollouts of each block as a report may hold; what is left out names the command that shows it."""
    readings = [block.readings for _, blocks in built for block in blocks if isinstance(block, Rollouts)]
    most = max(map(len, readings), default=0)
    while most > 1 and sum(_size(reading) for each in readings for reading in each[:most]) > characters:
        most -= 1
    left = MOST_ROLLOUTS
    kept: list[tuple[Page, list[Block]]] = []
    for page, blocks in built:
        some: list[Block] = []
        for block in blocks:
            if isinstance(block, Rollouts):
                keeps = min(left, most)
                cut = block.readings[keeps:]
                more = "; ".join(f"`ta show {reading.rollout_id}`" for reading in cut[:3])
                said = f"{len(cut)} more: {more}{' …' if len(cut) > 3 else ''}" if cut else block.more
                block = replace(block, readings=block.readings[:keeps], more=said)
                left -= len(block.readings)
            some.append(block)
        kept.append((page, some))
    return kept


def _size(reading: Reading) -> int:
    return sum(len(text[:MOST_CHARACTERS].encode()) for text in (reading.prompt, reading.response)) + 500


def _numbers(built: Sequence[tuple[Page, Sequence[Block]]]) -> dict[str, dict[str, JSON]]:
    """Return every table of every page."""
    return {
        page.name: {
            table.title: {
                "columns": list(table.columns),
                "rows": [[_kept(value) for value in row] for row in table.rows],
            }
            for table in _tables(blocks)
        }
        for page, blocks in built
    }


def _tables(blocks: Sequence[Block]) -> list[Table]:
    found = [block.table if isinstance(block, Chart) else block for block in blocks]
    return [block for block in found if isinstance(block, Table)]


def _kept(value: JSON) -> JSON:
    if isinstance(value, float):
        return float(f"{value:.{_ROUNDED}g}") if value == value and abs(value) != float("inf") else None
    return value if isinstance(value, int | bool | None) else str(value)


def _digest(store: Store) -> str:
    """Return a digest of the files that the store has read."""
    if not store.exists:
        return ""
    return sha256(json.dumps(store.sql(_FILES).to_pylist(), sort_keys=True).encode()).hexdigest()[:16]


def sources(store: Store, runs: Sequence[str]) -> dict[str, list[str]]:
    """Return what tells the files of some runs from others: of each file its place and what stood in it, shortened."""
    rows = store.sql(_SOURCES, {"runs": list(runs)}).to_pylist()
    return {row["run_id"]: sorted(row["marks"]) for row in rows}


def _made_from(store: Store, view: View | None, selectors: Selectors) -> Table:
    taggers = store.sql(_TAGGERS).to_pylist() if store.exists else []
    given = {name: value for name, value in asdict(selectors).items() if value}
    rows: list[list[JSON]] = [
        ["store", store.path.name],
        ["data digest", _digest(store)],
        ["runs", ", ".join(view.runs) if view else "none"],
        ["split", view.split if view else "none"],
        ["rollouts", f"{view.rollouts:,}" if view else "none"],
        ["training steps a point", str(view.bin_width) if view else "none"],
        ["active tagger", (view.tagger if view else None) or "none"],
        *([f"read by {row['tagger_id']}", f"{row['rollouts']:,} rollouts"] for row in taggers),
        ["chosen", json.dumps(given, ensure_ascii=False) if given else "nothing: the defaults"],
        ["intervals", "95%, over prompts: a prompt is one draw, its rollouts repeat it"],
        ["versions", versions()],
        ["made", datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC")],
        ["checked with", f"ta verify REPORT --db {quote(store.path.name)}"],
    ]
    counted = view.sql("run_overview") if view else ""
    return Table("Made from", ["what", "value"], rows, f"{counted}\n{_TAGGERS.strip()};\n{_FILES};")


def versions() -> str:
    """Return what a report is made with: with something else it may be drawn or worded otherwise."""
    others = ", ".join(
        f"{name} {version(name)}" for name in ("duckdb", "altair", "vl-convert-python", "numpy", "scipy")
    )
    return f"traceanalytics {__version__}, {others}, Python {platform.python_version()}"
