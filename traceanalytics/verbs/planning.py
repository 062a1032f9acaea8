"""What there is to read: which files of a run are new, grown or rewritten, and which reader knows each."""

import os
import time
import zlib
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path

from traceanalytics.errors import BadInput
from traceanalytics.readers.base import Place, Reader
from traceanalytics.readers.detect import Recognized, is_sibling, packs_itself, recognize
from traceanalytics.readers.shapes import Shape
from traceanalytics.readers.sources import Source, Unusable, as_text, find_files, is_packed, sources_of
from traceanalytics.types import JSON
from traceanalytics.verbs.staging import FileRow, FileState

YOUNG_SECONDS = 300.0  # a file changed since then may still be in the middle of a line
_CHUNK = 1 << 22
_HOLDS_FACTS = "it holds facts about the rollouts beside it"


@dataclass(slots=True)
class Job:
    """A file to read, and how far that is: everything before `line` and `byte` is stored, `crc` is its checksum."""

    file: Recognized
    file_id: str
    goes_on: bool  # reading can begin in the middle: at a line of a file that is not packed
    replaces: bool = False
    was_rewritten: bool = False
    had_loose_end: bool = False  # the store holds rows of a last line that was not ended
    line: int = 1
    byte: int = 0
    blanks: int = 0
    crc: int | None = 0
    has_loose_end: bool = False  # its last line was read without a line feed

    @property
    def reader(self) -> Reader:
        """Return the reader of the file."""
        return self.file.reader

    @property
    def source(self) -> Source:
        """Return the file's bytes."""
        return self.file.source

    @property
    def is_young(self) -> bool:
        """Say whether somebody may still be writing to the file."""
        return time.time() - self.source.mtime < YOUNG_SECONDS

    @property
    def is_lines(self) -> bool:
        """Say whether the file is read line by line."""
        return self.file.shape is Shape.LINES and self.reader.records is None


@dataclass(slots=True)
class Plan:
    """The files to read, those without rollouts and why, and those of which only the time changed."""

    jobs: list[Job] = field(default_factory=list)
    skipped: list[Unusable] = field(default_factory=list)
    touched: list[tuple[FileRow, Source]] = field(default_factory=list)
    unchanged: list[FileRow] = field(default_factory=list)

    @property
    def replaced(self) -> set[str]:
        """Return the files whose rows go before new ones come."""
        return {job.file_id for job in self.jobs if job.replaces}


def file_id_of(run_id: str, name: str) -> str:
    """Return the short name of a file within a store: the same wherever its run's folder lies."""
    return sha256(f"{run_id}\0{name}".encode("utf-8", "surrogateescape")).hexdigest()[:12]


def make_plan(
    run_id: str,
    roots: Sequence[Path],
    known: Mapping[str, FileRow],
    chosen: Reader | None = None,
    *,
    again: Collection[str] = (),
) -> Plan:
    """Look at every file of a run; `again` names known files to read anew, whether they changed or not."""
    plan, places = Plan(), _Places()
    by_path = _by_path(known.values())
    names: dict[str, Path] = {}
    for root in roots:
        for path, name, found in find_files(root):
            if name in names:
                raise BadInput(
                    f"{names[name]} and {path} would both be {name!r} of the run {run_id!r}; give each its run"
                )
            names[name] = path
            rows = by_path.get(as_text(path.absolute()), [])
            if rows and all(_is_unchanged(row, found) and row.file_id not in again for row in rows):
                plan.unchanged.extend(rows)
                continue
            for source in sources_of(path, name, root, found, whole=bool(packs_itself(name))):
                if isinstance(source, Unusable):
                    plan.skipped.append(source)
                else:
                    _plan_source(plan, run_id, source, known, chosen, places, again)
    _drop_siblings(plan)
    return plan


def crc_of(path: Path, size: int) -> int:
    """Return the checksum of a file's first bytes."""
    crc = 0
    with open(path, "rb") as file:
        while size > 0 and (part := file.read(min(size, _CHUNK))):
            crc = zlib.crc32(part, crc)
            size -= len(part)
    return crc


def _plan_source(
    plan: Plan,
    run_id: str,
    source: Source,
    known: Mapping[str, FileRow],
    chosen: Reader | None,
    places: "_Places",
    again: Collection[str],
) -> None:
    file_id = file_id_of(run_id, source.name)
    row = known.get(file_id)
    if row is not None and file_id not in again and _only_touched(row, source):
        plan.touched.append((row, source))
        return
    recognized = recognize(source, places.of, chosen)
    if isinstance(recognized, Unusable):
        plan.skipped.append(recognized)
        return
    job = Job(recognized, file_id, goes_on=not is_packed(source))
    job.goes_on &= job.is_lines
    if row is not None:
        _plan_known(job, row, run_id, anew=file_id in again)
    plan.jobs.append(job)


def _plan_known(job: Job, row: FileRow, run_id: str, *, anew: bool) -> None:
    source = job.source
    may_have_grown = not anew and job.goes_on and row.good_bytes <= source.size
    if may_have_grown and row.digest is not None and row.digest == f"{crc_of(source.path, row.good_bytes):08x}":
        job.line, job.byte, job.blanks = row.good_lines + 1, row.good_bytes, row.blanks
        job.crc = int(row.digest, 16)
        job.had_loose_end = row.size > row.good_bytes
        return
    if row.path != source.spelled and not anew:
        raise BadInput(
            f"{source.spelled}: the run {run_id!r} holds another {source.name} already, from {row.path}; "
            "give this one a name with --run"
        )
    job.replaces = True
    job.was_rewritten = not anew and row.state != FileState.PARTIAL


def _is_unchanged(row: FileRow, found: os.stat_result) -> bool:
    return row.state == FileState.DONE and row.size == found.st_size and row.mtime == found.st_mtime


def _only_touched(row: FileRow, source: Source) -> bool:
    return (
        row.state == FileState.DONE
        and row.good_bytes == row.size == source.size
        and row.digest == f"{crc_of(source.path, source.size):08x}"
    )


def _by_path(rows: Iterable[FileRow]) -> dict[str, list[FileRow]]:
    """Find rows by the file on disk; an archive has one for each of its members."""
    found: dict[str, list[FileRow]] = {}
    for row in rows:
        parts = row.path.split("!")
        for count in range(1, len(parts) + 1):
            found.setdefault("!".join(parts[:count]), []).append(row)
    return found


def _drop_siblings(plan: Plan) -> None:
    """Take files of facts out of the plan, and say of those that no reader knows what they are."""
    readers = {job.reader.name: job.reader for job in plan.jobs}
    for job in [job for job in plan.jobs if is_sibling(job.source.name, readers)]:
        plan.jobs.remove(job)
        plan.skipped.append(Unusable(job.source.path, job.source.name, _HOLDS_FACTS))
    for at, skipped in enumerate(plan.skipped):
        if skipped.has_records and is_sibling(skipped.name, readers):
            plan.skipped[at] = Unusable(skipped.path, skipped.name, _HOLDS_FACTS)


class _Places:
    """Places of files, with the facts of their folders, each folder read once."""

    def __init__(self) -> None:
        self._facts: dict[tuple[str, Path], Mapping[str, JSON]] = {}

    def of(self, source: Source, reader: Reader) -> Place:
        folder = source.path.parent
        if (reader.name, folder) not in self._facts:
            self._facts[reader.name, folder] = reader.facts(folder) if reader.facts else {}
        bare = Place(source.path, source.name, source.root, self._facts[reader.name, folder])
        split = reader.split(bare) if reader.split else None
        return Place(source.path, source.name, source.root, bare.facts, split)
