"""`ta report`: one HTML file that says what changed."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from traceanalytics.cli.options import AsJson, Db, in_a_folder
from traceanalytics.cli.output import emit_json, emit_line
from traceanalytics.errors import BadInput

PANEL = "See"


class Format(StrEnum):
    """What can be written."""

    HTML = "html"
    PNG = "png"
    SVG = "svg"
    JSON = "json"


Runs = Annotated[list[str] | None, typer.Option("--run", help="A run; repeat it for several; every run if left out.")]
Split = Annotated[str | None, typer.Option(help="train, val, eval or probe; the first there is if left out.")]
Behaviors = Annotated[list[str] | None, typer.Option("--behavior", help="Only these behaviors; repeat it for several.")]
Tagger = Annotated[str | None, typer.Option(help="Whose tags to count; the active tagger's if left out.")]
BinWidth = Annotated[int | None, typer.Option(min=1, help="Training steps per point.")]


def report(
    db: Db,
    run: Runs = None,
    page: Annotated[list[str] | None, typer.Option(help="A page (`ta list pages`); all of them if left out.")] = None,
    split: Split = None,
    behavior: Behaviors = None,
    tagger: Tagger = None,
    bin_width: BinWidth = None,
    step: Annotated[int | None, typer.Option(help="The step whose rollouts the page `reading` shows.")] = None,
    out: Annotated[
        Path | None,
        typer.Option(
            callback=in_a_folder,
            help="The file to write; report.html, or PAGE.png and so on, if left out.",
        ),
    ] = None,
    format_: Annotated[Format, typer.Option("--format", help="html, or one chart as png, svg or json.")] = Format.HTML,
    chart: Annotated[str, typer.Option(help="Which chart of the page: its number or how its title begins.")] = "1",
    as_json: AsJson = False,
) -> None:
    """Write a report that opens anywhere: no server, no network, its numbers checkable with `ta verify`."""
    from traceanalytics.pages.base import Selectors
    from traceanalytics.store.store import Store
    from traceanalytics.verbs.report import draw
    from traceanalytics.verbs.report import report as write_report

    selectors = Selectors(
        runs=tuple(run or ()),
        split=split,
        behaviors=tuple(behavior or ()),
        tagger=tagger,
        bin_width=bin_width,
        step=step,
    )
    store = Store(db)
    store.check_exists()
    if format_ is not Format.HTML:
        if len(page or []) != 1:
            raise BadInput(f"--format {format_} writes one chart; name its page with --page (`ta list pages`)")
        (name,) = page or [""]
        out = out or Path(f"{name}.{format_}")
        draw(store, out, kind=format_, page_name=name, chart=chart, selectors=selectors)
        emit_json({"file": str(out)}) if as_json else emit_line(str(out))
        return
    out = out or Path("report.html")
    written = write_report(store, out, selectors=selectors, page_names=page or [])
    if as_json:
        emit_json({"file": str(out), "bytes": written.size, "pages": list(written.pages), "headline": written.headline})
        return
    emit_line(written.headline)
    emit_line(f"{out}: {', '.join(written.pages)}; {written.size / 1e6:.1f} MB")
