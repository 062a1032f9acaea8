"""`ta verify REPORT`: are a report's numbers still what the store says?"""

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from traceanalytics.cli.options import AsJson, Db
from traceanalytics.cli.output import emit_json, emit_line, harmless
from traceanalytics.errors import Refused

PANEL = "See"
SHOWN = 20


def verify(
    path: Annotated[Path, typer.Argument(metavar="REPORT", help="A file that `ta report` wrote.")],
    db: Db,
    as_json: AsJson = False,
) -> None:
    """Compute a report's numbers again and say which changed; exits 1 when any did."""
    from traceanalytics.store.store import Store
    from traceanalytics.verbs.report import verify as differences_of

    found = differences_of(path, Store(db))
    if as_json:
        emit_json([asdict(each) for each in found])
    else:
        for each in found[:SHOWN]:
            emit_line(harmless(str(each)))
        if not found:
            emit_line(f"{path}: every number is what {db} says")
    if found:
        more = f" ({SHOWN} of them above; --json lists all)" if len(found) > SHOWN else ""
        raise Refused(f"{path}: {len(found):,} numbers differ from {db}{more}")
