"""Repetition loops: a unit of any length over and over, or the same lines again in the same order."""

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

from traceanalytics.readers.text import Span
from traceanalytics.rules.finding import Finding
from traceanalytics.rules.reading import Reading
from traceanalytics.rules.texts import buffer_of, in_code_points

if TYPE_CHECKING:
    import pyarrow

LEAST_SHARE = 0.3  # of the lines
LEAST_REPEATED = 4  # lines
LEAST_LINE = 12  # characters that are no blanks
LEAST_SYMBOLS = 400  # characters of a run without words: x + x + x, 0.333
LEAST_SHORT = 60  # characters of a run of words of two letters
LONGEST_SEEN = 400  # characters of a line that is remembered
LEAST_TABLE = 2000  # characters of a run with the separators of tables

_WORD = re.compile(r"(?<!\\)\b[^\W\d_]{3,}|[぀-ヿ一-鿿가-힯]{2,}")
_SHORT_WORD = re.compile(r"(?<!\\)\b[^\W\d_]{2,}")
_LINE = re.compile(r"[^\n]+")
_COMMAND = re.compile(r"\\[a-zA-Z]+")
_LITERAL = re.compile(r"[\W\d]*(?:None|True|False|null|true|false|nan|cdots|ldots|quad)[\W\d]*")


def repeating_rows(responses: "pyarrow.LargeStringArray") -> dict[int, list[tuple[int, int, int]]]:
    """Return, for rows that may loop, runs as (period, start, stop) in bytes; period 0 says that lines may repeat."""
    from traceanalytics.rules.periods import RUNS_A_ROW, count_lines, find_runs

    data, offsets = buffer_of(responses)
    found: dict[int, list[tuple[int, int, int]]] = {}
    runs = np.zeros((len(responses) * RUNS_A_ROW, 4), np.int64)
    count = find_runs(data, offsets, runs)
    for row, period, start, stop in runs[:count].tolist():
        found.setdefault(row, []).append((period, start, stop))
    longest = int(np.diff(offsets).max(initial=1))
    size = 1 << max(8, (longest // 8).bit_length())
    lines = np.zeros((len(responses), 2), np.int64)
    count_lines(data, offsets, np.zeros(size, np.int64), np.full(size, -1, np.int64), lines)
    often = (lines[:, 1] >= LEAST_REPEATED) & (lines[:, 1] >= LEAST_SHARE * 0.7 * lines[:, 0])
    for row in np.flatnonzero(often).tolist():
        found.setdefault(row, []).append((0, 0, 0))
    return found


def find(reading: Reading, runs: list[tuple[int, int, int]]) -> Iterator[Finding]:
    """Confirm what the kernels found: it must be the model's own, and no table, matrix, sum or list of values."""
    confirmed: list[Span] = []
    for period, start_byte, stop_byte in runs:
        if period == 0:
            continue
        start, stop, unit_stop = in_code_points(reading.response, start_byte, stop_byte, start_byte + period)
        unit = reading.own[start:unit_stop]
        if _is_harmless(unit, stop - start) or unit * 4 in reading.prompt:
            continue
        confirmed.append((start, stop))
        times = str((stop_byte - start_byte) // period)
        yield Finding("repetition_loop", start, stop, attributes={"kind": "unit", "unit": unit[:60], "times": times})
    lines = _repeated_lines(reading) if any(period == 0 for period, _, _ in runs) else None
    if lines is not None and not any(start < lines[1] and lines[0] < stop for start, stop in confirmed):
        yield Finding("repetition_loop", *lines, attributes={"kind": "lines"})


def _is_harmless(unit: str, length: int) -> bool:
    """Say whether a run is what formulas, tables and data look like, at the length it has."""
    if "|" in unit or "&" in unit:
        return length < LEAST_TABLE
    if not unit.strip():
        return length < LEAST_SYMBOLS
    words = _COMMAND.sub(" ", unit)
    if _LITERAL.fullmatch(unit) or not _SHORT_WORD.search(words):
        return length < LEAST_SYMBOLS
    return not _WORD.search(words) and length < LEAST_SHORT


def _telling(line: str) -> str:
    """Return what a line says without blanks around it; nothing where it is short, of a table or without words."""
    return _seen_telling(line) if len(line) <= LONGEST_SEEN else _new_telling(line)


def _new_telling(line: str) -> str:
    text = line.strip()
    if len("".join(text.split())) < LEAST_LINE or "|" in text or "&" in text or not _WORD.search(text):
        return ""
    return text


_seen_telling = lru_cache(maxsize=1 << 13)(_new_telling)  # the lines that count here are those that stand again


def _repeated_lines(reading: Reading) -> Span | None:
    """Return the stretch of repeated lines, where one turn of the model's repeats enough of its own."""
    turns = [0, *(edge for span in reading.tool_spans for edge in span), len(reading.own)]
    for start, stop in zip(turns[::2], turns[1::2], strict=True):
        seen: set[tuple[str, str]] = set()
        before = ""
        counted = 0
        repeated: list[Span] = []
        for line in _LINE.finditer(reading.own, start, stop):
            text = _telling(line[0])
            if not text:
                continue
            counted += 1
            if (before, text) in seen:
                repeated.append(line.span())
            seen.add((before, text))
            before = text
        if len(repeated) >= LEAST_REPEATED and len(repeated) >= LEAST_SHARE * counted:
            return repeated[0][0], repeated[-1][1]
    return None
