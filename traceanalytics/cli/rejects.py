"""`ta rejects`: what could not be a rollout, and why."""

from typing import Annotated

import typer

from traceanalytics.cli.options import AsJson, Db
from traceanalytics.cli.output import emit_rows

PANEL = "Logs in"


def rejects(
    db: Db,
    run: Annotated[str | None, typer.Option(help="One run; every run when left out.")] = None,
    as_json: AsJson = False,
) -> None:
    """List what could not be a rollout: file, line, byte, reason and the text itself."""
    from traceanalytics.store.store import Store

    emit_rows(Store(db).query("rejected", in_run=run), as_json=as_json)
