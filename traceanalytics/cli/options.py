"""The options that every command shares."""

from pathlib import Path
from typing import Annotated

import typer

from traceanalytics.errors import BadInput
from traceanalytics.paths import default_store


def in_a_folder(context: typer.Context, parameter: typer.CallbackParam, value: Path | None) -> Path | None:
    """Refuse a file or folder to write whose own folder is not there: behind a misspelled one none should be made."""
    source = context.get_parameter_source(str(parameter.name))
    is_typed = source is not None and source.name == "COMMANDLINE"  # a default's folder is made
    if is_typed and value is not None and not value.parent.is_dir():
        raise BadInput(f"{value}: there is no folder {value.parent}; make it, or name another --{parameter.name}")
    return value


Db = Annotated[
    Path,
    typer.Option(
        "--db",
        envvar="TRACEANALYTICS_DB",
        help="The store.",
        default_factory=default_store,
        show_default="traces.duckdb",
    ),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON value on standard output.")]
