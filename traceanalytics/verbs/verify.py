"""Is a report still what was written, and what the store says: its numbers, words, charts, style and scripts?"""

import json
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from itertools import zip_longest
from os.path import commonprefix
from pathlib import Path

from traceanalytics.errors import BadInput, listed
from traceanalytics.pages.base import Selectors, get_page
from traceanalytics.pages.seal import CHART, END, OPENED, Part, facts_of, part_of_facts, parts_of, seal_of, words_of
from traceanalytics.store.store import Store
from traceanalytics.types import JSON
from traceanalytics.verbs.report import Made, make, sources, versions

_PLACE = re.compile(r" --db (?:&#x27;.*?&#x27;|[^\s<\"`]+)")  # a store may have moved since
_MAKING = ("<td>store</td>", "<td>made</td>", "<td>checked with</td>")  # what its name and the day change of a report
_SHOWN, _BEFORE = 80, 20  # characters of what was found, and of them before the first that differs
_NOTHING = "nothing"


@dataclass(frozen=True, slots=True)
class Difference:
    """A place of a report that is not what it should be; `is_moved` where the store, not the file, has changed."""

    where: str
    found: JSON
    expected: JSON
    is_moved: bool = False

    def __str__(self) -> str:
        if self.is_moved:
            return f"{self.where}: was {self.found}, is {self.expected}"
        return f"{self.where}: found {self.found}, expected {self.expected}"


@dataclass(frozen=True, slots=True)
class Verified:
    """What somebody changed in the file, what the store says otherwise, and whether it has read other files since."""

    changed: list[Difference]
    moved: list[Difference]
    of_this_data: bool
    is_of_these_versions: bool


def verify(path: Path, store: Store, *, say: Callable[[str], None] = lambda line: None) -> Verified:
    """Hold every part of a report to its seal, its numbers to the store, and all of it to the report drawn again."""
    if not path.exists():
        raise BadInput(f"{path}: no such file; `ta report --out {path}` writes one")
    written = path.read_bytes().decode("utf-8", errors="replace").replace("\r\n", "\n")
    facts = facts_of(written)
    if facts is None and OPENED in written:
        raise BadInput(
            f"{path}: is cut short or changed in what it keeps to be checked by; `ta report` writes it again"
        )
    if facts is None:
        raise BadInput(f"{path}: holds no numbers to check; it must be a report that `ta report` wrote")
    _check_store(path, facts.get("sources", {}), store)
    say(f"making the report again from {store.path}, to hold {path} against it: some seconds")
    made = _made_again(facts, store)
    again: JSON = json.loads(json.dumps(made.facts))
    found, drawn = parts_of(written), parts_of(made.document.decode())
    changed = _changed(found, facts, [*drawn, part_of_facts(again)])
    moved = _moved_numbers(facts["numbers"], again["numbers"])
    is_of_these_versions = facts["versions"] == versions()
    if not changed and not moved and is_of_these_versions:  # other versions may say and draw the same otherwise
        moved = _moved_parts(found, drawn)
    return Verified(changed, moved, facts["digest"] == again["digest"], is_of_these_versions)


def _check_store(path: Path, were: dict[str, list[str]], store: Store) -> None:
    """Refuse a store that lacks a run of the report or has read none of its files: every row of another one differs."""
    now = sources(store, list(were))
    other = "name the store that the report was made from with --db"
    if missing := [run for run in were if run not in now]:
        raise BadInput(f"{path}: is of another store: {store.path} has no run called {listed(missing)}; {other}")
    if were and not any({*were[run]} & {*now[run]} for run in were):
        raise BadInput(
            f"{path}: is of another store: {store.path} has read none of the files of {listed(were)}; {other}"
        )


def _made_again(facts: dict[str, JSON], store: Store) -> Made:
    given: JSON = {name: tuple(each) if isinstance(each, list) else each for name, each in facts["selectors"].items()}
    with store.kept_open():
        return make(store, Selectors(**given), [get_page(name) for name in facts["pages"]])


def _changed(found: list[Part], facts: dict[str, JSON], drawn: list[Part]) -> list[Difference]:
    """Return the parts that are not those that were sealed; the store says what they were, where it still does."""
    seal, known = seal_of(facts), {part.digest: part for part in drawn}
    sealed_facts = seal.pop()
    kept = part_of_facts(facts)
    differing = list(_pairs([part.digest for part in found], seal))
    cut: list[Difference] = []
    if not any(part.markup.startswith(END) for part in found):
        last = len(found) - 1
        differing = [(i, k) for i, k in differing if i is not None and i < last]
        cut = [Difference("the file", f"an end within {found[last].name}", f"{len(seal) - last:,} parts more")]
    changed = [
        _change(None if i is None else found[i], None if k is None else known.get(seal[k]), is_added=k is None)
        for i, k in differing
    ]
    of_facts = [_change(kept, known.get(sealed_facts))] if kept.digest != sealed_facts else []
    return [*cut, *changed, *of_facts]


def _change(found: Part | None, was: Part | None, *, is_added: bool = False) -> Difference:
    if found is not None and was is None and not is_added:
        return Difference(found.name, _quoted(_seen(found)), "what was written, which the store no longer says")
    if found is None and was is None:
        return Difference("a part", _NOTHING, "what was written, which the store no longer says")
    return _difference(found, was)


def _moved_parts(found: list[Part], drawn: list[Part]) -> list[Difference]:
    """Return the parts that the store no longer gives, though every number that the report keeps is the same."""
    pairs = _pairs([_lasting(part) for part in found], [_lasting(part) for part in drawn])
    both = ((None if i is None else found[i], None if k is None else drawn[k]) for i, k in pairs)
    return [_difference(was, now, is_moved=True) for was, now in both if not (was and now and _draw_the_same(was, now))]


def _pairs(found: Sequence[str], expected: Sequence[str]) -> Iterator[tuple[int | None, int | None]]:
    """Yield the places of what differs, each beside its counterpart where it has one."""
    for kind, i, j, k, m in SequenceMatcher(None, found, expected, autojunk=False).get_opcodes():
        if kind != "equal":
            yield from zip_longest(range(i, j), range(k, m))


def _lasting(part: Part) -> str:
    """Return what is the same in a report of the same numbers made elsewhere or on another day."""
    return next((row for row in _MAKING if row in part.markup), _PLACE.sub("", part.markup))


def _difference(found: Part | None, expected: Part | None, *, is_moved: bool = False) -> Difference:
    """Say what two parts hold where they begin to differ: a value of a chart, words, or else markup."""
    name = (found or expected).name  # type: ignore[union-attr]
    if found is None or expected is None:
        one, two = (_NOTHING if part is None else _quoted(_seen(part)) for part in (found, expected))
        return Difference(name, one, two, is_moved)
    for place, value, other in _apart(_values(found), _values(expected)):
        return Difference(f"{name}, {place}", _shortened(json.dumps(value)), _shortened(json.dumps(other)), is_moved)
    one, two = _seen(found), _seen(expected)
    if one == two:
        one, two = found.markup, expected.markup
    at = len(commonprefix([one, two]))
    return Difference(name, _quoted(one, at), _quoted(two, at), is_moved)


def _draw_the_same(part: Part, other: Part) -> bool:
    """Say whether two charts hold the same, but for sums that were added in another order."""
    one, two = _values(part), _values(other)
    return one is not None and two is not None and next(_apart(one, two), None) is None


def _values(part: Part) -> JSON:
    """Return what a part of the charts holds; None of any other."""
    return json.loads(part.markup) if part.name.endswith(CHART) else None


def _apart(one: JSON, two: JSON, place: str = "") -> Iterator[tuple[str, JSON, JSON]]:
    """Yield where two values of JSON differ."""
    if isinstance(one, dict) and isinstance(two, dict):
        for key in dict.fromkeys([*one, *two]):
            yield from _apart(one.get(key), two.get(key), f"{place} {key}".lstrip())
    elif isinstance(one, list) and isinstance(two, list) and len(one) == len(two):
        for number, (each, other) in enumerate(zip(one, two, strict=True), 1):
            yield from _apart(each, other, f"{place} {number}".lstrip())
    elif not _same(one, two):
        yield place, one, two


def _seen(part: Part) -> str:
    return words_of(part.markup) or part.markup


def _quoted(text: str, at: int = 0) -> str:
    """Quote what stands around a place of a text.

    >>> _quoted("a text of one line")
    "'a text of one line'"
    """
    start = max(at - _BEFORE, 0)
    return repr(f"{'…' if start else ''}{_shortened(text[start:])}")


def _shortened(text: str) -> str:
    return text[:_SHOWN] + ("…" if len(text) > _SHOWN else "")


def _moved_numbers(before: JSON, now: JSON) -> list[Difference]:
    moved: list[Difference] = []
    for page, tables in before.items():
        for title, was in tables.items():
            place, has = f"{page}, {title}", now.get(page, {}).get(title)
            if has is None:
                moved.append(Difference(f"{place}, the table", f"{len(was['rows'])} rows", "gone", True))
                continue
            rows, rows_now = _by_name(was), _by_name(has)
            new = (name for name in rows_now if name not in rows)
            moved += [Difference(f"{place}, {name}, row", "not there", "there", True) for name in new]
            for name, row in rows.items():
                moved += _moved_row(f"{place}, {name}", row, rows_now.get(name))
    return sorted(moved, key=str)


def _moved_row(place: str, row: dict[str, JSON], now: dict[str, JSON] | None) -> list[Difference]:
    if now is None:
        return [Difference(f"{place}, row", "there", "gone", True)]
    return [
        Difference(f"{place}, {column}", value, now.get(column), True)
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
