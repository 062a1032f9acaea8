"""Blocks of whole lines out of a stream of bytes, and the records in a line."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import BinaryIO

from traceanalytics.readers.base import Located
from traceanalytics.readers.json_values import BOM, SPACE, parse
from traceanalytics.readers.sources import read_up_to
from traceanalytics.types import JSON

LONGEST_LINE = 256 << 20
BLOCK = 16 << 20
_FIRST_BLOCK = 64 << 10  # of a file of which perhaps only the first records are wanted
RAW_KEPT = 1 << 16  # bytes of a bad line that are kept beside its reason

_LINE_FEED = 10
_OPENING = re.compile(rb'\s*\{\s*"(?:[^"\\]|\\.)*"')


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


def line_records(stream: BinaryIO) -> Iterator[Located]:
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


def is_blank(line: bytes) -> bool:
    """Say whether a line holds nothing."""
    return not line.strip(SPACE)


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
