"""What a reader is: a declared mapping from the keys of a log's records to our columns, plus what its format needs.

The mapping alone drives two paths that must give the same rows: a fast one, as SQL inside DuckDB, and a careful one,
record by record in Python. A reader with `refine`, `records` or `repeats` of its own always takes the careful one.
Of two readers that know a file, the one that needs more keys takes it.
"""

import json
import math
import re
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path, PurePosixPath
from typing import BinaryIO

from traceanalytics.registry import Registry
from traceanalytics.types import JSON, Rollout

Record = Mapping[str, JSON]


class Kind(StrEnum):
    """How a value becomes a column; one that does not fit stays in `extra` and leaves the column empty.

    NaN and infinities do not fit: one of them in a column would make every mean over it NaN.
    """

    TEXT = "text"  # a string as found; another value as its JSON text
    TALK = "talk"  # as TEXT, but a list of chat messages becomes what they say, and the messages are kept as they are
    NUMBER = "number"  # a number, also in quotes, as some writers turn what JSON lacks into strings; true is 1, false 0
    INTEGER = "integer"  # a whole number, also in quotes
    BOOLEAN = "boolean"  # true and false; the numbers 1 and 0; the strings "True" and "False"
    SPLIT = "split"  # a split under one of its usual names


@dataclass(frozen=True, slots=True)
class Field:
    """Where a column comes from: the first of `keys` that a record holds with a value other than null.

    `pattern` keeps only its first group of a text (RE2 and `re` read it alike).
    """

    keys: tuple[str, ...]
    kind: Kind
    pattern: str | None = None


def text(*keys: str, pattern: str | None = None) -> Field:
    """Take a text."""
    return Field(keys, Kind.TEXT, pattern)


def talk(*keys: str) -> Field:
    """Take a text, or what a list of chat messages says."""
    return Field(keys, Kind.TALK)


def number(*keys: str) -> Field:
    """Take a float."""
    return Field(keys, Kind.NUMBER)


def integer(*keys: str, pattern: str | None = None) -> Field:
    """Take a whole number."""
    return Field(keys, Kind.INTEGER, pattern)


def boolean(*keys: str) -> Field:
    """Take a truth value."""
    return Field(keys, Kind.BOOLEAN)


def split(*keys: str) -> Field:
    """Take a split."""
    return Field(keys, Kind.SPLIT)


@dataclass(frozen=True, slots=True)
class Place:
    """Where a record stands: what its path and the files beside it say about it."""

    path: Path  # the file on disk
    name: str  # path below the user's PATH, with the member after `!` for an archive
    root: Path  # the user's PATH
    facts: Mapping[str, JSON] = field(default_factory=dict)  # what `Reader.facts` found beside the file
    split: str | None = None  # what `Reader.split` says of the path


@dataclass(frozen=True, slots=True)
class Located:
    """A record and where it begins: the line (1 for the first; the row for tables) and the byte."""

    record: JSON
    line: int
    byte: int | None = None
    fault: str | None = None  # why this cannot be a record; it becomes a reject
    raw: bytes = b""  # the text behind the record or the fault, where there is one


@dataclass(frozen=True, slots=True, kw_only=True)
class Reader:
    """One log format. What it is recognized by, what comes from where, and what to tell people about it."""

    name: str
    framework: str
    recognizes: str  # for `ta readers`: files and keys, in a sentence
    lacks: str  # what its trainer's log does not say
    log_better: str  # a recipe of up to three lines
    needs: frozenset[str]  # keys that every record holds
    forbids: frozenset[str] = frozenset()  # keys that no record of this format holds
    fits: Callable[[Sequence[Record], Place], bool] | None = None  # what keys alone cannot tell
    refuses: Callable[[Sequence[Record]], str | None] | None = None  # why a file of the format holds no rollouts
    fields: Mapping[str, Field] = field(default_factory=dict)  # Rollout attribute -> where it comes from
    takes: Mapping[str, str] = field(default_factory=dict)  # for `ta readers`: attribute -> where `refine` finds it
    components: tuple[str, ...] = ()  # keys whose numbers are parts of the reward, where they are not the reward itself
    split: Callable[[Place], str | None] | None = None  # from the path, when the record does not say
    step_in_name: str | None = None  # a pattern with one group, searched in the file name, then in its folders
    refine: Callable[[Record, Rollout, Place], Iterable[Rollout]] | None = None
    records: Callable[[BinaryIO, Place], Iterator[Located]] | None = None  # a container of its own
    suffixes: tuple[str, ...] = ()  # of files that only `records` can open, such as `.eval`
    repeats: Callable[[Rollout], Hashable] | None = None  # what the trainer logs again; None: it logs nothing twice
    siblings: tuple[str, ...] = ()  # patterns of file names beside the rollouts that hold facts, never rollouts
    facts: Callable[[Path], Mapping[str, JSON]] | None = None  # read once a folder, for `runs` and `Place.facts`


READERS: Registry[Reader] = Registry("traceanalytics.readers", "reader", lambda: Reader)

_NUMBERED = re.compile(r"(\d+)")


def step_from_name(pattern: str, name: str) -> int | None:
    """Find a step in a file's name, else in its nearest folder that has one.

    >>> step_from_name(r"global_step[_-]?(\\d+)", "run/global_step_40/test.jsonl")
    40
    """
    found = place_of_step(pattern, name)
    return found[0] if found else None


def place_of_step(pattern: str, name: str) -> tuple[int, str] | None:
    """Find a step in a name and say where: in the file name or in a directory.

    >>> place_of_step(r"step_(\\d+)", "dump.zip!step_7/a.jsonl")
    (7, 'directory')
    """
    parts = re.split(r"[/!]", name)
    for part in reversed(parts):
        found = re.search(pattern, part)
        if found:
            return int(found[1]), "file name" if part is parts[-1] else "directory"
    return None


def in_number_order(names: Iterable[str]) -> list[str]:
    """Sort names so that 2.jsonl comes before 10.jsonl."""
    return sorted(names, key=lambda name: [int(part) if part.isdigit() else part for part in _NUMBERED.split(name)])


def inner(value: JSON, *keys: str | int) -> JSON:
    """Follow keys and indexes into nested objects and lists; None where one is missing.

    >>> inner({"usage": {"output_tokens": 5}}, "usage", "output_tokens"), inner({}, "choices", 0)
    (5, None)
    """
    for key in keys:
        if isinstance(key, str):
            value = value.get(key) if isinstance(value, Mapping) else None
        else:
            value = value[key] if isinstance(value, list) and -len(value) <= key < len(value) else None
    return value


def list_in(value: JSON, *keys: str | int) -> list[JSON]:
    """Follow keys to a list; empty where none is.

    >>> list_in({"choices": [1, 2]}, "choices"), list_in({"choices": None}, "choices")
    ([1, 2], [])
    """
    found = inner(value, *keys)
    return found if isinstance(found, list) else []


def text_in(value: JSON, *keys: str | int) -> str | None:
    """Follow keys to a text; a number or object becomes its JSON, and nothing stays nothing.

    >>> text_in({"answer": 17}, "answer"), text_in({}, "answer")
    ('17', None)
    """
    found = inner(value, *keys)
    return found if found is None or isinstance(found, str) else json.dumps(found, ensure_ascii=False)


def objects_in(value: JSON) -> list[Record]:
    """Return the objects among the elements of a list; nothing for what is no list."""
    return [each for each in value if isinstance(each, Mapping)] if isinstance(value, list) else []


def id_in_file(place: Place, number: JSON) -> str:
    """Make an id that its log counts from 0 in each file into one that is unique in a run of several files.

    >>> id_in_file(Place(Path("run/gsm8k/results.jsonl"), "gsm8k/results.jsonl", Path("run")), 7)
    'gsm8k/results/7'
    """
    return f"{PurePosixPath(place.name).with_suffix('')}/{number}"


def numbers_in(values: JSON) -> dict[str, float | None]:
    """Return the finite numbers of an object by key, as parts of a reward: true is 1, null stays null.

    >>> numbers_in({"format": True, "length": 0.5, "judge": None, "verdict": "fine"})
    {'format': 1.0, 'length': 0.5, 'judge': None}
    """
    if not isinstance(values, Mapping):
        return {}
    return {
        str(key): None if value is None else float(value)
        for key, value in values.items()
        if value is None or (isinstance(value, int | float) and math.isfinite(value))
    }
