"""Which reader knows a file: decided by the keys of several records, never by a file's name alone."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from fnmatch import fnmatch
from functools import partial
from itertools import islice

from traceanalytics.errors import BadInput
from traceanalytics.readers.base import READERS, Located, Place, Reader, Record
from traceanalytics.readers.documents import beginning_of_document, columns_of
from traceanalytics.readers.lines import opening_of
from traceanalytics.readers.mapping import StepRule, as_record, step_rule
from traceanalytics.readers.shapes import Shape, located_records, shape_of
from traceanalytics.readers.sources import READ_ERRORS, Source, Unusable, refusal_of, why_broken

RECORDS_LOOKED_AT = 20
BYTES_LOOKED_AT = 8 << 20
KEYS_SHOWN = 12


@dataclass(frozen=True, slots=True)
class Recognized:
    """A file and how to read it; `columns` says that each record holds columns and stands for many."""

    source: Source
    reader: Reader
    shape: Shape
    place: Place
    step: StepRule
    columns: bool = False
    opening: bytes | None = None  # how a good record begins in the file


def packs_itself(name: str) -> list[Reader]:
    """Return the readers that open files of this name as containers of their own."""
    return [reader for reader in READERS.all().values() if reader.suffixes and name.lower().endswith(reader.suffixes)]


def is_sibling(name: str, readers: Mapping[str, Reader]) -> bool:
    """Say whether a file holds facts about rollouts beside it, by its name."""
    last = name.replace("!", "/").rsplit("/", 1)[-1]
    return any(fnmatch(last, pattern) for reader in readers.values() for pattern in reader.siblings)


def recognize(
    source: Source, place_for: Callable[[Source, Reader], Place], chosen: Reader | None = None
) -> Recognized | Unusable:
    """Find the reader of a file; two that fit are an error, none makes the file unusable and says what it holds."""
    own = [chosen] if chosen and chosen.suffixes else packs_itself(source.name)
    if own and source.name.lower().endswith(own[0].suffixes):
        place = place_for(source, own[0])
        return Recognized(source, own[0], Shape.DOCUMENT, place, step_rule(own[0], (), place))
    try:
        head = source.head()
        reason = refusal_of(head, source)
        shape = shape_of(head, source.name) if reason is None else Shape.UNKNOWN
        if shape is Shape.UNKNOWN:
            return _unusable(source, reason or "it is no JSON, Parquet, Arrow or CSV")
        found = _first_records(source, shape)
    except READ_ERRORS as error:
        return _unusable(source, why_broken(error))
    records = [record for each in found if isinstance(record := as_record(each.record), Mapping)]
    if not records:
        faults = [each.fault for each in found if each.fault]
        return _unusable(source, f"its first record cannot be read: {faults[0]}" if faults else _NO_RECORDS)
    recognized = _recognized(source, shape, records, place_for, chosen)
    if isinstance(recognized, Recognized) and shape is Shape.LINES:
        openings = (opening_of(each.raw) for each in found if each.fault is None)
        recognized = replace(recognized, opening=next(openings, None))
    return recognized


_NO_RECORDS = "it holds no records"


def _recognized(
    source: Source,
    shape: Shape,
    records: Sequence[Record],
    place_for: Callable[[Source, Reader], Place],
    chosen: Reader | None,
) -> Recognized | Unusable:
    candidates = [chosen] if chosen else list(READERS.all().values())
    for columns in (False, True):
        rows = _rows_of(records) if columns else records
        fitting = _fitting(candidates, rows, partial(place_for, source)) if rows else []
        if len(fitting) > 1:
            names = " and ".join(each.name for each in fitting)
            raise BadInput(
                f"{source.spelled}: the readers {names} all fit; its first record holds {keys_of(rows[0])}; "
                "choose one with --reader"
            )
        if fitting:
            refusal = fitting[0].refuses(rows) if fitting[0].refuses else None
            if refusal is not None:
                return _unusable(source, refusal)
            place = place_for(source, fitting[0])
            return Recognized(source, fitting[0], shape, place, step_rule(fitting[0], rows, place), columns)
    if chosen is not None:
        place = place_for(source, chosen)
        return Recognized(source, chosen, shape, place, step_rule(chosen, records, place))
    reason = f"no reader knows its records, the first of which holds {keys_of(records[0])}"
    return Unusable(source.path, source.name, reason, has_records=True)


def first_records(file: Recognized) -> list[Record]:
    """Read the first records of a file again, those that can be read."""
    records = [as_record(each.record) for each in _first_records(file.source, file.shape)]
    found = [record for record in records if isinstance(record, Mapping)]
    return _rows_of(found) if file.columns else found


def keys_of(record: Record) -> str:
    """List the keys of a record for a message."""
    shown = ", ".join(list(map(str, record))[:KEYS_SHOWN])
    return f"{shown}, …" if len(record) > KEYS_SHOWN else shown or "no keys"


def _unusable(source: Source, reason: str) -> Unusable:
    return Unusable(source.path, source.name, reason)


def _first_records(source: Source, shape: Shape) -> list[Located]:
    """Read some records; of a large document only its beginning, for it may not fit into memory."""
    if shape is Shape.DOCUMENT and source.size > BYTES_LOOKED_AT:
        return [Located(beginning_of_document(source.head()), 1)]
    found: list[Located] = []
    read = 0
    with source.open() as stream:
        for each in islice(located_records(stream, shape), RECORDS_LOOKED_AT):
            found.append(each)
            read += len(each.raw)
            if read > BYTES_LOOKED_AT:
                break
    return found


def _rows_of(records: Sequence[Record]) -> list[Record]:
    rows = [columns_of(record) for record in records]
    return [row for each in rows if each for row in each][:RECORDS_LOOKED_AT] if all(rows) else []


def _fits(reader: Reader, records: Sequence[Record], place: Callable[[], Place]) -> bool:
    """Say whether most records are of a reader's format: a bad one among the first makes no file unknown.

    A reader that needs no key knows its files by their suffix alone. The place is found only where keys fit.
    """
    known = [each for each in records if reader.needs <= each.keys() and not reader.forbids & each.keys()]
    is_format = 2 * len(known) > len(records) and bool(reader.needs or not reader.suffixes)
    return is_format and (reader.fits is None or reader.fits(known, place()))


def _fitting(
    candidates: Sequence[Reader], records: Sequence[Record], place_for: Callable[[Reader], Place]
) -> list[Reader]:
    """Return the most specific readers that know the records; those that need less than one of them are not asked."""
    known: list[Reader] = []
    keys = set().union(*records)
    for each in sorted((each for each in candidates if each.needs <= keys), key=lambda reader: -len(reader.needs)):
        if not any(each.needs < other.needs for other in known) and _fits(each, records, partial(place_for, each)):
            known.append(each)
    return [each for each in candidates if each in known]
