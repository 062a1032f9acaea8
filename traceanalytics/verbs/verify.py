"""Is what a report says still what the store says: its numbers, and every line that a reader sees?"""

import json
import re
from dataclasses import dataclass
from difflib import SequenceMatcher
from html import unescape
from itertools import zip_longest
from pathlib import Path

from traceanalytics import __version__
from traceanalytics.errors import BadInput
from traceanalytics.pages.base import Selectors, get_page
from traceanalytics.store.store import Store
from traceanalytics.types import JSON
from traceanalytics.verbs.report import facts_of, make

_LINE = re.compile(r"<(h1|h2|h3|p|tr|figcaption)\b[^>]*>(.*?)</\1>", re.DOTALL)
_TAG_OR_PLACE = re.compile(r"<[^>]*>| --db [^ <]+")  # a store may have moved since
_FOOTER = "<footer>"  # where a report says what it was made from and when


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


@dataclass(frozen=True, slots=True)
class Verified:
    """What differs, and whether the store has read the files that the report was made from, no more and no fewer."""

    differences: list[Difference]
    of_this_data: bool


def verify(path: Path, store: Store) -> Verified:
    """Make a report again and say where the one that was written differs."""
    if not path.exists():
        raise BadInput(f"{path}: no such file; `ta report --out {path}` writes one")
    written = path.read_text(encoding="utf-8", errors="replace")
    facts = facts_of(written)
    if facts is None:
        raise BadInput(f"{path}: holds no numbers to check; it must be a report that `ta report` wrote")
    given: JSON = {name: tuple(each) if isinstance(each, list) else each for name, each in facts["selectors"].items()}
    with store.kept_open():
        made = make(store, Selectors(**given), [get_page(name) for name in facts["pages"]])
    again: JSON = json.loads(json.dumps(made.facts))
    found = _differences(facts["numbers"], again["numbers"])
    if not found and facts.get("made_by") == __version__:  # another version may say the same in other words
        found = _rewritten(written, made.document.decode())
    return Verified(found, facts["digest"] == again["digest"])


def _rewritten(written: str, made: str) -> list[Difference]:
    """Return the lines that no longer say what they were made to say."""
    was, is_now = _lines(written), _lines(made)
    changes = [
        pair
        for kind, i, j, k, m in SequenceMatcher(None, was, is_now, autojunk=False).get_opcodes()
        if kind != "equal"
        for pair in zip_longest(was[i:j], is_now[k:m])
    ]
    return [Difference("the report", "its text", f"line {number}", "words", before, after)
            for number, (before, after) in enumerate(changes, 1)]  # fmt: skip


def _lines(document: str) -> list[str]:
    shown = document.partition(_FOOTER)[0]
    return [" ".join(unescape(_TAG_OR_PLACE.sub(" ", inner)).split()) for _, inner in _LINE.findall(shown)]


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
