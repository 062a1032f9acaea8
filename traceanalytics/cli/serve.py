"""`ta serve`: the report as a live page on this machine."""

from pathlib import Path
from typing import Annotated

import typer

from traceanalytics.cli.options import Db
from traceanalytics.cli.output import emit_line, note

PANEL = "See"


def serve(
    db: Db,
    port: Annotated[int, typer.Option(min=0, max=65535, help="The port; 0 takes a free one.")] = 0,
    queue: Annotated[list[Path] | None, typer.Option(help="A queue to judge on the page /label.")] = None,
    judged_by: Annotated[str | None, typer.Option("--by", help="Who judges; your login's name if left out.")] = None,
) -> None:
    """Serve the pages on 127.0.0.1 with runs, behaviors and steps to choose; the printed address opens them."""
    from traceanalytics.store.store import Store
    from traceanalytics.verbs.label import open_answers
    from traceanalytics.verbs.serve import Live

    queues = {path.name: open_answers(path, judged_by=judged_by) for path in queue or []}
    store = Store(db)
    if not store.exists:
        note(f"{db}: no such store yet; the pages fill when `ta ingest PATH --db {db}` has made it")
    live = Live(store, port=port, queues=queues)
    emit_line(live.address.replace("/?", "/label?") if queues else live.address)
    note("only this machine can open it; Ctrl-C ends it")
    try:
        live.serve()
    except KeyboardInterrupt:
        note("ended")
