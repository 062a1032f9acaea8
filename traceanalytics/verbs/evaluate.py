"""How right a tagger is on the frozen part of labels: precision, recall, F1 and calibration, with intervals and n."""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from traceanalytics.classifiers.base import NOT_JUDGED, YES, Judged, rollout_of
from traceanalytics.classifiers.comparing import f1
from traceanalytics.classifiers.splits import fingerprint, frozen_rows
from traceanalytics.errors import BadInput, BadLabel, counted
from traceanalytics.findings.audits import Drift, drift_between
from traceanalytics.findings.audits import drifts as audited_drifts
from traceanalytics.labels import label_files
from traceanalytics.paths import shipped_folder
from traceanalytics.stats.correction import Audit
from traceanalytics.store.store import Store
from traceanalytics.taggers import Trained
from traceanalytics.tagging import SHOWN_FROM, Tagger, tagger_id
from traceanalytics.types import JSON
from traceanalytics.verbs.train import read_judged

OWN, OF_A_ROLLOUT = "your rollouts", "rollout"  # the part of judgments drawn from a store, and its voice
FEW = 10  # segments that show a behavior, below which nothing is said
TOO_FEW = "too few to say"
Say = Callable[[str], None]
LOOKS = "frozen_looks.json"
_RESAMPLES = 1000
_BANDS = """
WITH ends AS (
    SELECT run_id, min(step) AS first_step, max(step) AS last_step FROM rollouts GROUP BY ALL
), placed AS (
    SELECT rollout_id, run_id, step, (step - first_step) * 3 // (last_step - first_step + 1) AS era
    FROM rollouts JOIN ends USING (run_id)
)
SELECT rollout_id, run_id, min(step) OVER eras || '-' || max(step) OVER eras AS band
FROM placed
WINDOW eras AS (PARTITION BY run_id, era)
"""


@dataclass(frozen=True, slots=True)
class Evaluation:
    """One row a behavior and part, and how often the frozen part has been looked at."""

    rows: list[dict[str, JSON]]
    looks: int | None  # None where the labels are in a folder that cannot be written
    drifts: list[Drift]  # where the model errs otherwise late in a run than early in it


def evaluate(
    tagger: Trained, labels: Sequence[Path], *, store: Store | None = None, say: Say = lambda line: None
) -> Evaluation:
    """Hold a model against the frozen part of labels, by batch of labels; with a store by run and third of steps."""
    files = counted(len(label_files(labels)), "label file")
    say(f"holding {tagger.name} against the frozen part of {files}: some seconds")
    judged = frozen_part(labels, looked_at_by=f"ta evaluate {tagger.name}", model=tagger)
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
    drifts = (
        [] if store is None else [*_drifts(judged, tagger, scores, store), *audited_drifts(store, tagger_id(tagger))]
    )
    return Evaluation(rows, looks_at(labels), drifts)


def frozen_part(labels: Sequence[Path], *, looked_at_by: str, model: Trained) -> Judged:
    """Return the judgments that no model is fitted on, and count that somebody looked; a leak is an error."""
    judged = read_judged(labels)
    frozen = judged.part(frozen_rows(judged.groups))
    if not len(frozen.groups):
        raise BadLabel(f"{', '.join(map(str, labels))}: no prompt of it is in the frozen part; judge more prompts")
    known = learned_from(model, frozen)
    if known.any():
        leaked = len({prompt for prompt, learned in zip(frozen.prompts, known, strict=True) if learned})
        raise BadInput(
            f"{model.name} learned from {leaked} of {len(set(frozen.prompts))} prompts of the frozen part, so nothing "
            "it says of them would be held out; train the model again with these labels"
        )
    _count_look(labels, looked_at_by)
    return frozen


def learned_from(tagger: Tagger, judged: Judged) -> NDArray[np.bool_]:
    """Say which judgments are of prompts or rollouts that a tagger's card says it was taught with."""
    card = tagger.facts if isinstance(tagger, Trained) else {}
    prompts, rollouts = ({*card.get(name, ())} for name in ("taught", "taught_rollouts"))
    seen = {prompt: fingerprint(prompt) in prompts for prompt in set(judged.prompts)}
    return np.array(
        [
            seen[prompt] or rollout_of(source) in rollouts
            for prompt, source in zip(judged.prompts, judged.sources, strict=True)
        ],
        dtype=np.bool_,
    )


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
    """Return the file that counts looks, beside a user's own labels where there are some."""
    shipped = shipped_folder("labels")
    first = next((path for path in labels if path != shipped), labels[0])
    return (first if first.is_dir() else first.parent) / LOOKS


def _parts(judged: Judged, store: Store | None) -> list[str]:
    """Name the part of every row: the run and a third of its steps where the store knows, else its batch."""
    if store is None:
        return [OWN if voice == OF_A_ROLLOUT else voice for voice in judged.voices]
    places = _places(judged, store)
    return [place.strip() or voice for voice, place in zip(judged.voices, map(" ".join, places), strict=True)]


def _places(judged: Judged, store: Store) -> list[tuple[str, str]]:
    """Return run and third of its steps of every judgment's rollout; empty where the store does not know."""
    known = {row["rollout_id"]: (row["run_id"], row["band"] or "") for row in store.sql(_BANDS).to_pylist()}
    return [known.get(rollout_of(source), ("", "")) for source in judged.sources]


def _drifts(judged: Judged, tagger: Trained, scores: NDArray[np.float32], store: Store) -> list[Drift]:
    """Return where the errors in the last third of a run's steps differ from those in the first."""
    places = _places(judged, store)
    counts: dict[tuple[str, str], dict[str, Audit]] = {}
    for number, behavior in enumerate(tagger.classifier.behaviors):
        if behavior not in judged.behaviors:
            continue
        answers, said = judged.answers[:, judged.behaviors.index(behavior)], scores[:, number] >= SHOWN_FROM
        for place, answer, shown in zip(places, answers.tolist(), said.tolist(), strict=True):
            run, band = place
            if band and answer != NOT_JUDGED:
                bands = counts.setdefault((behavior, run), {})
                bands[band] = bands.get(band, Audit(0, 0, 0, 0)).plus(told=shown, true=answer == YES)
    found = (drift_between(behavior, run, list(bands.items())) for (behavior, run), bands in counts.items())
    return [drift for drift in found if drift is not None]


def _row(judged: Judged, column: int, scores: NDArray[np.float32], part: NDArray[np.bool_]) -> dict[str, JSON]:
    known = (judged.answers[:, column] != NOT_JUDGED) & part
    truth, score = judged.answers[known, column] == YES, scores[known]
    positives = int(truth.sum())
    if positives < FEW:
        return {"n": int(known.sum()), "positives": positives, "verdict": TOO_FEW}
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
