"""How long every finding and every query takes over a million tagged rollouts, as they come, with 2,000 resamples.

    python benchmarks/findings.py [--rollouts 1000000] [--only NAME …] [--json]

Bars, on a quiet machine of two cores: a finding under 3 s, a query under 300 ms. Each is asked of one large run and,
where it needs several, of eight; the better of two calls counts, so that imports do not. Processor seconds are told
as well: divided by the cores they are what a quiet machine would take.
"""

import argparse
import json
import tempfile
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

from million import make_store

from traceanalytics.errors import TraceAnalyticsError
from traceanalytics.findings.base import all_findings
from traceanalytics.store.queries import read_queries
from traceanalytics.store.store import Store

FINDING_BAR, QUERY_BAR = 3.0, 0.3
RUNS = 8
# What has no answer without being told of what.
ARGUMENTS: dict[str, dict[str, object]] = {
    "compare_runs": {"in_run": "run-0", "in_other_run": "run-2"},
    "prompts_at_both_ends": {"to_step": 99},
    "spans_of_rollouts": {"in_rollouts": ["r0", "r1"]},
}


@dataclass(frozen=True)
class Timed:
    """The better of two calls; `refused` where there was no answer to time."""

    kind: str
    name: str
    runs: int
    seconds: float
    cpu_seconds: float
    refused: str = ""

    @property
    def over(self) -> bool:
        """Say whether it misses its bar."""
        return self.seconds > (FINDING_BAR if self.kind == "finding" else QUERY_BAR)


def timed(kind: str, name: str, runs: int, ask: Callable[[], object]) -> Timed:
    """Ask twice."""
    walls, processors = [], []
    for _ in range(2):
        wall, processor = time.perf_counter(), time.process_time()
        try:
            ask()
        except TraceAnalyticsError as refusal:
            return Timed(kind, name, runs, 0.0, 0.0, str(refusal))
        walls.append(time.perf_counter() - wall)
        processors.append(time.process_time() - processor)
    return Timed(kind, name, runs, min(walls), min(processors))


def measure(folder: Path, rollouts: int, only: list[str]) -> list[Timed]:
    """Make the stores and time everything."""
    stores = {runs: make_store(folder / f"{runs}.duckdb", rollouts=rollouts, runs=runs) for runs in (1, RUNS)}
    done = []
    for name, query in read_queries().items():
        if not only or name in only:
            parameters = {each.name for each in query.parameters}
            run = {"in_run": "run-0"} if "in_run" in parameters else {}
            arguments = ARGUMENTS.get(name, {}) | run
            done.append(timed("query", name, 1, lambda q=name, a=arguments: stores[1].query(q, **a)))
    for name in all_findings():
        if not only or name in only:
            first = timed("finding", name, 1, lambda f=name: _find(stores[1], f))
            done.append(
                first if not first.refused else timed("finding", name, RUNS, lambda f=name: _find(stores[RUNS], f))
            )
    return done


def _find(store: Store, name: str) -> None:
    all_findings()[name].find(store, **ARGUMENTS.get(name, {}))


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rollouts", type=int, default=1_000_000)
    parser.add_argument("--only", nargs="*", default=[], metavar="NAME")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        done = measure(Path(folder), options.rollouts, options.only)
    if options.json:
        print(json.dumps([asdict(each) for each in done]))
    else:
        for each in sorted(done, key=lambda each: (each.kind, -each.seconds)):
            said = each.refused or f"{each.seconds:.3f} s, {each.cpu_seconds:.3f} s of processor"
            print(f"{'over' if each.over else '':5}{each.kind:8} {each.name:28} {each.runs} runs  {said}")
    return int(any(each.over for each in done))


if __name__ == "__main__":
    raise SystemExit(main())
