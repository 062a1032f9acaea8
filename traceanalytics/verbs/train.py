"""Labels into a model folder: read, split, fit, and a card that says of what it was made."""

import shutil
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import mkdtemp

import numpy as np

from traceanalytics import __version__
from traceanalytics.behaviors import BEHAVIORS
from traceanalytics.candidates import judged_candidates
from traceanalytics.classifiers.base import NO, YES, Judged
from traceanalytics.classifiers.heads import FEWEST
from traceanalytics.classifiers.models import (
    CLASSIFIERS,
    digest_of_behaviors,
    digest_of_files,
    save_model,
)
from traceanalytics.classifiers.options import read_options
from traceanalytics.classifiers.splits import fingerprints, frozen_rows
from traceanalytics.errors import BadInput, BadLabel, counted
from traceanalytics.labels import Judgment, label_files, read_labels
from traceanalytics.rules import BEHAVIORS as DECIDED_BY_RULES
from traceanalytics.types import JSON

Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Trained:
    """What a training wrote."""

    folder: Path
    card: dict[str, JSON]
    seconds: float


def train(
    kind: str,
    labels: Sequence[Path],
    out: Path,
    *,
    options: object = None,
    name: str | None = None,
    say: Say = lambda line: None,
    progress: Say = lambda line: None,
) -> Trained:
    """Train a kind of classifier on what is not frozen of some labels; `out` is written whole or not at all.

    Options are the kind's own (`read_options`); progress is told many a line a second by the kinds that take long.
    """
    began = time.monotonic()
    make = CLASSIFIERS.get(kind)
    _check_out(out)
    say(f"reading {counted(len(label_files(labels)), 'label file')}: some seconds")
    judged = read_judged(labels)
    frozen = frozen_rows(judged.groups)
    taught = judged.part(~frozen)
    say(f"{len(taught.groups):,} judged segments to learn from, {frozen.sum():,} frozen for evaluation")
    say(f"fitting {len(judged.behaviors)} behaviors")
    classifier = make(options, progress) if hasattr(make, "Options") else make()
    classifier.fit(taught)
    out.parent.mkdir(parents=True, exist_ok=True)
    staged = Path(mkdtemp(dir=out.parent, prefix=f".{out.name}-"))
    try:
        facts = {"name": name or out.resolve().name, "version": __version__, **facts_of(labels), **_counts(taught)}
        facts["taught"] = list(fingerprints(taught.prompts))
        facts["taught_rollouts"] = list(taught.rollouts())
        card = save_model(classifier, staged, facts)
        staged.chmod(0o755)
        if out.exists():
            shutil.rmtree(out)
        staged.rename(out)
    finally:
        shutil.rmtree(staged, ignore_errors=True)
    return Trained(out, card, time.monotonic() - began)


def split_options(kind: str, words: Sequence[str]) -> tuple[object, list[str]]:
    """Return the options of a kind that words give, and the other words; a kind without options has None."""
    chosen, others = read_options(kind, getattr(CLASSIFIERS.get(kind), "Options", _NoOptions), words)
    return (None if isinstance(chosen, _NoOptions) else chosen), others


@dataclass(frozen=True, slots=True)
class _NoOptions:
    pass


def read_judged(labels: Sequence[Path]) -> Judged:
    """Read the judged segments of label files, one judgment each, with the behaviors that have enough of both answers.

    Of two judges of a segment the first one counts; what rules decide is left to them.
    """
    judgments = first_judgments(labels)
    behaviors = sorted({name for judgment in judgments for name in judgment.judged} & {*BEHAVIORS.all()})
    learnable = [name for name in behaviors if name not in DECIDED_BY_RULES and _enough(judgments, name)]
    if not learnable:
        where = ", ".join(map(str, labels))
        raise BadLabel(
            f"{where}: no behavior has {FEWEST} segments that show it and {FEWEST} that do not; "
            "judge more with `ta label`"
        )
    return judged_candidates(judgments, learnable)


def first_judgments(labels: Sequence[Path]) -> list[Judgment]:
    """Return the first judge's judgment of every segment."""
    judgments = read_labels(labels, behaviors=BEHAVIORS.all())
    first = {judgment.id: judgment for judgment in reversed(judgments) if judgment.unit == "segment"}
    return list(first.values())[::-1]


def facts_of(labels: Sequence[Path]) -> dict[str, JSON]:
    """Return the digests that say whether a model is stale."""
    return {
        "labels": digest_of_files(label_files(labels)),
        "meanings": digest_of_behaviors(BEHAVIORS.all().values()),
    }


def _enough(judgments: Sequence[Judgment], behavior: str) -> bool:
    answers = [judgment.judged[behavior] for judgment in judgments if behavior in judgment.judged]
    return min(sum(answers), len(answers) - sum(answers)) >= FEWEST


def _counts(judged: Judged) -> dict[str, JSON]:
    counts = {
        name: {"yes": int(np.sum(column == YES)), "no": int(np.sum(column == NO))}
        for name, column in zip(judged.behaviors, judged.answers.T, strict=True)
    }
    return {"segments": len(judged.groups), "counts": counts}


def _check_out(out: Path) -> None:
    if out.exists() and not (out / "card.json").is_file():
        raise BadInput(f"{out}: is there and is no model; name a new folder, or one that `ta train` wrote")
