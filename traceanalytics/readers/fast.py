"""The fast path's mapping: a reader's fields as one SELECT over lines of JSON, for DuckDB to run.

It reads what every writer writes, and says `dirty` of a line that is anything else: not JSON, a value of another kind
than the field's, NaN, a null where another key has the value. Such lines go to the careful path, which decides.
"""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from traceanalytics.readers.base import Field, Kind, Reader
from traceanalytics.readers.json_values import json_text
from traceanalytics.readers.mapping import FALSE, SOURCES, SPLITS, TRUE, WHOLE

MOST_KEYS = 200

# yyjson takes trailing commas, and numbers past a double as they are; neither is JSON that others read
_TRAILING_COMMA = r",\s*[\]}]"
_NO_PLAIN_JSON = r"NaN|Infinity|[0-9][eE]\+?[0-9]{3}"
COLUMNS = {
    "row": "BIGINT",
    "line": "BIGINT",
    "dirty": "BOOLEAN",
    "prompt": "VARCHAR",
    "ground_truth": "VARCHAR",
    "dataset": "VARCHAR",
    "level": "VARCHAR",
    "split": "VARCHAR",
    "step": "BIGINT",
    "group_id": "VARCHAR",
    "sample_index": "INTEGER",
    "output_index": "INTEGER",
    "response": "VARCHAR",
    "reward": "DOUBLE",
    "advantage": "DOUBLE",
    "correct": "BOOLEAN",
    "prediction": "VARCHAR",
    "finish_reason": "VARCHAR",
    "n_tokens": "BIGINT",
    "model": "VARCHAR",
    "extra": "VARCHAR",
    "reward_components": "MAP(VARCHAR, DOUBLE)",
    "file_id": "VARCHAR",
    "step_source": "VARCHAR",
    "reward_source": "VARCHAR",
    "correct_source": "VARCHAR",
    "group_source": "VARCHAR",
}


def is_fast(reader: Reader) -> bool:
    """Say whether a reader's mapping is all that its format needs, so that DuckDB can read it."""
    declared_only = reader.refine is None and reader.records is None and reader.repeats is None
    return declared_only and set(reader.fields) <= set(COLUMNS) and _structure(reader) is not None


def mapped_keys(reader: Reader) -> frozenset[str]:
    """Return every key that a reader maps."""
    return frozenset(_structure(reader) or {})


def select_lines(reader: Reader, keys: Sequence[str], *, and_others: bool = False) -> str | None:
    """Return the SELECT for lines that hold these keys, in this order; None where only careful reading will do.

    It reads `these(row, line, text, file_id, split, step, step_source)`.
    With `and_others` the lines hold further keys, which no field maps.
    """
    structure = _structure(reader) or {}
    if len(set(keys)) < len(keys) or not reader.needs <= set(keys):
        return None
    built = _Select(set(keys))
    for column, each in reader.fields.items():
        built.add(column, each)
    if "response" not in built.columns or _names_clash(built.mapped):
        return None
    built.add_components(reader.components)
    others = [key for key in keys if key not in built.mapped]
    if and_others or len(keys) > MOST_KEYS or _names_clash(keys):
        built.add_rest()
    else:
        built.add_extra(others)
    return built.statement(structure)


@dataclass(slots=True)
class _Select:
    """A SELECT in the making: a column's expression each, and what makes a line dirty."""

    keys: set[str]
    columns: dict[str, str] = field(default_factory=dict)
    mapped: set[str] = field(default_factory=set)
    dirty: list[str] = field(default_factory=list)
    nested: list[str] = field(default_factory=list)  # texts that may be JSON, and then must be plain JSON
    extra: list[str] = field(default_factory=list)

    def add(self, column: str, mapping: Field) -> None:
        """Take a column from the first of its keys."""
        found = [key for key in mapping.keys if key in self.keys]
        if not found:
            return
        key, later = found[0], found[1:]
        self.mapped.add(key)
        if later:
            some = " OR ".join(f"{_value(each)} IS NOT NULL" for each in later)
            self.dirty.append(f"{_value(key)} IS NULL AND ({some})")
        self.columns[column] = self._expression(column, key, mapping)
        if column in SOURCES and column != "step":
            self.columns[SOURCES[column]] = f"CASE WHEN {_value(key)} IS NOT NULL THEN {_text(key)} END"

    def add_components(self, components: Iterable[str]) -> None:
        """Keep the numbers that are parts of the reward."""
        pairs = []
        for key in components:
            if key in self.keys - self.mapped:
                self.mapped.add(key)
                pairs.append(f"{{'k': {_text(key)}, 'v': {self._number(key)}}}")
        if pairs:
            known = f"list_filter([{', '.join(pairs)}], lambda pair: pair.v IS NOT NULL)"
            self.columns["reward_components"] = f"CASE WHEN len({known}) > 0 THEN map_from_entries({known}) END"

    def add_extra(self, keys: Sequence[str]) -> None:
        """Keep every other key as it is."""
        self.extra = list(keys)
        pairs = [f"{_text(json_text(key) + ':')}, coalesce({_raw(key)}, 'null')" for key in keys]
        if pairs:
            listed = ", ',', ".join(pairs)
            self.columns["extra"] = f"concat('{{', {listed}, '}}')"
            self.nested.extend(_raw(key) for key in keys)
            self.dirty.append(f"regexp_matches({self.columns['extra']}, {_text(_NO_PLAIN_JSON)})")

    def add_rest(self) -> None:
        """Keep whatever is not mapped, when its keys are not known or DuckDB cannot tell them apart."""
        patch = json.dumps(dict.fromkeys(sorted(self.mapped)))
        rest = f"nullif(CAST(json_merge_patch(read.text, {_text(patch)}) AS VARCHAR), '{{}}')"
        self.columns["extra"] = f"CASE WHEN read.v IS NOT NULL THEN {rest} END"
        self.nested.append(self.columns["extra"])
        self.dirty.append(f"regexp_matches({self.columns['extra']}, {_text(_NO_PLAIN_JSON)})")

    def statement(self, structure: dict[str, str]) -> str:
        """Return the whole SELECT."""
        wanted = {key: kind for key, kind in structure.items() if key in self.keys}
        wanted |= dict.fromkeys(self.extra, "JSON")
        step = self.columns.get("step", "NULL::BIGINT")
        self.dirty.append(f"read.step <> {step}")
        self.dirty.append(f"{self.columns['response']} IS NULL")
        self.dirty.append("read.v IS NULL")
        if self.nested:
            opens = " OR ".join(f"starts_with({text}, '[') OR starts_with({text}, '{{')" for text in self.nested)
            self.dirty.append(_if(opens, f"regexp_matches(read.text, {_text(_TRAILING_COMMA)})"))
        self.columns |= {
            "file_id": "read.file_id",
            "split": f"coalesce({self.columns.get('split', 'NULL')}, read.split, 'train')",
            "step": f"coalesce(read.step, {step})",
            "step_source": f"CASE WHEN read.step IS NOT NULL THEN read.step_source WHEN {step} IS NULL THEN 'none' "
            "ELSE 'field' END",
        }
        dirty = "\n        OR ".join(f"({condition})" for condition in self.dirty)
        self.columns |= {"row": "read.row", "line": "read.line", "dirty": f"coalesce({dirty}, false)"}
        listed = ",\n    ".join(
            f"{self.columns.get(name, f'NULL::{kind}')} AS {name}" for name, kind in COLUMNS.items()
        )
        return (
            f"SELECT\n    {listed}\n"
            f"FROM (SELECT *, try(from_json(text, {_text(json.dumps(wanted))})) AS v FROM these) AS read"
        )

    def _expression(self, column: str, key: str, mapping: Field) -> str:
        if mapping.pattern is not None:
            return self._matched(column, key, mapping)
        if mapping.kind is Kind.NUMBER:
            return self._number(key)
        if mapping.kind is Kind.INTEGER:
            return self._integer(_raw(key), column)
        if mapping.kind is Kind.BOOLEAN:
            raw, yes, no = _raw(key), _listed(TRUE), _listed(FALSE)
            self.dirty.append(f"{raw} NOT IN ({yes}, {no})")
            return f"CASE WHEN {raw} IN ({yes}) THEN true WHEN {raw} IN ({no}) THEN false END"
        if mapping.kind is Kind.SPLIT:
            self.dirty.append(f"{_value(key)} NOT IN ({_listed(SPLITS)})")
            cases = " ".join(f"WHEN {_text(name)} THEN {_text(split)}" for name, split in SPLITS.items())
            return f"CASE {_value(key)} {cases} END"
        if mapping.kind is Kind.TALK:
            self.dirty.append(f"starts_with({_value(key)}, '[')")
        value = _value(key)
        self.nested.append(value)
        opens = f"starts_with({value}, '[') OR starts_with({value}, '{{')"
        self.dirty.append(_if(opens, f"regexp_matches({value}, {_text(_NO_PLAIN_JSON)})"))
        return value

    def _number(self, key: str) -> str:
        number = f"try_cast({_raw(key)} AS DOUBLE)"
        self.dirty.append(f"{_raw(key)} IS NOT NULL AND NOT coalesce(isfinite({number}), false)")
        return number

    def _integer(self, text: str, column: str) -> str:
        whole = f"try_cast({text} AS {COLUMNS[column]})"
        self.dirty.append(f"{text} IS NOT NULL AND {whole} IS NULL OR NOT regexp_full_match({text}, '{WHOLE}')")
        return whole

    def _matched(self, column: str, key: str, mapping: Field) -> str:
        value, pattern = _value(key), _text(mapping.pattern or "")
        self.dirty.append(f"NOT regexp_matches({value}, {pattern})")
        part = f"regexp_extract({value}, {pattern}, 1)"
        return self._integer(part, column) if mapping.kind is Kind.INTEGER else part


def _structure(reader: Reader) -> dict[str, str] | None:
    """Say how each mapped key is read: as text, or as JSON whose kind shows; None where one key would be both."""
    structure: dict[str, str] = dict.fromkeys(reader.components, "JSON")
    for each in reader.fields.values():
        is_text = each.kind in (Kind.TEXT, Kind.TALK, Kind.SPLIT) or each.pattern is not None
        for key in each.keys:
            if structure.setdefault(key, "VARCHAR" if is_text else "JSON") != ("VARCHAR" if is_text else "JSON"):
                return None
    return structure


def _names_clash(keys: Iterable[str]) -> bool:
    """Say whether DuckDB cannot tell the keys apart, or name one of them: upper and lower case are the same to it."""
    wanted = [key.lower() for key in keys]
    return len(set(wanted)) < len(wanted) or "" in wanted or any("\0" in key for key in wanted)


def _if(condition: str, then: str) -> str:
    """Look at `then` only where the condition holds, which AND does not promise."""
    return f"CASE WHEN {condition} THEN {then} END"


def _value(key: str) -> str:
    name = key.replace('"', '""')
    return f'read.v."{name}"'


def _raw(key: str) -> str:
    return f"CAST({_value(key)} AS VARCHAR)"


def _text(value: str) -> str:
    quoted = value.replace("'", "''")
    return f"'{quoted}'"


def _listed(values: Iterable[str]) -> str:
    return ", ".join(map(_text, values))
