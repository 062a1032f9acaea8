"""`ta use`: which tagger's tags the rates are read from."""

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from traceanalytics.cli.options import AsJson, Db
from traceanalytics.cli.output import emit_json, emit_line, emit_rows, emit_table, note

PANEL = "Judge and train"


def use(
    tagger: Annotated[str, typer.Argument(help="A tagger or model folder that has read this store.")],
    db: Db,
    labels: Annotated[
        list[Path] | None, typer.Option(help="Labels whose frozen part the test reads; the shipped ones if left out.")
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Promote a model that is worse, and record that.")] = False,
    as_json: AsJson = False,
) -> None:
    """Make a tagger the active one: rates, findings and pages read its tags.

    A model is first held against the active tagger on labels that neither learned from. What moves is shown.
    """
    from traceanalytics.paths import shipped_folder
    from traceanalytics.store.store import Store
    from traceanalytics.verbs.models import promote

    found = promote(Store(db), tagger, labels=labels or [shipped_folder("labels")], force=force)
    moved = found.moved.to_pylist() if found.moved is not None else []
    if as_json:
        emit_json({**{name: value for name, value in asdict(found).items() if name != "moved"}, "moved": moved})
        return
    if found.test:
        names = ["behavior", "n", "old_f1", "new_f1", "low", "high", "verdict"]
        emit_table(names, [[row[name] for name in names] for row in found.test])
        emit_line()
    if moved and found.moved is not None:
        emit_line(f"points that move, {found.before} before and {found.active} after, the largest first:")
        emit_rows(found.moved, as_json=False)
    if found.unread:
        note(f"{found.unread:,} rollouts are not read by it yet: run `ta tag`")
    if not found.judges_ours:
        note(f"{found.active} judges no behavior of ours; asking for one is an error while it is active")
    emit_line(f"{found.active} is active")
