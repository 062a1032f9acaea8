"""`ta train`: a model from labels."""

import sys
from pathlib import Path
from shlex import join
from typing import Annotated

import typer

from traceanalytics.cli.options import AsJson, in_a_folder
from traceanalytics.cli.output import emit_json, emit_line, emit_table, note

PANEL = "Judge and train"
_FEW = 1000  # judged segments below which a model of them alone mistakes most of what it meets
SETTINGS = {"ignore_unknown_options": True}  # options of a kind are the kind's to read


def train(
    kind: Annotated[str, typer.Argument(help="The kind of classifier, such as ngrams.")],
    labels: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[LABELS]... [OPTION OF THE KIND]...",
            help="Label files and folders; `shipped` names those that ship, as does nothing. And options of the kind.",
        ),
    ] = None,
    out: Annotated[
        Path,
        typer.Option(
            callback=in_a_folder,
            help="The model folder to write; one that is a model is replaced.",
        ),
    ] = Path("models/mine"),
    name: Annotated[str | None, typer.Option(help="What the tagger is called; the folder's name if left out.")] = None,
    as_json: AsJson = False,
) -> None:
    """Train a classifier on judged segments, all but the frozen part, and write it with its card.

    To add your own labels to those that ship, name both: `ta train ngrams shipped my-labels.jsonl`. Then `ta evaluate
    OUT`, `ta tag --tagger OUT` and `ta use OUT`. `ta list classifiers` names the kinds. They have options of their own,
    such as `ta train encoder --model DIR --fine-tune`; `ta show classifier encoder` explains them.
    """
    from traceanalytics.paths import SHIPPED, label_paths, shipped_folder
    from traceanalytics.verbs.train import split_options
    from traceanalytics.verbs.train import train as train_model

    options, named = split_options(kind, labels or [])
    paths = label_paths(named)
    trained = train_model(kind, paths, out, options=options, name=name, say=note, progress=_progress)
    if sys.stderr.isatty():
        sys.stderr.write("\r\x1b[K")
    if as_json:
        emit_json({"model": str(trained.folder), "seconds": round(trained.seconds, 1), "card": trained.card})
        return
    rows = [[behavior, each["yes"], each["no"]] for behavior, each in trained.card["counts"].items()]
    emit_table(["learned", "yes", "no"], rows)
    words = join([str(trained.folder), *named])
    emit_line(f"{trained.folder}: {kind}, {trained.seconds:.1f} s; next: ta evaluate {words}")
    if by_cues := trained.card.get("decided_by_cues"):
        note(f"still decided by cues, as no head is better at them on judgments held back: {', '.join(by_cues)}")
    if trained.card["segments"] < _FEW and shipped_folder("labels") not in paths:
        note(
            f"{trained.card['segments']:,} segments are few to learn from alone; beside those that ship they teach "
            f"more: ta train {kind} {join([SHIPPED, *named])} --out {trained.folder}"
        )


def _progress(line: str) -> None:
    if sys.stderr.isatty():
        sys.stderr.write(f"\r\x1b[K{line}")
        sys.stderr.flush()
