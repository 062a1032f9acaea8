"""`ta label`: judge a queue, one key an answer."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from traceanalytics.cli.options import AsJson
from traceanalytics.cli.output import emit_json, emit_line
from traceanalytics.cli.screen import show

PANEL = "Judge and train"


def label(
    queue: Annotated[Path, typer.Argument(help="A queue that `ta suggest` drew.")],
    out: Annotated[
        Path | None, typer.Option(help="The label file to append to; QUEUE-judged.jsonl if left out.")
    ] = None,
    judged_by: Annotated[str | None, typer.Option("--by", help="Your name; that of your login if left out.")] = None,
    as_json: AsJson = False,
) -> None:
    """Judge a queue in the terminal: y yes, n no, s skip, u undo, q quit; run it again to go on.

    Reward, step and what the tagger says are not shown. Without a terminal the keys are read from standard input.
    """
    from traceanalytics.pages.labeling import Labeler
    from traceanalytics.verbs.label import open_answers

    answers = open_answers(queue, out=out, judged_by=judged_by)
    labeler = Labeler(answers)
    if sys.stdin.isatty() and sys.stdout.isatty():
        show(labeler)
    else:
        for key in sys.stdin.read():
            if not labeler.press(key):
                break
    said = {"answered": answers.done - answers.skipped, "skipped": answers.skipped}
    left = answers.total - answers.done
    if as_json:
        emit_json({"labels": str(answers.path), **said, "left": left})
        return
    emit_line(f"{said['answered']:,} answered, {said['skipped']:,} skipped, {left:,} left; answers in {answers.path}")
