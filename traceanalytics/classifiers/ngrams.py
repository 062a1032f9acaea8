"""The embedded default: hashed words, word pairs and shape, one calibrated linear head a behavior."""

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from traceanalytics.classifiers.arrays import read_arrays
from traceanalytics.classifiers.base import SHOWN, Candidates, Judged
from traceanalytics.classifiers.deciding import as_precise_as_cues, not_better, shown_by_cues
from traceanalytics.classifiers.heads import FOLDS, calibrate, fit_heads, held_out_margins
from traceanalytics.classifiers.splits import folds_by_voice
from traceanalytics.errors import BadModel
from traceanalytics.types import JSON

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix

_RAREST = 7.0  # no slot counts for more than this, however few segments have it
EVEN = np.float32(0.5)  # a probability from here on means shown
_STEPS = 127  # weights are kept in this many steps a head: one byte each


class Ngrams:
    """Words, word pairs, shape and cues under one linear head a behavior: the kind that ships; trains in seconds.

    Heads are calibrated on voices that they did not see: from 0.5 on means shown. A head that is no better there than
    the cues of its behavior leaves the decision to them.
    """

    kind = "ngrams"

    def __init__(self) -> None:
        self.behaviors: tuple[str, ...] = ()
        self.cue_names: tuple[str, ...] = ()
        self.held_out: NDArray[np.float32] = np.zeros((0, 0), dtype=np.float32)  # scores without the own voice
        self._weights: NDArray[np.int8] = np.zeros((0, 0), dtype=np.int8)
        self._lanes: tuple[NDArray[np.int8], NDArray[np.uint64]] | None = None  # the same weights as kernels read them
        self._scales: NDArray[np.float32] = np.zeros(0, dtype=np.float32)
        self._bias: NDArray[np.float32] = np.zeros(0, dtype=np.float32)
        self._slopes: NDArray[np.float32] = np.zeros(0, dtype=np.float32)
        self._by_cues: NDArray[np.bool_] = np.zeros(0, dtype=np.bool_)  # heads that leave the decision to cues

    def fit(self, judged: Judged) -> None:
        """Fit all heads on what was judged for them, and calibrate each on folds that it did not see.

        Its yeses are there as often right as those of the cues of its behavior: a rate that counts too much is worse
        than one that misses. A head that is not clearly better there than the cues leaves the decision to them.
        """
        rows = _features(judged.candidates, judged.candidates.cue_names)
        rarity = _rarity(rows)
        weighted = rows.multiply(rarity[None, :]).tocsr()
        weights, bias = fit_heads(weighted, judged.answers)
        folds = folds_by_voice(judged.voices, judged.groups, FOLDS)
        margins = held_out_margins(weighted, judged.answers, folds, fit_heads)
        thresholds, slopes = calibrate(margins, judged.answers)
        thresholds = np.maximum(thresholds, as_precise_as_cues(margins, judged))
        shown = shown_by_cues(judged)
        self._by_cues = not_better((margins >= thresholds).astype(np.bool_), shown, judged)
        by_slot = weights * rarity[:, None]
        self.behaviors, self.cue_names = judged.behaviors, judged.candidates.cue_names
        self._scales = (np.abs(by_slot).max(axis=0, initial=1e-9) / _STEPS).astype(np.float32)
        self._weights = np.round(by_slot / self._scales).astype(np.int8)
        self._bias, self._slopes = (bias - thresholds).astype(np.float32), slopes.astype(np.float32)
        self.held_out = self._decided(((margins - thresholds) * slopes).astype(np.float32), shown[:, self._by_cues])

    def score(self, candidates: Candidates) -> NDArray[np.float32]:
        """Return calibrated probabilities."""
        from traceanalytics.classifiers.features import in_lanes, score_heads

        if self._lanes is None or self._lanes[0] is not self._weights:
            self._lanes = self._weights, in_lanes(self._weights)
        log_odds = np.empty((len(candidates), len(self.behaviors)), dtype=np.float32)
        line = self._scales * self._slopes, self._bias * self._slopes
        score_heads(*candidates.places(), candidates.said_by_cues(self.cue_names), self._lanes[1], *line, log_odds)
        by_cues = np.flatnonzero(self._by_cues)
        shown = candidates.said_by_cues([self.behaviors[head] for head in by_cues]) == SHOWN
        return self._decided(log_odds, shown)

    def _decided(self, log_odds: NDArray[np.float32], shown: NDArray[np.bool_]) -> NDArray[np.float32]:
        """Turn log odds into probabilities in their place.

        Of heads that leave the decision to cues, they are put on the side of 0.5 that the cues say.
        """
        probabilities = np.clip(log_odds, -30, 30, out=log_odds)
        np.exp(np.negative(probabilities, out=probabilities), out=probabilities)
        probabilities += 1
        np.divide(1, probabilities, out=probabilities)
        by_cues = np.flatnonzero(self._by_cues)
        rows, columns = np.nonzero(shown)
        of_shown = np.maximum(probabilities[rows, by_cues[columns]], EVEN)
        for head in by_cues:
            np.minimum(probabilities[:, head], np.nextafter(EVEN, 0), out=probabilities[:, head])
        probabilities[rows, by_cues[columns]] = of_shown
        return probabilities

    def save(self, folder: Path) -> dict[str, JSON]:
        """Write `weights.npz`."""
        np.savez_compressed(
            folder / "weights.npz",
            weights=self._weights,
            scales=self._scales,
            bias=self._bias,
            slopes=self._slopes,
            by_cues=self._by_cues,
        )
        by_cues = [name for name, cues in zip(self.behaviors, self._by_cues, strict=True) if cues]
        names = {"behaviors": list(self.behaviors), "decided_by_cues": by_cues, "cues": list(self.cue_names)}
        return {**names, "slots": len(self._weights)}

    @classmethod
    def load(cls, folder: Path, card: dict[str, JSON]) -> "Ngrams":
        """Read `weights.npz`."""
        from traceanalytics.classifiers.features import SLOTS

        model = cls()
        model.behaviors, model.cue_names = tuple(card["behaviors"]), _names(card.get("cues", []), folder)
        heads = len(model.behaviors)
        per_head = ((heads,), np.float32)
        wanted: dict[str, tuple[tuple[int, ...], type]] = {
            "weights": ((SLOTS, heads), np.int8),
            "scales": per_head,
            "bias": per_head,
            "slopes": per_head,
            "by_cues": ((heads,), np.bool_),
        }
        arrays = read_arrays(folder / "weights.npz", wanted)
        for name in wanted:
            setattr(model, f"_{name}", arrays[name])
        return model


def _features(candidates: Candidates, cue_names: tuple[str, ...]) -> "csr_matrix":
    from scipy.sparse import csr_matrix

    from traceanalytics.classifiers.features import SLOTS, count_features

    pointers, slots, values = count_features(*candidates.places(), candidates.said_by_cues(cue_names))
    rows = csr_matrix((values, slots, pointers), shape=(len(candidates), SLOTS))
    rows.sum_duplicates()
    return rows


def _rarity(rows: "csr_matrix") -> NDArray[np.float64]:
    """Weigh slots by how few segments have them: the inverse document frequency, bounded; cues weigh what they do."""
    from traceanalytics.classifiers.features import CUE_BASE

    having = np.asarray((rows > 0).sum(axis=0)).ravel()
    rarity = np.asarray(np.minimum(np.log((1 + rows.shape[0]) / (1 + having)) + 1, _RAREST))
    rarity[CUE_BASE:] = 1
    return rarity


def _names(found: JSON, folder: Path) -> tuple[str, ...]:
    if not isinstance(found, list) or not all(isinstance(name, str) for name in found):
        raise BadModel(f"{folder / 'card.json'}: 'cues' is {found!r}; it must be a list of names")
    return tuple(found)
