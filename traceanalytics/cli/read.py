"""`ta read`: rollouts in the terminal, spans in color."""

import sys
from typing import Annotated

import typer

from traceanalytics.cli.options import AsJson, Db
from traceanalytics.cli.output import emit_json, emit_line
from traceanalytics.cli.screen import show

PANEL = "See"
_WIDTH = 100  # of what is printed when there is no terminal


def read(
    db: Db,
    run: Annotated[str | None, typer.Option(help="One run; every run if left out.")] = None,
    split: Annotated[str | None, typer.Option(help="train, val, eval or probe.")] = None,
    behavior: Annotated[str | None, typer.Option(help="Rollouts that show it.")] = None,
    step: Annotated[int | None, typer.Option(help="One training step.")] = None,
    correct: Annotated[bool | None, typer.Option("--correct/--wrong", help="Only right or only wrong ones.")] = None,
    min_reward: Annotated[float | None, typer.Option(help="Least reward.")] = None,
    search: Annotated[str, typer.Option(help="Words that the response holds.")] = "",
    as_json: AsJson = False,
) -> None:
    """Browse rollouts by behavior, step, reward and correctness; without a terminal, print the first of them."""
    from traceanalytics.store.store import Store
    from traceanalytics.verbs.read import read as open_rollouts

    browser = open_rollouts(
        Store(db),
        run=run,
        split=split,
        behavior=behavior,
        step=step,
        is_correct=correct,
        min_reward=min_reward,
        search=search,
    )
    if as_json:
        emit_json(
            [{"rollout_id": each.rollout_id, **each.facts, "response": each.response} for each in browser.readings]
        )
    elif sys.stdin.isatty() and sys.stdout.isatty():
        show(browser)
    else:
        for line in browser.screen(_WIDTH, 10**6):
            text = "".join(piece for piece, _ in line).rstrip()
            if text:
                emit_line(text)
