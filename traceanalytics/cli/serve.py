"""`ta serve`: the report as a live page on this machine."""

from typing import Annotated

import typer

from traceanalytics.cli.options import Db
from traceanalytics.cli.output import emit_line, note

PANEL = "See"


def serve(
    db: Db,
    port: Annotated[int, typer.Option(min=0, max=65535, help="The port; 0 takes a free one.")] = 0,
) -> None:
    """Serve the pages on 127.0.0.1 with runs, behaviors and steps to choose; the printed address opens them."""
    from traceanalytics.store.store import Store
    from traceanalytics.verbs.serve import Live

    live = Live(Store(db), port=port)
    emit_line(live.address)
    note("only this machine can open it; Ctrl-C ends it")
    try:
        live.serve()
    except KeyboardInterrupt:
        note("ended")
