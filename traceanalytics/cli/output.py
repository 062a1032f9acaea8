"""What commands print: one JSON value or a table on standard output, everything else on standard error."""

import json
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from traceanalytics.types import JSON

if TYPE_CHECKING:
    import pyarrow

WIDEST_CELL = 60
MOST_NAMED = 40  # behaviors are named, thousands of prompts are counted


def emit_json(value: JSON) -> None:
    """Print one JSON value; NaN and infinities become null, as JSON has none."""
    sys.stdout.write(json.dumps(_finite(value), ensure_ascii=False, default=str) + "\n")


def emit_rows(table: "pyarrow.Table", *, as_json: bool) -> None:
    """Print an Arrow table as an array of row objects or as aligned columns."""
    rows = table.to_pylist()
    if as_json:
        emit_json(rows)
    else:
        emit_table(table.column_names, [[row[name] for name in table.column_names] for row in rows])


def emit_table(header: Sequence[str], rows: Iterable[Sequence[object]], *, widest: int | None = WIDEST_CELL) -> None:
    """Print aligned columns, numbers to the right; control characters are shown, never sent to the terminal.

    Cells are cut for a terminal only: what goes into a file or a pipe is whole.
    """
    widest = widest if sys.stdout.isatty() else None
    cells = [[_cell(value, widest) for value in row] for row in rows]
    numeric = [all(_is_number(row[i]) for row in cells) for i in range(len(header))]
    widths = [max([len(header[i]), *(len(row[i]) for row in cells)]) for i in range(len(header))]
    for line in [list(header), *cells]:
        padded = (c.rjust(w) if right else c.ljust(w) for c, w, right in zip(line, widths, numeric, strict=True))
        emit_line("  ".join(padded).rstrip())


def emit_facts(facts: Mapping[str, JSON]) -> None:
    """Print a card: a fact a line."""
    rows = [[name, line] for fact, value in facts.items() for name, line in _in_words(fact, value)]
    emit_table(["fact", "value"], rows, widest=None)


def _in_words(fact: str, value: JSON) -> Iterator[tuple[str, str]]:
    """Yield a fact of a card in words: a line for all that it holds by name, and of long lists how much they hold."""
    if isinstance(value, dict):
        deep = {name: held for name, held in value.items() if isinstance(held, dict | list)}
        if flat := [f"{name} {held}" for name, held in value.items() if name not in deep]:
            yield fact, ", ".join(flat)
        for name, held in deep.items():
            yield from _in_words(f"{fact}.{name}", held)
    elif isinstance(value, list) and len(value) > MOST_NAMED:
        yield fact, f"{len(value):,} of them; --json prints them"
    else:
        yield fact, ", ".join(map(str, value)) if isinstance(value, list) else str(value)


def aligned(rows: Sequence[Sequence[str]]) -> list[str]:
    """Set cells in columns under a line of words; a column that is empty in every row is left out.

    >>> aligned([["planning", "", "3%"], ["deduction", "", "10%"]])
    ['  planning   3%', '  deduction  10%']
    """
    columns = [column for column in zip(*rows, strict=True) if any(column)]
    widths = [max(map(len, column)) for column in columns]
    lines = zip(*columns, strict=True)
    return ["  " + "  ".join(map(str.ljust, cells, widths)).rstrip() for cells in lines]


def emit_line(line: str = "") -> None:
    """Print one line of a result."""
    sys.stdout.write(line + "\n")


def note(line: str) -> None:
    """Say something that is not the result."""
    sys.stderr.write(line + "\n")


def harmless(text: str) -> str:
    r"""Show control characters and direction overrides instead of sending them to a terminal.

    >>> harmless("a\x1b[31mb\u202e")
    'a\\x1b[31mb\\u202e'
    """
    return "".join(c if c.isprintable() or c in "\n\t" else c.encode("unicode_escape").decode() for c in text)


def _finite(value: JSON) -> JSON:
    if isinstance(value, float) and (value != value or value in (float("inf"), float("-inf"))):
        return None
    if isinstance(value, Mapping):
        return {str(key): _finite(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(item) for item in value]
    return value


def _cell(value: object, widest: int | None) -> str:
    if value is None:
        return "-"
    text = f"{value:.4g}" if isinstance(value, float) else harmless(str(value)).replace("\n", "⏎").replace("\t", " ")
    return text if widest is None or len(text) <= widest else text[: widest - 1] + "…"


def _is_number(cell: str) -> bool:
    try:
        float(cell)
    except ValueError:
        return cell == "-"
    return True
