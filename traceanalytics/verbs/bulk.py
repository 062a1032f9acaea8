"""The fast path: blocks of lines handed to DuckDB whole; what it does not take at once goes to the careful path."""

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import duckdb
import numpy as np
import numpy.typing as npt

from traceanalytics.readers.base import Reader
from traceanalytics.readers.fast import COLUMNS, is_fast, mapped_keys, select_lines
from traceanalytics.readers.lines import Block
from traceanalytics.verbs.planning import Job
from traceanalytics.verbs.reading import keep_line
from traceanalytics.verbs.staging import Staging

if TYPE_CHECKING:
    import pyarrow

MOST_SELECTS = 8  # each is a pass over the lines

_SHAPES = "SELECT try(json_keys(text)) AS keys FROM lines WHERE text IS NOT NULL GROUP BY keys"
_ALL = "SELECT * FROM lines WHERE text IS NOT NULL"
_THESE = "SELECT * FROM lines SEMI JOIN (SELECT row FROM shaped WHERE select_number = {number}) USING (row)"
_SHAPED = """
CREATE OR REPLACE TEMP TABLE shaped AS
SELECT lines.row, shapes.select_number
FROM lines LEFT JOIN shapes ON try(json_keys(lines.text)) = shapes.keys
WHERE lines.text IS NOT NULL
"""
_UNREAD = "SELECT row FROM shaped WHERE select_number IS NULL"
_DIRTY = "SELECT row FROM mapped WHERE dirty"
_NOTHING = f"(SELECT {', '.join(f'NULL::{kind} AS {name}' for name, kind in COLUMNS.items())} LIMIT 0)"
_CLEAN = "SELECT count(*), min(step), max(step) FROM mapped WHERE NOT dirty"
_SOURCES = "SELECT DISTINCT step_source, reward_source, correct_source, group_source FROM mapped WHERE NOT dirty"
_ROWS_IN_BATCH = 8192  # of mapped rows: few enough that every thread gets some
_SHORTEST_RECORD = 3
# before the last brace of a line; a comma that JSON has not may hide behind them
_NO_ENDING = np.frombuffer(b" \t\r\n,", np.uint8)

Mask = npt.NDArray[np.bool_]


def reads_in_bulk(job: Job) -> bool:
    """Say whether DuckDB can read a file's lines."""
    return job.is_lines and not job.file.columns and is_fast(job.reader)


@dataclass(slots=True)
class _Chunk:
    job: Job
    block: Block
    first_row: int


@dataclass(slots=True)
class Bulk:
    """Lines of files of one reader, gathered for one transaction."""

    reader: Reader
    size: int = 0
    rows: int = 0
    _chunks: list[_Chunk] = field(default_factory=list)
    _batches: list["pyarrow.RecordBatch"] = field(default_factory=list)

    def add(self, job: Job, block: Block, staging: Staging) -> bool:
        """Take a block; lines that DuckDB must not see are kept at once. False: the last is still being written."""
        careful = _needs_care(block)
        is_whole = True
        for index in np.flatnonzero(careful).tolist():
            is_whole = keep_line(job, staging, block, index)
        self._chunks.append(_Chunk(job, block, self.rows))
        self._batches.append(_as_arrow(job, block, careful, self.rows))
        self.rows += len(block.starts)
        self.size += len(block.data)
        return is_whole

    def stage(self, workbench: duckdb.DuckDBPyConnection, staging: Staging) -> None:
        """Lay the rows out as the view `bulk`; what DuckDB does not take goes into the staging.

        Each line is parsed once for its keys and once for what they hold.
        """
        import pyarrow

        workbench.register("lines", pyarrow.Table.from_batches(self._batches))
        statement, unread = self._map(workbench)
        workbench.register("mapped", workbench.sql(statement).to_arrow_table(_ROWS_IN_BATCH))
        workbench.unregister("lines")
        left = sorted(unread + [row for (row,) in workbench.execute(_DIRTY).fetchall()])
        without = "WHERE NOT dirty" if left else ""
        workbench.execute(
            f"CREATE OR REPLACE TEMP VIEW bulk AS SELECT * EXCLUDE (row, dirty) FROM mapped {without}"
        ).fetchall()
        firsts = [chunk.first_row for chunk in self._chunks]
        for row in left:
            chunk = self._chunks[bisect_right(firsts, row) - 1]
            keep_line(chunk.job, staging, chunk.block, row - chunk.first_row)
        self._count(workbench, staging)

    @staticmethod
    def _count(workbench: duckdb.DuckDBPyConnection, staging: Staging) -> None:
        ((rollouts, first, last),) = workbench.execute(_CLEAN).fetchall()
        staging.counts.rollouts += rollouts
        staging.counts.count_step(first)
        staging.counts.count_step(last)
        for found in workbench.execute(_SOURCES).fetchall():
            for column, source in zip(("step", "reward", "correct", "group"), found, strict=True):
                staging.sources.setdefault(column, set()).add(source)

    def _map(self, workbench: duckdb.DuckDBPyConnection) -> tuple[str, list[int]]:
        """Return the SELECT that maps the lines, and the rows that it leaves out."""
        shapes = [keys for (keys,) in workbench.execute(_SHAPES).fetchall()]
        selects = _selects(self.reader, shapes)
        statements = list(dict.fromkeys(select for select in selects if select))
        if len(shapes) == 1 and statements:
            these, unread = [_ALL], []
        else:
            self._give_numbers(workbench, shapes, [statements.index(each) if each else None for each in selects])
            these = [_THESE.format(number=number) for number in range(len(statements))]
            unread = [row for (row,) in workbench.execute(_UNREAD).fetchall()]
        parts = [
            f"(WITH these AS NOT MATERIALIZED ({which}) {statement})"
            for which, statement in zip(these, statements, strict=True)
        ]
        return " UNION ALL ".join(parts or [_NOTHING]), unread

    @staticmethod
    def _give_numbers(
        workbench: duckdb.DuckDBPyConnection, shapes: Sequence[list[str] | None], numbers: Sequence[int | None]
    ) -> None:
        import pyarrow

        types = {"keys": pyarrow.list_(pyarrow.string()), "select_number": pyarrow.int32()}
        numbered = {"keys": list(shapes), "select_number": list(numbers)}
        workbench.register("shapes", pyarrow.table(numbered, schema=pyarrow.schema(types)))
        workbench.execute(_SHAPED).fetchall()
        workbench.unregister("shapes")


def _selects(reader: Reader, shapes: Sequence[list[str] | None]) -> list[str | None]:
    """Return the SELECT for each list of keys; where these are many, those that differ in other keys only share one."""
    exact = [select_lines(reader, keys) if keys else None for keys in shapes]
    if len(set(exact)) <= MOST_SELECTS:
        return exact
    mapped = mapped_keys(reader)
    shared = []
    for keys in shapes:
        is_clean = keys and len(set(keys)) == len(keys)
        known = [key for key in keys or () if key in mapped]
        shared.append(select_lines(reader, sorted(known), and_others=True) if is_clean else None)
    return shared if len(set(shared)) <= 4 * MOST_SELECTS else [None] * len(shapes)


def _needs_care(block: Block) -> Mask:
    """Mark the lines that DuckDB must not see: blank ones, a loose end, bad UTF-8, and a comma that JSON has not."""
    data = np.frombuffer(block.data, np.uint8)
    starts, ends = np.array(block.starts, np.int64), np.array(block.ends, np.int64)
    if block.too_long or block.broken or not len(starts):
        return np.ones(len(starts), np.bool_)
    careful = ends - starts < _SHORTEST_RECORD
    last = np.maximum(ends - 1, 0)
    last = np.maximum(last - (data[last] == ord("\r")), 0)
    careful |= (data[last] != ord("}")) | np.isin(data[np.maximum(last - 1, 0)], _NO_ENDING)
    careful[-1] |= not block.ended
    if not _is_utf8(block.data):
        lines = zip(block.starts, block.ends, strict=True)
        careful |= np.array([not _is_utf8(block.data[start:end]) for start, end in lines])
    return careful


def _as_arrow(job: Job, block: Block, careful: Mask, first_row: int) -> "pyarrow.RecordBatch":
    """Lay Arrow over the bytes of a block, without a copy; lines that need care are null."""
    import pyarrow as pa

    count = len(block.starts)
    offsets = np.empty(count + 1, np.int32)
    offsets[:count] = block.starts
    offsets[count] = len(block.data)
    valid = np.packbits(~careful, bitorder="little")
    text = pa.StringArray.from_buffers(count, pa.py_buffer(offsets), pa.py_buffer(block.data), pa.py_buffer(valid))
    first = pa.array(np.zeros(count, np.int32))

    def same(value: str | int | None, kind: "pyarrow.DataType") -> "pyarrow.Array":
        return pa.DictionaryArray.from_arrays(first, pa.array([value], kind))

    return pa.record_batch(
        {
            "row": pa.array(np.arange(first_row, first_row + count)),
            "line": pa.array(np.arange(block.first_line, block.first_line + count)),
            "text": text,
            "file_id": same(job.file_id, pa.string()),
            "split": same(job.file.place.split, pa.string()),
            "step": same(job.file.step.step, pa.int64()),
            "step_source": same(job.file.step.source, pa.string()),
        }
    )


def _is_utf8(data: bytes) -> bool:
    import pyarrow as pa

    offsets = np.array([0, len(data)], np.int32)
    try:
        pa.StringArray.from_buffers(1, pa.py_buffer(offsets), pa.py_buffer(data)).validate(full=True)
    except pa.ArrowInvalid:
        return False
    return True
