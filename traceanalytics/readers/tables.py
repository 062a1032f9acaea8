"""Rows of Parquet, Arrow and CSV files as records."""

import csv
import io
from collections.abc import Iterator
from typing import TYPE_CHECKING, BinaryIO

from traceanalytics.readers.base import Located
from traceanalytics.readers.lines import LONGEST_LINE

if TYPE_CHECKING:
    import pyarrow

_ROWS_AT_ONCE = 2000


def parquet_rows(stream: BinaryIO) -> Iterator[Located]:
    import pyarrow.parquet

    def batches() -> "Iterator[pyarrow.RecordBatch]":
        with pyarrow.parquet.ParquetFile(_seekable(stream)) as file:
            yield from file.iter_batches(batch_size=_ROWS_AT_ONCE)

    yield from _rows(batches(), "Parquet")


def arrow_rows(stream: BinaryIO) -> Iterator[Located]:
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


def csv_rows(stream: BinaryIO, delimiter: str) -> Iterator[Located]:
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


def _seekable(stream: BinaryIO) -> BinaryIO:
    return stream if stream.seekable() else io.BytesIO(stream.read())
