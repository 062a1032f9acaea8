"""Ingest of verl's JSONL, counts checked, against what one would write by hand; every way in a process of its own.

    python benchmarks/ingest.py --rollouts 1000000 [--rounds 3] [--folder DIR] [--json]

The bars, as ratios of one call: at least 0.6 of the speed of a plain CREATE TABLE AS SELECT FROM read_ndjson with
explicit columns and the same compression, 3 times pandas.read_json + INSERT, 10 times json.loads + executemany (both
timed on a slice: they do not get faster); at most 1.2 GB of memory; a store of at most 0.30 of the raw bytes; a step
file added to the full store costs at most twice what it costs in an empty one. None of the other ways keeps prompts
apart, gives ids, says where columns came from, or knows what it has read. `--folder` keeps the logs for the next call.
"""

import argparse
import json
import re
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ProcessPoolExecutor
from itertools import islice
from multiprocessing import get_context
from pathlib import Path

import duckdb
from corpus import rollouts

from traceanalytics.store.store import STORAGE_VERSION, Store
from traceanalytics.verbs.ingest import ingest

PER_STEP = 1000
STEPS_ADDED = 3
SLICES = {"pandas": 20, "executemany": 1}  # step files
BARS: Mapping[str, tuple[str, float]] = {
    "over_plain_sql": ("at least", 0.6),
    "over_pandas": ("at least", 3.0),
    "over_executemany": ("at least", 10.0),
    "peak_mb": ("at most", 1200.0),
    "store_over_raw": ("at most", 0.30),
    "added_over_empty": ("at most", 2.0),
}
COLUMNS = {
    "input": "VARCHAR",
    "output": "VARCHAR",
    "gts": "VARCHAR",
    "score": "DOUBLE",
    "step": "BIGINT",
    "acc": "BOOLEAN",
    "pred": "VARCHAR",
}

Way = Callable[[Path, list[Path]], None]


def write_logs(folder: Path, count: int) -> int:
    """Write a dump of `count` rollouts, and steps to add later beside it; return the bytes of the dump."""
    done = folder / f"{count}.bytes"
    if done.exists():
        return int(done.read_text())
    if folder.exists() and any(folder.iterdir()):
        raise SystemExit(f"{folder} holds something else than the logs of {count} rollouts; name another folder")
    records = _records(count + STEPS_ADDED * PER_STEP)
    size = 0
    for step in range(-(-count // PER_STEP)):
        size += _write(folder / "run" / f"{step}.jsonl", islice(records, min(PER_STEP, count - step * PER_STEP)), step)
    for step in range(10**6, 10**6 + STEPS_ADDED):
        _write(folder / "later" / f"{step}.jsonl", islice(records, PER_STEP), step)
    done.write_text(str(size))
    return size


def _records(count: int) -> Iterator[dict[str, object]]:
    for number, record in enumerate(rollouts(count)):
        right = record["score"] == 1.0
        yield {**record, "gts": str(number // 8), "acc": right, "pred": str(number // 8 + (not right))}


def _write(path: Path, records: Iterator[dict[str, object]], step: int) -> int:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", encoding="utf-8") as file:
        for record in records:
            file.write(json.dumps({**record, "step": step}, ensure_ascii=False) + "\n")
    return path.stat().st_size


def with_ingest(path: Path, files: list[Path]) -> None:
    """Ingest the folder that holds the files."""
    ingest([files[0].parent], store=Store(path))


def with_plain_sql(path: Path, files: list[Path]) -> None:
    """Let DuckDB do all in one statement, with what memory it wants."""
    with _database(path) as connection:
        connection.execute("SET force_compression = 'zstd'").fetchall()
        select = "SELECT * FROM read_ndjson($files, columns = $columns)"
        arguments = {"files": list(map(str, files)), "columns": COLUMNS}
        connection.execute(f"CREATE TABLE rollouts AS {select}", arguments).fetchall()


def with_pandas(path: Path, files: list[Path]) -> None:
    """Read each file into a frame and insert that."""
    import pandas

    with _database(path) as connection:
        _create(connection)
        for file in files:
            frame = pandas.read_json(file, lines=True, dtype={"gts": str, "pred": str}, encoding="utf-8")
            connection.register("frame", frame)
            connection.execute(f"INSERT INTO rollouts SELECT {', '.join(COLUMNS)} FROM frame").fetchall()


def with_executemany(path: Path, files: list[Path]) -> None:
    """Parse line by line and bind each row."""
    with _database(path) as connection:
        _create(connection)
        insert = f"INSERT INTO rollouts VALUES ({', '.join('?' * len(COLUMNS))})"
        for file in files:
            with file.open(encoding="utf-8") as lines:
                rows = [[record[name] for name in COLUMNS] for record in map(json.loads, lines)]
            connection.execute("BEGIN").fetchall()
            connection.executemany(insert, rows)
            connection.execute("COMMIT").fetchall()


def _database(path: Path) -> duckdb.DuckDBPyConnection:
    connection = duckdb.connect()
    connection.execute(f"ATTACH '{path}' AS db (STORAGE_VERSION '{STORAGE_VERSION}')").fetchall()
    connection.execute("USE db").fetchall()
    return connection


def _create(connection: duckdb.DuckDBPyConnection) -> None:
    packed = {name: " USING COMPRESSION zstd" if kind == "VARCHAR" else "" for name, kind in COLUMNS.items()}
    listed = ", ".join(f"{name} {kind}{packed[name]}" for name, kind in COLUMNS.items())
    connection.execute(f"CREATE TABLE rollouts ({listed})").fetchall()


def timed(way: Way, path: Path, files: list[Path]) -> tuple[float, float]:
    """Run a way in this process; return its seconds, and the most memory in MB as Linux counts it."""
    began = time.perf_counter()
    way(path, files)
    seconds = time.perf_counter() - began
    status = Path("/proc/self/status").read_text(encoding="ascii")
    return seconds, int(re.search(r"VmHWM:\s+(\d+) kB", status)[1]) / 1024  # type: ignore[index]


def apart(way: Way, path: Path, files: list[Path]) -> tuple[float, float]:
    """Run a way in a fresh process, which ends with it."""
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        return pool.submit(timed, way, path, files).result()


def check(path: Path, count: int) -> None:
    """Stop when a way has not stored every rollout."""
    with duckdb.connect(path, read_only=True) as connection:
        found = connection.execute("SELECT count(*), count(DISTINCT step) FROM rollouts").fetchall()
    if found != [(count, -(-count // PER_STEP))]:
        raise SystemExit(f"{path.name} holds {found[0][0]} rollouts of {found[0][1]} steps instead of {count} rollouts")


def measure(logs: Path, work: Path, count: int, rounds: int) -> dict[str, float]:
    """Time every way in turn, round by round, and then the steps added to a full and to an empty store."""
    raw = write_logs(logs, count)
    files = sorted((logs / "run").iterdir(), key=lambda file: int(file.stem))
    ways: dict[str, tuple[Way, list[Path]]] = {
        "ingest": (with_ingest, files),
        "plain_sql": (with_plain_sql, files),
        "pandas": (with_pandas, files[: SLICES["pandas"]]),
        "executemany": (with_executemany, files[: SLICES["executemany"]]),
    }
    speeds: dict[str, list[float]] = {name: [] for name in ways}
    peaks: list[float] = []
    sizes: list[int] = []
    store = work / "ingest.duckdb"
    for _ in range(rounds):
        for name, (way, taken) in ways.items():
            path, wanted = work / f"{name}.duckdb", min(count, PER_STEP * len(taken))
            for old in work.glob(f"{path.name}*"):
                old.unlink()
            seconds, peak = apart(way, path, taken)
            check(path, wanted)
            speeds[name].append(wanted / seconds)
            if name == "ingest":
                peaks.append(peak)
                sizes.append(path.stat().st_size)
            else:
                path.unlink()
    speed = {name: statistics.median(each) for name, each in speeds.items()}
    full, empty = added(logs, work, store)
    return {
        "rollouts": count,
        "raw_mb": round(raw / 1e6, 1),
        "rollouts_per_s": round(speed["ingest"]),
        "mb_per_s": round(speed["ingest"] * raw / count / 1e6, 1),
        "over_plain_sql": round(speed["ingest"] / speed["plain_sql"], 2),
        "over_pandas": round(speed["ingest"] / speed["pandas"], 1),
        "over_executemany": round(speed["ingest"] / speed["executemany"], 1),
        "peak_mb": round(max(peaks)),
        "store_over_raw": round(max(sizes) / raw, 3),
        "added_s": round(full, 3),
        "added_to_empty_s": round(empty, 3),
        "added_over_empty": round(full / empty, 2),
    }


def added(logs: Path, work: Path, store: Path) -> tuple[float, float]:
    """Return the seconds for a step file added to the store's run, and for the same in an empty store; medians."""
    full, empty = [], []
    for file in sorted((logs / "later").iterdir()):
        place = logs / "run" / file.name
        place.hardlink_to(file)
        full.append(apart(with_ingest, store, [place])[0])
        alone = work / file.stem / "run" / file.name
        alone.parent.mkdir(parents=True)
        alone.hardlink_to(file)
        empty.append(apart(with_ingest, work / f"{file.stem}.duckdb", [alone])[0])
    for file in (logs / "later").iterdir():
        (logs / "run" / file.name).unlink()
    return statistics.median(full), statistics.median(empty)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rollouts", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--folder", type=Path, help="where the logs are written once and kept")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=options.folder and options.folder.parent) as folder:
        work = Path(folder) / "work"
        work.mkdir()
        found = measure(options.folder or Path(folder) / "logs", work, options.rollouts, options.rounds)
    if options.json:
        print(json.dumps(found))
    else:
        for name, value in found.items():
            side, bar = BARS.get(name, ("", 0.0))
            print(f"{name:20} {value}{f'  ({side} {bar})' if side else ''}")
    missed = [
        name for name, (side, bar) in BARS.items() if (found[name] < bar if side == "at least" else found[name] > bar)
    ]
    if missed:
        sys.exit(f"missed: {', '.join(missed)}")


if __name__ == "__main__":
    main()
