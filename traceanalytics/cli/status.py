"""`ta status`: what was read, in counts that add up."""

from typing import Annotated

import typer

from traceanalytics.cli.options import AsJson, Db
from traceanalytics.cli.output import emit_rows, note

PANEL = "Logs in"


def status(
    db: Db,
    run: Annotated[str | None, typer.Option(help="One run; every run when left out.")] = None,
    as_json: AsJson = False,
) -> None:
    """Show per run what was found: rollouts + duplicates + rejects + blanks."""
    from traceanalytics.findings.audits import drifts
    from traceanalytics.store.store import Store

    store = Store(db)
    emit_rows(store.query("run_status", in_run=run), as_json=as_json)
    for drift in drifts(store):
        note(f"careful: {drift}")
