"""What Weights & Biases leaves on disk: the rows of its tables, and with which options their run was started."""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import BinaryIO

from traceanalytics.readers.base import Located, Record
from traceanalytics.readers.json_values import parse
from traceanalytics.types import JSON

TABLE_KEYS = frozenset({"columns", "data"})
STEP_IN_NAME = r"_(\d+)_[0-9a-f]{16,}\.table\.json"  # <key>_<W&B's own step>_<digest>.table.json
SIBLINGS = ("wandb-metadata.json", "wandb-summary.json", "config.yaml", "output.log", "requirements.txt")

_MODEL_OPTIONS = ("actor_rollout_ref.model.path", "model.path", "model_name_or_path", "model", "pretrain")
_TAKEN = {"model": _MODEL_OPTIONS, "algorithm": ("algorithm.adv_estimator",), "seed": ("seed",)}


def is_table(record: Record) -> bool:
    """Say whether a record is a table: names of columns, and rows."""
    columns, data = record.get("columns"), record.get("data")
    return isinstance(columns, list) and isinstance(data, list) and all(isinstance(name, str) for name in columns)


def rows(file: BinaryIO) -> Iterator[Located]:
    """Walk a table's rows, each as a table of that row alone, with the names of the columns that hold numbers."""
    table, fault = parse(file.read())
    if fault is not None or not isinstance(table, Mapping) or not is_table(table):
        yield Located(None, 1, 0, fault or "no table: it lacks columns or data")
        return
    columns = table["columns"]
    numeric = [
        name
        for at, name in enumerate(columns)
        if _is_numeric(row[at] for row in table["data"] if _is_row(row, columns))
    ]
    for number, row in enumerate(table["data"], start=1):
        if not _is_row(row, columns):
            held = f"{len(row)} cells" if isinstance(row, list) else "no list of cells"
            raw = json.dumps(row, ensure_ascii=False).encode("utf-8", "replace")
            yield Located(None, number, None, f"a row of {held}, where the table has {len(columns)} columns", raw)
        else:
            yield Located({"columns": columns, "data": [row], "numeric": numeric}, number)


def _is_row(row: JSON, columns: Sequence[str]) -> bool:
    return isinstance(row, list) and len(row) == len(columns)


def _is_numeric(column: Iterable[JSON]) -> bool:
    kinds = {type(cell) for cell in column if cell is not None}
    return bool(kinds) and kinds <= {int, float}


def cells(record: Record) -> dict[str, JSON]:
    """Return the one row of a record of `rows` by the names of its columns."""
    return dict(zip(record["columns"], record["data"][0], strict=True))


def facts(folder: Path) -> Mapping[str, JSON]:
    """Read from the run's folder, above the table's, with which options the training was started."""
    for parent in (folder, *folder.parents[:6]):
        try:
            metadata = json.loads((parent / "wandb-metadata.json").read_bytes())
        except (OSError, ValueError):
            continue
        arguments = metadata.get("args") if isinstance(metadata, Mapping) else None
        options = _options(arguments if isinstance(arguments, list) else [])
        taken = {
            fact: next((options[name] for name in names if name in options), None) for fact, names in _TAKEN.items()
        }
        return {fact: value for fact, value in taken.items() if value and (fact != "seed" or value.isdigit())}
    return {}


def _options(arguments: Sequence[JSON]) -> dict[str, str]:
    """Read `name=value`, `--name=value` and `--name value`.

    >>> _options(["model.path=made/up-1b", "--seed", "7", "--lr=1e-6"])
    {'model.path': 'made/up-1b', 'seed': '7', 'lr': '1e-6'}
    """
    words = [str(argument) for argument in arguments]
    options = {}
    for word, following in zip(words, [*words[1:], ""], strict=False):
        name, equals, value = word.lstrip("+-").partition("=")
        if equals:
            options[name] = value
        elif word.startswith("--") and following and not following.startswith("-"):
            options[name] = following
    return options
