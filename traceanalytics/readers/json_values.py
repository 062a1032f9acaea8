"""JSON values in and out: read forgivingly, written as DuckDB writes them."""

import codecs
import json
import re
from decimal import Decimal
from typing import Any

import orjson

from traceanalytics.types import JSON

BOM = codecs.BOM_UTF8
SPACE = b" \t\r\n"

_MANY_DIGITS = re.compile(rb"[0-9]{19}")
_LARGE_FLOAT = re.compile(rb'"(?:[^"\\]|\\.)*"|-?[0-9.]+e\+[0-9]+')
_ESCAPE = re.compile(rb"\\(?:u00[0-9a-f]{2}|.)")
_HALF_PAIR = re.compile(rb"\\u[dD][89a-fA-F]")
_SURROGATE = re.compile("[\ud800-\udfff]")


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
    except TypeError:
        written = _written_slowly(_writable(value))
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


def _why_no_json(raw: bytes, error: json.JSONDecodeError) -> str:
    text = raw.strip(SPACE)
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


def _written_slowly(value: JSON) -> bytes:
    try:
        return orjson.dumps(_with_integers_spelled(value), default=_as_string)
    except TypeError:  # half a surrogate pair, or nested too deep
        text = json.dumps(value, ensure_ascii=False, separators=(",", ":"), default=_as_string)
        return text.encode("utf-8", "replace")


def _with_integers_spelled(value: JSON) -> JSON:
    """Spell out integers past 64 bits, so that what stands beside them is written as ever."""
    if isinstance(value, int) and not -(1 << 63) <= value < 1 << 64:
        return orjson.Fragment(str(value))
    if isinstance(value, dict):
        return {key: _with_integers_spelled(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_with_integers_spelled(item) for item in value]
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
