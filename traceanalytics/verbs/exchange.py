"""Judgments to and from other tools: JSON lines and CSV, in which a line comes back as it was."""

import csv
import io
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import fields
from pathlib import Path

from traceanalytics.behaviors import BEHAVIORS
from traceanalytics.errors import BadInput, BadLabel
from traceanalytics.judging import Question, read_queue
from traceanalytics.labels import Judgment, judgment_of, label_files, located_labels
from traceanalytics.types import JSON

JUDGED = "judged:"  # begins the name of a column that holds what was judged of a behavior
YES = ("true", "yes", "1", "y")
NO = ("false", "no", "0", "n")
_PLAIN = tuple(each.name for each in fields(Judgment) if each.name not in ("judged", "attributes"))
_NUMBERS = {"drawn_with": float, "index": int, "of": int}
_LONGEST_FIELD = 2**31 - 1


def export_labels(paths: Sequence[Path], out: Path) -> int:
    """Write judgments, or the questions of a queue, to a .jsonl or .csv file; returns how many lines it has."""
    known = BEHAVIORS.all()
    if out.exists():
        raise BadInput(f"{out}: there is such a file already; name another one")
    records: list[dict[str, JSON]] = []
    for path in label_files(paths):
        if _is_queue(path):
            records += [_asking(question) for question in read_queue(path, behaviors=known)]
        else:
            records += [judgment.to_record() for _, _, judgment in located_labels([path], behaviors=known)]
    if not records:
        raise BadLabel(f"{', '.join(map(str, paths))}: no label line in it; a label file has one JSON line a judgment")
    if _is_csv(out):
        out.write_text(_to_csv(records), encoding="utf-8", newline="")
    else:
        out.write_text("".join(json.dumps(each, ensure_ascii=False) + "\n" for each in records), encoding="utf-8")
    return len(records)


def import_labels(
    path: Path, out: Path, *, columns: Mapping[str, str] | None = None, judged_by: str | None = None
) -> int:
    """Append judgments of a .jsonl or .csv file to a label file, all or none; returns how many.

    `columns` says which column holds a field, such as `text` or `judged:verification`, where it is called otherwise.
    A line nobody judged is left out; `judged_by` and today's date fill in where a line does not say.
    """
    from datetime import date

    known = set(BEHAVIORS.all())
    lines = []
    for where, record in _records(path, dict(columns or {})):
        if not record.get("judged"):
            continue
        if judged_by is not None:
            record["judged_by"] = record.get("judged_by") or judged_by
        record["judged_on"] = record.get("judged_on") or date.today().isoformat()
        lines.append(judgment_of(record, where, known).to_line())
    if not lines:
        raise BadLabel(f"{path}: no judgment in it; a judged behavior is a column such as {JUDGED}verification")
    if out.exists():
        list(located_labels([out], behaviors=known))
    out.parent.mkdir(parents=True, exist_ok=True)
    with out.open("a", encoding="utf-8") as file:
        file.write("".join(f"{line}\n" for line in lines))
    return len(lines)


def _is_queue(path: Path) -> bool:
    with path.open("rb") as file:
        try:
            first = json.loads(file.readline())
        except ValueError:
            return False
    return isinstance(first, dict) and "asked" in first


def _asking(question: Question) -> dict[str, JSON]:
    return {**question.judgment({}, "").to_record(), "judged": dict.fromkeys(question.asked), "judged_on": ""}


def _to_csv(records: Iterable[Mapping[str, JSON]]) -> str:
    records = list(records)
    behaviors = sorted({behavior for record in records for behavior in record["judged"]})
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\n", quoting=csv.QUOTE_ALL)
    writer.writerow([*_PLAIN, "attributes", *(f"{JUDGED}{behavior}" for behavior in behaviors)])
    for record in records:
        attributes = json.dumps(record["attributes"]) if record.get("attributes") else ""
        judged = [_ANSWERS[record["judged"].get(behavior)] for behavior in behaviors]
        writer.writerow([*("" if (cell := record.get(name)) is None else cell for name in _PLAIN), attributes, *judged])
    return text.getvalue()


_ANSWERS = {True: "yes", False: "no", None: ""}


def _records(path: Path, columns: dict[str, str]) -> Iterator[tuple[str, dict[str, JSON]]]:
    """Yield the records of a file with their places."""
    if not path.is_file():
        raise BadLabel(f"{path}: no such file")
    try:
        content = path.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise BadLabel(f"{path}: no text in UTF-8: {error.reason} at byte {error.start}") from error
    if _is_csv(path):
        yield from _from_csv(path, content, columns)
        return
    for number, line in enumerate(content.split("\n"), 1):
        if line.strip():
            try:
                record = json.loads(line)
            except (ValueError, RecursionError) as error:
                raise BadLabel(f"{path}:{number}: no JSON: {error}") from error
            if isinstance(record, dict):
                record |= {name: record[column] for name, column in columns.items() if column in record}
            yield f"{path}:{number}", record if isinstance(record, dict) else {"judged": record}


def _from_csv(path: Path, content: str, columns: dict[str, str]) -> Iterator[tuple[str, dict[str, JSON]]]:
    held = csv.field_size_limit(_LONGEST_FIELD)
    try:
        reader = csv.DictReader(io.StringIO(content, newline=""), strict=True)
        for name, column in columns.items():
            if column not in (reader.fieldnames or ()):
                there = ", ".join(reader.fieldnames or ()) or "none"
                raise BadLabel(f"{path}: {name}={column}: no column is called {column!r}; there are {there}")
        for row in reader:
            where = f"{path}:{reader.line_num}"
            if None in row:
                raise BadLabel(f"{where}: more cells than columns")
            yield where, _from_cells({**row, **{name: row[column] for name, column in columns.items()}}, where)
    except csv.Error as error:
        raise BadLabel(f"{path}: no CSV: {error}") from error
    finally:
        csv.field_size_limit(held)


def _from_cells(row: Mapping[str, str | None], where: str) -> dict[str, JSON]:
    record: dict[str, JSON] = {name: row[name] for name in _PLAIN if row.get(name)}
    for name, kind in _NUMBERS.items():
        if name in record:
            try:
                record[name] = kind(record[name])
            except ValueError as error:
                raise BadLabel(f"{where}: {name!r} is {record[name]!r}; it must be a number") from error
    if row.get("attributes"):
        try:
            record["attributes"] = json.loads(row["attributes"] or "")
        except ValueError as error:
            raise BadLabel(f"{where}: 'attributes' is {row['attributes']!r}; it must be a JSON object") from error
    judged = {name.removeprefix(JUDGED): cell for name, cell in row.items() if name.startswith(JUDGED) and cell}
    record["judged"] = {behavior: _yes_or_no(cell, behavior, where) for behavior, cell in judged.items()}
    return {"unit": "segment", **record}


def _yes_or_no(cell: str, behavior: str, where: str) -> bool:
    said = cell.strip().casefold()
    if said in YES or said in NO:
        return said in YES
    raise BadLabel(f"{where}: {JUDGED}{behavior} is {cell!r}; it must be yes, no or empty")


def _is_csv(path: Path) -> bool:
    if path.suffix not in (".csv", ".jsonl"):
        raise BadInput(f"{path}: the name must end in .jsonl or .csv")
    return path.suffix == ".csv"
