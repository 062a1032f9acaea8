"""Logs into the store: every file of a PATH that a reader knows, each read once, nothing lost and nothing twice."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from pathlib import Path

from traceanalytics.errors import BadInput
from traceanalytics.readers.base import READERS, Reader
from traceanalytics.readers.detect import first_records, keys_of
from traceanalytics.readers.plain import mapped, misfit_in
from traceanalytics.readers.sources import READ_ERRORS, Unusable, as_text, why_broken
from traceanalytics.store.append import files_leaning_on
from traceanalytics.store.names import RUN_COLUMNS
from traceanalytics.store.store import Store
from traceanalytics.types import JSON
from traceanalytics.verbs.planning import Job, Plan, make_plan
from traceanalytics.verbs.reading import read, why_no_rollout
from traceanalytics.verbs.staging import Counts, FileState
from traceanalytics.verbs.writing import Known, Writer

_FIRST_REJECT = """
SELECT files.path, rejects.line, rejects.reason FROM rejects JOIN files USING (file_id)
WHERE files.run_id = $run_id ORDER BY files.path, rejects.line LIMIT 1
"""
_CONDITIONS = """
SELECT condition, count(*) AS rollouts FROM rollouts
WHERE run_id = $run_id AND list_contains($files, file_id) GROUP BY ALL
"""
_PART_OF_A_RUN = re.compile(  # a folder that is named for a step or a process
    r"(?:.*[^a-z])?(?:step|iter|iteration|epoch|version|v|rank|shard|part|worker|checkpoint|ckpt)[^a-z]*|[^a-z]*",
    re.IGNORECASE,
)
_RUNS_SPELLED = 4


@dataclass(slots=True)
class RunReport:
    """What a call stored of one run, and where its columns were found."""

    run: str
    reader: str = ""
    counts: Counts = field(default_factory=Counts)
    decided: Mapping[str, str] = field(default_factory=dict)

    def as_json(self) -> JSON:
        """Return the run as `ta ingest --json` prints it."""
        return {
            "run": self.run,
            "reader": self.reader,
            "rollouts": self.counts.rollouts,
            "first_step": self.counts.first_step,
            "last_step": self.counts.last_step,
            "decided": dict(self.decided),
        }


@dataclass(slots=True)
class IngestReport:
    """What a call stored; `skipped` lists the files that hold no rollouts, each with the reason."""

    files: int = 0
    in_progress: int = 0
    skipped: list[Unusable] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)  # what the user may not expect, a line each
    runs: list[RunReport] = field(default_factory=list)

    def total(self, name: str) -> int:
        """Add up a count over the runs: rollouts, duplicates, rejects or blanks."""
        return sum(getattr(run.counts, name) for run in self.runs)

    def as_json(self) -> JSON:
        """Return the report as `ta ingest --json` prints it."""
        return {
            "files": self.files,
            **{name: self.total(name) for name in ("rollouts", "duplicates", "rejects", "blanks")},
            "skipped": len(self.skipped),
            "in_progress": self.in_progress,
            **{name: self.total(name) for name in ("rewritten", "replaced", "odd_rewards", "odd_texts")},
            "runs": [run.as_json() for run in self.runs],
            "notes": self.notes,
            "skipped_files": [{"file": each.name, "reason": each.reason} for each in self.skipped],
        }


@dataclass(frozen=True, slots=True)
class Reading:
    """How far a call is with a run, in bytes of files as they lie on disk."""

    run: str
    file: str
    bytes_read: int
    bytes_in_all: int
    rollouts: int


Progress = Callable[[Reading], None]


def ingest(
    paths: Sequence[str | Path],
    *,
    store: Store,
    run: str | None = None,
    reader: str | None = None,
    mapping: Mapping[str, str] | None = None,
    settings: Mapping[str, str] | None = None,
    conditions: Mapping[str, str] | None = None,
    progress: Progress | None = None,
) -> IngestReport:
    """Read logs into the store. Each PATH is a run of its last name, unless `run` names one for all of them.

    What was read before is not read again; a file that grew goes on where it ended, a rewritten one replaces its rows.
    What can be refused is refused before anything is written.
    """
    report = IngestReport(notes=_unknown_settings(settings or {}))
    _check_settings(settings or {})
    planned: list[tuple[str, list[Path], Plan, Known]] = []
    for run_id, roots in _runs_of(paths, run).items():
        known = Known.of(store, run_id)
        wanted = known.with_choices(reader, mapping, settings or {})
        chosen = _chosen_reader(wanted.chosen)
        plan = _plan(store, run_id, roots, known, chosen, read_anew=wanted.chosen != known.chosen)
        _check_steps(run_id, plan, wanted)
        if wanted.chosen != known.chosen:
            _check_choice(plan, wanted.chosen)
        if not plan.jobs and not _holds_rollouts(store, run_id):
            raise BadInput(_why_nothing(store, run_id, roots, plan))
        report.notes.extend(_said_of_settings(run_id, known, settings or {}))
        report.notes.extend(_said_of_conditions(store, run_id, plan, conditions or {}))
        report.notes.extend([] if run else _said_of_runs_below(roots, plan))
        planned.append((run_id, roots, plan, wanted))
    for run_id, roots, plan, wanted in planned:
        _read_run(store, run_id, plan, wanted, conditions or {}, report, progress)
        if not report.runs[-1].counts.rollouts and not report.in_progress and not _holds_rollouts(store, run_id):
            raise BadInput(_why_nothing(store, run_id, roots, plan))
    return report


def _plan(
    store: Store, run_id: str, roots: Sequence[Path], known: Known, chosen: Reader | None, *, read_anew: bool
) -> Plan:
    """Plan the reading; files with duplicates of rollouts that are about to be replaced are read anew, too."""
    again = set(known.files) if read_anew else set()
    plan = make_plan(run_id, roots, known.files, chosen, again=again)
    going = {job.file_id for job in plan.jobs if job.replaces and job.reader.repeats}
    if going:
        with store.reading() as connection:
            leaning = files_leaning_on(connection, going)
        if leaning - going:
            return make_plan(run_id, roots, known.files, chosen, again=again | leaning)
    return plan


def _check_settings(settings: Mapping[str, str]) -> None:
    for name, right in {
        "run_id": "--run NAME",
        "reader": "--reader NAME",
        "map": "--map",
        "decided": "no --set",
    }.items():
        if name in settings:
            raise BadInput(f"--set {name}={settings[name]} cannot be set so; use {right}")
    if not settings.get("seed", "0").removeprefix("-").isdigit():
        raise BadInput(f"--set seed={settings['seed']}: a seed is a whole number")
    if settings.get("correct_from", "score") != "score":
        raise BadInput(f"--set correct_from={settings['correct_from']}: correctness can be read from `score` only")


def _unknown_settings(settings: Mapping[str, str]) -> list[str]:
    said = []
    for name in settings.keys() - {*RUN_COLUMNS, "correct_from"}:
        nearest = get_close_matches(name, RUN_COLUMNS, n=1)
        hint = f"; did you mean {nearest[0]}?" if nearest else ""
        said.append(f"--set {name}: not a column of runs, so it is kept in their config{hint}")
    return sorted(said)


def _said_of_settings(run_id: str, known: Known, settings: Mapping[str, str]) -> list[str]:
    """Say that settings were stored of a run that was there before, as a call may read nothing new."""
    given = " ".join(f"{name}={value}" for name, value in settings.items())
    return [f"--set {given}: stored for the run {run_id}"] if settings and known.files else []


def _check_choice(plan: Plan, chosen: Mapping[str, JSON]) -> None:
    """Refuse a reader or a mapping under which the files give nothing, while what was read before is still there."""
    if chosen.get("map"):
        _check_mapping(plan.jobs, chosen["map"])
    faults = []
    for job in plan.jobs:
        try:
            fault = why_no_rollout(job)
        except READ_ERRORS as error:
            fault = f"{job.source.name}: {why_broken(error)}"
        if fault is None:
            return
        faults.append(fault)
    if faults:
        beside = f" (of {len(faults)} files)" if len(faults) > 1 else ""
        raise BadInput(f"the reader {plan.jobs[0].reader.name} finds no rollout; {faults[0]}{beside}; nothing changed")


def _check_mapping(jobs: Sequence[Job], columns: Mapping[str, str]) -> None:
    found, seen = None, []
    for job in jobs:
        seen.extend(first_records(job.file))
        found = misfit_in(columns, seen)
        if found is None:
            return
    if seen:
        raise BadInput(f"{found}; the first record holds {keys_of(seen[0])}")


def _said_of_conditions(store: Store, run_id: str, plan: Plan, conditions: Mapping[str, str]) -> list[str]:
    """Say what does not get the conditions, because it was read before; refuse them where that is all."""
    staying = [row.file_id for row in plan.unchanged] + [row.file_id for row, _ in plan.touched]
    staying += [job.file_id for job in plan.jobs if job.line > 1]
    if not conditions or not staying:
        return []
    found = store.sql(_CONDITIONS, {"run_id": run_id, "files": staying}).to_pylist()
    others = sum(row["rollouts"] for row in found if not conditions.items() <= dict(row["condition"] or ()).items())
    given = " ".join(f"--condition {name}={value}" for name, value in conditions.items())
    if others and not plan.jobs:
        raise BadInput(
            f"{given}: all files of the run {run_id!r} are read already, and {others:,} rollouts keep what they have; "
            "name another --run or --db"
        )
    return [f"{given}: {others:,} rollouts of {run_id} that were read before keep what they have"] if others else []


def _said_of_runs_below(roots: Sequence[Path], plan: Plan) -> list[str]:
    """Say how folders with the same step files could be kept apart, where a PATH seems to hold several runs."""
    said = []
    for root in roots:
        folders: dict[tuple[str, str | None], set[str]] = {}
        for job in plan.jobs:
            folder, _, below = job.source.name.partition("/")
            if job.source.root == root and below and job.file.step.source in ("field", "file name"):
                folders.setdefault((below, job.file.place.split), set()).add(folder)
        apart = max(folders.values(), key=len, default=set())
        if len(apart) > 1 and not all(map(_PART_OF_A_RUN.fullmatch, apart)):
            names = sorted(apart)
            calls = [str(root / name) for name in names] if len(names) <= _RUNS_SPELLED else [str(root / "*") + "/"]
            said.append(
                f"{root} is read as one run, though {names[0]} and {names[1]} hold the same steps; "
                f"`ta ingest {' '.join(calls)}` keeps {len(names)} runs apart"
            )
    return said


def _chosen_reader(chosen: Mapping[str, JSON]) -> Reader | None:
    if chosen.get("map"):
        if chosen.get("reader") not in (None, "plain"):
            raise BadInput(f"--map is for the reader plain; {chosen['reader']} knows where its columns come from")
        return mapped(chosen["map"])
    return READERS.get(chosen["reader"]) if chosen.get("reader") else None


def _runs_of(paths: Sequence[str | Path], run: str | None) -> dict[str, list[Path]]:
    if not paths:
        raise BadInput("no PATH given; name a file or a folder of rollouts")
    runs: dict[str, list[Path]] = {}
    for path in map(Path, paths):
        path = path.resolve() if path.name in ("", "..") else path
        name = run or as_text(Path(path.name))
        if run is None and name in runs:
            raise BadInput(f"{runs[name][0]} and {path} would both be the run {name!r}; name one of them with --run")
        runs.setdefault(name, []).append(path)
    return runs


def _check_steps(run_id: str, plan: Plan, known: Known) -> None:
    """Refuse a run whose steps come from two places."""
    named = {job.file.step.source: job.source.spelled for job in plan.jobs if job.file.step.source != "none"}
    before = set(known.decided_beside(plan).get("step", "none").split(", ")) - {"none"}
    for source in before - named.keys():
        named = {**named, source: "what is stored already"}
    if len(named) > 1:
        (first, there), (second, elsewhere) = list(named.items())[:2]
        raise BadInput(
            f"run {run_id!r}: the step comes from the {first} in {there} and from the {second} in {elsewhere}; "
            "ingest them as two runs"
        )


def _read_run(
    store: Store,
    run_id: str,
    plan: Plan,
    known: Known,
    conditions: Mapping[str, str],
    report: IngestReport,
    progress: Progress | None,
) -> None:
    run = RunReport(run_id)
    report.runs.append(run)
    report.skipped.extend(plan.skipped)
    if not plan.jobs and not known.files:
        return
    writer = Writer(store, run_id, plan, known, conditions)
    run.reader, run.counts, run.decided = writer.readers_now, writer.staging.counts, writer.decided
    bytes_in_all, bytes_read = sum(job.source.size for job in plan.jobs), 0
    for job in plan.jobs:
        for _ in read(job, writer.staging, writer.begin(job)):
            writer.write_when_due()
            if progress is not None:
                at = bytes_read + min(job.byte, job.source.size)
                progress(Reading(run_id, job.source.name, at, bytes_in_all, run.counts.rollouts))
        bytes_read += job.source.size
        report.files += 1
        report.in_progress += writer.staging.files[job.file_id].state is FileState.IN_PROGRESS
    writer.write()
    if progress is not None:
        progress(Reading(run_id, "", bytes_read, bytes_in_all, run.counts.rollouts))


def _holds_rollouts(store: Store, run_id: str) -> bool:
    if not store.exists:
        return False
    found = store.sql("SELECT 1 FROM rollouts WHERE run_id = $run_id LIMIT 1", {"run_id": run_id})
    return bool(found.num_rows)


def _why_nothing(store: Store, run_id: str, roots: Sequence[Path], plan: Plan) -> str:
    where = ", ".join(map(str, roots))
    if plan.jobs or plan.unchanged:
        first = store.sql(_FIRST_REJECT, {"run_id": run_id}).to_pylist()
        said = f"; the first, {first[0]['path']}:{first[0]['line']}: {first[0]['reason']}" if first else ""
        return f"{where}: no record is a rollout{said}"
    if not plan.skipped:
        return f"{where}: there are no files in it"
    shown = next((each for each in plan.skipped if "git lfs pull" in each.reason), plan.skipped[0])
    beside = f" (of {len(plan.skipped)} files)" if len(plan.skipped) > 1 else ""
    named = "" if shown.name == roots[0].name else f"no file holds rollouts; {shown.name}{beside}: "
    readers = ", ".join(READERS.all())
    hint = (
        f"; the readers are {readers}; name your own keys with --map prompt=…,response=…" if shown.has_records else ""
    )
    return f"{where}: {named}{shown.reason}{hint}"
