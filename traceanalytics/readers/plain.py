"""plain: any log whose records hold a prompt and a response, under names that say so or that the user gives.

Nothing is known of such a log beyond its keys, so only few are taken without being told; the rest stays in `extra`.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace

from traceanalytics.errors import BadInput, UnknownName
from traceanalytics.readers.base import (
    Field,
    Kind,
    Place,
    Reader,
    Record,
    boolean,
    integer,
    number,
    split,
    talk,
    text,
)
from traceanalytics.readers.mapping import fits_column
from traceanalytics.readers.messages import is_messages
from traceanalytics.types import JSON, Split

PROMPT_KEYS = ("prompt", "question", "problem", "instruction", "query", "input")
RESPONSE_KEYS = ("response", "completion", "output", "generation", "model_output", "generated_text", "answer")

_FIELDS: Mapping[str, Field] = {
    "prompt": talk(*PROMPT_KEYS),
    "response": talk(*RESPONSE_KEYS),
    "step": integer("step"),
    "split": split("split"),
    "correct": boolean("correct"),
    "reward": number("reward"),
    "ground_truth": text("ground_truth"),
    "sample_index": integer("sample_index"),
    "model": text("model"),
}
_MAPPABLE: Mapping[str, Field] = {
    **_FIELDS,
    "group_id": text(),
    "output_index": integer(),
    "advantage": number(),
    "prediction": text(),
    "finish_reason": text(),
    "n_tokens": integer(),
    "dataset": text(),
    "level": text(),
}
_BELONGS = {
    Kind.NUMBER: "number",
    Kind.INTEGER: "whole number",
    Kind.BOOLEAN: "truth value; those are true, false, 1 and 0",
    Kind.SPLIT: "split; those are train, val, eval and probe",
    Kind.TALK: "text",
}
_NAMES_SPLIT = {"val": Split.VAL, "valid": Split.VAL, "validation": Split.VAL, "eval": Split.EVAL, "test": Split.EVAL}


def mapped(columns: Mapping[str, str]) -> Reader:
    """Return the plain reader with columns taken from keys that the user names, and no other column from these keys.

    >>> mapped({"response": "out"}).fields["response"].keys
    ('out',)
    """
    taken: dict[str, str] = {}
    for column, key in columns.items():
        if column not in _MAPPABLE:
            raise UnknownName("column", column, _MAPPABLE)
        if key in taken:
            raise BadInput(f"--map {taken[key]}={key} and {column}={key}: a key becomes one column")
        taken[key] = column
    fields = {
        column: replace(field, keys=tuple(key for key in field.keys if key not in taken))
        for column, field in _FIELDS.items()
    }
    fields |= {column: replace(_MAPPABLE[column], keys=(key,)) for column, key in columns.items()}
    needs = frozenset(columns[column] for column in ("prompt", "response") if column in columns)
    responses = fields["response"].keys
    return replace(plain, fields=fields, needs=needs, fits=lambda records, _: _hold_texts(records, responses))


def misfit_in(columns: Mapping[str, str], records: Sequence[Record]) -> str | None:
    """Say which mapped key no record holds, or holds no value that fits its column; None where all is well."""
    for column, key in columns.items():
        values = [record[key] for record in records if record.get(key) is not None]
        if not any(key in record for record in records):
            return f"--map {column}={key}: no record holds {key!r}"
        if values and not any(fits_column(value, _MAPPABLE[column]) for value in values):
            return f"--map {column}={key}: {_shown(values[0])} is no {_BELONGS[_MAPPABLE[column].kind]}"
    return None


def _shown(value: JSON) -> str:
    text = repr(value)
    return text if len(text) <= 40 else f"{text[:39]}…"


def _fits(records: Sequence[Record], place: Place) -> bool:
    return _hold_texts(records, PROMPT_KEYS) and _hold_texts(records, RESPONSE_KEYS)


def _hold_texts(records: Sequence[Record], keys: Sequence[str]) -> bool:
    """Say whether most records hold a text or messages under one of the keys; a list of others is a column of them."""
    holding = sum(any(_is_text(record.get(key)) for key in keys) for record in records)
    return 2 * holding > len(records)


def _is_text(value: JSON) -> bool:
    return isinstance(value, str) or is_messages(value)


def _split(place: Place) -> Split | None:
    """Read the split from a folder or file that is called just so, as in `test/data-00000-of-00002.arrow`."""
    for part in re.split(r"[/!]", f"{place.root.name}/{place.name}"):
        named = _NAMES_SPLIT.get(re.split(r"[-.]", part)[0].lower())
        if named is not None:
            return named
    return None


plain = Reader(
    name="plain",
    framework="plain",
    recognizes="JSONL, JSON, Parquet, CSV or an HF dataset folder whose records hold a prompt and a response",
    lacks="whatever its keys do not say",
    log_better=(
        "give each record prompt, response, step, reward, correct, ground_truth, sample_index, model and split\n"
        "or name the keys you have: --map prompt=question,response=model_output"
    ),
    needs=frozenset(),
    fits=_fits,
    fields=_FIELDS,
    split=_split,
    step_in_name=(
        r"(?:(?:^|[^A-Za-z])(?:step|iter|iteration|completions)[_-]?|^(?=\d+\.(?:json|parquet|csv|tsv|arrow)))(\d+)"
    ),
)
