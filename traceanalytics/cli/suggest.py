"""`ta suggest`: a queue of what is worth judging."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from traceanalytics.cli.options import AsJson, Db, in_a_folder
from traceanalytics.cli.output import emit_json, emit_line, note

PANEL = "Judge and train"


class Kind(StrEnum):
    """What is worth judging."""

    UNCERTAIN = "uncertain"
    DISAGREEING = "disagreeing"
    AUDIT = "audit"
    NOISE = "noise"


def suggest(
    kind: Annotated[
        Kind,
        typer.Argument(
            help="uncertain: segments the tagger is unsure of; disagreeing: segments two taggers part on; "
            "audit: whole rollouts at random, which correct rates; noise: judgments that may be wrong, to judge again."
        ),
    ],
    db: Db,
    behavior: Annotated[list[str] | None, typer.Option(help="A behavior to ask for; repeat it for several.")] = None,
    run: Annotated[str | None, typer.Option(help="One run; every run if left out.")] = None,
    split: Annotated[
        str | None, typer.Option(help="train, val, eval or probe; an audit's is what findings read if left out.")
    ] = None,
    tagger: Annotated[str | None, typer.Option(help="Whose tags; the active tagger's if left out.")] = None,
    other: Annotated[str | None, typer.Option(help="The tagger that disagrees.")] = None,
    other_behavior: Annotated[
        str | None, typer.Option("--as", help="What the other tagger calls the behavior.")
    ] = None,
    n: Annotated[int, typer.Option("-n", min=1, help="How many to draw.")] = 100,
    seed: Annotated[int, typer.Option(help="The same seed draws the same queue.")] = 0,
    judged: Annotated[
        list[Path] | None,
        typer.Option(
            help="Label files: what is judged already, beside those the store holds; with noise, what to doubt."
        ),
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(
            callback=in_a_folder, help="The queue to write; queue-KIND.jsonl if left out, or with the next number."
        ),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Draw a queue to judge with `ta label` or `ta judge`; what was judged already is never drawn again."""
    from traceanalytics.errors import BadInput, counted
    from traceanalytics.judging import answers_beside, free_queue, write_queue
    from traceanalytics.paths import label_paths
    from traceanalytics.store.store import Store
    from traceanalytics.verbs.doubts import suggest_noise
    from traceanalytics.verbs.draw_audit import split_of, suggest_audit
    from traceanalytics.verbs.suggest import suggest_disagreeing, suggest_uncertain, tagger_of

    path = out or free_queue(kind.value)
    answered = [*(label_paths(judged) if judged else []), *sorted(path.parent.glob("*-judged.jsonl"))]
    chosen = {"run": run, "split": split, "tagger": tagger, "n": n, "seed": seed, "judged": answered}
    if kind is Kind.NOISE:
        note("doubting the judgments of " + (counted(len(judged), "label file") if judged else "the labels that ship"))
        questions = suggest_noise(label_paths(judged), behaviors=behavior or [], n=n)
    elif kind is Kind.UNCERTAIN:
        questions = suggest_uncertain(Store(db), behaviors=behavior or [], **chosen)  # type: ignore[arg-type]
    elif kind is Kind.AUDIT:
        store = Store(db)
        chosen["split"] = split or split_of(store, tagger_of(store, tagger), run)
        questions = suggest_audit(store, behavior or [], **chosen)  # type: ignore[arg-type]
    elif other is None:
        raise BadInput("`ta suggest disagreeing` needs --other TAGGER; `ta list taggers` names them")
    else:
        questions = suggest_disagreeing(
            Store(db),
            other,
            behaviors=behavior or [],
            other_behavior=other_behavior,
            **chosen,  # type: ignore[arg-type]
        )
    write_queue(path, questions)
    asks = sum(len(question.asked) for question in questions)
    if as_json:
        emit_json({"queue": str(path), "drawn": len(questions), "questions": asks})
        return
    unit = f"rollouts of the split {chosen['split']}" if kind is Kind.AUDIT else "segments"
    emit_line(f"{len(questions):,} {unit} in {path}, {asks:,} questions")
    if len(questions) < n:
        rest = "is judged already" if kind is Kind.AUDIT else "repeats these texts or is judged already"
        note(f"{len(questions):,} of the {n:,} asked for: what else there is {rest}")
    if kind is Kind.AUDIT and split is None:
        whose = f"run {run}" if run else "most runs"
        note(f"the split {chosen['split']} is what findings read of {whose} by default; --split draws from another")
    note(f"next: ta label {path} (answers go to {answers_beside(path)})")
