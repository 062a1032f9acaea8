"""How records lie in a stream of bytes: JSON lines, one JSON document, Parquet, Arrow or CSV, and how to walk them.

The careful way: one record at a time, with the line and byte where it begins; what is none becomes a fault.
"""

import codecs
import csv
import io
import json
import re
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from decimal import Decimal
from enum import StrEnum
from typing import TYPE_CHECKING, Any, BinaryIO

import orjson

from traceanalytics.readers.base import Located
from traceanalytics.readers.messages import is_messages
from traceanalytics.readers.sources import read_up_to
from traceanalytics.types import JSON

if TYPE_CHECKING:
    import pyarrow

LONGEST_LINE = 256 << 20
BLOCK = 16 << 20
_FIRST_BLOCK = 64 << 10  # of a file of which perhaps only the first records are wanted
RAW_KEPT = 1 << 16  # bytes of a bad line that are kept beside its reason

BOM = codecs.BOM_UTF8
_SPACE = b" \t\r\n"
_LINE_FEED = 10
_OPENING = re.compile(rb'\s*\{\s*"(?:[^"\\]|\\.)*"')
_MANY_DIGITS = re.compile(rb"[0-9]{19}")
_LARGE_FLOAT = re.compile(rb'"(?:[^"\\]|\\.)*"|-?[0-9.]+e\+[0-9]+')
_ESCAPE = re.compile(rb"\\(?:u00[0-9a-f]{2}|.)")
_HALF_PAIR = re.compile(rb"\\u[dD][89a-fA-F]")
_SURROGATE = re.compile("[\ud800-\udfff]")
_TOKEN = re.compile(rb'"[^"\\]*(?:\\.[^"\\]*)*(?:(")|\\?\Z)|[\[\]{}]', re.DOTALL)
_OPENERS, _CLOSERS = (b"{", b"["), (b"}", b"]")
_ROWS_AT_ONCE = 2000
_DECODE = json.JSONDecoder(strict=False).raw_decode


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


@dataclass(slots=True)
class Block:
    """Whole lines of a file: where each starts and ends (without its line feed) in `data`."""

    data: bytes
    starts: list[int]
    ends: list[int]
    first_line: int
    first_byte: int
    ended: bool  # the last line has its line feed
    broken: str | None = None  # why the stream gives nothing more
    too_long: bool = False  # the one line is only the beginning of one past the bound

    @property
    def after(self) -> int:
        """Return the byte after the last line that has its line feed."""
        whole = len(self.starts) - (not self.ended)
        return self.first_byte + (self.ends[whole - 1] + 1 if whole else 0)


def shape_of(head: bytes, name: str) -> Shape:
    """Find out from the first bytes of a file how its records lie; the name counts only for CSV."""
    if head.startswith(b"PAR1"):
        return Shape.PARQUET
    if head.startswith((b"ARROW1\0\0", b"\xff\xff\xff\xff")) and b".arrow" in name.lower().encode():
        return Shape.ARROW
    text = head.removeprefix(BOM).lstrip(_SPACE)
    if text[:1] in (b"{", b"["):
        return _json_shape(text)
    for ending, shape in ((".csv", Shape.CSV), (".tsv", Shape.TSV)):
        if ending in name.lower() and b"\0" not in head:
            return shape
    has_record_below = any(line.lstrip(_SPACE)[:1] in (b"{", b"[") for line in text.split(b"\n")[:100])
    return Shape.LINES if has_record_below and b".json" in name.lower().encode() else Shape.UNKNOWN


def located_records(stream: BinaryIO, shape: Shape) -> Iterator[Located]:
    """Walk a file record by record; JSON lines begin at the stream's position."""
    walk: Callable[[BinaryIO], Iterator[Located]] = {
        Shape.LINES: _line_records,
        Shape.ARRAY: _elements,
        Shape.DOCUMENT: _document,
        Shape.PARQUET: _parquet_rows,
        Shape.ARROW: _arrow_rows,
        Shape.CSV: lambda each: _csv_rows(each, ","),
        Shape.TSV: lambda each: _csv_rows(each, "\t"),
    }[shape]
    return walk(stream)


def read_blocks(stream: BinaryIO, *, first_line: int = 1, first_byte: int = 0, size: int = BLOCK) -> Iterator[Block]:
    """Cut a stream into blocks of whole lines, on line feeds only; the last line may lack its own."""
    carry, line, byte = b"", first_line, first_byte
    if byte == 0:
        carry = stream.read(len(BOM))
        if carry == BOM:
            carry, byte = b"", len(BOM)
    while True:
        data, broken = read_up_to(stream, size)
        size = min(2 * size, BLOCK)
        at_end = broken is not None or not data
        cut = data.rfind(b"\n") + 1
        if cut:
            block = _block(carry + data[:cut], line, byte)
            carry, line, byte = data[cut:], line + len(block.starts), byte + len(block.data)
            yield block
        else:
            carry += data
        if at_end:
            if carry or broken:
                yield Block(carry, [0] if carry else [], [len(carry)] if carry else [], line, byte, not carry, broken)
            return
        if len(carry) > LONGEST_LINE:
            yield Block(carry[:RAW_KEPT], [0], [RAW_KEPT], line, byte, True, None, True)
            byte += len(carry)
            carry, skipped = _skip_line(stream)
            line, byte = line + 1, byte + skipped


def is_blank(line: bytes) -> bool:
    """Say whether a line holds nothing."""
    return not line.strip(_SPACE)


def is_whole_text(raw: bytes) -> bool:
    r"""Say whether a record's bytes are text as they stand: UTF-8, and no half of a surrogate pair in its JSON.

    >>> [is_whole_text(raw) for raw in (rb'["\ud83d\ude00"]', rb'["\ud83d"]', b"\xff")]
    [True, False, False]
    """
    try:
        text = raw.decode()
    except UnicodeDecodeError:
        return False
    if not _HALF_PAIR.search(raw):
        return True
    try:
        held = json.loads(text.removeprefix("\ufeff"), strict=False)
    except ValueError:  # a line of CSV, say, to which a backslash is one
        return True
    return not _SURROGATE.search(json.dumps(held, ensure_ascii=False))


def records_in_line(raw: bytes, line: int, byte: int, opening: bytes | None = None) -> list[Located]:
    """Read one line, mostly one record; glued ones are taken apart at `opening`, as this file's records begin."""
    value, fault = parse(raw)
    if fault is None:
        return [Located(value, line, byte, raw=raw)]
    pieces = _taken_apart(raw, opening) if opening else []
    if not pieces:
        return [Located(None, line, byte, fault, raw)]
    return [Located(value, line, byte + at, fault, piece) for at, piece, value, fault in pieces]


def opening_of(raw: bytes) -> bytes | None:
    """Return how a good record begins: its brace and first key."""
    found = _OPENING.match(raw)
    return found[0].lstrip() if found else None


def parse(raw: bytes) -> tuple[JSON, str | None]:
    """Read a JSON text as forgivingly as its content allows; return the value, or why there is none."""
    if not _MANY_DIGITS.search(raw):
        try:
            return orjson.loads(raw), None
        except orjson.JSONDecodeError:
            pass
    text = raw.decode("utf-8", "replace").removeprefix("\ufeff")
    try:
        value = json.loads(text, strict=False)
    except json.JSONDecodeError as error:
        return None, _why_no_json(raw, error)
    except RecursionError:
        return None, "no JSON that can be read: it is nested too deep"
    except ValueError as error:
        return None, f"no JSON that can be read: {error}"
    return _without_surrogates(value), None


def json_text(value: JSON) -> str:
    """Write a value as JSON, as DuckDB writes it; what JSON lacks (NaN, dates, bytes) becomes a string.

    >>> json_text({"a": [1e20, 1e-7], "b": float("nan")})
    '{"a":[100000000000000000000.0,1e-7],"b":"NaN"}'
    """
    try:
        written = orjson.dumps(_writable(value), default=_as_string)
    except TypeError:  # an integer past 64 bits
        text = json.dumps(_writable(value), ensure_ascii=False, separators=(",", ":"), default=_as_string)
        written = text.encode("utf-8", "replace")
    if b"e+" in written:
        written = _LARGE_FLOAT.sub(_float_like_duckdb, written)
    if b"\\u00" in written:
        written = _ESCAPE.sub(lambda found: found[0][:2] + found[0][2:].upper(), written)
    return written.decode()


def kind_of(value: JSON) -> str:
    """Name the kind of a value in JSON's words."""
    names = {dict: "an object", list: "a list", str: "a string", bool: "a boolean", int: "a number", float: "a number"}
    return names.get(type(value), "null")


def without_surrogates(text: str) -> str:
    """Replace halves of surrogate pairs, which no UTF-8 text can hold."""
    return _SURROGATE.sub("\ufffd", text) if not text.isascii() and _SURROGATE.search(text) else text


def _json_shape(text: bytes) -> Shape:
    first, _, rest = text.partition(b"\n")
    first = first.rstrip(_SPACE)
    whole = _is_json(first)
    if text[:1] == b"[":
        is_one_of_many = whole and (rest.lstrip(_SPACE)[:1] == b"[" or is_messages(parse(first)[0]))
        return Shape.LINES if is_one_of_many else Shape.ARRAY
    if whole or not rest:
        return Shape.LINES
    opens_only = first[-1:] in (b"{", b"[", b",")
    return Shape.DOCUMENT if opens_only and not _is_json(rest.split(b"\n")[0].strip(_SPACE)) else Shape.LINES


def _is_json(text: bytes) -> bool:
    return parse(text)[1] is None


def _block(data: bytes, first_line: int, first_byte: int) -> Block:
    import numpy as np

    ends = np.flatnonzero(np.frombuffer(data, np.uint8) == _LINE_FEED)
    starts = np.concatenate(([0], ends[:-1] + 1))
    return Block(data, starts.tolist(), ends.tolist(), first_line, first_byte, True)


def _skip_line(stream: BinaryIO) -> tuple[bytes, int]:
    """Pass over the rest of a line; return what was read past it and how many bytes it had."""
    skipped = 0
    while data := stream.read(BLOCK):
        cut = data.find(b"\n") + 1
        if cut:
            return data[cut:], skipped + cut
        skipped += len(data)
    return b"", skipped


def _line_records(stream: BinaryIO) -> Iterator[Located]:
    opening = None
    for block in read_blocks(stream, size=_FIRST_BLOCK):
        for at, (start, end) in enumerate(zip(block.starts, block.ends, strict=True)):
            raw = block.data[start:end]
            if is_blank(raw):
                continue
            found = records_in_line(raw, block.first_line + at, block.first_byte + start, opening)
            if block.broken and found[-1].fault:
                found[-1] = replace(found[-1], fault=block.broken)
            if opening is None and found[0].fault is None:
                opening = opening_of(raw)
            yield from found


def _taken_apart(raw: bytes, opening: bytes) -> list[tuple[int, bytes, JSON, str | None]]:
    """Cut a line where further records begin; empty when that gives no record at all."""
    cuts, at = [0], raw.find(opening, 1)
    while at >= 0:
        cuts.append(at)
        at = raw.find(opening, at + 1)
    pieces = []
    for start, stop in zip(cuts, [*cuts[1:], len(raw)], strict=True):
        piece = raw[start:stop]
        pieces.append((start, piece, *parse(piece)))
    return pieces if len(pieces) > 1 and any(fault is None for *_, fault in pieces) else []


def _why_no_json(raw: bytes, error: json.JSONDecodeError) -> str:
    text = raw.strip(_SPACE)
    if text[:1] in (b"{", b"[") and error.pos >= len(error.doc.rstrip()):
        return "torn: it ends inside a record"
    if text[:1] == b"{" and error.msg.startswith("Unterminated string"):
        return "torn: it ends inside a string"
    if not text.strip(b"\0"):
        return "NUL bytes instead of a record, as a crash leaves them"
    return f"no JSON: {error.msg} at character {error.pos}"


def _without_surrogates(value: JSON) -> JSON:
    if isinstance(value, str):
        return without_surrogates(value)
    if isinstance(value, dict):
        return {without_surrogates(key): _without_surrogates(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_without_surrogates(item) for item in value]
    return value


def _writable(value: JSON) -> JSON:
    if isinstance(value, float) and (value != value or value in (float("inf"), float("-inf"))):
        return "NaN" if value != value else "Infinity" if value > 0 else "-Infinity"
    if isinstance(value, dict):
        return {str(key): _writable(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_writable(item) for item in value]
    return value


def _as_string(value: Any) -> JSON:
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    if isinstance(value, Decimal):
        return float(value)
    if hasattr(value, "tolist"):
        return value.tolist()
    return str(value)


def _float_like_duckdb(found: re.Match[bytes]) -> bytes:
    if found[0].startswith(b'"'):
        return found[0]
    value = Decimal(found[0].decode())
    if abs(value) < Decimal("1e21"):
        return f"{value:f}.0".encode()
    return found[0].replace(b"e+", b"e")


def _elements(stream: BinaryIO) -> Iterator[Located]:
    """Walk a JSON array without holding it: elements are cut where their brackets close."""
    buffer, base, at, start, depth, number = b"", 0, 0, 0, 0, 0
    broken = None
    while broken is None:
        data, broken = read_up_to(stream, BLOCK)
        buffer += data
        for found in _TOKEN.finditer(buffer, at):
            at, sign = found.end(), found[0]
            if sign[:1] == b'"' and found[1] is None:
                at = found.start()
                break
            if depth <= 1 and sign[:1] != b'"':
                for said, between in _between(buffer[start : found.start()]):
                    number += 1
                    yield Located(None, number, base + start, said, between)
                start = found.end() if depth == 0 else found.start()
            if sign in _OPENERS:
                depth += 1
            elif sign in _CLOSERS:
                depth -= 1
                if depth == 1:
                    number += 1
                    raw = buffer[start:at]
                    value, fault = parse(raw)
                    yield Located(value, number, base + start, fault, raw)
                if depth <= 1:
                    start = at
        else:
            at = len(buffer)
        if not data:
            break
        keep = min(at, start)
        buffer, base, at, start = buffer[keep:], base + keep, at - keep, start - keep
    rest = buffer[start:]
    if broken or depth > 0:
        reason = broken or "torn: the array ends before its closing bracket"
        yield Located(None, number + 1, base + start, reason, rest[:RAW_KEPT])


def _between(raw: bytes) -> Iterator[tuple[str, bytes]]:
    """Yield what stands between two elements and is no record: numbers, strings, null."""
    text = raw.strip(_SPACE + b",").removeprefix(BOM)
    if not text:
        return
    values, fault = parse(b"[" + text + b"]")
    for value in [None] if fault else values:
        yield f"found {kind_of(value)}, where a record is an object", json_text(value).encode() if not fault else raw


def beginning_of_document(head: bytes) -> dict[str, JSON]:
    """Read a document from its first bytes alone; of a list that goes on past them, the elements that are there.

    >>> beginning_of_document(b'{"version": 2, "samples": [{"id": 1}, {"id": 2}, {"i')
    {'version': 2, 'samples': [{'id': 1}, {'id': 2}]}
    """
    text = head.decode("utf-8", "ignore").removeprefix("\ufeff")
    found: dict[str, JSON] = {}
    with suppress(ValueError, IndexError):
        at = _past("{", text, 0)
        while True:
            key, at = _DECODE(text, at)
            at = _past(":", text, at)
            found[key] = _elements_there(text, at)
            found[key], at = _DECODE(text, at)
            at = _past(",", text, at)
    return found


def _elements_there(text: str, at: int) -> list[JSON]:
    found: list[JSON] = []
    with suppress(ValueError, IndexError):
        at = _past("[", text, at)
        while True:
            element, at = _DECODE(text, at)
            found.append(element)
            at = _past(",", text, at)
    return found


def _past(sign: str, text: str, at: int) -> int:
    """Return the place after a sign and the space around it."""
    found = re.compile(rf"\s*{re.escape(sign)}\s*").match(text, at)
    if found is None:
        raise ValueError(f"no {sign!r}")
    return found.end()


def _document(stream: BinaryIO) -> Iterator[Located]:
    raw = stream.read()
    value, fault = parse(raw)
    yield Located(value, 1, 0, fault, raw[:RAW_KEPT] if fault else b"")


def columns_of(document: JSON) -> list[JSON] | None:
    """Return the rows of a document that holds equally long lists, one a column; None when it does not."""
    if not isinstance(document, dict):
        return None
    lists = {key: value for key, value in document.items() if isinstance(value, list)}
    lengths = {len(value) for value in lists.values()}
    if len(lists) < 2 or len(lengths) != 1 or not lengths.pop():
        return None
    others = {key: value for key, value in document.items() if key not in lists}
    return [others | dict(zip(lists, row, strict=True)) for row in zip(*lists.values(), strict=True)]


def _parquet_rows(stream: BinaryIO) -> Iterator[Located]:
    import pyarrow.parquet

    def batches() -> "Iterator[pyarrow.RecordBatch]":
        with pyarrow.parquet.ParquetFile(_seekable(stream)) as file:
            yield from file.iter_batches(batch_size=_ROWS_AT_ONCE)

    yield from _rows(batches(), "Parquet")


def _arrow_rows(stream: BinaryIO) -> Iterator[Located]:
    import pyarrow.ipc

    def batches() -> "Iterator[pyarrow.RecordBatch]":
        source = _seekable(stream)
        is_file = source.read(6) == b"ARROW1"
        source.seek(0)
        if is_file:
            file = pyarrow.ipc.open_file(source)
            yield from (file.get_batch(index) for index in range(file.num_record_batches))
        else:
            yield from pyarrow.ipc.open_stream(source)

    yield from _rows(batches(), "Arrow")


def _rows(batches: "Iterator[pyarrow.RecordBatch]", kind: str) -> Iterator[Located]:
    import pyarrow

    row = 0
    try:
        for batch in batches:
            for record in batch.to_pylist():
                row += 1
                yield Located(record, row)
    except (pyarrow.ArrowException, OSError, ValueError) as error:
        said = " ".join(str(error).split())
        yield Located(None, row + 1, None, f"the {kind} file is damaged from here on: {said}")


def _csv_rows(stream: BinaryIO, delimiter: str) -> Iterator[Located]:
    csv.field_size_limit(LONGEST_LINE)
    raw: list[bytes] = []

    def lines() -> Iterator[str]:
        for line in stream:
            raw.append(line)
            yield line.decode("utf-8", "replace").removeprefix("\ufeff")

    rows = csv.reader(lines(), delimiter=delimiter)
    header = next(rows, [])
    number = 0
    while True:
        raw.clear()
        try:
            row = next(rows)
        except StopIteration:
            return
        except csv.Error as error:
            yield Located(None, number + 1, None, f"no CSV: {error}")
            return
        if not row:
            continue
        number += 1
        if len(row) != len(header):
            reason = f"{len(row)} fields where the header names {len(header)}"
            yield Located(None, number, None, reason, b"".join(raw).rstrip(b"\r\n"))
        else:
            record = {key: cell for key, cell in zip(header, row, strict=True) if cell != ""}
            yield Located(record, number, raw=b"".join(raw))


def _seekable(stream: BinaryIO) -> BinaryIO:
    return stream if stream.seekable() else io.BytesIO(stream.read())
