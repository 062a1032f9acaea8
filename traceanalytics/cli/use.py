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
        list[Path] | None,
        typer.Option(help="Labels whose frozen part the test reads; `shipped` names those that ship, as does nothing."),
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Promote a model that is worse, and record that.")] = False,
    as_json: AsJson = False,
) -> None:
    """Make a tagger the active one: rates, findings and pages read its tags.

    A model is first held against the active tagger on labels that neither learned from. What moves is shown.
    """
    from traceanalytics.paths import label_paths
    from traceanalytics.store.store import Store
    from traceanalytics.verbs.evaluate import TOO_FEW
    from traceanalytics.verbs.models import promote

    found = promote(Store(db), tagger, labels=label_paths(labels), force=force)
    if as_json:
        emit_json({**asdict(found), "moved": found.moved.to_pylist(), "latest": found.latest.to_pylist()})
        return
    if found.test:
        names = ["behavior", "n", "old_f1", "new_f1", "low", "high", "verdict"]
        emit_table(names, [[row[name] for name in names] for row in found.test])
        emit_line()
    if found.moved.num_rows:
        emit_line(f"points that move, {found.before} before and {found.active} after, the largest first:")
        emit_rows(found.moved, as_json=False)
    else:
        emit_line("no point moves; the rates at the last step of each run:")
        columns = ["run_id", "split", "step", "behavior", "n", "rate"]
        emit_rows(found.latest.rename_columns({"after": "rate"}).select(columns), as_json=False)
    if few := [row["behavior"] for row in found.test if row["verdict"] == TOO_FEW]:
        note(f"too few frozen judgments to say which of the two is better at: {', '.join(few)}")
    if found.by_cues:
        note(f"decided by cues while {found.active} is active: {', '.join(found.by_cues)}")
    if found.unread:
        note(f"{found.unread:,} rollouts are not read by it yet: run `ta tag`")
    if not found.judges_ours:
        note(f"{found.active} judges no behavior of ours; asking for one is an error while it is active")
    emit_line(f"{found.active} is active")
    if found.before and found.before != found.active:
        note("`ta models roll-back` takes that back")
