"""The options that every command shares."""

from pathlib import Path
from typing import Annotated

import typer

from traceanalytics.paths import default_store

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
