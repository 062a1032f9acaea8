"""`ta verify REPORT`: is a report still what the store says?"""

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from traceanalytics.cli.options import AsJson, Db
from traceanalytics.cli.output import emit_json, emit_line, harmless, note
from traceanalytics.errors import Refused

if TYPE_CHECKING:
    from traceanalytics.verbs.verify import Verified

PANEL = "See"
SHOWN = 20
_WHOLE = "every number, word, chart and script is"
_NUMBERS = "as it was written, by other versions (`ta --version`), and every number is"


def verify(
    path: Annotated[Path, typer.Argument(metavar="REPORT", help="A file that `ta report` wrote.")],
    db: Db,
    as_json: AsJson = False,
) -> None:
    """Make a report again and say which parts of it were changed, or which of its numbers moved; exits 1 if any did."""
    from traceanalytics.store.store import Store
    from traceanalytics.verbs.verify import verify as verify_report

    store = Store(db)
    store.check_exists()
    verified = verify_report(path, store, say=note)
    found = [*verified.changed, *verified.moved]
    if as_json:
        emit_json([asdict(each) for each in found])
    else:
        for each in found[:SHOWN]:
            emit_line(harmless(str(each)))
    if found:
        more = f" ({SHOWN} of them above; --json lists all)" if len(found) > SHOWN and not as_json else ""
        raise Refused(f"{path}: {_said(verified, db)}{more}")
    if not as_json:
        emit_line(f"{path}: {_WHOLE if verified.is_of_these_versions else _NUMBERS} what {db} says")


def _said(verified: "Verified", db: Path) -> str:
    """Say what happened to a report: somebody changed the file, or the store says otherwise."""
    changed, moved = len(verified.changed), len(verified.moved)
    said = []
    if changed:
        said.append(f"{changed:,} {'part' if changed == 1 else 'parts'} of it changed since `ta report` wrote it")
    if moved:
        why = "which has read the same files" if verified.of_this_data else "which has read other files since"
        what = "number or line" if moved == 1 else "numbers or lines"
        said.append(f"{moved:,} {what} moved in {db}, {why}")
    return "; ".join(said)
