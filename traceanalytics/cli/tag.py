"""`ta tag`: behaviors of every rollout that the tagger has not read yet."""

import sys
from dataclasses import asdict
from typing import Annotated

import typer

from traceanalytics.cli.options import AsJson, Db
from traceanalytics.cli.output import emit_json, emit_line, note

PANEL = "Logs in"


def tag(
    db: Db,
    run: Annotated[str | None, typer.Option(help="One run; every run when left out.")] = None,
    tagger: Annotated[str | None, typer.Option(help="See `ta list taggers`; the active one if left out.")] = None,
    workers: Annotated[int, typer.Option(min=1, help="Processes.")] = 2,
    as_json: AsJson = False,
) -> None:
    """Tag what is untagged; a killed call goes on where it was."""
    from traceanalytics.store.store import Store
    from traceanalytics.verbs.tag import TagReport
    from traceanalytics.verbs.tag import tag as tag_rollouts
    from traceanalytics.verbs.workers import settle_that_no_frame_comes

    def say(report: TagReport) -> None:
        rate = report.tagged / max(report.seconds, 1e-9)
        left = (report.untagged - report.tagged) / max(rate, 1e-9)
        line = f"tagged {report.tagged:,} of {report.untagged:,}  {rate:,.0f} a second  {left:.0f} s left"
        if sys.stderr.isatty():
            sys.stderr.write(f"\r\x1b[K{line}")
            sys.stderr.flush()

    settle_that_no_frame_comes()
    report = tag_rollouts(Store(db), run=run, tagger=tagger, workers=workers, progress=say)
    if sys.stderr.isatty() and report.untagged:
        note("")
    if as_json:
        emit_json(asdict(report))
    else:
        emit_line(
            f"{report.tagger_id}: {report.tagged:,} rollouts read, {report.spans:,} spans shown, {report.seconds:.1f} s"
        )
