"""`ta demo`: from made-up logs to curves in one command."""

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from traceanalytics.cli.options import AsJson
from traceanalytics.cli.output import emit_json, emit_line, emit_table, note

PANEL = "Try it"


def demo(
    folder: Annotated[Path, typer.Argument(help="Where the made-up runs and their store go.")] = Path("demo"),
    as_json: AsJson = False,
) -> None:
    """Simulate two runs under a random reward, ingest and tag them, and print what each learns."""
    from traceanalytics.verbs.demo import demo as run_demo

    points = run_demo(folder, say=note)
    if as_json:
        emit_json([asdict(point) for point in points])
        return
    emit_line("code reasoning on the evaluation prompts, and the published detector (the word python) beside it")
    emit_table(
        ["run", "step", "planted", "seen", "published"],
        [
            [p.run, p.step, f"{p.planted:.1%}", f"{p.seen:.1%}", f"{p.published:.1%}"]
            for p in points
            if p.step % 50 == 0
        ],
    )
    emit_line(f"next: open {folder / 'report.html'}, or ta serve --db {folder / 'traces.duckdb'}")
