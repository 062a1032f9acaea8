"""How Inspect AI lays its logs on disk: a `.eval` archive with a member per sample, or one `.json` document."""

import codecs
import io
import json
import re
import zipfile
import zlib
from collections import defaultdict
from collections.abc import Iterator
from typing import BinaryIO

from traceanalytics.readers.base import (
    Located,
    Place,
)
from traceanalytics.readers.json_values import parse
from traceanalytics.readers.sources import ZIP_MEMBER_RATIO
from traceanalytics.types import JSON

_ZIP = b"PK"
_ZSTD = 93  # the zip method that Python reads by itself from 3.14 on
_LOCAL_HEADER = 30  # bytes before the name and the extra field of a member
_SAMPLE = re.compile(r"samples/(.+_epoch_\d+)(?:\.json|/sample\.json)", re.DOTALL)
_CHUNK = re.compile(r"samples/(.+_epoch_\d+)/(messages|attachments)/(\d+)\.json", re.DOTALL)
_BLOCK = 1 << 20


class _Unreadable(Exception):
    """A member of the archive that holds no JSON object, and why."""


def records_of(stream: BinaryIO, place: Place) -> Iterator[Located]:
    """Walk the samples, each as a log of its own: what was run, and the one sample."""
    stream = stream if stream.seekable() else io.BytesIO(stream.read())
    is_archive = stream.read(len(_ZIP)) == _ZIP
    stream.seek(0)
    return _samples_of_archive(stream) if is_archive else _samples_of_document(stream)


def _samples_of_archive(stream: BinaryIO) -> Iterator[Located]:
    try:
        archive = _Archive(stream)
    except zipfile.BadZipFile:
        fault = "the archive has no list of members: it was cut off, or is still being written"
        yield Located(None, 1, fault=fault)
        return
    for line, (key, name) in enumerate(archive.samples.items(), start=1):
        try:
            yield Located({**archive.about, "samples": [archive.sample(key, name)]}, line)
        except _Unreadable as error:
            yield Located(None, line, fault=str(error), raw=name.encode())


class _Archive:
    """The members of a `.eval` file that say what was run and what came of it."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self._zip = zipfile.ZipFile(stream)
        self._members = {member.filename: member for member in self._zip.infolist()}
        self._chunks: dict[tuple[str, str], list[tuple[int, str]]] = defaultdict(list)
        self.samples: dict[str, str] = {}
        for name in self._members:
            if found := _SAMPLE.fullmatch(name):
                self.samples[found[1]] = name
            elif found := _CHUNK.fullmatch(name):
                self._chunks[found[1], found[2]].append((int(found[3]), name))
        self.about = self._about()

    def sample(self, key: str, name: str) -> dict[str, JSON]:
        """Read a sample, from its one member or from the many of a large one."""
        sample = self._object(name)
        if not name.endswith("/sample.json"):
            return sample
        messages = self._sequence(key, "messages")
        refs = [ref for ref in sample.pop("message_refs", None) or [] if isinstance(ref, list) and len(ref) == 2]
        about = f"samples/{key}/metadata.json"
        return {
            **sample,
            "messages": [message for start, stop in refs for message in messages[start:stop]],
            "attachments": {str(index): text for index, text in enumerate(self._sequence(key, "attachments"))},
            "metadata": self._object(about) if about in self._members else {},
        }

    def _about(self) -> dict[str, JSON]:
        about: dict[str, JSON] = {"version": None, "eval": {}}
        for name in ("_journal/start.json", "header.json"):
            if name in self._members:
                about |= self._object(name)
        return about

    def _sequence(self, key: str, name: str) -> list[JSON]:
        return [item for _, member in sorted(self._chunks[key, name]) for item in self._json(member, list)]

    def _object(self, name: str) -> dict[str, JSON]:
        found: dict[str, JSON] = self._json(name, dict)
        return found

    def _json(self, name: str, kind: type) -> JSON:
        member = self._members[name]
        if member.file_size > ZIP_MEMBER_RATIO * max(member.compress_size, 1 << 10):
            raise _Unreadable(
                f"the member {name!r} would expand from {member.compress_size:,} to {member.file_size:,} bytes, "
                f"more than {ZIP_MEMBER_RATIO} times"
            )
        try:
            value, fault = parse(self._read(member))
        except (OSError, EOFError, zlib.error, zipfile.BadZipFile, NotImplementedError, RuntimeError) as error:
            raise _Unreadable(f"the member {name!r} cannot be read: {error}") from error
        if fault is not None:
            raise _Unreadable(f"the member {name!r} holds {fault}")
        if not isinstance(value, kind):
            raise _Unreadable(f"the member {name!r} holds {type(value).__name__} instead of {kind.__name__}")
        return value

    def _read(self, member: zipfile.ZipInfo) -> bytes:
        if member.compress_type != _ZSTD:
            return self._zip.read(member)
        from zstandard import ZstdDecompressor, ZstdError

        self._stream.seek(member.header_offset)
        header = self._stream.read(_LOCAL_HEADER)
        self._stream.seek(
            int.from_bytes(header[26:28], "little") + int.from_bytes(header[28:30], "little"), io.SEEK_CUR
        )
        packed = io.BytesIO(self._stream.read(member.compress_size))
        try:
            with ZstdDecompressor().stream_reader(packed, read_across_frames=True) as unpacked:
                return unpacked.read(member.file_size)
        except ZstdError as error:
            raise OSError(str(error)) from error


def _samples_of_document(stream: BinaryIO) -> Iterator[Located]:
    """Walk a document sample by sample, without holding it: what was run stands before the samples."""
    text = _Walk(stream)
    about: dict[str, JSON] = {}
    line = 0
    try:
        for key in text.named():
            if key != "samples":
                about[key] = text.value()
                continue
            for sample in text.elements():
                line += 1
                yield Located({**about, "samples": [sample]}, line)
    except json.JSONDecodeError as error:
        fault = f"no JSON: {error.msg} after {line} samples; the log was cut off, or is still being written"
        yield Located(None, line + 1, fault=fault)


class _Walk:
    """A JSON document, decoded value by value from as much text as the next value needs."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self._to_text = codecs.getincrementaldecoder("utf-8-sig")("replace")
        self._decoder = json.JSONDecoder(strict=False)
        self._text, self._at, self._ended = "", 0, False

    def named(self) -> Iterator[str]:
        """Yield the keys of an object; the caller takes each value before the next key."""
        self._take("{")
        while self._sign() != "}":
            key = self.value()
            self._take(":")
            yield key
            if self._sign() == ",":
                self._take(",")

    def elements(self) -> Iterator[JSON]:
        """Yield the elements of a list; null is an empty one."""
        if self._sign() == "n":
            self.value()
            return
        self._take("[")
        while self._sign() != "]":
            yield self.value()
            if self._sign() == ",":
                self._take(",")
        self._take("]")

    def value(self) -> JSON:
        """Take the value that begins here, however much text it needs."""
        self._sign()
        size = _BLOCK
        while True:
            try:
                value, end = self._decoder.raw_decode(self._text, self._at)
                if end < len(self._text) or self._ended:
                    self._at = end
                    return value
            except json.JSONDecodeError:
                if self._ended:
                    raise
            self._more(size)
            size *= 2

    def _sign(self) -> str:
        """Return the next character that is no space."""
        while True:
            while self._at < len(self._text) and self._text[self._at].isspace():
                self._at += 1
            if self._at < len(self._text):
                return self._text[self._at]
            if self._ended:
                raise json.JSONDecodeError("it ends", self._text, self._at)
            self._more(_BLOCK)

    def _take(self, sign: str) -> None:
        if self._sign() != sign:
            raise json.JSONDecodeError(f"expected {sign!r}", self._text, self._at)
        self._at += 1

    def _more(self, size: int) -> None:
        read = self._stream.read(size)
        self._text = self._text[self._at :] + self._to_text.decode(read, final=not read)
        self._at, self._ended = 0, not read
