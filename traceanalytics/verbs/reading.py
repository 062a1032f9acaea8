"""The careful path: a file record by record into the staging, every bad line kept with its reason."""

import zlib
from collections.abc import Callable, Iterator, Sequence
from itertools import islice
from typing import BinaryIO

from traceanalytics.errors import BadRecord
from traceanalytics.readers.base import Located
from traceanalytics.readers.detect import RECORDS_LOOKED_AT
from traceanalytics.readers.documents import columns_of
from traceanalytics.readers.json_values import BOM, is_whole_text, json_text
from traceanalytics.readers.lines import LONGEST_LINE, Block, is_blank, read_blocks, records_in_line
from traceanalytics.readers.mapping import to_rollouts
from traceanalytics.readers.shapes import located_records
from traceanalytics.readers.sources import READ_ERRORS, why_broken
from traceanalytics.types import JSON, Rollout
from traceanalytics.verbs.planning import Job, crc_of
from traceanalytics.verbs.staging import FileRow, FileState, Staging

READER_ERRORS = (LookupError, TypeError, ValueError, AttributeError, ArithmeticError, RecursionError)

_RECORDS_AT_ONCE = 500


Take = Callable[[Job, Block, Staging], bool]


def read(job: Job, staging: Staging, take: Take | None = None) -> Iterator[None]:
    """Read one file; a transaction may end wherever this yields. Blocks of lines go to `take`, if there is one."""
    return _read_lines(job, staging, take or _keep_block) if job.is_lines else _read_records(job, staging)


def why_no_rollout(job: Job) -> str | None:
    """Say why none of a file's first records is a rollout; None where one is."""
    fault = None
    with job.source.open() as stream:
        for each in islice(_walked(job, stream), RECORDS_LOOKED_AT):
            fault = fault or each.fault
            for record in _records_of(job, each):
                try:
                    _rollouts_of(job, record)
                except BadRecord as error:
                    fault = fault or str(error)
                else:
                    return None
    return f"{job.source.name}: {fault or 'it holds no records'}"


def keep_line(job: Job, staging: Staging, block: Block, index: int) -> bool:
    """Keep what one line holds; return False for a line that somebody is still writing."""
    start, end = block.starts[index], block.ends[index]
    raw, line, byte = block.data[start:end], block.first_line + index, block.first_byte + start
    if block.broken:
        _keep_rest(job, staging, raw, line, byte, block.broken)
        return True
    if is_blank(raw):
        job.blanks += 1
        staging.counts.blanks += 1
        return True
    if block.too_long:
        staging.reject(job.file_id, line, byte, f"longer than {LONGEST_LINE >> 20} MiB, the most a line may hold", raw)
        return True
    found = records_in_line(raw, line, byte, job.file.opening)
    is_loose = not block.ended and index == len(block.starts) - 1
    if is_loose and job.goes_on and job.is_young and all(each.fault for each in found):
        return False
    _keep(job, staging, found)
    return True


def advance(job: Job, block: Block) -> None:
    """Move on to the next line that is not stored."""
    if job.byte == 0 and block.first_byte == len(BOM):
        job.crc = zlib.crc32(BOM)
    if block.too_long:
        job.crc = None
    elif job.crc is not None:
        job.crc = zlib.crc32(memoryview(block.data)[: block.after - block.first_byte], job.crc)
    job.line = block.first_line + len(block.starts) - (not block.ended)
    job.byte = block.after
    job.has_loose_end = not block.ended


def file_row(job: Job, staging: Staging, state: FileState) -> FileRow:
    """Describe the file as far as it is read."""
    source = job.source
    if job.goes_on:
        digest, good_bytes = None if job.crc is None else f"{job.crc:08x}", job.byte
    elif state is FileState.PARTIAL:
        digest, good_bytes = None, 0
    else:
        digest, good_bytes = f"{crc_of(source.path, source.size):08x}", source.size
    return FileRow(
        file_id=job.file_id,
        run_id=staging.run_id,
        path=source.spelled,
        size=max(source.size, job.byte + job.has_loose_end) if job.goes_on else source.size,
        mtime=source.mtime,
        digest=digest,
        reader=job.reader.name,
        good_bytes=good_bytes,
        good_lines=job.line - 1,
        blanks=job.blanks,
        state=state,
    )


def _keep_block(job: Job, block: Block, staging: Staging) -> bool:
    """Keep what each line holds; return False when the last is still being written."""
    is_whole = True
    for index in range(len(block.starts)):
        is_whole = keep_line(job, staging, block, index)
    return is_whole


def _keep_rest(job: Job, staging: Staging, raw: bytes, line: int, byte: int, why: str) -> None:
    """Keep what a broken stream gave last: a record, if it is whole, and one reject for all that did not come."""
    found = records_in_line(raw, line, byte, job.file.opening)
    if not any(each.fault for each in found):
        _keep(job, staging, found)
        line, byte, raw = line + 1, byte + len(raw), b""
    staging.reject(job.file_id, line, byte, why, raw)


def _read_lines(job: Job, staging: Staging, take: Take) -> Iterator[None]:
    state = FileState.DONE
    with job.source.open() as stream:
        if job.byte:
            stream.seek(job.byte)
        for block in read_blocks(stream, first_line=job.line, first_byte=job.byte):
            if not take(job, block, staging):
                state = FileState.IN_PROGRESS
            if block.broken and not block.starts:
                staging.reject(job.file_id, block.first_line, block.first_byte, block.broken, b"")
            advance(job, block)
            staging.files[job.file_id] = file_row(job, staging, FileState.PARTIAL)
            yield
    staging.files[job.file_id] = file_row(job, staging, state)


def _read_records(job: Job, staging: Staging) -> Iterator[None]:
    with job.source.open() as stream:
        for each in _walked(job, stream):
            job.line = each.line + 1
            _keep(job, staging, [each])
            if each.line % _RECORDS_AT_ONCE == 0:
                staging.files[job.file_id] = file_row(job, staging, FileState.PARTIAL)
                yield
    staging.files[job.file_id] = file_row(job, staging, FileState.DONE)


def _walked(job: Job, stream: BinaryIO) -> Iterator[Located]:
    """Walk a file's records; a walk that breaks off says why with its last one."""
    records, line = job.reader.records, 1
    try:
        for each in records(stream, job.file.place) if records else located_records(stream, job.file.shape):
            line = each.line + 1
            yield each
    except READ_ERRORS as error:
        yield Located(None, line, None, why_broken(error))
    except READER_ERRORS as error:
        yield Located(None, line, None, f"the reader {job.reader.name} cannot go on: {type(error).__name__}: {error}")


def _keep(job: Job, staging: Staging, found: Sequence[Located]) -> None:
    """Keep the records of one line; where it gives several rollouts, they are counted from 0."""
    rollouts: list[Rollout] = []
    for each in found:
        if each.fault is not None:
            staging.reject(job.file_id, each.line, each.byte, each.fault, each.raw)
            continue
        staging.counts.odd_texts += not is_whole_text(each.raw)
        for record in _records_of(job, each):
            try:
                made = _rollouts_of(job, record)
                for rollout in made:
                    _say_step(job, rollout)
            except BadRecord as error:
                raw = each.raw or json_text(record).encode()
                staging.reject(job.file_id, each.line, each.byte, str(error), raw)
            else:
                rollouts.extend(made)
    for item, rollout in enumerate(rollouts):
        staging.counts.odd_rewards += _has_odd_reward(job, rollout)
        repeat = job.reader.repeats(rollout) if job.reader.repeats else None
        staging.add(rollout, job.file_id, found[0].line, item if len(rollouts) > 1 else None, repeat)


def _records_of(job: Job, each: Located) -> list[JSON]:
    if each.fault is not None:
        return []
    return columns_of(each.record) or [] if job.file.columns else [each.record]


def _has_odd_reward(job: Job, rollout: Rollout) -> bool:
    """Say whether the log gives something as the reward that is no finite number, so that there is none."""
    reward = job.reader.fields.get("reward")
    if reward is None or rollout.reward is not None:
        return False
    return any(rollout.extra.get(key) is not None for key in reward.keys)


def _rollouts_of(job: Job, record: JSON) -> list[Rollout]:
    try:
        rollouts = to_rollouts(record, job.reader, job.file.place)
    except READER_ERRORS as error:
        raise BadRecord(f"the reader {job.reader.name} cannot read it: {type(error).__name__}: {error}") from error
    if not rollouts:
        raise BadRecord(f"the reader {job.reader.name} finds no rollout in it")
    return rollouts


def _say_step(job: Job, rollout: Rollout) -> None:
    """Give the rollout its step and say where that is from; where two sources differ, it is no rollout."""
    rule = job.file.step
    if rule.step is None:
        rollout.step_source = "none" if rollout.step is None else rollout.step_source or "field"
        return
    if rollout.step not in (None, rule.step):
        raise BadRecord(
            f"the record says step {rollout.step}, the {rule.source} says {rule.step}; "
            "the steps of a run come from one place"
        )
    rollout.step, rollout.step_source = rule.step, rule.source
