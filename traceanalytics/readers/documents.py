"""Records inside one JSON text: the elements of an array, or what a document holds."""

import json
import re
from collections.abc import Iterator
from contextlib import suppress
from typing import BinaryIO

from traceanalytics.readers.base import Located
from traceanalytics.readers.json_values import BOM, SPACE, json_text, kind_of, parse
from traceanalytics.readers.lines import BLOCK, RAW_KEPT
from traceanalytics.readers.sources import read_up_to
from traceanalytics.types import JSON

_TOKEN = re.compile(rb'"[^"\\]*(?:\\.[^"\\]*)*(?:(")|\\?\Z)|[\[\]{}]', re.DOTALL)
_OPENERS, _CLOSERS = (b"{", b"["), (b"}", b"]")
_DECODE = json.JSONDecoder(strict=False).raw_decode


def elements(stream: BinaryIO) -> Iterator[Located]:
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


def whole_document(stream: BinaryIO) -> Iterator[Located]:
    raw = stream.read()
    value, fault = parse(raw)
    yield Located(value, 1, 0, fault, raw[:RAW_KEPT] if fault else b"")


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


def _between(raw: bytes) -> Iterator[tuple[str, bytes]]:
    """Yield what stands between two elements and is no record: numbers, strings, null."""
    text = raw.strip(SPACE + b",").removeprefix(BOM)
    if not text:
        return
    values, fault = parse(b"[" + text + b"]")
    for value in [None] if fault else values:
        yield f"found {kind_of(value)}, where a record is an object", json_text(value).encode() if not fault else raw


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
