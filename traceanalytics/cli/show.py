"""`ta show ROLLOUT_ID`: prompt, response, where they came from, and which behaviors stand where.

`ta show query NAME` (or finding, behavior, tagger, classifier, reader, page) tells what a part is and what it takes.
"""

from pathlib import Path
from typing import Annotated

import typer

from traceanalytics.cli.options import AsJson, Db
from traceanalytics.cli.output import emit_facts, emit_json, emit_line, emit_table, harmless

PANEL = "Ask"
_FACTS = ("run_id", "split", "step", "reward", "correct", "prediction", "ground_truth", "finish_reason", "advantage")


def show(
    rollout_id: Annotated[
        str,
        typer.Argument(help="The rollout, as queries and pages name it; or the kind of a part, such as finding."),
    ],
    db: Db,
    name: Annotated[
        str | None,
        typer.Argument(help="The part to explain: a query, finding, behavior, tagger, classifier, reader or page."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Show one rollout with its file, prompt and marked response; or what a part is, such as a finding or a page."""
    if name is not None:
        show_part(rollout_id, name, as_json=as_json)
    else:
        _show_rollout(rollout_id, db, as_json=as_json)


def show_part(kind: str, name: str, *, as_json: bool) -> None:
    """Print what one part is: a line a fact, and tables of what it takes and returns."""
    from traceanalytics.verbs.describe import describe

    facts = describe(kind, name)
    if as_json:
        emit_json(facts)
        return
    emit_line(f"{facts.pop('name')}: {facts.pop('about')}")
    if kind == "tagger":
        emit_facts(facts)
        return
    for fact, value in facts.items():
        if isinstance(value, list) and value and isinstance(value[0], dict):
            emit_line(f"\n{fact}")
            emit_table(list(value[0]), [list(row.values()) for row in value if isinstance(row, dict)], widest=None)
        elif isinstance(value, list):
            emit_line(f"\n{fact}")
            for each in value:
                emit_line(f"  {harmless(str(each))}")
        else:
            emit_line(f"{fact}: {value}")


def _show_rollout(rollout_id: str, db: Path, *, as_json: bool) -> None:
    from traceanalytics.store.store import Store
    from traceanalytics.verbs.show import show as show_rollout
    from traceanalytics.verbs.show import why, with_marks

    rollout = show_rollout(Store(db), rollout_id)
    if as_json:
        emit_json(rollout)
        return
    emit_line(f"{rollout_id}  {rollout['file']}:{rollout['line']}")
    emit_line("  ".join(f"{name}={rollout[name]}" for name in _FACTS if rollout[name] is not None))
    emit_line(f"\n── prompt\n{harmless(rollout['prompt'] or '')}")
    emit_line(f"\n── response\n{harmless(with_marks(rollout['response'], rollout['tags']))}")
    emit_line(f"\n── {rollout['tagger'] or 'no tagger has read this; run `ta tag`'}")
    for number, tag in enumerate(rollout["tags"], 1):
        emit_line(f"{number:3}  {harmless(why(tag))}")
