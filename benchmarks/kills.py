"""Kill an ingest at random moments, run it again, and compare the store with that of one clean run.

    python benchmarks/kills.py --kills 30

Each trial begins with a store of an earlier state of the logs; since then files have grown, one was rewritten, and new
ones came. Transactions are made small, so that there are many moments between two of them.
"""

import argparse
import gzip
import json
import os
import random
import shutil
import signal
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from traceanalytics.store.store import Store
from traceanalytics.verbs import writing
from traceanalytics.verbs.ingest import ingest

TRANSACTION_BYTES = 20_000
KEYS = {
    "runs": "run_id, framework, reader, config",
    "prompts": "prompt_key, problem_key, text, ground_truth",
    "rollouts": "*",
    "files": "file_id, run_id, path, digest, reader, good_bytes, good_lines, blanks, state",
    "rejects": "*",
    "duplicates": "*",
}


def main() -> None:
    """Run the trials and print how many stores came out the same."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=30)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        result = kill_often(Path(folder), options.kills, random.Random(options.seed))
    if options.json:
        print(json.dumps(result))
    else:
        print(f"{result['same']} of {result['kills']} stores are the same as after one clean run")
        print(f"{result['after_nothing']} kills before the first transaction, {result['after_all']} after the last")
    sys.exit(result["same"] != result["kills"])


def kill_often(folder: Path, kills: int, moments: random.Random) -> dict[str, int]:
    """Kill an ingest in a child process, finish it, and compare; return the counts."""
    logs, earlier = folder / "run", folder / "earlier.duckdb"
    write_logs(logs, moments, later=False)
    _in_child(logs, earlier, after=None)
    write_logs(logs, moments, later=True)
    _in_child(logs, folder / "clean.duckdb", after=None)
    clean = content(folder / "clean.duckdb")
    shutil.copy(earlier, folder / "timed.duckdb")
    seconds = _in_child(logs, folder / "timed.duckdb", after=None)
    result = {"kills": kills, "same": 0, "after_nothing": 0, "after_all": 0}
    before = content(earlier)
    for number in range(kills):
        path = folder / f"{number}.duckdb"
        shutil.copy(earlier, path)
        _in_child(logs, path, after=moments.uniform(0, seconds))
        found = content(path)
        result["after_nothing"] += found == before
        result["after_all"] += found == clean
        _in_child(logs, path, after=None)
        result["same"] += content(path) == clean
        path.unlink()
    return result


def write_logs(folder: Path, numbers: random.Random, *, later: bool) -> None:
    """Write step files; later ones grow, one is rewritten, and one more is there."""
    for step in range(1, 14 if later else 10):
        if later and step < 6:
            continue
        seeded = random.Random(step)
        count = 120 if later or step < 6 else seeded.randrange(10, 100)
        lines = [_line(step, number, "again" if later and step == 7 else "") for number in range(count)]
        lines[3] = '{"input": "torn'
        data = "".join(f"{line}\n" for line in lines).encode()
        path = folder / (f"{step}.jsonl.gz" if step in (2, 8) else f"{step}.jsonl")
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(gzip.compress(data) if path.suffix == ".gz" else data)
        os.utime(path, (1_700_000_000 + later, 1_700_000_000 + later))


def content(store: Path) -> dict[str, list[tuple[Any, ...]]]:
    """Return all that a store holds, in an order of its own."""
    opened = Store(store)
    if not opened.exists:
        return {}
    return {
        table: sorted(map(repr, opened.sql(f"SELECT {keys} FROM {table}").to_pylist())) for table, keys in KEYS.items()
    }


def _line(step: int, number: int, word: str) -> str:
    return json.dumps(
        {
            "input": f"user\nWhat is {number // 4} + {step}?\nassistant\n",
            "output": f"{word} It is {number // 4 + step}. " * 12,
            "gts": str(number // 4 + step),
            "score": float(number % 2),
            "step": step,
        }
    )


def _in_child(logs: Path, store: Path, *, after: float | None) -> float:
    """Ingest in a child process; kill it after so many seconds. Return how long it ran."""
    began = time.monotonic()
    child = os.fork()
    if child == 0:
        writing.BULK_BYTES = writing.LEAST_BYTES = TRANSACTION_BYTES
        ingest([logs], store=Store(store))
        os._exit(0)
    if after is not None:
        time.sleep(after)
        os.kill(child, signal.SIGKILL)
    _, status = os.waitpid(child, 0)
    if after is None and status:
        raise RuntimeError(f"the ingest of {logs} ended with status {status}")
    return time.monotonic() - began


if __name__ == "__main__":
    main()
