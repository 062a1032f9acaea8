"""`ta evaluate`: how right a model is on judgments that it never saw."""

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from traceanalytics.cli.options import AsJson
from traceanalytics.cli.output import emit_json, emit_line, emit_table, note

if TYPE_CHECKING:
    from traceanalytics.types import JSON

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
    from traceanalytics.paths import label_paths
    from traceanalytics.store.store import Store
    from traceanalytics.taggers import Trained, get_tagger
    from traceanalytics.verbs.evaluate import FEW, TOO_FEW
    from traceanalytics.verbs.evaluate import evaluate as evaluate_model

    tagger = get_tagger(model)
    if not isinstance(tagger, Trained):
        raise BadInput(f"{model!r} was not trained; name a model folder that `ta train` wrote, or the shipped model")
    found = evaluate_model(tagger, label_paths(labels), store=Store(db) if db else None, say=note)
    if as_json:
        drifts = [asdict(drift) for drift in found.drifts]
        emit_json({"model": tagger.name, "looks": found.looks, "rows": found.rows, "drifts": drifts})
        return
    shown = _worth_showing(found.rows)
    emit_table([*_SHOWN, "verdict"], [[row.get(name) for name in _SHOWN] + [row["verdict"]] for row in shown])
    few = sum(row["verdict"] == TOO_FEW for row in shown)
    if few:
        note(f"too few to say: fewer than {FEW} frozen segments show it; judge more, the frozen part grows with them")
    for drift in found.drifts:
        note(f"careful: {drift}")
    if found.looks is not None:
        times = "once" if found.looks == 1 else f"{found.looks:,} times"
        emit_line(f"the frozen part of these labels has been looked at {times}")
    named = "".join(f" --labels {each}" for each in labels or [])
    note(f"next: ta tag --tagger {model}, then ta use {model}{named}")


def _worth_showing(rows: "list[dict[str, JSON]]") -> "list[dict[str, JSON]]":
    """Leave out parts without judgments of a behavior, and beside a user's own judgments the batches of ours."""
    own = any(row["part"] != "all" and not row["part"].startswith("seed:") for row in rows)
    return [row for row in rows if row["part"] == "all" or (row["n"] and not (own and row["part"].startswith("seed:")))]
