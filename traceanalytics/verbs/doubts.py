"""Labels that may be wrong, as a queue to judge again; nothing is ever deleted."""

from collections.abc import Sequence
from pathlib import Path

from traceanalytics.behaviors import BEHAVIORS
from traceanalytics.errors import BadLabel, Refused
from traceanalytics.judging import Question
from traceanalytics.labels import Judgment, read_labels
from traceanalytics.types import DecidedBy

FOLDS = 3  # parts of the prompts, each judged by a model that is trained on the others


def suggest_noise(paths: Sequence[Path], *, behaviors: Sequence[str] = (), n: int = 100) -> list[Question]:
    """Draw the judgments of segments that models trained on other prompts doubt most; the answer is not shown."""
    import numpy as np

    from traceanalytics.classifiers.base import Judged, judged_of
    from traceanalytics.classifiers.models import CLASSIFIERS
    from traceanalytics.classifiers.splits import folds_of
    from traceanalytics.stats.noise import doubts

    known = BEHAVIORS.all()
    names = list(behaviors) or [each.name for each in known.values() if each.decided_by is DecidedBy.CLASSIFIER]
    read = [each for each in read_labels(paths, behaviors=known) if each.unit == "segment"]
    labels = list({each.id: each for each in reversed(read)}.values())[::-1]
    if not labels:
        raise BadLabel(f"{', '.join(map(str, paths))}: no judged segment in it")
    judged = judged_of(labels, names)
    folds = folds_of(judged.groups, FOLDS)
    scores = np.full(judged.answers.shape, 0.5)
    for fold in range(FOLDS):
        here, others = folds == fold, folds != fold
        if not here.any() or not others.any():
            raise Refused("the labels are all of one prompt: no model can be trained without the one that it doubts")
        model = CLASSIFIERS.get("ngrams")()
        groups = tuple(group for group, other in zip(judged.groups, others, strict=True) if other)
        model.fit(Judged(judged.candidates.part(others), judged.behaviors, judged.answers[others], groups))
        scores[here] = model.score(judged.candidates.part(here))
    asked: dict[int, list[str]] = {}
    for doubt in doubts(judged.answers, scores):
        if doubt.row in asked or len(asked) < n:
            asked.setdefault(doubt.row, []).append(names[doubt.column])
    if not asked:
        raise Refused(f"no judgment of {len(labels):,} segments is in doubt")
    return [_again(labels[row], tuple(behaviors)) for row, behaviors in asked.items()]


def _again(label: Judgment, asked: tuple[str, ...]) -> Question:
    return Question(
        label.id,
        label.unit,
        label.text,
        asked,
        previous=label.previous,
        prompt=label.prompt,
        source=label.source,
        drawn_with=label.drawn_with,
        index=label.index,
        of=label.of,
    )
