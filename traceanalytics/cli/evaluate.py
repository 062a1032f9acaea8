"""`ta evaluate`: how right a model is on judgments that it never saw."""

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from traceanalytics.cli.options import AsJson
from traceanalytics.cli.output import emit_json, emit_line, emit_table, note

PANEL = "Judge and train"
_SHOWN = ("behavior", "part", "n", "positives", "precision", "recall", "f1", "low", "high", "calibration_error")


def evaluate(
    model: Annotated[str, typer.Argument(help="A model folder, or the shipped model's name.")],
    labels: Annotated[
        list[Path] | None, typer.Argument(help="Label files and folders; the shipped labels when left out.")
    ] = None,
    db: Annotated[
        Path | None,
        typer.Option(
            "--db", help="A store: parts are its runs and bands of steps, and errors that drift raise an alarm."
        ),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Measure precision, recall, F1 and calibration on the frozen part of labels, and count the look at it."""
    from traceanalytics.errors import BadInput
    from traceanalytics.paths import shipped_folder
    from traceanalytics.store.store import Store
    from traceanalytics.taggers import Trained, get_tagger
    from traceanalytics.verbs.evaluate import evaluate as evaluate_model

    tagger = get_tagger(model)
    if not isinstance(tagger, Trained):
        raise BadInput(f"{model!r} was not trained; name a model folder that `ta train` wrote, or the shipped model")
    found = evaluate_model(tagger, labels or [shipped_folder("labels")], store=Store(db) if db else None)
    if as_json:
        drifts = [asdict(drift) for drift in found.drifts]
        emit_json({"model": tagger.name, "looks": found.looks, "rows": found.rows, "drifts": drifts})
        return
    rows = [[row.get(name) for name in _SHOWN] + [row["verdict"]] for row in found.rows]
    emit_table([*_SHOWN, "verdict"], rows)
    for drift in found.drifts:
        note(f"careful: {drift}")
    if found.looks is not None:
        emit_line(f"the frozen part of these labels has been looked at {found.looks:,} times")
