"""`ta label`: judge a queue, one key an answer; or plan and draw the audit that a finding needs."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from traceanalytics.cli.options import AsJson, Db, in_a_folder
from traceanalytics.cli.output import emit_json, emit_line, note
from traceanalytics.cli.screen import show

PANEL = "Judge and train"


def label(
    db: Db,
    words: Annotated[
        list[str] | None,
        typer.Argument(metavar="[QUEUE]", help="A queue that `ta suggest` drew; with --for PARAM=VALUE."),
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(
            callback=in_a_folder,
            help="The label file to append to; QUEUE-judged.jsonl if left out.",
        ),
    ] = None,
    judged_by: Annotated[str | None, typer.Option("--by", help="Your name; that of your login if left out.")] = None,
    finding: Annotated[
        str | None, typer.Option("--for", help="Plan and draw the audit that narrows this finding most.")
    ] = None,
    n: Annotated[int | None, typer.Option("-n", min=1, help="With --for: how many rollouts to draw.")] = None,
    half_width: Annotated[
        float | None, typer.Option(min=0.001, max=0.5, help="With --for: how well to know the errors, such as 0.05.")
    ] = None,
    seed: Annotated[int, typer.Option(help="With --for: the same seed draws the same queue.")] = 0,
    as_json: AsJson = False,
) -> None:
    """Judge a queue in the terminal: y yes, n no, s skip, u undo, d definition, q quit; run it again to go on.

    Reward, step and what the tagger says are not shown. Without a terminal the keys are read from standard input.
    `ta label --for behavior_shift in_run=a in_behavior=verification` says how many rollouts to audit, and draws them.
    """
    if finding is not None:
        _plan(db, finding, words or [], out, n, half_width, seed, as_json=as_json)
    else:
        _judge(words or [], out, judged_by, as_json=as_json)


def _judge(words: list[str], out: Path | None, judged_by: str | None, *, as_json: bool) -> None:
    from traceanalytics.errors import BadInput
    from traceanalytics.pages.labeling import Labeler, next_step
    from traceanalytics.verbs.label import open_answers

    if len(words) != 1:
        raise BadInput(f"`ta label` judges one queue, not {len(words)}; `ta suggest` draws one")
    answers = open_answers(Path(words[0]), out=out, judged_by=judged_by)
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
    note(next_step(answers) if left == 0 else f"to go on: ta label {words[0]}")


def _plan(
    db: Path,
    finding: str,
    words: list[str],
    out: Path | None,
    n: int | None,
    half_width: float | None,
    seed: int,
    *,
    as_json: bool,
) -> None:
    from traceanalytics.judging import free_queue, write_queue
    from traceanalytics.store.store import Store
    from traceanalytics.verbs.plan_audit import draw_planned, plan_audit

    path = out or free_queue(finding)
    plan = plan_audit(Store(db), finding, words, half_width=half_width, n=n)
    drawn = draw_planned(Store(db), plan, seed=seed, judged=sorted(path.parent.glob("*-judged.jsonl")))
    write_queue(path, drawn)
    if as_json:
        halves = {name: getattr(plan, name) for name in ("half_width_raw", "half_width_now", "half_width_then")}
        emit_json({"queue": str(path), "planned": plan.rollouts, "drawn": len(drawn), **halves})
        return
    emit_line(str(plan))
    emit_line(f"{len(drawn):,} rollouts in {path}")
    note(f"next: ta label {path}, then ta labels load its answers")
