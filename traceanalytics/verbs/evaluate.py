"""How right a tagger is on the frozen part of labels: precision, recall, F1 and calibration, with intervals and n."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from traceanalytics.classifiers.base import NOT_JUDGED, YES, Judged
from traceanalytics.classifiers.comparing import f1
from traceanalytics.classifiers.splits import fingerprints, frozen_rows
from traceanalytics.errors import BadInput, BadLabel
from traceanalytics.store.store import Store
from traceanalytics.taggers import Trained
from traceanalytics.tagging import SHOWN_FROM
from traceanalytics.types import JSON
from traceanalytics.verbs.train import read_judged

FEW = 10  # segments that show a behavior, below which nothing is said
LOOKS = "frozen_looks.json"
_RESAMPLES = 1000


@dataclass(frozen=True, slots=True)
class Evaluation:
    """One row a behavior and part, and how often the frozen part has been looked at."""

    rows: list[dict[str, JSON]]
    looks: int | None  # None where the labels are in a folder that cannot be written


def evaluate(tagger: Trained, labels: Sequence[Path], *, store: Store | None = None) -> Evaluation:
    """Hold a model against the frozen part of labels; by batch of labels, and with a store by run and step band too."""
    judged = frozen_part(labels, looked_at_by=f"ta evaluate {tagger.name}", taught=tagger.facts.get("taught"))
    scores = tagger.classifier.score(judged.candidates)
    parts = {"all": np.ones(len(judged.groups), np.bool_)}
    names = np.array(_parts(judged, store), dtype=str)
    if len(distinct := sorted(set(names.tolist()))) > 1:
        parts |= {name: names == name for name in distinct}
    rows = [
        {"behavior": behavior, "part": part, **_row(judged, column, scores[:, number], chosen)}
        for number, behavior in enumerate(tagger.classifier.behaviors)
        if behavior in judged.behaviors
        for column in (judged.behaviors.index(behavior),)
        for part, chosen in parts.items()
    ]
    return Evaluation(rows, looks_at(labels))


def frozen_part(labels: Sequence[Path], *, looked_at_by: str, taught: JSON = None) -> Judged:
    """Return the judgments that no model is fitted on, and count that somebody looked; a leak is an error."""
    judged = read_judged(labels)
    frozen = judged.part(frozen_rows(judged.groups))
    if not len(frozen.groups):
        raise BadLabel(f"{', '.join(map(str, labels))}: no prompt of it is in the frozen part; judge more prompts")
    leaked = sorted({*fingerprints(frozen.groups)} & {*(taught or [])})
    if leaked:
        raise BadInput(
            f"{len(leaked)} prompts of the frozen part were learned from, so nothing it says would be held out; "
            "train the model again with these labels"
        )
    _count_look(labels, looked_at_by)
    return frozen


def looks_at(labels: Sequence[Path]) -> int | None:
    """Return how often the frozen part of labels was looked at."""
    path = _looks_file(labels)
    try:
        return len(json.loads(path.read_text(encoding="utf-8")))
    except (OSError, ValueError):
        return None


def _count_look(labels: Sequence[Path], by: str) -> None:
    path = _looks_file(labels)
    try:
        looks = json.loads(path.read_text(encoding="utf-8")) if path.exists() else []
        looks.append({"on": datetime.now(UTC).isoformat(timespec="seconds"), "by": by})
        path.write_text(json.dumps(looks, indent=0) + "\n", encoding="utf-8")
    except (OSError, ValueError, AttributeError):
        return  # an installed package's own labels cannot be written beside


def _looks_file(labels: Sequence[Path]) -> Path:
    first = labels[0]
    return (first if first.is_dir() else first.parent) / LOOKS


def _parts(judged: Judged, store: Store | None) -> list[str]:
    """Name the part of every row: the run and a band of a hundred steps where the store knows, else its batch."""
    if store is None:
        return list(judged.voices)
    known = {row["rollout_id"]: row for row in store.sql("SELECT rollout_id, run_id, step FROM rollouts").to_pylist()}
    names = []
    for voice, source in zip(judged.voices, judged.sources, strict=True):
        row = known.get(source.removeprefix("rollout:").split("#")[0])
        band = (
            "" if row is None or row["step"] is None else f" {row['step'] // 100 * 100}-{row['step'] // 100 * 100 + 99}"
        )
        names.append(voice if row is None else f"{row['run_id']}{band}")
    return names


def _row(judged: Judged, column: int, scores: NDArray[np.float32], part: NDArray[np.bool_]) -> dict[str, JSON]:
    known = (judged.answers[:, column] != NOT_JUDGED) & part
    truth, score = judged.answers[known, column] == YES, scores[known]
    positives = int(truth.sum())
    if positives < FEW:
        return {"n": int(known.sum()), "positives": positives, "verdict": "too few to say"}
    said = score >= SHOWN_FROM
    _, groups = np.unique(np.array(judged.groups)[known], return_inverse=True)
    counts = np.stack([np.bincount(groups, weights=each) for each in (said & truth, said, truth)], axis=1)
    draws = np.random.default_rng(0).multinomial(len(counts), np.full(len(counts), 1 / len(counts)), _RESAMPLES)
    hits, told, true = counts.sum(axis=0)
    drawn = (draws @ counts).T
    low, high = np.quantile(f1(drawn[0], drawn[1], drawn[2]), [0.025, 0.975])
    return {
        "n": int(known.sum()),
        "positives": positives,
        "precision": float(hits / max(told, 1)),
        "recall": float(hits / max(true, 1)),
        "f1": float(f1(hits, told, true)),
        "low": float(low),
        "high": float(high),
        "calibration_error": _calibration_error(score, truth),
        "verdict": "measured",
    }


def _calibration_error(score: NDArray[np.float32], truth: NDArray[np.bool_], bins: int = 10) -> float:
    """Return the mean distance of scores from the share of yeses, over ten bins of scores."""
    place = np.minimum((score * bins).astype(np.int64), bins - 1)
    said, true = (np.bincount(place, weights=each, minlength=bins) for each in (score, truth))
    return float(np.abs(said - true).sum() / len(score))
