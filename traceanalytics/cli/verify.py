"""`ta verify REPORT`: is a report still what the store says?"""

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
    """Make a report again and say which numbers or lines of it changed; exits 1 when any did."""
    from traceanalytics.store.store import Store
    from traceanalytics.verbs.verify import verify as verify_report

    store = Store(db)
    store.check_exists()
    verified = verify_report(path, store)
    found = verified.differences
    if as_json:
        emit_json([asdict(each) for each in found])
    else:
        for each in found[:SHOWN]:
            emit_line(harmless(str(each)))
        if not found:
            emit_line(f"{path}: every number and every line is what {db} says")
    if found:
        more = f" ({SHOWN} of them above; --json lists all)" if len(found) > SHOWN else ""
        other = "" if verified.of_this_data else "; it was made from other files than this store has read"
        raise Refused(f"{path}: {len(found):,} numbers or lines differ from {db}{more}{other}")
