"""The careful path's mapping: one record to rollouts, as a reader's fields declare it."""

import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from traceanalytics.errors import BadRecord
from traceanalytics.readers.base import Field, Kind, Place, Reader, Record, place_of_step
from traceanalytics.readers.columns import WHOLE_BITS, fits_bits, misfit
from traceanalytics.readers.json_values import json_text, kind_of, without_surrogates
from traceanalytics.readers.messages import Message, conversation, is_messages, prompt_text
from traceanalytics.types import JSON, Rollout, Split

SPLITS = {
    "train": Split.TRAIN,
    "training": Split.TRAIN,
    "val": Split.VAL,
    "valid": Split.VAL,
    "validation": Split.VAL,
    "dev": Split.VAL,
    "eval": Split.EVAL,
    "evaluation": Split.EVAL,
    "test": Split.EVAL,
    "probe": Split.PROBE,
}
TRUE = ("true", "1", "1.0", '"True"')  # as JSON texts; the fast path compares with the same
FALSE = ("false", "0", "0.0", '"False"')
WHOLE = r"-?[0-9]{1,18}"
SOURCES = {"step": "step_source", "reward": "reward_source", "correct": "correct_source", "group_id": "group_source"}

_MISFIT: Any = object()
_NUMERIC = re.compile(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?")
_WHOLE = re.compile(WHOLE)


@dataclass(frozen=True, slots=True)
class StepRule:
    """Where a file's steps come from (`field`, `file name`, `directory`, `none`), and the step that the path says."""

    source: str
    step: int | None = None


def step_rule(reader: Reader, records: Iterable[Record], place: Place) -> StepRule:
    """Decide where the steps of a file come from: the field, else the file name, else a directory."""
    field = reader.fields.get("step")
    if field is not None and any(_taken(record, field)[0] is not None for record in records):
        return StepRule("field")
    if reader.step_in_name is not None:
        found = place_of_step(reader.step_in_name, f"{place.root.name}/{place.name}")
        if found is not None:
            return StepRule(found[1], found[0])
    return StepRule("none")


def to_rollouts(record: JSON, reader: Reader, place: Place) -> list[Rollout]:
    """Read one record; what cannot be a rollout is a BadRecord that says why."""
    record = as_record(record)
    if not isinstance(record, Mapping):
        raise BadRecord(f"found {kind_of(record)}, where a record is an object")
    missing = [key for key in sorted(reader.needs) if key not in record]
    if missing:
        raise BadRecord(f"lacks {', '.join(missing)}; a {reader.name} record holds {', '.join(sorted(reader.needs))}")
    rollout = from_fields(record, reader, place)
    if reader.refine is not None:
        return [_checked(each) for each in reader.refine(record, rollout, place)]
    if "response" not in reader.fields or rollout.response is None:
        raise BadRecord("holds no response")
    return [rollout]


def _checked(rollout: Rollout) -> Rollout:
    reason = misfit(rollout)
    if reason is not None:
        raise BadRecord(reason)
    return rollout


def as_record(value: JSON) -> JSON:
    """Return a bare list of chat messages, as some write one a line, as a record that holds them; else the value."""
    return {"messages": value} if is_messages(value) else value


def from_fields(record: Record, reader: Reader, place: Place) -> Rollout:
    """Map a record, or a part of one, as a reader's fields declare; what no column takes stays in `extra`."""
    rollout = Rollout(response=None, split=place.split or Split.TRAIN)  # type: ignore[arg-type]
    mapped: set[str] = set()
    talks: dict[str, list[Message]] = {}
    for column, field in reader.fields.items():
        value, key, empty = _taken(record, field)
        mapped.update(empty)
        if value is None:
            continue
        if field.kind is Kind.TALK and is_messages(value):
            talks[column] = value
            mapped.add(key)
            continue
        converted = convert(value, field)
        if converted is _MISFIT or (column in WHOLE_BITS and not fits_bits(converted, WHOLE_BITS[column])):
            continue
        mapped.add(key)
        setattr(rollout, column, converted)
        if column in SOURCES:
            setattr(rollout, SOURCES[column], "field" if column == "step" else key)
    if talks:
        _take_talk(rollout, talks)
    rollout.reward_components = _components(record, reader, mapped)
    rollout.extra = {key: value for key, value in record.items() if key not in mapped}
    return rollout


def _take_talk(rollout: Rollout, talks: Mapping[str, list[Message]]) -> None:
    asked = talks.get("prompt", [])
    if "response" in talks:
        heard = conversation(asked, talks["response"])
        rollout.response, rollout.messages, rollout.turns = heard.response, heard.messages, heard.turns
    if asked:
        rollout.prompt = prompt_text(asked)


def _taken(record: Record, field: Field) -> tuple[JSON, str, list[str]]:
    """Return the first value that is there, its key, and the keys that hold null."""
    empty: list[str] = []
    for key in field.keys:
        if key in record:
            value = record[key]
            if value is not None:
                return value, key, empty
            empty.append(key)
    return None, "", empty


def _components(record: Record, reader: Reader, mapped: set[str]) -> dict[str, float | None]:
    parts: dict[str, float | None] = {}
    for key in reader.components:
        if key in record and key not in mapped:
            value = convert(record[key], Field((key,), Kind.NUMBER)) if record[key] is not None else None
            if value is not _MISFIT:
                mapped.add(key)
            if isinstance(value, float):
                parts[key] = value
    return parts


def convert(value: JSON, field: Field) -> Any:
    """Make a value fit its column, or return the mark of one that does not."""
    return _CONVERT[field.kind](value, field)


def fits_column(value: JSON, field: Field) -> bool:
    """Say whether a value fits a column: a prompt or response is a text or messages."""
    if field.kind is Kind.TALK:
        return isinstance(value, str) or is_messages(value)
    return convert(value, field) is not _MISFIT


def _to_text(value: JSON, field: Field) -> Any:
    text = value if isinstance(value, str) else repr(value) if isinstance(value, float) else json_text(value)
    if field.pattern is None:
        return without_surrogates(text)
    found = re.search(field.pattern, text)
    return found[1] if found else _MISFIT


def _to_number(value: JSON, field: Field) -> Any:
    if isinstance(value, str):
        value = float(value) if _NUMERIC.fullmatch(value) else None
    if not isinstance(value, int | float):
        return _MISFIT
    try:
        number = float(value)
    except OverflowError:
        return _MISFIT
    return number if math.isfinite(number) else _MISFIT


def _to_integer(value: JSON, field: Field) -> Any:
    if isinstance(value, bool):
        return _MISFIT
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        return int(value)
    text = str(value) if isinstance(value, int | str) else ""
    if field.pattern is not None:
        found = re.search(field.pattern, text)
        text = found[1] if found else ""
    return int(text) if _WHOLE.fullmatch(text) else _MISFIT


def _to_boolean(value: JSON, field: Field) -> Any:
    text = json_text(value)
    return True if text in TRUE else False if text in FALSE else _MISFIT


def _to_split(value: JSON, field: Field) -> Any:
    return SPLITS.get(value.strip().lower(), _MISFIT) if isinstance(value, str) else _MISFIT


_CONVERT = {
    Kind.TEXT: _to_text,
    Kind.TALK: _to_text,
    Kind.NUMBER: _to_number,
    Kind.INTEGER: _to_integer,
    Kind.BOOLEAN: _to_boolean,
    Kind.SPLIT: _to_split,
}
