"""One self-contained HTML file that says what changed, with its numbers kept in it so that they can be checked."""

import json
import platform
import re
import zlib
from base64 import b64decode, b64encode
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from hashlib import sha256
from importlib.metadata import version
from pathlib import Path

from traceanalytics import __version__
from traceanalytics.errors import BadInput, Refused, UnknownName
from traceanalytics.pages.base import Block, Chart, Page, Reading, Rollouts, Selectors, Table, all_pages, get_page
from traceanalytics.pages.html import MOST_CHARACTERS, MOST_ROWS_SHOWN, render
from traceanalytics.pages.story import sql_of_title
from traceanalytics.pages.story import title as title_of
from traceanalytics.pages.theme import themed
from traceanalytics.pages.view import View, look
from traceanalytics.store.store import Store
from traceanalytics.types import JSON

MOST_ROLLOUTS = 300  # that one report holds
MOST_BYTES = 3_000_000  # of a report
# What a report shows of tables (rows of each) and of rollouts (characters of all): the first of these that fits.
_SIZES = ((MOST_ROWS_SHOWN, 600_000), (60, 400_000), (20, 150_000))
_FACTS = re.compile(r'<script type="text/plain" id="facts">(.*?)</script>', re.DOTALL)
_FILES = "SELECT run_id, digest, size, good_lines FROM files ORDER BY ALL"
_TAGGERS = """
SELECT taggers.tagger_id, count(tagged.rollout_id) AS rollouts FROM taggers LEFT JOIN tagged USING (tagger_id)
GROUP BY ALL ORDER BY ALL
"""
_ROUNDED = 9  # significant digits in which numbers are kept and compared


@dataclass(frozen=True, slots=True)
class Written:
    """What was written where."""

    path: Path
    size: int
    pages: tuple[str, ...]
    headline: str


@dataclass(frozen=True, slots=True)
class Difference:
    """A number of a report that the store no longer gives."""

    page: str
    table: str
    row: str
    column: str
    was: JSON
    is_now: JSON

    def __str__(self) -> str:
        return f"{self.page}, {self.table}, {self.row}, {self.column}: was {self.was}, is {self.is_now}"


def report(store: Store, out: Path, *, selectors: Selectors | None = None, page_names: Sequence[str] = ()) -> Written:
    """Write a report of all pages, or of those named."""
    with store.kept_open():
        return _report(store, out, selectors or Selectors(), page_names)


def _report(store: Store, out: Path, chosen: Selectors, page_names: Sequence[str]) -> Written:
    pages = [get_page(name) for name in page_names] if page_names else list(all_pages().values())
    view = _view(store, chosen)
    title = title_of(view) if view else f"{store.path.name}: no rollouts yet"
    built = [(page, page.blocks(store, chosen)) for page in pages]
    facts = {
        "pages": [page.name for page in pages],
        "selectors": asdict(chosen),
        "digest": _digest(store),
        "numbers": _numbers(built),
    }
    for rows, characters in _SIZES:
        document = _document(store, view, chosen, title, _limited(built, characters), facts, rows)
        if len(document) <= MOST_BYTES:
            break
    out.parent.mkdir(parents=True, exist_ok=True)
    out.write_bytes(document)
    return Written(out, len(document), tuple(page.name for page in pages), title)


def _document(
    store: Store,
    view: View | None,
    chosen: Selectors,
    title: str,
    built: list[tuple[Page, list[Block]]],
    facts: dict[str, JSON],
    most_rows: int,
) -> bytes:
    return render(
        title,
        built,
        sql=sql_of_title(view) if view else "",
        footer=_made_from(store, view, chosen),
        facts=packed(facts),
        command=view.command if view else "",
        known=view.seen if view else (),
        most_rows=most_rows,
    ).encode()


def packed(facts: dict[str, JSON]) -> str:
    """Return what a report keeps for `verify`, as text of a tenth of the size."""
    return b64encode(zlib.compress(json.dumps(facts, ensure_ascii=False, allow_nan=False).encode())).decode()


def unpacked(text: str) -> dict[str, JSON]:
    """Return what a report keeps."""
    facts: dict[str, JSON] = json.loads(zlib.decompress(b64decode(text)))
    return facts


def verify(path: Path, store: Store) -> list[Difference]:
    """Compute a report's numbers again and return those that differ."""
    if not path.exists():
        raise BadInput(f"{path}: no such file; `ta report --out {path}` writes one")
    held = _FACTS.search(path.read_text(encoding="utf-8", errors="replace"))
    if held is None:
        raise BadInput(f"{path}: holds no numbers to check; it must be a report that `ta report` wrote")
    facts = unpacked(held[1])
    given: JSON = {name: tuple(each) if isinstance(each, list) else each for name, each in facts["selectors"].items()}
    selectors = Selectors(**given)
    built = [(get_page(name), get_page(name).blocks(store, selectors)) for name in facts["pages"]]
    return _differences(facts["numbers"], json.loads(json.dumps(_numbers(built))))


def draw(
    store: Store, out: Path, *, kind: str, page_name: str, chart: str = "1", selectors: Selectors | None = None
) -> None:
    """Write one chart of a page as png, svg or json (Vega-Lite); `chart` is its number or the start of its title."""
    drawn = [each for each in get_page(page_name).blocks(store, selectors or Selectors()) if isinstance(each, Chart)]
    if not drawn:
        raise Refused(f"page {page_name!r} has no chart of this store; `ta report --page {page_name}` says why")
    spec = themed(_chosen(drawn, chart).chart)
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
                more = "; ".join(f"ta show {reading.rollout_id}" for reading in cut[:3])
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


def _differences(before: JSON, now: JSON) -> list[Difference]:
    found: list[Difference] = []
    for page, tables in before.items():
        for title, was in tables.items():
            has = now.get(page, {}).get(title)
            if has is None:
                found.append(Difference(page, title, "the table", "rows", len(was["rows"]), "gone"))
                continue
            rows, rows_now = _by_name(was), _by_name(has)
            for name in rows_now.keys() - rows.keys():
                found.append(Difference(page, title, name, "row", "not there", "there"))
            for name, row in rows.items():
                found += _row_differences(page, title, name, row, rows_now.get(name))
    return sorted(found, key=str)


def _row_differences(
    page: str, title: str, name: str, row: dict[str, JSON], now: dict[str, JSON] | None
) -> list[Difference]:
    if now is None:
        return [Difference(page, title, name, "row", "there", "gone")]
    return [
        Difference(page, title, name, column, value, now.get(column))
        for column, value in row.items()
        if not _same(value, now.get(column))
    ]


def _same(was: JSON, is_now: JSON) -> bool:
    if isinstance(was, float) and isinstance(is_now, float):
        return abs(was - is_now) <= 1e-6 * max(1.0, abs(was))
    return bool(was == is_now)


def _by_name(table: JSON) -> dict[str, dict[str, JSON]]:
    """Return rows by what names them: their texts and their step."""
    named: dict[str, dict[str, JSON]] = {}
    for row in table["rows"]:
        cells = dict(zip(table["columns"], row, strict=True))
        words = [value if isinstance(value, str) else f"step {value}" for key, value in cells.items()
                 if isinstance(value, str) or key == "step"]  # fmt: skip
        name = " ".join(words) or "row"
        named[name if name not in named else f"{name} ({len(named)})"] = cells
    return named


def _digest(store: Store) -> str:
    """Return a digest of the files that were read."""
    if not store.exists:
        return ""
    return sha256(json.dumps(store.sql(_FILES).to_pylist(), sort_keys=True).encode()).hexdigest()[:16]


def _made_from(store: Store, view: View | None, selectors: Selectors) -> Table:
    taggers = store.sql(_TAGGERS).to_pylist() if store.exists else []
    given = {name: value for name, value in asdict(selectors).items() if value}
    rows: list[list[JSON]] = [
        ["store", store.path.name],
        ["data digest", _digest(store)],
        ["runs", ", ".join(view.runs) if view else "none"],
        ["split", view.split if view else "none"],
        ["rollouts", view.rollouts if view else 0],
        ["training steps a point", view.bin_width if view else 1],
        ["active tagger", (view.tagger if view else None) or "none"],
        *([f"read by {row['tagger_id']}", row["rollouts"]] for row in taggers),
        ["chosen", json.dumps(given, ensure_ascii=False) if given else "nothing: the defaults"],
        ["intervals", "95%, over prompts: a prompt is one draw, its rollouts repeat it"],
        ["versions", _versions()],
        ["made", datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC")],
        ["checked with", f"ta verify REPORT --db {store.path.name}"],
    ]
    counted = view.sql("run_overview") if view else ""
    return Table("Made from", ["what", "value"], rows, f"{counted}\n{_TAGGERS.strip()};\n{_FILES};")


def _versions() -> str:
    others = ", ".join(f"{name} {version(name)}" for name in ("duckdb", "altair", "numpy", "scipy"))
    return f"traceanalytics {__version__}, {others}, Python {platform.python_version()}"
