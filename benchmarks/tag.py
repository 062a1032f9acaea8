"""Tagging end to end, from the store back into the store, against a plain `json.loads` and `re` loop.

    python benchmarks/tag.py [--rollouts 16000] [--scout] [--json]

The loop reads the log and only says yes or no for the patterns of our cues: no segments, no rules, no spans, nothing
written. Bars: at least 15 times the loop with two processes (stretch 40); two processes never slower than one; at most
512 MB a worker; tagging again reads nothing. The loop is timed on a slice; times are wall clock.

Then the default tagger reads as many responses of about 2.5 kB with two processes, from the store to the last span
written, starting of processes included. Bar: 10,000 rollouts a second. The processor time beside it, of all processes
together, hardly depends on what else the machine does; what loading takes of it is measured apart, and `steady` is the
rest.

`--scout` also runs inspect-scout's `grep_scanner` with the same patterns as labels, on a slice, in an environment of
its own that is made once in the folder for temporary files. Bar: at least 150 times as fast (stretch 500).
"""

import argparse
import json
import re
import resource
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import forkserver, get_context
from pathlib import Path

from corpus import rollouts

from traceanalytics.behaviors import BEHAVIORS
from traceanalytics.store.store import Store
from traceanalytics.taggers import DEFAULT
from traceanalytics.verbs.ingest import ingest
from traceanalytics.verbs.tag import batches, tag, tag_rows
from traceanalytics.verbs.workers import make_ready, started_workers

LOOP_SLICE = 60
SCOUT_SLICE = 60
SCOUT = "inspect-scout"
LONGER = 1.6  # makes 2.5 kB of the corpus's 1.6


def write_log(folder: Path, count: int, *, length: float = 1.0) -> int:
    """Write the log as verl does, a file per step; return its bytes of responses."""
    folder.mkdir()
    size = 0
    for record in rollouts(count, length=length):
        size += len(str(record["output"]).encode())
        with (folder / f"{record['step']}.jsonl").open("a", encoding="utf-8") as file:
            file.write(json.dumps(record, ensure_ascii=False) + "\n")
    return size


def plain_loop(path: Path, most: int) -> float:
    """Run the loop over the first lines of a file and return megabytes of responses a second."""
    patterns = [re.compile(pattern, re.IGNORECASE) for pattern in cue_patterns()]
    size = shown = 0
    with path.open(encoding="utf-8") as file:
        began = time.perf_counter()
        for line, _ in zip(file, range(most), strict=False):
            response = json.loads(line)["output"]
            shown += sum(pattern.search(response) is not None for pattern in patterns)
            size += len(response.encode())
        return size / 1e6 / (time.perf_counter() - began)


def cue_patterns() -> list[str]:
    """Return the distinct patterns of all cues."""
    return sorted({cue.confirm for behavior in BEHAVIORS.all().values() for cue in behavior.cues if cue.confirm})


def scout(path: Path, most: int) -> float:
    """Run inspect-scout over the first lines of a file and return megabytes of responses a second."""
    labels = {f"cue {number}": pattern for number, pattern in enumerate(cue_patterns())}
    patterns = path.with_name("patterns")
    patterns.write_text(json.dumps(labels), encoding="utf-8")
    run = [scout_python(), str(Path(__file__).with_name("scout.py")), str(path), str(patterns), str(most)]
    return float(subprocess.run(run, check=True, stdout=subprocess.PIPE, text=True).stdout.split()[-1])


def scout_python() -> str:
    """Return the Python of an environment that holds inspect-scout, and make it where there is none."""
    folder = Path(tempfile.gettempdir()) / "traceanalytics-scout"
    python = folder / ("Scripts" if sys.platform == "win32" else "bin") / "python"
    if not (folder / "ready").exists():
        subprocess.run([sys.executable, "-m", "venv", "--clear", str(folder)], check=True)
        subprocess.run([str(python), "-m", "pip", "install", "--quiet", SCOUT], check=True)
        (folder / "ready").touch()
    return str(python)


def measure(folder: Path, count: int, *, with_scout: bool) -> dict[str, float]:
    """Tag the same log with one and with two processes, and put what others take beside it."""
    megabytes = write_log(folder / "log", count) / 1e6
    loop = plain_loop(folder / "log" / "0.jsonl", LOOP_SLICE)
    seconds: dict[int, float] = {}
    for workers in (1, 2):
        store = Store(folder / f"{workers}.duckdb")
        ingest([folder / "log"], store=store)
        began = time.perf_counter()
        report = tag(store, tagger="cues", workers=workers)
        seconds[workers] = time.perf_counter() - began
        if (report.tagged, tag(store, tagger="cues", workers=workers).tagged) != (count, 0):
            raise SystemExit(f"tagged {report.tagged} of {count} rollouts, or some of them twice")
    found = {
        "rollouts": count,
        "response_mb": round(megabytes, 1),
        "loop_mb_per_s": round(loop, 3),
        "one_process_mb_per_s": round(megabytes / seconds[1], 2),
        "two_processes_mb_per_s": round(megabytes / seconds[2], 2),
        "rollouts_per_s": round(count / seconds[2]),
        "over_loop": round(megabytes / seconds[2] / loop, 1),
        "two_over_one": round(seconds[1] / seconds[2], 2),
        "worker_peak_mb": round(worker_peak(Store(folder / "1.duckdb"))),
    }
    if with_scout:
        rate = scout(folder / "log" / "0.jsonl", SCOUT_SLICE)
        found |= {"scout_mb_per_s": round(rate, 5), "over_scout": round(megabytes / seconds[2] / rate)}
    return found


def measure_default(folder: Path, count: int) -> dict[str, float]:
    """Tag responses of about 2.5 kB with the default tagger and two processes; tell loading from the steady cost."""
    tag_by_default(folder, 100)  # compiles what this machine has not compiled yet
    loading = loading_seconds()
    size, spans, seconds, used = tag_by_default(folder, count)
    return {
        "default_bytes_a_response": round(size / count),
        "default_spans_a_response": round(spans / count, 1),
        "default_rollouts_per_s": round(count / seconds),
        "default_processor_us_a_rollout": round(used / count * 1e6),
        "default_steady_us_a_rollout": round((used - loading) / count * 1e6),
        "default_loading_processor_s": round(loading, 2),
    }


def loading_seconds() -> float:
    """Return the processor time that two workers take until they are ready to tag."""
    before = processor_seconds()
    with started_workers(2) as pool:
        for ready in [pool.submit(make_ready, DEFAULT) for _ in range(2)]:
            ready.result()
    _end_forking()
    return processor_seconds() - before


def tag_by_default(folder: Path, count: int) -> tuple[int, int, float, float]:
    """Return the bytes that the default tagger read, the spans it wrote, and seconds by the clock and of processors."""
    log, store = folder / f"longer-{count}", Store(folder / f"longer-{count}.duckdb")
    size = write_log(log, count, length=LONGER)
    ingest([log], store=store)
    before, began = processor_seconds(), time.perf_counter()
    tag(store, workers=2)
    seconds = time.perf_counter() - began
    _end_forking()
    used = processor_seconds() - before
    return size, store.sql("SELECT count(*) AS spans FROM tags")["spans"][0].as_py(), seconds, used


def _end_forking() -> None:
    """End the process that workers are forked from: only then is what they used counted."""
    forkserver._forkserver._stop()


def processor_seconds() -> float:
    """Return the processor time of this process and of its children that have ended."""
    used = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(each.ru_utime + each.ru_stime for each in used)


def worker_peak(store: Store) -> float:
    """Return the most memory, in MB, that a fresh worker holds over a few batches, as Linux counts it."""
    places = store.sql("SELECT rowid AS place FROM rollouts ORDER BY 1")["place"].to_pylist()
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        for rows, _ in zip(batches(store, places), range(4), strict=False):
            pool.submit(tag_rows, rows, "cues").result()
        return pool.submit(_own_peak).result()


def _own_peak() -> float:
    status = Path("/proc/self/status").read_text(encoding="ascii")
    return int(re.search(r"VmHWM:\s+(\d+) kB", status)[1]) / 1024  # type: ignore[index]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rollouts", type=int, default=16_000)
    parser.add_argument("--scout", action="store_true", help="compare with inspect-scout, installed for it")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        found = measure(Path(folder), options.rollouts, with_scout=options.scout)
        found |= measure_default(Path(folder), options.rollouts)
    if options.json:
        print(json.dumps(found))
        return
    for name, value in found.items():
        print(f"{name:30} {value}")


if __name__ == "__main__":
    main()
