"""Transactions of one run: what a file gave before goes in the same one that brings its first new rows."""

import json
import time
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from traceanalytics.errors import BadInput
from traceanalytics.readers.base import READERS
from traceanalytics.readers.lines import Block
from traceanalytics.store.append import (
    append,
    grade_from_score,
    remove_lone_prompts,
    remove_rows,
    save_run,
    stage,
)
from traceanalytics.store.names import RUN_COLUMNS
from traceanalytics.store.store import Store
from traceanalytics.types import JSON
from traceanalytics.verbs.bulk import Bulk, reads_in_bulk
from traceanalytics.verbs.planning import Job, Plan
from traceanalytics.verbs.reading import Take
from traceanalytics.verbs.staging import FileRow, Staging

BULK_BYTES = 96 << 20  # of raw text in one transaction; half of it when the machine needs longer than LONGEST
CAREFUL_BYTES = 32 << 20
LEAST_BYTES = 32 << 20
LONGEST = 2.0  # seconds that a transaction may hold the store

_FILE_ROWS = """
SELECT file_id, run_id, path, size, mtime, digest, reader, good_bytes, good_lines, blanks, state
FROM files WHERE run_id = $run_id
"""
_UNSAID = {"step": "none", "reward": "none", "correct": "none", "group": "prompt and step"}


@dataclass(frozen=True, slots=True)
class Known:
    """What the store knows of a run: its files, its columns, and what was chosen and decided."""

    files: Mapping[str, FileRow] = field(default_factory=dict)
    columns: Mapping[str, JSON] = field(default_factory=dict)
    config: Mapping[str, JSON] = field(default_factory=dict)

    @classmethod
    def of(cls, store: Store, run_id: str) -> "Known":
        if not store.exists:
            return cls()
        files = store.sql(_FILE_ROWS, {"run_id": run_id}).to_pylist()
        runs = store.sql("FROM runs WHERE run_id = $run_id", {"run_id": run_id}).to_pylist()
        columns = {name: runs[0][name] for name in RUN_COLUMNS if runs[0][name] is not None} if runs else {}
        config = json.loads(runs[0]["config"] or "{}") if runs else {}
        return cls({row["file_id"]: FileRow(**row) for row in files}, columns, config)

    @property
    def chosen(self) -> Mapping[str, JSON]:
        """Return the reader and the mapping that the user chose for the run."""
        return {name: self.config[name] for name in ("reader", "map") if self.config.get(name)}

    def decided_beside(self, plan: Plan) -> Mapping[str, str]:
        """Return what was decided for rows that stay when a plan is carried out."""
        stays = self.files.keys() - plan.replaced
        return self.config.get("decided", {}) if stays else {}

    @property
    def reads_correct_from_score(self) -> bool:
        return "correct_from" in self.config

    def with_choices(
        self, reader: str | None, mapping: Mapping[str, str] | None, settings: Mapping[str, str]
    ) -> "Known":
        config = {**self.config, **{name: value for name, value in settings.items() if name not in RUN_COLUMNS}}
        if reader or mapping:
            config |= {"reader": reader, "map": dict(mapping or {})}
        columns = {**self.columns, **{name: value for name, value in settings.items() if name in RUN_COLUMNS}}
        if "correct_from" in config and columns.get("reward_type") != "ground_truth":
            raise BadInput(
                "--set correct_from=score needs --set reward_type=ground_truth: only then does the score say what is "
                f"correct; this run's reward_type is {columns.get('reward_type') or 'not known'}"
            )
        return replace(self, columns=columns, config=config)


class Writer:
    """Gathers a run's rows and stores them batch by batch."""

    def __init__(self, store: Store, run_id: str, plan: Plan, known: Known, conditions: Mapping[str, str]) -> None:
        self._store, self._run_id, self._known, self._conditions = store, run_id, known, conditions
        self._workbench = store.workbench()
        self._bulk: Bulk | None = None
        self._most_bytes = BULK_BYTES
        self._going: list[tuple[Job, int]] = []
        read_now = {job.reader.name for job in plan.jobs}
        names = {row.reader for row in known.files.values() if row.file_id not in plan.replaced} | read_now
        self.readers_now = ", ".join(sorted(read_now or names))
        self._columns = {
            **_facts_for_columns(plan),
            **known.columns,
            "framework": known.columns.get("framework") or _framework(names),
            "reader": ", ".join(sorted(names)),
        }
        self._facts = _facts_for_config(plan, known)
        self._decided_before = known.decided_beside(plan)
        self.decided: dict[str, str] = {}
        self.staging = Staging(run_id, self._repeats(plan))
        for row, source in plan.touched:
            self.staging.files[row.file_id] = replace(row, path=source.spelled, mtime=source.mtime)

    def begin(self, job: Job) -> Take | None:
        """Prepare for a file's rows; return what takes its lines, when DuckDB can read them."""
        if self._bulk is not None and self._bulk.reader is not job.reader:
            self.write()
        if job.replaces:
            self._going.append((job, 0))
            self.staging.counts.rewritten += job.was_rewritten
        elif job.had_loose_end:
            self._going.append((job, job.line - 1))
        if not reads_in_bulk(job):
            return None
        return self._add_block

    def write_when_due(self) -> None:
        """Store what is gathered once it is worth a transaction."""
        bulk_bytes = self._bulk.size if self._bulk is not None else 0
        if bulk_bytes >= self._most_bytes or self.staging.size >= min(CAREFUL_BYTES, self._most_bytes):
            self.write()

    def write(self) -> None:
        """Store what is gathered."""
        bulk, self._bulk = self._bulk, None
        if bulk is not None and not bulk.rows:
            bulk = None
        if bulk is not None:
            bulk.stage(self._workbench, self.staging)
        batch = self.staging.batch()
        stage(self._workbench, batch.rollouts, with_bulk=bulk is not None)
        self._decide()
        from_score = self._known.reads_correct_from_score
        with self._store.writing(self._workbench) as connection:
            began = time.monotonic()
            replaced = sum(remove_rows(connection, job.file_id, after) * job.replaces for job, after in self._going)
            config = {**self._known.config, "decided": self._decided_in_all(), **self._facts}
            save_run(connection, self._run_id, self._columns, config)
            append(connection, self._run_id, batch, self._conditions, correct_from_score=from_score)
            if self._going:
                remove_lone_prompts(connection)
            if from_score and self._known.files:
                grade_from_score(connection, self._run_id)
        self.staging.counts.replaced += replaced
        self._going = []
        if time.monotonic() - began > LONGEST:
            self._most_bytes = max(LEAST_BYTES, self._most_bytes // 2)

    def _add_block(self, job: Job, block: Block, staging: Staging) -> bool:
        """Take a block; one file may fill several transactions, and so several of these."""
        self._bulk = self._bulk or Bulk(job.reader)
        return self._bulk.add(job, block, staging)

    def _decide(self) -> None:
        """Remember where the columns of this call's rows came from."""
        for column, found in self.staging.sources.items():
            self.decided[column] = ", ".join(sorted({source or _UNSAID[column] for source in found}))

    def _decided_in_all(self) -> dict[str, str]:
        """Add what was decided for rows that stay."""
        both = (self._decided_before, self.decided)
        return {
            column: ", ".join(
                sorted({source for each in both for source in each.get(column, "").split(", ") if source})
            )
            for column in {**both[0], **both[1]}
        }

    def _repeats(self, plan: Plan) -> dict[str, str]:
        """Return what the run's trainer logged before, without what is about to be replaced."""
        if not self._store.exists or not any(job.reader.repeats for job in plan.jobs):
            return {}
        rows = self._store.sql(
            "SELECT repeat_key, rollout_id FROM repeats WHERE run_id = $run_id", {"run_id": self._run_id}
        ).to_pylist()
        return {
            row["repeat_key"]: row["rollout_id"] for row in rows if row["rollout_id"].split("-")[0] not in plan.replaced
        }


def _facts_for_columns(plan: Plan) -> dict[str, JSON]:
    """Return what the files beside the rollouts say of the run, where they agree."""
    said: dict[str, set[str]] = {}
    for job in plan.jobs:
        for name, value in job.file.place.facts.items():
            if name in RUN_COLUMNS and isinstance(value, str | int):
                said.setdefault(name, set()).add(str(value))
    return {name: values.pop() for name, values in said.items() if len(values) == 1}


def _facts_for_config(plan: Plan, known: Known) -> dict[str, JSON]:
    """Return what else those files say, such as the accuracies that a harness computed, beside what others said."""
    said: dict[str, JSON] = dict(known.config.get("facts", {}))
    for facts in {id(job.file.place.facts): job.file.place.facts for job in plan.jobs}.values():
        for name, value in facts.items():
            if name not in RUN_COLUMNS:
                before = said.get(name)
                if isinstance(value, Mapping) and isinstance(before, Mapping):
                    value = {**before, **value}
                said[name] = value
    return {"facts": said} if said else {}


def _framework(reader_names: set[str]) -> str:
    known = READERS.all()
    return ", ".join(sorted({known[name].framework for name in reader_names if name in known}))
