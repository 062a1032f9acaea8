"""`ta query`: a shipped query by name, with typed arguments."""

from typing import Annotated, Any

import typer
from typer.core import TyperCommand

from traceanalytics.cli.options import AsJson, Db
from traceanalytics.cli.output import emit_rows, note
from traceanalytics.cli.show import show_part

PANEL = "Ask"


class QueryCommand(TyperCommand):
    """Answers `ta query NAME --help` with what that query takes and returns."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Explain the query where help is asked of one."""
        asked = [word for word in args if word in ("-h", "--help")]
        if asked and not args[0].startswith("-"):
            show_part("query", args[0], as_json=False)
            raise typer.Exit
        return list(super().parse_args(ctx, args))


COMMAND = QueryCommand


def query(
    name: Annotated[str, typer.Argument(help="The query; `ta list queries` names them.")],
    db: Db,
    arguments: Annotated[list[str] | None, typer.Argument(metavar="PARAM=VALUE")] = None,
    as_json: AsJson = False,
) -> None:
    """Run a query: `ta query reward_over_steps in_run=a bin_width=10`; `ta query NAME --help` tells what it takes."""
    from traceanalytics.store.queries import get_query, read_arguments
    from traceanalytics.store.store import Store

    store, values = Store(db), read_arguments(get_query(name), arguments or [])
    rows = store.query(name, **values)
    emit_rows(rows, as_json=as_json)
    if rows.num_rows == 0 and (reason := store.why_empty(name, **values)):
        note(reason)
