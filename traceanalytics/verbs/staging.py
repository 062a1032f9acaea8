"""Rollouts on their way into the store: rows gathered as columns, until there is a batch worth a transaction."""

from dataclasses import dataclass, field
from enum import StrEnum
from hashlib import md5
from typing import TYPE_CHECKING, Any

from traceanalytics.readers.columns import TEXTS
from traceanalytics.readers.json_values import json_text, without_surrogates
from traceanalytics.readers.lines import RAW_KEPT
from traceanalytics.store.append import Batch
from traceanalytics.types import Rollout

if TYPE_CHECKING:
    import pyarrow

_TEXTS = ("response", "split", *TEXTS)
_PLAIN = (*_TEXTS, "step", "sample_index", "output_index", "reward", "advantage", "correct", "n_tokens")


@dataclass(slots=True)
class Counts:
    """What was found and what became of it."""

    rollouts: int = 0
    duplicates: int = 0
    rejects: int = 0
    blanks: int = 0
    first_step: int | None = None
    last_step: int | None = None
    odd_rewards: int = 0  # no finite number, and so no reward
    odd_texts: int = 0  # records with bytes that are no UTF-8, or with half a surrogate pair
    rewritten: int = 0  # files that are not what they were
    replaced: int = 0  # rollouts of files that were read anew

    def count_step(self, step: int | None) -> None:
        """Widen the range of steps."""
        if step is not None:
            self.first_step = step if self.first_step is None else min(self.first_step, step)
            self.last_step = step if self.last_step is None else max(self.last_step, step)


class FileState(StrEnum):
    """How far a file is read."""

    DONE = "done"
    IN_PROGRESS = "in progress"  # its last line is still being written
    PARTIAL = "partial"  # stored in several transactions, the last of which is still to come


@dataclass(frozen=True, slots=True)
class FileRow:
    """What the store knows of a file: how far it was read, and a digest of the bytes up to there."""

    file_id: str
    run_id: str
    path: str
    size: int
    mtime: float
    digest: str | None
    reader: str
    good_bytes: int
    good_lines: int
    blanks: int
    state: str


@dataclass(slots=True)
class Staging:
    """Rows gathered for the next transaction."""

    run_id: str
    repeats: dict[str, str]  # what the trainer logged before: key -> rollout_id
    size: int = 0
    counts: Counts = field(default_factory=Counts)
    sources: dict[str, set[str]] = field(default_factory=dict)
    files: dict[str, FileRow] = field(default_factory=dict)
    _columns: dict[str, list[Any]] = field(default_factory=dict)
    _others: dict[str, list[dict[str, Any]]] = field(default_factory=dict)

    def add(self, rollout: Rollout, file_id: str, line: int, item: int | None, repeat: object = None) -> None:
        """Add a rollout, or a duplicate when `repeat` was logged before."""
        rollout_id = f"{file_id}-{line}" if item is None else f"{file_id}-{line}-{item}"
        if repeat is not None and self._is_repeated(repeat, rollout_id, file_id, line, item):
            return
        self.counts.rollouts += 1
        self.counts.count_step(rollout.step)
        self.size += len(rollout.response) + len(rollout.prompt or "") + 200
        columns = self._columns
        for name in _PLAIN:
            value = getattr(rollout, name)
            columns.setdefault(name, []).append(without_surrogates(value) if isinstance(value, str) else value)
        for name, value in (
            ("file_id", file_id),
            ("line", line),
            ("item", item),
            ("reward_components", list(rollout.reward_components.items()) or None),
            ("condition", list(rollout.condition.items()) or None),
            ("messages", None if rollout.messages is None else json_text(rollout.messages)),
            ("extra", json_text(dict(rollout.extra)) if rollout.extra else None),
        ):
            columns.setdefault(name, []).append(value)
        for column in ("step", "reward", "correct", "group"):
            self.sources.setdefault(column, set()).add(getattr(rollout, f"{column}_source"))
        self._add_turns_and_tokens(rollout, rollout_id)

    def reject(self, file_id: str, line: int, byte: int | None, reason: str, raw: bytes) -> None:
        """Keep what cannot be a rollout."""
        self.counts.rejects += 1
        kept = raw[:RAW_KEPT].decode("utf-8", "replace")
        self.size += len(kept)
        self._other("rejects", file_id=file_id, line=line, byte=byte, reason=without_surrogates(reason), raw=kept)

    def batch(self) -> Batch:
        """Return what was gathered and begin anew; the counts go on."""
        import pyarrow

        rollouts = pyarrow.table(self._columns, schema=_schema()) if self._columns else _schema().empty_table()
        others = {
            name: pyarrow.Table.from_pylist(rows, schema=_other_schemas()[name]) for name, rows in self._others.items()
        }
        rows = [{name: getattr(row, name) for name in FileRow.__slots__} for row in self.files.values()]
        batch = Batch(rollouts, others, pyarrow.Table.from_pylist(rows))
        self._columns, self._others, self.files, self.size = {}, {}, {}, 0
        return batch

    def _is_repeated(self, repeat: object, rollout_id: str, file_id: str, line: int, item: int | None) -> bool:
        key = md5(repr(repeat).encode("utf-8", "replace")).hexdigest()[:16]
        original = self.repeats.get(key)
        if original is not None:
            self.counts.duplicates += 1
            self._other("duplicates", file_id=file_id, line=line, item=item, rollout_id=original)
            return True
        self.repeats[key] = rollout_id
        self._other("repeats", run_id=self.run_id, repeat_key=key, rollout_id=rollout_id)
        return False

    def _add_turns_and_tokens(self, rollout: Rollout, rollout_id: str) -> None:
        for number, turn in enumerate(rollout.turns):
            self._other(
                "turns",
                rollout_id=rollout_id,
                turn=number,
                role=turn.role,
                action=turn.action and without_surrogates(turn.action),
                observation=turn.observation and without_surrogates(turn.observation),
                valid=turn.valid,
            )
        if rollout.tokens is not None:
            tokens = rollout.tokens
            self.size += 24 * len(tokens.token_ids or tokens.logprobs or ())
            row = {name: getattr(tokens, name) for name in type(tokens).__slots__}
            self._other("tokens", rollout_id=rollout_id, **row)

    def _other(self, table: str, **row: Any) -> None:
        self._others.setdefault(table, []).append(row)


def _schema() -> "pyarrow.Schema":
    import pyarrow as pa

    types = {name: pa.string() for name in (*_TEXTS, "file_id", "messages", "extra")}
    types |= {"step": pa.int64(), "line": pa.int64(), "n_tokens": pa.int64()}
    types |= {"sample_index": pa.int32(), "output_index": pa.int32(), "item": pa.int32()}
    types |= {"reward": pa.float64(), "advantage": pa.float64(), "correct": pa.bool_()}
    types |= {"reward_components": pa.map_(pa.string(), pa.float64()), "condition": pa.map_(pa.string(), pa.string())}
    return pa.schema(types)


def _other_schemas() -> dict[str, "pyarrow.Schema"]:
    import pyarrow as pa

    text, whole = pa.string(), pa.int64()
    floats = pa.list_(pa.float32())
    return {
        "rejects": pa.schema({"file_id": text, "line": whole, "byte": whole, "reason": text, "raw": text}),
        "duplicates": pa.schema({"file_id": text, "line": whole, "item": pa.int32(), "rollout_id": text}),
        "repeats": pa.schema({"run_id": text, "repeat_key": text, "rollout_id": text}),
        "turns": pa.schema(
            {
                "rollout_id": text,
                "turn": pa.int32(),
                "role": text,
                "action": text,
                "observation": text,
                "valid": pa.bool_(),
            }
        ),
        "tokens": pa.schema(
            {
                "rollout_id": text,
                "token_ids": pa.list_(pa.int32()),
                "logprobs": floats,
                "ref_logprobs": floats,
                "entropy": floats,
                "mask": pa.list_(pa.bool_()),
                "alignment": text,
            }
        ),
    }
