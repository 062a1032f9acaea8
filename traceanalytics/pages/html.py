"""Blocks to one HTML document that needs no network; every text is escaped, whatever it holds."""

import json
import re
from collections.abc import Iterable, Sequence
from html import escape
from pathlib import Path

from traceanalytics.pages.assets import vega_bundle
from traceanalytics.pages.base import Block, Chart, Page, Reading, Rollouts, Span, Table, Text
from traceanalytics.pages.theme import COLORS, config, spec_of, with_colors
from traceanalytics.types import JSON

_HERE = Path(__file__).parent
_BACKTICKS = re.compile(r"`([^`\n]+)`")
MOST_ROWS_SHOWN = 200
SHOWN_FROM = 0.5  # a span below this nearly shows its behavior
MOST_CHARACTERS = 6000  # of a prompt or a response


def render(
    title: str,
    built: Sequence[tuple[Page, list[Block]]],
    *,
    scope: str = "",
    sql: str = "",
    footer: Table | None = None,
    links: str | None = None,
    controls: str = "",
    is_checked: bool = False,
    command: str = "",
    state: str | None = None,
    known: Sequence[str] = (),
    runs: Sequence[str] = (),
    most_rows: int = MOST_ROWS_SHOWN,
) -> str:
    """Return a document: a navigation, a section a page, and the facts of its making at the end.

    `scope` says at the head of each page what it counts. `sql` is the query behind the title's numbers; `links` and
    `controls` are HTML of the live page. A document that `is_checked` has room for what `pages/seal.py` keeps of it. A
    point of a behavior that is `known` leads to its rollouts; `command` is what `ta read` needs to find the store. A
    live page follows the store, whose `state` it shows. Each of `runs` has its color in every chart.
    """
    specs: list[JSON] = []
    sections = "".join(_section(page, blocks, specs, most_rows, scope) for page, blocks in built)
    specs = [with_colors(spec, sorted(runs)) for spec in specs]
    if links is None:
        links = "".join(f'<a href="#{escape(page.name)}">{escape(page.title)}</a>' for page, _ in built)
    last = f'<footer><h2 id="made-from">Made from</h2>{_table(footer)}</footer>' if footer else ""
    rows = {name: _packed(of) for spec in specs for name, of in spec.pop("datasets", {}).items()}
    charts = {"specs": specs, "rows": rows, "configs": {"light": config(), "dark": config(dark=True)}}
    kept = '<script type="text/plain" id="facts"></script>' if is_checked else ""  # first, for files that are cut short
    live = "" if state is None else f' data-live data-state="{escape(state)}"'
    reaches = "'none'" if state is None else "'self'"
    reads = f'{live} data-read="{escape(command)}" data-known="{escape(" ".join(known))}"'
    script = (_HERE / "page.js").read_text(encoding="utf-8")
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; script-src 'unsafe-inline' "
        f"'unsafe-eval'; style-src 'unsafe-inline'; img-src data:; connect-src {reaches}; form-action 'self'\">"
        f'<link rel="icon" href="data:,"><title>{_text(title)}</title>'
        f"<style>{(_HERE / 'page.css').read_text(encoding='utf-8')}</style></head>"
        f"<body{reads}>{kept}<header><h1>{_text(title)}</h1>{_sql(sql)}<nav>{links}</nav>{controls}</header><main>{sections}</main>{last}"
        f'<script type="application/json" id="charts">{in_script(charts)}</script>'
        f"<script>{vega_bundle()}</script><script>{script}</script></body></html>\n"
    )


def _section(page: Page, blocks: Iterable[Block], specs: list[JSON], most_rows: int, scope: str) -> str:
    inner = "".join(_block(block, specs, most_rows) for block in blocks)
    counted = f'<p class="scope">{_text(scope)}</p>' if scope else ""
    return f'<section id="{escape(page.name)}"><h2>{escape(page.title)}</h2>{counted}{inner}</section>'


def _block(block: Block, specs: list[JSON], most_rows: int) -> str:
    if isinstance(block, Text):
        said = "".join(f'<p class="{escape(block.tone)}">{_said(part)}</p>' for part in block.text.split("\n\n"))
        return said + _sql(block.sql)
    if isinstance(block, Table):
        return f"<h3>{_text(block.title)}</h3>{_table(block, most_rows)}"
    if isinstance(block, Chart):
        specs.append(_shown(spec_of(block.chart)))
        lead = f'<p class="lead">{_said(block.lead)}</p>' if block.lead else ""
        return (
            f"<figure><figcaption>{_text(block.title)}</figcaption>{lead}"
            f'<div class="chart" data-chart="{len(specs) - 1}"></div>'
            f"<details><summary>Table</summary>{_rows(block.table, most_rows)}</details>"
            f"{_sql(block.table.sql)}</figure>"
        )
    return _rollouts(block)


def _table(table: Table, most_rows: int = MOST_ROWS_SHOWN) -> str:
    return _rows(table, most_rows) + _sql(table.sql)


def _rows(table: Table, most_rows: int) -> str:
    head = "".join(
        f'<th class="{"number" if _holds_numbers(table, place) else "words"}">{_text(name)}</th>'
        for place, name in enumerate(table.columns)
    )
    rows = "".join(
        "<tr>" + "".join(_cell(value, name in table.shares) for name, value in zip(table.columns, row, strict=True))
        + "</tr>"
        for row in table.rows[:most_rows]
    )  # fmt: skip
    left_out = len(table.rows) - most_rows
    more = f"<p class='more'>{left_out:,} rows more; the query below returns them</p>" if left_out > 0 else ""
    return f'<div class="table"><table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table></div>{more}'


def _holds_numbers(table: Table, place: int) -> bool:
    """Say whether the cells of a column are set to the right, as its heading should be."""
    value = next((row[place] for row in table.rows if row[place] is not None), None)
    return isinstance(value, int | float) and not isinstance(value, bool)


def _sql(sql: str) -> str:
    """Return what unfolds to the query behind the numbers above it, with a button that copies it."""
    if not sql:
        return ""
    return (
        '<details class="sql"><summary>Show SQL</summary><button type="button" class="copy">Copy</button>'
        f"<pre>{_text(sql)}</pre></details>"
    )


def _cell(value: JSON, is_share: bool) -> str:
    if value is None or value != value:
        return '<td class="none">–</td>'
    if is_share:
        return f'<td class="number">{value:.1%}</td>'
    if isinstance(value, bool):
        return f"<td>{'yes' if value else 'no'}</td>"
    if isinstance(value, int | float):
        shown = f"{value:,}" if isinstance(value, int) else f"{value:.4g}"
        return f'<td class="number">{shown}</td>'
    return f"<td>{_text(str(value))}</td>"


def _rollouts(block: Rollouts) -> str:
    colors = {name: COLORS[i % len(COLORS)] for i, name in enumerate(_behaviors(block.readings))}
    key = "".join(f'<span class="key" style="--c:{color}">{escape(name)}</span>' for name, color in colors.items())
    cards = "".join(_reading(reading, colors, is_open=block.side_by_side) for reading in block.readings)
    more = f'<p class="more">{_said(block.more)}</p>' if block.more else ""
    layout = "rollouts beside" if block.side_by_side else "rollouts"
    of = f' data-behavior="{escape(block.point[0])}" data-step="{block.point[1]}"' if block.point else ""
    title = f'<h3{of}>{_text(block.title)}</h3><p class="keys">{key}</p>'
    return f'{title}<div class="{layout}">{cards}</div>{more}{_sql(block.sql)}'


def _reading(reading: Reading, colors: dict[str, str], *, is_open: bool) -> str:
    facts = " · ".join(f"{name} {fact_in_words(value)}" for name, value in reading.facts.items() if value is not None)
    left_out = len(reading.response) - MOST_CHARACTERS
    more = (
        f'<p class="more">{left_out:,} characters more: <code>ta show {escape(reading.rollout_id)}</code></p>'
        if left_out > 0
        else ""
    )
    return (
        f'<details class="rollout"{" open" if is_open else ""}><summary><b>{_text(reading.rollout_id)}</b> '
        f"<span>{_text(facts)}</span></summary><h4>Prompt</h4><pre>{_text(reading.prompt[:MOST_CHARACTERS])}</pre>"
        f"<h4>Response</h4><pre>{_lit(reading.response[:MOST_CHARACTERS], reading.spans, colors)}</pre>{more}</details>"
    )


def fact_in_words(value: JSON) -> str:
    """Write a fact of a rollout as a reader does.

    >>> fact_in_words(True), fact_in_words(0.25), fact_in_words("stop")
    ('yes', '0.25', 'stop')
    """
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"{value:.4g}" if isinstance(value, float) else str(value)


def _said(text: str) -> str:
    """Set what stands between backticks as code."""
    return _BACKTICKS.sub(r"<code>\1</code>", _text(text))


def _text(text: str) -> str:
    return escape(shown_text(text))


def _lit(text: str, spans: Sequence[Span], colors: dict[str, str]) -> str:
    edges = sorted({0, len(text), *(edge for span in spans for edge in (span.start, span.stop) if edge <= len(text))})
    pieces = []
    for start, stop in zip(edges, edges[1:], strict=False):
        piece = escape(shown_text(text[start:stop]))
        over = [span for span in spans if span.start <= start and span.stop >= stop]
        over.sort(key=lambda span: -span.score)
        if over:
            names = ", ".join(f"{span.behavior} {span.score:.2f}" for span in over)
            faint = "" if over[0].score >= SHOWN_FROM else ' class="faint"'
            piece = f'<mark{faint} style="--c:{colors[over[0].behavior]}" title="{escape(names)}">{piece}</mark>'
        pieces.append(piece)
    return "".join(pieces)


def shown_text(text: str) -> str:
    """Show control characters and direction overrides as what they are, so that no text hides or turns another."""
    return "".join(c if c.isprintable() or c in "\n\t" else f"\\u{ord(c):04x}" for c in text)


def _shown(value: JSON) -> JSON:
    """Make every text of a chart one that shows what it holds."""
    if isinstance(value, dict):
        return {key: _shown(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_shown(item) for item in value]
    return shown_text(value) if isinstance(value, str) and not value.isprintable() else value


def _packed(rows: Sequence[dict[str, JSON]]) -> JSON:
    """Lay rows out as columns, a word that comes again as its number: a fifth of the bytes; `page.js` unpacks them."""
    names = list(dict.fromkeys(name for row in rows for name in row))
    columns = {}
    for name in names:
        values = [row.get(name) for row in rows]
        words = dict.fromkeys(values) if all(isinstance(value, str | bool | None) for value in values) else {}
        known = {word: number for number, word in enumerate(words)}
        columns[name] = {"of": list(known), "at": [known[value] for value in values]} if known else values
    return {"n": len(rows), "columns": columns}


def _behaviors(readings: Iterable[Reading]) -> list[str]:
    return sorted({span.behavior for reading in readings for span in reading.spans})


def in_script(value: JSON) -> str:
    """Write JSON that no text in it can end the script element of."""
    text = json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    return text.replace("<", "\\u003c").replace("\u2028", "\\u2028").replace("\u2029", "\\u2029")
