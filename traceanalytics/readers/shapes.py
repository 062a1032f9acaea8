"""How records lie in a stream of bytes: JSON lines, one JSON document, Parquet, Arrow or CSV, and how to walk them.

The careful way: one record at a time, with the line and byte where it begins; what is none becomes a fault.
"""

from collections.abc import Callable, Iterator
from enum import StrEnum
from typing import BinaryIO

from traceanalytics.readers.base import Located
from traceanalytics.readers.documents import elements, whole_document
from traceanalytics.readers.json_values import BOM, SPACE, parse
from traceanalytics.readers.lines import line_records
from traceanalytics.readers.messages import is_messages
from traceanalytics.readers.tables import arrow_rows, csv_rows, parquet_rows


class Shape(StrEnum):
    """How records lie in a file."""

    LINES = "JSON lines"
    ARRAY = "a JSON array"
    DOCUMENT = "one JSON document"
    PARQUET = "Parquet"
    ARROW = "Arrow"
    CSV = "CSV"
    TSV = "TSV"
    UNKNOWN = "unknown"


def shape_of(head: bytes, name: str) -> Shape:
    """Find out from the first bytes of a file how its records lie; the name counts only for CSV."""
    if head.startswith(b"PAR1"):
        return Shape.PARQUET
    if head.startswith((b"ARROW1\0\0", b"\xff\xff\xff\xff")) and b".arrow" in name.lower().encode():
        return Shape.ARROW
    text = head.removeprefix(BOM).lstrip(SPACE)
    if text[:1] in (b"{", b"["):
        return _json_shape(text)
    for ending, shape in ((".csv", Shape.CSV), (".tsv", Shape.TSV)):
        if ending in name.lower() and b"\0" not in head:
            return shape
    has_record_below = any(line.lstrip(SPACE)[:1] in (b"{", b"[") for line in text.split(b"\n")[:100])
    return Shape.LINES if has_record_below and b".json" in name.lower().encode() else Shape.UNKNOWN


def located_records(stream: BinaryIO, shape: Shape) -> Iterator[Located]:
    """Walk a file record by record; JSON lines begin at the stream's position."""
    walk: Callable[[BinaryIO], Iterator[Located]] = {
        Shape.LINES: line_records,
        Shape.ARRAY: elements,
        Shape.DOCUMENT: whole_document,
        Shape.PARQUET: parquet_rows,
        Shape.ARROW: arrow_rows,
        Shape.CSV: lambda each: csv_rows(each, ","),
        Shape.TSV: lambda each: csv_rows(each, "\t"),
    }[shape]
    return walk(stream)


def _json_shape(text: bytes) -> Shape:
    first, _, rest = text.partition(b"\n")
    first = first.rstrip(SPACE)
    whole = _is_json(first)
    if text[:1] == b"[":
        is_one_of_many = whole and (rest.lstrip(SPACE)[:1] == b"[" or is_messages(parse(first)[0]))
        return Shape.LINES if is_one_of_many else Shape.ARRAY
    if whole or not rest:
        return Shape.LINES
    opens_only = first[-1:] in (b"{", b"[", b",")
    return Shape.DOCUMENT if opens_only and not _is_json(rest.split(b"\n")[0].strip(SPACE)) else Shape.LINES


def _is_json(text: bytes) -> bool:
    return parse(text)[1] is None
