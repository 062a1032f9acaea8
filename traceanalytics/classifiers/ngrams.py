"""The embedded default: hashed words, word pairs and shape, one calibrated linear head a behavior."""

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from traceanalytics.classifiers.arrays import read_arrays
from traceanalytics.classifiers.base import Candidates, Judged
from traceanalytics.classifiers.heads import FOLDS, calibrate, fit_heads, held_out_margins
from traceanalytics.classifiers.splits import folds_of
from traceanalytics.errors import BadModel
from traceanalytics.types import JSON

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix

_RAREST = 7.0  # no slot counts for more than this, however few segments have it
_STEPS = 127  # weights are kept in this many steps a head: one byte each


class Ngrams:
    """Linear heads over hashed features, calibrated on folds that they did not see: from 0.5 on means shown."""

    kind = "ngrams"

    def __init__(self) -> None:
        self.behaviors: tuple[str, ...] = ()
        self.cue_names: tuple[str, ...] = ()
        self._weights: NDArray[np.int8] = np.zeros((0, 0), dtype=np.int8)
        self._scales: NDArray[np.float32] = np.zeros(0, dtype=np.float32)
        self._bias: NDArray[np.float32] = np.zeros(0, dtype=np.float32)
        self._slopes: NDArray[np.float32] = np.zeros(0, dtype=np.float32)

    def fit(self, judged: Judged) -> None:
        """Fit all heads on what was judged for them, and calibrate each on folds that it did not see."""
        rows = _features(judged.candidates, judged.candidates.cue_names)
        rarity = _rarity(rows)
        weighted = rows.multiply(rarity[None, :]).tocsr()
        weights, bias = fit_heads(weighted, judged.answers)
        margins = held_out_margins(weighted, judged.answers, folds_of(judged.groups, FOLDS), fit_heads)
        thresholds, slopes = calibrate(margins, judged.answers)
        by_slot = weights * rarity[:, None]
        self.behaviors, self.cue_names = judged.behaviors, judged.candidates.cue_names
        self._scales = (np.abs(by_slot).max(axis=0, initial=1e-9) / _STEPS).astype(np.float32)
        self._weights = np.round(by_slot / self._scales).astype(np.int8)
        self._bias, self._slopes = (bias - thresholds).astype(np.float32), slopes.astype(np.float32)

    def score(self, candidates: Candidates) -> NDArray[np.float32]:
        """Return calibrated probabilities."""
        from traceanalytics.classifiers.features import in_lanes, score_heads

        lanes = in_lanes(self._weights)
        sums = np.zeros((len(candidates), lanes.shape[1] * 8), dtype=np.float32)
        score_heads(*candidates.places(), candidates.said_by_cues(self.cue_names), lanes, sums)
        margins = sums[:, : len(self.behaviors)] * self._scales + self._bias
        probabilities: NDArray[np.float32] = 1 / (1 + np.exp(-np.clip(margins * self._slopes, -30, 30)))
        return probabilities

    def save(self, folder: Path) -> dict[str, JSON]:
        """Write `weights.npz`."""
        np.savez_compressed(
            folder / "weights.npz",
            weights=self._weights,
            scales=self._scales,
            bias=self._bias,
            slopes=self._slopes,
        )
        return {"behaviors": list(self.behaviors), "cues": list(self.cue_names), "slots": len(self._weights)}

    @classmethod
    def load(cls, folder: Path, card: dict[str, JSON]) -> "Ngrams":
        """Read `weights.npz`."""
        from traceanalytics.classifiers.features import SLOTS

        model = cls()
        model.behaviors, model.cue_names = tuple(card["behaviors"]), _names(card.get("cues", []), folder)
        heads = len(model.behaviors)
        per_head = ((heads,), np.float32)
        wanted = {"weights": ((SLOTS, heads), np.int8), "scales": per_head, "bias": per_head, "slopes": per_head}
        arrays = read_arrays(folder / "weights.npz", wanted)
        model._weights, model._scales, model._bias, model._slopes = (arrays[name] for name in wanted)
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
