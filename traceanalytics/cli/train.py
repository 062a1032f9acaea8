"""`ta train`: a model from labels."""

from pathlib import Path
from typing import Annotated

import typer

from traceanalytics.cli.options import AsJson
from traceanalytics.cli.output import emit_json, emit_line, emit_table, note

PANEL = "Judge and train"


def train(
    kind: Annotated[str, typer.Argument(help="The kind of classifier, such as ngrams.")],
    labels: Annotated[
        list[Path] | None, typer.Argument(help="Label files and folders; the shipped labels when left out.")
    ] = None,
    out: Annotated[Path, typer.Option(help="The model folder to write; one that is a model is replaced.")] = Path(
        "models/mine"
    ),
    name: Annotated[str | None, typer.Option(help="What the tagger is called; the folder's name if left out.")] = None,
    as_json: AsJson = False,
) -> None:
    """Train a classifier on judged segments, all but the frozen part, and write it with its card.

    To add your own labels to ours, name both: `ta train ngrams LABELS_OF_OURS my-labels/`. Then `ta evaluate OUT`,
    `ta tag --tagger OUT` and `ta use OUT`.
    """
    from traceanalytics.paths import shipped_folder
    from traceanalytics.verbs.train import train as train_model

    trained = train_model(kind, labels or [shipped_folder("labels")], out, name=name, say=note)
    if as_json:
        emit_json({"model": str(trained.folder), "seconds": round(trained.seconds, 1), "card": trained.card})
        return
    rows = [[behavior, each["yes"], each["no"]] for behavior, each in trained.card["counts"].items()]
    emit_table(["learned", "yes", "no"], rows)
    emit_line(f"{trained.folder}: {kind}, {trained.seconds:.1f} s; next: ta evaluate {trained.folder}")
