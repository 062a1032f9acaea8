"""Tags into the store: only what a tagger has not read yet, so that a killed call goes on where it was."""

import shutil
import time
from collections import deque
from collections.abc import Callable, Generator, Iterator
from concurrent.futures import CancelledError, Future
from contextlib import closing
from dataclasses import dataclass
from itertools import chain, islice
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from traceanalytics.errors import BadInput
from traceanalytics.segments import Batch, segment_batch
from traceanalytics.store.names import check_run
from traceanalytics.store.store import Store
from traceanalytics.taggers import DEFAULT, get_tagger
from traceanalytics.tagging import SHOWN_FROM, Tagger, Tags, tag_batch, tagger_id
from traceanalytics.verbs.audits import count_audits
from traceanalytics.verbs.workers import (
    interrupt_held_back,
    is_called_off,
    make_ready,
    start_loading,
    started_workers,
)

if TYPE_CHECKING:
    import pyarrow

BATCH_ROWS = 2000
FIRST_ROWS = 100  # how long responses are shows in the first batch
BATCH_BYTES = 8_000_000
_BATCHES_AT_ONCE = 4
_ALONE_BELOW = 3000  # rollouts that one process has tagged before a second one has started
_SPEED_OF_PUBLISHED = 7  # what a published detector reads while another tagger reads one rollout
_WRITE_EVERY_SECONDS = 2.0
_WRITE_EVERY_ROLLOUTS = 40_000

_UNTAGGED = """
SELECT rollouts.rowid AS place FROM rollouts
ANTI JOIN (SELECT rollout_id FROM tagged WHERE tagger_id = $tagger_id) AS done USING (rollout_id)
WHERE $run IS NULL OR rollouts.run_id = $run
ORDER BY place
"""
_ROWS = """
SELECT
    rollouts.rollout_id,
    rollouts.response,
    prompts.text AS prompt,
    rollouts.finish_reason,
    observations.tool_outputs
FROM rollouts
LEFT JOIN prompts USING (prompt_key)
LEFT JOIN (
    SELECT rollout_id, list(observation ORDER BY turn) AS tool_outputs
    FROM turns WHERE observation IS NOT NULL GROUP BY rollout_id
) AS observations USING (rollout_id)
WHERE rollouts.rowid BETWEEN $first AND $last AND list_contains($places, rollouts.rowid)
ORDER BY rollouts.rowid
"""
_PROMPTS_WITHOUT_DUPLICATES = "SELECT count(*) = count(DISTINCT prompt_key) AS unique FROM prompts"


@dataclass(slots=True)
class TagReport:
    """What a call did: the tagger, and how many rollouts it read of how many that were untagged."""

    tagger_id: str
    untagged: int
    tagged: int = 0
    spans: int = 0  # that show a behavior; those that nearly do are stored beside them
    seconds: float = 0.0


def tag(
    store: Store,
    *,
    run: str | None = None,
    tagger: str | None = None,
    workers: int = 2,
    progress: Callable[[TagReport], None] | None = None,
) -> TagReport:
    """Tag what the tagger (the active one when None) has not read; the first tagger of a store becomes active."""
    from pyarrow import compute

    spec = spec_of(store, tagger or active_tagger_name(store) or DEFAULT)
    chosen = get_tagger(spec)
    name = tagger_id(chosen)
    places = store.sql(_UNTAGGED, {"tagger_id": name, "run": run})["place"].to_pylist()
    if run is not None and not places:
        with store.reading() as opened:
            check_run(opened, run)
    weight = len(places) / (_SPEED_OF_PUBLISHED if chosen.kind == "published" else 1)
    if weight < _ALONE_BELOW:
        workers = 1
    if workers > 1:
        start_loading()
    report = TagReport(name, len(places))
    if progress is not None and places:
        progress(report)
    began = time.monotonic()
    _register(store, chosen)
    spec = _kept(store, spec, chosen)
    written_at, waiting = began, _Waiting(name)
    try:
        with closing(_tagged_batches(store, places, spec, workers)) as tagged:
            for rollout_ids, tags in tagged:
                waiting.add(rollout_ids, tags)
                report.tagged += len(rollout_ids)
                report.spans += int(compute.sum(compute.greater_equal(tags.tags["score"], SHOWN_FROM)).as_py() or 0)
                if waiting.rollouts >= _WRITE_EVERY_ROLLOUTS or time.monotonic() - written_at > _WRITE_EVERY_SECONDS:
                    waiting.write(store)
                    written_at = time.monotonic()
                report.seconds = time.monotonic() - began
                if progress is not None:
                    progress(report)
    finally:
        waiting.write(store)  # also when Ctrl-C ends it: what was counted is kept
    if store.sql("SELECT 1 FROM judgments WHERE unit = 'rollout' AND drawn_with > 0 LIMIT 1").num_rows:
        count_audits(store)
    report.seconds = time.monotonic() - began
    return report


def use(store: Store, name: str) -> str:
    """Make a tagger the one whose tags rates are read from; it must have read something."""
    rows = store.sql("SELECT tagger_id, name FROM taggers").to_pylist()
    spec = spec_of(store, name)
    is_model = (Path(spec) / "card.json").is_file()
    current = tagger_id(get_tagger(spec)) if is_model or name in {row["name"] for row in rows} else name
    if current not in {row["tagger_id"] for row in rows}:
        known = ", ".join(store.sql("SELECT tagger_id FROM taggers ORDER BY 1")["tagger_id"].to_pylist()) or "none"
        raise BadInput(f"tagger {name!r} has read nothing here; run `ta tag --tagger {name}` first. It knows: {known}")
    with store.writing() as connection:
        connection.execute("INSERT OR REPLACE INTO meta VALUES ('active_tagger', $1)", [current]).fetchall()
    return current


def spec_of(store: Store, name: str) -> str:
    """Return what `get_tagger` takes for a name: of a trained model its folder, or the copy kept beside the store."""
    if (Path(name) / "card.json").is_file():
        return name
    kept = [path for path in model_folders(store).glob("*@*") if name in (path.name, path.name.rsplit("@", 1)[0])]
    active = store.sql("SELECT value FROM meta WHERE name = 'active_tagger'").to_pylist()
    current = [path for path in kept if active and path.name == active[0]["value"]]
    newest = sorted(kept, key=lambda path: path.stat().st_mtime)
    return str((current or newest)[-1]) if kept else name


def model_folders(store: Store) -> Path:
    """Return the folder beside a store that keeps the models that have read it."""
    return store.path.with_name(f"{store.path.name}.models")


def _kept(store: Store, spec: str, tagger: Tagger) -> str:
    """Keep a copy of a model, so that it can go on when the folder it came from has changed."""
    folder = Path(spec)
    kept = model_folders(store) / tagger_id(tagger)
    if not (folder / "card.json").is_file() or kept.exists():
        return str(kept) if kept.exists() else spec
    staged = kept.with_name(f".{kept.name}")
    shutil.rmtree(staged, ignore_errors=True)
    shutil.copytree(folder, staged)
    staged.rename(kept)
    return str(kept)


def active_tagger_name(store: Store) -> str | None:
    """Return the name of the active tagger, without its digest."""
    rows = store.sql("SELECT value FROM meta WHERE name = 'active_tagger'").to_pylist()
    return rows[0]["value"].rsplit("@", 1)[0] if rows else None


class _Waiting:
    """Tags that are not in the store yet."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._batches: list[tuple[pyarrow.Table, pyarrow.Table]] = []  # what was read, and the tags in it: never apart
        self.rollouts = 0

    def add(self, rollout_ids: "pyarrow.Array", tags: Tags) -> None:
        self._batches.append((_named(tags.tagged, rollout_ids), _named(tags.tags, rollout_ids)))
        self.rollouts += len(rollout_ids)

    def write(self, store: Store) -> None:
        """Store what waits; a rollout that another call has tagged meanwhile is left as it is."""
        import pyarrow

        if not self.rollouts:
            return
        tagged, tags = map(pyarrow.concat_tables, zip(*self._batches, strict=True))
        with store.writing() as connection:
            connection.register("new_tagged", tagged)
            connection.register("new_tags", tags)
            fresh = (
                "ANTI JOIN (SELECT rollout_id FROM tagged WHERE tagger_id = $1) AS done USING (rollout_id) "
                "SEMI JOIN rollouts USING (rollout_id)"
            )
            connection.execute(
                "INSERT INTO tags SELECT $1, rollout_id, behavior, segment, start, stop, score, attributes "
                f"FROM new_tags {fresh}",
                [self._name],
            ).fetchall()
            connection.execute(
                f"INSERT INTO tagged SELECT $1, rollout_id, shown, segments, characters FROM new_tagged {fresh}",
                [self._name],
            ).fetchall()
        self.__init__(self._name)  # type: ignore[misc]


def _tagged_batches(
    store: Store, places: list[int], tagger: str, workers: int
) -> Generator[tuple["pyarrow.Array", Tags], None, None]:
    if workers < 2:
        for rows in batches(store, places):
            yield rows["rollout_id"].combine_chunks(), tag_rows(rows, tagger)
        return
    coming = batches(store, places, readers=workers)
    first = list(islice(coming, workers + 1))  # while the process loads that workers are forked from
    with started_workers(workers) as pool:
        with interrupt_held_back():
            for _ in range(workers):
                pool.submit(make_ready, tagger)
        running: deque[tuple[pyarrow.Array, Future[Tags]]] = deque()
        for rows in chain(first, coming):
            with interrupt_held_back():
                future = pool.submit(_tag_in_worker, rows, tagger)
            running.append((rows["rollout_id"].combine_chunks(), future))
            while len(running) > 2 * workers:
                rollout_ids, future = running.popleft()
                yield rollout_ids, future.result()
        for rollout_ids, future in running:
            yield rollout_ids, future.result()


def _tag_in_worker(rows: "pyarrow.Table", tagger: str) -> Tags:
    if is_called_off():
        raise CancelledError
    return tag_rows(rows, tagger)


def batches(store: Store, places: list[int], *, readers: int = 1) -> Iterator["pyarrow.Table"]:
    """Read the untagged rollouts, several batches at a time: opening the store takes as long as reading one."""
    at, size = 0, FIRST_ROWS
    while at < len(places):
        chosen = places[at : at + size]
        rows = store.sql(_ROWS, {"first": chosen[0], "last": chosen[-1], "places": chosen})
        at += len(chosen)
        yield from _pieces(rows, len(places) - at, readers)
        as_many = BATCH_BYTES * len(chosen) // max(rows["response"].nbytes, 1)
        size = _BATCHES_AT_ONCE * max(1, min(BATCH_ROWS, as_many))


def _pieces(rows: "pyarrow.Table", to_come: int, readers: int) -> Iterator["pyarrow.Table"]:
    """Cut what was read into batches by rows and bytes; a piece is copied, as a slice is sent with all that it is from.

    Towards the end batches for several readers become smaller, so that all of them end together.
    """
    from pyarrow import compute

    bytes_up_to = np.cumsum([0, *compute.binary_length(rows["response"]).to_pylist()])
    start = 0
    while start < rows.num_rows:
        share = -(-(rows.num_rows - start + to_come) // (2 * readers))
        most = BATCH_ROWS if readers == 1 else min(BATCH_ROWS, max(FIRST_ROWS, share))
        full = int(np.searchsorted(bytes_up_to, bytes_up_to[start] + BATCH_BYTES, side="right")) - 1
        stop = min(start + most, max(start + 1, full), rows.num_rows)
        yield rows if stop - start == rows.num_rows else rows.take(list(range(start, stop)))
        start = stop


def tag_rows(rows: "pyarrow.Table", tagger: str) -> Tags:
    """Tag rows of the store in this process."""
    return tag_batch(make_batch(rows), get_tagger(tagger))


def make_batch(rows: "pyarrow.Table") -> Batch:
    """Turn rows of response, prompt, finish_reason and tool_outputs into a batch with its segments."""
    import pyarrow

    def column(name: str, kind: "pyarrow.DataType") -> "pyarrow.Array":
        return rows[name].combine_chunks().cast(kind)

    responses = column("response", pyarrow.large_string())
    return Batch(
        responses=responses,
        prompts=column("prompt", pyarrow.large_string()),
        finish_reasons=column("finish_reason", pyarrow.string()),
        tool_outputs=column("tool_outputs", pyarrow.list_(pyarrow.string())),
        segments=segment_batch(responses),
    )


def _named(table: "pyarrow.Table", rollout_ids: "pyarrow.Array") -> "pyarrow.Table":
    return table.append_column("rollout_id", rollout_ids.take(table["row"])).drop_columns(["row"])


def _register(store: Store, tagger: Tagger) -> None:
    import json

    with store.writing() as connection:
        name = tagger_id(tagger)
        if not connection.execute("SELECT 1 FROM taggers WHERE tagger_id = $1", [name]).fetchall():
            described = [name, tagger.kind, tagger.name, tagger.version, tagger.digest, json.dumps(tagger.card())]
            connection.execute("INSERT INTO taggers VALUES ($1, $2, $3, $4, $5, $6)", described).fetchall()
        active = connection.execute("SELECT value FROM meta WHERE name = 'active_tagger'").fetchall()
        if not active or active[0][0].rsplit("@", 1)[0] == tagger.name:
            connection.execute("INSERT OR REPLACE INTO meta VALUES ('active_tagger', $1)", [name]).fetchall()
