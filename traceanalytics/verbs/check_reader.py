"""Whether a reader keeps its word on a log: nothing lost, nothing twice, each rollout leads back to its text.

And whether it bears with anything: records of the log are spoiled in every place, one at a time, and must become
rollouts or rejects with a reason.
"""

import json
import re
from collections.abc import Iterator, Mapping
from copy import deepcopy
from dataclasses import dataclass, field
from io import BytesIO
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory

from traceanalytics.errors import BadRecord
from traceanalytics.readers.base import READERS, Located
from traceanalytics.readers.documents import columns_of
from traceanalytics.readers.mapping import to_rollouts
from traceanalytics.readers.shapes import Shape, located_records
from traceanalytics.store.store import Store
from traceanalytics.types import JSON, Rollout
from traceanalytics.verbs.ingest import ingest
from traceanalytics.verbs.planning import Job, make_plan

_RUN = "checked"
_FAULTS_SHOWN = 20
_RECORDS_SPOILED = 3
_PLACES_SPOILED = 120  # of one record
_DEEPEST = 5
_LARGEST_SPOILED = 1 << 18  # bytes of a record
_SPOILED: tuple[JSON, ...] = (
    None,
    "",
    "text",
    "\ud800\x00",
    0,
    -1.5,
    float("nan"),
    float("inf"),
    10**30,
    True,
    [],
    {},
    [None],
    [[]],
    [{}],
    {"": None},
)
_WORD = re.compile(r"\w+")
_MARKS = {"think", "tool_call", "tool_response", "name", "arguments", "im_start", "im_end", "user", "system", "null"}
_WRITTEN_AS_JSON = {Shape.LINES: b"%s\n", Shape.ARRAY: b"[%s]", Shape.DOCUMENT: b"%s"}


@dataclass(slots=True)
class Checked:
    """What was found in the log, how many spoiled records were tried, and in what the reader fails."""

    reader: str
    rollouts: int = 0
    duplicates: int = 0
    rejects: int = 0
    blanks: int = 0
    spoiled: int = 0
    faults: list[str] = field(default_factory=list)


def check_reader(name: str, path: Path) -> Checked:
    """Read a log with a reader in a store of its own, and look for what the reader gets wrong."""
    reader = READERS.get(name)
    checked = Checked(reader.name)
    with TemporaryDirectory() as folder:
        store = Store(Path(folder) / "checked.duckdb")
        report = ingest([path], store=store, run=_RUN)
        for count in ("rollouts", "duplicates", "rejects", "blanks"):
            setattr(checked, count, report.total(count))
        jobs = make_plan(_RUN, [path], {}).jobs
        checked.faults.extend(islice(_faults(checked, jobs, store, path), _FAULTS_SHOWN))
    return checked


def _faults(checked: Checked, jobs: list[Job], store: Store, path: Path) -> Iterator[str]:
    found = sorted({job.reader.name for job in jobs})
    if found != [checked.reader]:
        yield f"{path}: recognized as {', '.join(found) or 'nothing'}; `needs`, `forbids` and `fits` decide that"
    for job in jobs:
        if job.reader.name == checked.reader:
            yield from _lost(job, store)
            yield from _astray(job, store)
            yield from _unbearable(checked, job)
    yield from _read_twice(store, path)


def _lost(job: Job, store: Store) -> Iterator[str]:
    """Compare what the file holds with what the store does, line by line."""
    found: dict[int, list[int]] = {}
    for located in _located(job):
        rollouts, rejects = _outcome(job, located)
        counts = found.setdefault(located.line, [0, 0])
        counts[0] += rollouts
        counts[1] += rejects
    stored = store.sql(
        "SELECT line, count(*) FILTER (WHERE NOT is_reject) AS rollouts, count(*) FILTER (WHERE is_reject) AS rejects "
        "FROM (SELECT file_id, line, false AS is_reject FROM rollouts UNION ALL "
        "SELECT file_id, line, false FROM duplicates UNION ALL SELECT file_id, line, true FROM rejects) "
        "WHERE file_id = $file_id GROUP BY ALL",
        {"file_id": job.file_id},
    ).to_pylist()
    by_line = {row["line"]: [row["rollouts"], row["rejects"]] for row in stored}
    for line in sorted(found.keys() | by_line.keys()):
        if found.get(line) != by_line.get(line):
            held, kept = (each.get(line, [0, 0]) for each in (found, by_line))
            yield (
                f"{job.source.spelled}:{line}: holds {held[0]} rollouts and {held[1]} rejects; "
                f"stored are {kept[0]} and {kept[1]}"
            )


def _astray(job: Job, store: Store) -> Iterator[str]:
    """Look up each response's words in the record of its line."""
    words: dict[int, set[str]] = {}
    for located in _located(job):
        words.setdefault(located.line, set()).update(_words(located.record))
    stored = store.sql("SELECT line, response FROM rollouts WHERE file_id = $id ORDER BY line", {"id": job.file_id})
    for row in stored.to_pylist():
        foreign = set(_WORD.findall(row["response"])) - words.get(row["line"], set()) - _MARKS
        if foreign:
            yield f"{job.source.spelled}:{row['line']}: the response holds {min(foreign)!r}, which its record does not"


def _read_twice(store: Store, path: Path) -> Iterator[str]:
    content = "SELECT count(*) AS n, sum(hash(rollouts)) AS content FROM rollouts"
    before = store.sql(content).to_pylist()
    again = ingest([path], store=store, run=_RUN)
    if again.files or store.sql(content).to_pylist() != before:
        yield f"{path}: reading it a second time stores {again.total('rollouts')} rollouts more"
    other = Store(store.path.with_name("other.duckdb"))
    ingest([path], store=other, run=_RUN)
    if other.sql(content).to_pylist() != before:
        yield f"{path}: two readings into two stores differ; a rollout may depend on nothing but the log"


def _unbearable(checked: Checked, job: Job) -> Iterator[str]:
    """Spoil records in every place; what comes of them is a rollout that fits the store, or a reason."""
    for record in islice(_originals(job), _RECORDS_SPOILED):
        for where, spoiled in _spoilings(record):
            checked.spoiled += 1
            fault = _fault_with(job, spoiled)
            if fault is not None:
                yield f"{job.reader.name}: a record spoiled at {where} {fault}"


def _originals(job: Job) -> Iterator[JSON]:
    """Return records as the file writes them, or as the reader finds them where the file is no JSON."""
    if job.file.shape not in _WRITTEN_AS_JSON or job.reader.suffixes:
        yield from (located.record for located in _located(job) if located.fault is None)
        return
    with job.source.open() as stream:
        for located in located_records(stream, job.file.shape):
            size = len(located.raw) or job.source.size
            if located.fault is None and size <= _LARGEST_SPOILED:
                yield located.record


def _spoilings(record: JSON) -> Iterator[tuple[str, JSON]]:
    for value in _SPOILED:
        yield "its top", value
    for path in islice(_places(record), _PLACES_SPOILED):
        where = ".".join(map(str, path))
        missing = deepcopy(record)
        del _parent(missing, path)[path[-1]]
        yield f"{where} (missing)", missing
        for value in _SPOILED:
            spoiled = deepcopy(record)
            _parent(spoiled, path)[path[-1]] = value
            yield f"{where} ({value!r})", spoiled


def _places(value: JSON, path: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    """Walk the keys of objects and the first and last elements of lists; what the reader added itself is its own."""
    inside: list[str | int] = []
    if isinstance(value, Mapping):
        inside = [key for key in value if not str(key).startswith("traceanalytics.")]
    elif isinstance(value, list):
        inside = [*range(len(value))][:1] + [*range(1, len(value))][-1:]
    for key in inside if len(path) < _DEEPEST else []:
        yield (*path, key)
        yield from _places(value[key], (*path, key))


def _parent(value: JSON, path: tuple[str | int, ...]) -> JSON:
    for key in path[:-1]:
        value = value[key]
    return value


def _fault_with(job: Job, spoiled: JSON) -> str | None:
    reader = job.reader
    try:
        if isinstance(spoiled, Mapping) and reader.needs <= spoiled.keys():
            if reader.fits is not None:
                reader.fits([spoiled], job.file.place)
            if reader.refuses is not None:
                reader.refuses([spoiled])
        for located in _located_again(job, spoiled):
            _outcome(job, located)
    except BadRecord as error:
        return _fault_of_reason(error)
    except Exception as error:  # whatever a stranger's reader may raise
        return f"raises {type(error).__name__}: {error}; raise BadRecord with a reason"
    return None


def _located_again(job: Job, spoiled: JSON) -> Iterator[Located]:
    if job.file.shape not in _WRITTEN_AS_JSON or job.reader.suffixes:
        yield Located(spoiled, 1)
        return
    stream = BytesIO(_WRITTEN_AS_JSON[job.file.shape] % json.dumps(spoiled).encode())
    if job.reader.records is not None:
        yield from job.reader.records(stream, job.file.place)
    else:
        yield from located_records(stream, job.file.shape)


def _outcome(job: Job, located: Located) -> tuple[int, int]:
    """Count the rollouts and rejects of one record; a reason that says nothing is an error."""
    if located.fault is not None:
        return 0, 1
    rollouts = rejects = 0
    for record in columns_of(located.record) or [] if job.file.columns else [located.record]:
        try:
            found = len(_rollouts(job, record))
        except BadRecord as error:
            if _fault_of_reason(error):
                raise
            found = 0
        rollouts += found
        rejects += not found
    return rollouts, rejects


def _rollouts(job: Job, record: JSON) -> list[Rollout]:
    rollouts = to_rollouts(record, job.reader, job.file.place)
    for rollout in rollouts if job.reader.repeats else []:
        job.reader.repeats and job.reader.repeats(rollout)
    return rollouts


def _fault_of_reason(error: BadRecord) -> str | None:
    text = str(error)
    return None if text and "\n" not in text else f"is refused with {text!r}; a reason is one line"


def _located(job: Job) -> Iterator[Located]:
    with job.source.open() as stream:
        if job.reader.records is not None:
            yield from job.reader.records(stream, job.file.place)
        else:
            yield from located_records(stream, job.file.shape)


def _words(value: JSON) -> Iterator[str]:
    if isinstance(value, str):
        yield from _WORD.findall(value)
    elif isinstance(value, Mapping):
        for key, item in value.items():
            yield from _WORD.findall(str(key))
            yield from _words(item)
    elif isinstance(value, list | tuple):
        for item in value:
            yield from _words(item)
    elif value is not None:
        yield from _WORD.findall(str(value))
