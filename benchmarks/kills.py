"""Kill an ingest at random moments, run it again, and compare the store with that of one clean run.

    python benchmarks/kills.py --kills 30

Each trial begins with a store of an earlier state of the logs; since then files have grown, one was rewritten, and new
ones came. Transactions are made small, and a clean run says how many there are and how long one takes: each kill comes
after some of them, and a moment later, so that it falls inside the next.
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
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import duckdb

from traceanalytics.readers.lines import read_blocks
from traceanalytics.store.store import Store
from traceanalytics.verbs import reading, writing
from traceanalytics.verbs.ingest import ingest

TRANSACTION_BYTES = 12_000
BLOCK_BYTES = 4_000  # so that files end in the middle of transactions, and transactions in the middle of files
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
        print(
            f"{result['midway']} kills fell between the first of {result['transactions']} transactions and the last, "
            f"{result['after_nothing']} before, {result['after_all']} after"
        )
    sys.exit(result["same"] != result["kills"])


class Telling(Store):
    """A store that sends a byte whenever a transaction is done."""

    def __init__(self, path: Path, told: int) -> None:
        super().__init__(path)
        self._told = told

    @contextmanager
    def writing(self, workbench: duckdb.DuckDBPyConnection | None = None) -> Iterator[duckdb.DuckDBPyConnection]:
        with super().writing(workbench) as connection:
            yield connection
        os.write(self._told, b".")


def kill_often(folder: Path, kills: int, moments: random.Random) -> dict[str, int]:
    """Kill an ingest in a child process, finish it, and compare; return the counts."""
    logs, earlier = folder / "run", folder / "earlier.duckdb"
    write_logs(logs, moments, later=False)
    whole_run(logs, earlier)
    write_logs(logs, moments, later=True)
    whole_run(logs, folder / "clean.duckdb")
    clean, before = content(folder / "clean.duckdb"), content(earlier)
    shutil.copy(earlier, folder / "timed.duckdb")
    done_at = whole_run(logs, folder / "timed.duckdb")
    each = (done_at[-1] - done_at[0]) / (len(done_at) - 1)
    result = {"kills": kills, "transactions": len(done_at), "same": 0, "midway": 0, "after_nothing": 0, "after_all": 0}
    for number in range(kills):
        path = folder / f"{number}.duckdb"
        shutil.copy(earlier, path)
        killed_run(logs, path, after=moments.randrange(len(done_at)), and_seconds=moments.uniform(0, each))
        found = content(path)
        result["after_nothing" if found == before else "after_all" if found == clean else "midway"] += 1
        whole_run(logs, path)
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


def whole_run(logs: Path, store: Path) -> list[float]:
    """Ingest in a child process; return when each transaction was done."""
    child, told = _in_child(logs, store)
    done_at = []
    while os.read(told, 1):
        done_at.append(time.monotonic())
    os.close(told)
    if status := os.waitpid(child, 0)[1]:
        raise RuntimeError(f"the ingest of {logs} ended with status {status}")
    return done_at


def killed_run(logs: Path, store: Path, *, after: int, and_seconds: float) -> None:
    """Ingest in a child process, and kill it so many seconds after so many transactions."""
    child, told = _in_child(logs, store)
    for _ in range(after):
        os.read(told, 1)
    time.sleep(and_seconds)
    os.kill(child, signal.SIGKILL)
    os.close(told)
    os.waitpid(child, 0)


def _in_child(logs: Path, store: Path) -> tuple[int, int]:
    told, tells = os.pipe()
    child = os.fork()
    if child == 0:
        writing.BULK_BYTES = writing.LEAST_BYTES = TRANSACTION_BYTES
        reading.read_blocks = partial(read_blocks, size=BLOCK_BYTES)
        ingest([logs], store=Telling(store, tells))
        os._exit(0)
    os.close(tells)
    return child, told


if __name__ == "__main__":
    main()
