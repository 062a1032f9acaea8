"""What a reader waits for: logs to an open report, a million rollouts to a report, and a selector of the live page.

    python benchmarks/report.py [--million FILE] [--logs ROLLOUTS] [--skip-browser]

Bars on two quiet cores: a raw verl dump of 5,000 rollouts of 5 KB becomes an open report in 10 s; the report of a
million tagged rollouts is written in 8 s and interactive in Chromium in 2 s; `ta serve` starts in 2 s; a changed
selector answers in 400 ms. Times are of the clock and, in brackets, of the processor, its children's too: on a machine
that others share only those compare.
"""

import argparse
import json
import os
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Thread
from urllib.parse import urlsplit

sys.path[:0] = [str(Path(__file__).parent), str(Path(__file__).parents[1] / "tests")]

from million import make_store  # noqa: E402

from traceanalytics.pages.base import Selectors, all_pages  # noqa: E402
from traceanalytics.store.store import Store  # noqa: E402

STEPS, GROUP, CHARACTERS = 10, 8, 5000
SENTENCES = (
    "Let me compute the value of the expression step by step. ",
    "First I restate the problem: we want the number of ways. ",
    "Wait, that does not look right, let me check this again. ",
    "So the sum is 12 and the product is 35, which gives x = 7. ",
    "```python\nprint(sum(range(10)))\n```\nThis prints 45. ",
    "Alternatively, we could factor the left side instead. ",
    "Therefore the quantity we are looking for grows with n. ",
)


@contextmanager
def timed(label: str, *, bar: float | None = None) -> Iterator[None]:
    """Print how long something took, and whether that is within its bar."""
    clock, processor = time.perf_counter(), sum(os.times()[:4])
    yield
    seconds = time.perf_counter() - clock
    judged = "" if bar is None else f"   bar {bar:g} s: {'met' if seconds <= bar else 'MISSED'}"
    print(f"  {label:<44}{seconds:7.2f} s ({sum(os.times()[:4]) - processor:.2f}){judged}", flush=True)


def write_logs(folder: Path, rollouts: int) -> Path:
    """Write a verl dump: a file a step, groups of 8, responses of about 5 KB."""
    draw = random.Random(0)
    each = rollouts // STEPS
    folder.mkdir(parents=True)
    for step in range(1, STEPS + 1):
        lines = []
        for number in range(each):
            question = f"What is {number // GROUP} + {number // GROUP}?"
            text = "".join(draw.choices(SENTENCES, k=CHARACTERS // 56)) + f"\\boxed{{{number // GROUP * 2}}}"
            score = float(draw.random() < 0.5)
            lines.append(json.dumps({"input": question, "output": text, "gts": "0", "score": score, "step": step}))
        (folder / f"{step}.jsonl").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return folder


def open_in_chromium(path: Path, *, bar: float) -> None:
    """Time from the address to the first chart drawn."""
    from browser import Browser

    with Browser() as page:
        page.open("about:blank#warm")
        with timed("open in Chromium, first chart drawn", bar=bar):
            page.open(path.as_uri())
            page.wait_for("document.querySelector('.chart')?.dataset.drawn === 'yes'")
        held = page.evaluate("performance.getEntriesByType('navigation')[0].domInteractive")
        print(f"  {'  of which the document, until interactive':<44}{held / 1000:7.2f} s")


def logs_to_report(folder: Path, rollouts: int, *, browser: bool) -> None:
    """From a raw dump to an open report with the command that users type, and its parts in one process."""
    from traceanalytics.verbs.ingest import ingest
    from traceanalytics.verbs.report import report
    from traceanalytics.verbs.tag import tag

    logs = write_logs(folder / "run", rollouts)
    size = sum(path.stat().st_size for path in logs.iterdir()) / 1e6
    print(f"logs to report: {rollouts:,} rollouts, {size:.0f} MB")
    words = ["analyze", str(logs), "--db", str(folder / "a.duckdb"), "--out", str(folder / "a.html")]
    with timed("ta analyze", bar=10):
        subprocess.run([sys.executable, "-m", "traceanalytics", *words], check=True, stdout=subprocess.DEVNULL)
    store = Store(folder / "b.duckdb")
    with timed("  of which ingest"):
        ingest([logs], store=store)
    with timed("  tag"):
        tag(store, workers=2)
    with timed("  report"):
        report(store, folder / "b.html")
    if browser:
        open_in_chromium(folder / "a.html", bar=2)


def million_to_report(store: Store, folder: Path, *, browser: bool) -> None:
    """Write the report of a million rollouts: a page alone, then all of it."""
    from traceanalytics.verbs.report import report

    out = folder / "million.html"
    print("a million rollouts to a report")
    words = ["report", "--db", str(store.path), "--out", str(out)]
    with timed("ta report", bar=8):
        subprocess.run([sys.executable, "-m", "traceanalytics", *words], check=True, stdout=subprocess.DEVNULL)
    print(f"  {out.stat().st_size / 1e6:.2f} MB, bar 3 MB: {'met' if out.stat().st_size < 3e6 else 'MISSED'}")
    fresh = Store(store.path)
    for name, page in all_pages().items():
        with timed(f"  page {name}, what others asked remembered"):
            page.blocks(fresh, Selectors())
    with timed("  all of it again, rendering only"):
        report(fresh, out)
    if browser:
        open_in_chromium(out, bar=2)


def start_of_live_page(store: Store) -> None:
    """Time the command from its call to the address that it prints."""
    command = [sys.executable, "-m", "traceanalytics", "serve", "--db", str(store.path)]
    with timed("ta serve, until its address is printed", bar=2):
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        assert process.stdout is not None
        assert process.stdout.readline().startswith("http://127.0.0.1:")
        process.terminate()
        process.communicate()


def selectors_of_live_page(store: Store) -> None:
    """Answer requests of the live page in turn: the first of each page, then changed selectors."""
    from http.client import HTTPConnection

    from traceanalytics.pages.live import cookie_name
    from traceanalytics.verbs.serve import Live

    live = Live(store)
    Thread(target=live.serve, daemon=True).start()
    place = urlsplit(live.address)
    token = place.query.removeprefix("token=")
    cookie = f"{cookie_name(token)}={token}"

    def ask(path: str) -> None:
        connection = HTTPConnection(place.hostname or "", place.port)
        connection.request("GET", path, headers={"Cookie": cookie})
        answer = connection.getresponse()
        assert answer.status == 200, answer.read()
        answer.read()

    print("the live page over a million rollouts")
    for path in ("/overview", "/behaviors", "/reading"):
        with timed(f"first request of {path}"):
            ask(path)
    for path in (
        "/behaviors?bin_width=10",
        "/behaviors?behavior=verification&behavior=planning",
        "/overview?behavior=code_reasoning",
        "/overview?bin_width=20",
        "/reading?behavior=verification&step=40",
        "/reading?behavior=planning&step=60",
    ):
        with timed(path, bar=0.4):
            ask(path)
    live.stop()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--million", type=Path, help="a store that benchmarks/million.py made; made anew if left out")
    parser.add_argument("--logs", type=int, default=5000, help="rollouts of the raw dump")
    parser.add_argument("--skip-browser", action="store_true")
    options = parser.parse_args()
    parts: list[Callable[[Path], None]] = [
        lambda folder: logs_to_report(folder, options.logs, browser=not options.skip_browser),
        lambda folder: million_to_report(of_million(folder), folder, browser=not options.skip_browser),
        lambda folder: start_of_live_page(of_million(folder)),
        lambda folder: selectors_of_live_page(of_million(folder)),
    ]

    def of_million(folder: Path) -> Store:
        path = options.million or folder / "million.duckdb"
        return Store(path) if path.exists() else make_store(path)

    with tempfile.TemporaryDirectory() as folder:
        for part in parts:
            part(Path(folder))


if __name__ == "__main__":
    main()
