"""Which files lie under a PATH, and their bytes: plain, `.gz`, `.zst`, or as members of a `.zip`.

Archives are read in place, never unpacked to disk. What a file is, its content says; its name is only a hint.
"""

import codecs
import io
import os
import re
import stat
import struct
import zipfile
import zlib
from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, BinaryIO, cast

from traceanalytics.errors import BadInput
from traceanalytics.readers.base import in_number_order

if TYPE_CHECKING:
    from zstandard import ZstdDecompressionObj

HEAD = 64 << 10
LONG_HEAD = 4 << 20
ZIP_MEMBER_RATIO = 1000  # deflate reaches 1,032 on zeros; logs stay below 50
ZIP_BYTES = 1 << 40
READ_ERRORS = (OSError, EOFError, zlib.error, zipfile.BadZipFile, RuntimeError, NotImplementedError)

_GZIP = b"\x1f\x8b"
_ZSTD = (b"\x28\xb5\x2f\xfd", *(bytes([kind]) + b"\x2a\x4d\x18" for kind in range(0x50, 0x60)))  # or a skippable frame
_ZIP = b"PK\x03\x04"
_EMPTY_ZIP = b"PK\x05\x06"
_LFS = b"version https://git-lfs.github.com/spec/"
_UTF16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
_PICKLE_NAMES = (".pkl", ".pickle", ".pt", ".pth", ".joblib")
_PICKLE_OPENINGS = (b"\x80\x02", b"\x80\x03", b"\x80\x04", b"\x80\x05")
_ZSTD_METHOD = 93
_PACKED_AT_ONCE = 1 << 17
_UNPACKED_AT_ONCE = 1 << 15  # damage costs at most so much of what comes before it
_LOCAL_HEADER = struct.Struct("<4s5H3I2H")


@dataclass(frozen=True, slots=True)
class Source:
    """A stream of bytes under a PATH: a file, or a member of an archive."""

    path: Path
    name: str  # below the PATH, with the member after `!`
    root: Path
    size: int
    mtime: float
    member: str | None = None

    @property
    def spelled(self) -> str:
        """Return the path as the store keeps it."""
        path = as_text(self.path.absolute())
        return f"{path}!{self.member}" if self.member else path

    def open(self) -> BinaryIO:
        """Open the bytes, decompressed."""
        return _decompressed(self.open_packed())

    def open_packed(self) -> BinaryIO:
        """Open the bytes as they lie on disk or in the archive."""
        if self.member is None:
            return open(self.path, "rb")
        with zipfile.ZipFile(self.path) as archive:
            return open_member(self.path, archive.getinfo(self.member))

    def head(self) -> bytes:
        """Return the first bytes, decompressed, if possible with the first line; less of a stream that breaks."""
        with self.open() as stream:
            head, broken = read_up_to(stream, HEAD)
            if b"\n" not in head and not broken:
                head += read_up_to(stream, LONG_HEAD - HEAD)[0]
            return head


@dataclass(frozen=True, slots=True)
class Unusable:
    """A file that holds no rollouts for us, and why."""

    path: Path
    name: str
    reason: str
    has_records: bool = False  # it holds records, but no reader knows their keys


def as_text(path: Path) -> str:
    r"""Return a path as text; bytes that are no UTF-8 are shown as their codes.

    >>> as_text(Path(os.fsdecode(b"run/a\xff.jsonl")))
    'run/a\\xff.jsonl'
    """
    return os.fsencode(path).decode("utf-8", "backslashreplace")


def find_files(root: Path) -> Iterator[tuple[Path, str, os.stat_result]]:
    """Yield the files of a PATH with their names below it, in number order; hidden ones are passed over."""
    try:
        found = root.stat()
    except OSError as error:
        raise BadInput(f"{root}: {_said(error)}") from error
    if stat.S_ISREG(found.st_mode):
        yield root, as_text(Path(root.name)), found
        return
    if not stat.S_ISDIR(found.st_mode):
        raise BadInput(f"{root}: neither a file nor a folder; write what it gives to a file first")
    paths = {}
    for folder, folders, files in os.walk(root):
        folders[:] = [name for name in folders if not name.startswith(".")]
        for file in files:
            path = Path(folder, file)
            if not file.startswith(".") and not _describes_saved(path, files, folders) and path.is_file():
                paths[as_text(path.relative_to(root))] = path
    for name in in_number_order(paths):
        yield paths[name], name, paths[name].stat()


def _describes_saved(path: Path, beside: list[str], folders: list[str]) -> bool:
    """Say whether a file is what Hugging Face `save_to_disk` writes beside or above its Arrow files."""
    if path.name in ("dataset_info.json", "state.json"):
        return any(name.endswith(".arrow") for name in beside)
    return path.name == "dataset_dict.json" and any((path.parent / name / "state.json").exists() for name in folders)


def sources_of(path: Path, name: str, root: Path, found: os.stat_result, whole: bool) -> list[Source | Unusable]:
    """Return the streams of one file: itself, or the members of a zip; `whole` keeps an archive in one piece."""
    source = Source(path, name, root, found.st_size, found.st_mtime)
    try:
        with open(path, "rb") as file:
            packed = file.read(512)
    except OSError as error:
        return [Unusable(path, name, _said(error))]
    if packed.startswith((_ZIP, _EMPTY_ZIP)) and not whole:
        return _members(source)
    reason = _refusal(packed, name, found.st_size)
    return [Unusable(path, name, reason)] if reason else [source]


def refusal_of(head: bytes, source: Source) -> str | None:
    """Say why bytes cannot be a log, or None."""
    return _refusal(head, source.name, len(head)) if head else "it is empty"


def open_member(path: Path, member: zipfile.ZipInfo) -> BinaryIO:
    """Open a member of a zip, also one that is packed with Zstandard (method 93)."""
    if member.compress_type != _ZSTD_METHOD:
        archive = zipfile.ZipFile(path)
        return cast(BinaryIO, archive.open(member))
    file = open(path, "rb")  # noqa: SIM115
    file.seek(member.header_offset)
    header = _LOCAL_HEADER.unpack(file.read(_LOCAL_HEADER.size))
    start = member.header_offset + _LOCAL_HEADER.size + header[9] + header[10]
    return _buffered(_Zstd(_Part(file, start, member.compress_size), member.file_size))


def read_up_to(stream: BinaryIO, size: int) -> tuple[bytes, str | None]:
    """Read `size` bytes, fewer at the end; of a stream that breaks, what came before, and why it broke."""
    parts: list[bytes] = []
    left = size
    while left > 0:
        try:
            part = stream.read1(min(left, 1 << 20))  # type: ignore[attr-defined]
        except READ_ERRORS as error:
            return b"".join(parts), why_broken(error)
        if not part:
            break
        parts.append(part)
        left -= len(part)
    return b"".join(parts), None


def why_broken(error: Exception) -> str:
    """Say in words why a stream cannot be read to its end."""
    if isinstance(error, EOFError):
        return "the compressed file is cut off"
    return f"it cannot be read further: {_said(error)}"


def is_packed(source: Source) -> bool:
    """Say whether the bytes on disk are not the log's own, so that no byte of it can be returned to."""
    if source.member is not None:
        return True
    with open(source.path, "rb") as file:
        return file.read(4).startswith((_GZIP, *_ZSTD))


def _members(source: Source) -> list[Source | Unusable]:
    try:
        with zipfile.ZipFile(source.path) as archive:
            members = {member.filename: member for member in archive.infolist() if not member.is_dir()}
    except (zipfile.BadZipFile, OSError, NotImplementedError) as error:
        return [Unusable(source.path, source.name, f"a zip archive that cannot be read: {_said(error)}")]
    if any(name.endswith("/data.pkl") for name in members):
        return [Unusable(source.path, source.name, _PICKLED)]
    for member in members.values():
        reason = _member_refusal(member)
        if reason:
            return [Unusable(source.path, source.name, reason)]
    if sum(member.file_size for member in members.values()) > ZIP_BYTES:
        return [Unusable(source.path, source.name, f"its members expand to more than {ZIP_BYTES >> 30} GiB")]
    return [
        Source(source.path, f"{source.name}!{name}", source.root, source.size, source.mtime, name)
        for name in in_number_order(members)
        if not any(part.startswith((".", "__MACOSX")) for part in name.split("/"))
    ]


def _member_refusal(member: zipfile.ZipInfo) -> str | None:
    name = member.filename
    if name.startswith(("/", "\\")) or ".." in re.split(r"[/\\]", name) or re.match(r"[A-Za-z]:", name):
        return f"its member {name!r} would land outside the archive's folder; pack it again with relative names"
    if member.flag_bits & 1:
        return f"its member {name!r} is encrypted; unpack it and ingest the folder"
    if member.file_size > ZIP_MEMBER_RATIO * max(member.compress_size, 1 << 10):
        return (
            f"its member {name!r} would expand from {member.compress_size:,} to {member.file_size:,} bytes, "
            f"more than {ZIP_MEMBER_RATIO} times; unpack it if you trust it, and ingest the folder"
        )
    return None


_PICKLED = "a pickle, which runs code when it is loaded; write the rollouts as JSONL or Parquet instead"


def _refusal(head: bytes, name: str, size: int) -> str | None:
    if size == 0:
        return "it is empty"
    if head.startswith(_LFS):
        found = re.search(rb"^size (\d+)", head, re.MULTILINE)
        wanted = f" of {int(found[1]):,} bytes" if found else ""
        return f"a Git LFS pointer instead of the file{wanted}; run `git lfs pull`, then ingest again"
    if name.lower().endswith(_PICKLE_NAMES) or head.startswith(_PICKLE_OPENINGS):
        return _PICKLED
    if head.startswith(_UTF16):
        return "it is UTF-16; write it in UTF-8"
    if head[257:262] == b"ustar":
        return "a tar archive; unpack it and ingest the folder"
    return None


def _decompressed(stream: BinaryIO) -> BinaryIO:
    """Undo up to two layers of packing, as in a `.zip` of `.gz` files."""
    for _ in range(2):
        stream = stream if isinstance(stream, io.BufferedReader) else io.BufferedReader(cast(io.RawIOBase, stream))
        magic = stream.peek(4)[:4]
        if magic.startswith(_GZIP):
            stream = _buffered(_Gzip(stream))
        elif magic.startswith(_ZSTD):
            stream = _buffered(_Zstd(stream))
        else:
            break
    return stream


def _buffered(raw: io.RawIOBase) -> BinaryIO:
    return io.BufferedReader(raw, 1 << 18)


class _Unpacked(io.RawIOBase, ABC):
    """Decompress any number of members or frames, giving all that comes before a cut or damage.

    The end of the stream inside a member is an EOFError.
    """

    def __init__(self, stream: IO[bytes] | io.RawIOBase, declared: int | None = None) -> None:
        self._stream = stream
        self._left = declared
        self._member = self._new_member()
        self._inside = False
        self._packed = b""
        self._ready = memoryview(b"")

    def readable(self) -> bool:
        return True

    def close(self) -> None:
        self._stream.close()
        super().close()

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        while not self._ready:
            if not self._packed:
                self._packed = self._stream.read(_PACKED_AT_ONCE) or b""
            if not self._packed:
                if self._inside:
                    raise EOFError
                return 0
            self._ready = memoryview(self._next_part(len(buffer)))
        size = min(len(buffer), len(self._ready))
        buffer[:size] = self._ready[:size]
        self._ready = self._ready[size:]
        return size

    def _next_part(self, most: int) -> bytes:
        part = self._unpack(most)
        if self._member.eof:
            self._packed, self._inside = self._after_member(self._member.unused_data), False
            self._member = self._new_member()
        else:
            self._inside = True
        if self._left is not None:
            self._left -= len(part)
            if self._left < 0:
                raise OSError("it expands past the size that its archive declares")
        return part

    @abstractmethod
    def _new_member(self) -> Any:
        """Begin a member of the format."""

    @abstractmethod
    def _unpack(self, most: int) -> bytes:
        """Decompress from `_packed`, and leave there what is not used up."""

    def _after_member(self, rest: bytes) -> bytes:
        return rest


class _Gzip(_Unpacked):
    def _new_member(self) -> "zlib._Decompress":
        return zlib.decompressobj(wbits=31)

    def _unpack(self, most: int) -> bytes:
        part: bytes = self._member.decompress(self._packed, min(most, _UNPACKED_AT_ONCE))
        self._packed = self._member.unconsumed_tail
        return part

    def _after_member(self, rest: bytes) -> bytes:
        """Pass over the zeros that some tools fill up with."""
        while not (rest := rest.lstrip(b"\0")) and (more := self._stream.read(_PACKED_AT_ONCE)):
            rest = more
        return rest


class _Zstd(_Unpacked):
    def _new_member(self) -> "ZstdDecompressionObj":
        from zstandard import ZstdDecompressor

        return ZstdDecompressor(max_window_size=1 << 31).decompressobj()

    def _unpack(self, most: int) -> bytes:
        from zstandard import ZstdError

        packed, self._packed = self._packed, b""
        try:
            part: bytes = self._member.decompress(packed)
        except ZstdError as error:
            raise OSError(str(error)) from error
        return part


class _Part(io.RawIOBase):
    """A range of bytes of a file."""

    def __init__(self, file: BinaryIO, start: int, size: int) -> None:
        self._file, self._left = file, size
        file.seek(start)

    def readable(self) -> bool:
        return True

    def close(self) -> None:
        self._file.close()
        super().close()

    def read(self, size: int = -1) -> bytes:
        part = self._file.read(self._left if size < 0 else min(size, self._left))
        self._left -= len(part)
        return part


def _said(error: Exception) -> str:
    if isinstance(error, FileNotFoundError):
        return "no such file or folder"
    if isinstance(error, PermissionError):
        return "no permission to read it"
    if isinstance(error, IsADirectoryError):
        return "it is a folder"
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    return " ".join(str(error).split())
