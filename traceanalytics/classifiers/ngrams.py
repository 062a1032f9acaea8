"""The embedded default: hashed words, word pairs and shape, one calibrated linear head a behavior."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

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
    """Linear heads over hashed features. A head's 0.5 is the threshold that its held-out folds liked best."""

    kind = "ngrams"

    def __init__(self) -> None:
        self.behaviors: tuple[str, ...] = ()
        self._weights: NDArray[np.int8] = np.zeros((0, 0), dtype=np.int8)
        self._scales: NDArray[np.float32] = np.zeros(0, dtype=np.float32)
        self._bias: NDArray[np.float32] = np.zeros(0, dtype=np.float32)
        self._slopes: NDArray[np.float32] = np.zeros(0, dtype=np.float32)

    def fit(self, judged: Judged) -> None:
        """Fit all heads on what was judged for them, and calibrate each on folds that it did not see."""
        rows = _features(judged.candidates)
        rarity = _rarity(rows)
        weighted = rows.multiply(rarity[None, :]).tocsr()
        weights, bias = fit_heads(weighted, judged.answers)
        margins = held_out_margins(weighted, judged.answers, folds_of(judged.groups, FOLDS))
        thresholds, slopes = calibrate(margins, judged.answers)
        by_slot = weights * rarity[:, None]
        self.behaviors = judged.behaviors
        self._scales = (np.abs(by_slot).max(axis=0, initial=1e-9) / _STEPS).astype(np.float32)
        self._weights = np.round(by_slot / self._scales).astype(np.int8)
        self._bias, self._slopes = (bias - thresholds).astype(np.float32), slopes.astype(np.float32)

    def score(self, candidates: Candidates) -> NDArray[np.float32]:
        """Return calibrated probabilities."""
        from traceanalytics.classifiers.features import score_heads

        margins = score_heads(*candidates.places(), self._weights.astype(np.float32) * self._scales, self._bias)
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
        return {"behaviors": list(self.behaviors), "slots": len(self._weights)}

    @classmethod
    def load(cls, folder: Path, card: dict[str, JSON]) -> "Ngrams":
        """Read `weights.npz`; arrays of the wrong shape or type are refused."""
        from traceanalytics.classifiers.features import SLOTS

        model = cls()
        model.behaviors = tuple(card["behaviors"])
        heads = len(model.behaviors)
        try:
            with np.load(folder / "weights.npz", allow_pickle=False) as arrays:
                model._weights = _checked(arrays["weights"], (SLOTS, heads), np.int8)
                model._scales, model._bias, model._slopes = (
                    _checked(arrays[name], (heads,), np.float32) for name in ("scales", "bias", "slopes")
                )
        except (OSError, ValueError, KeyError, EOFError) as error:
            reason = " ".join(str(error).split())
            raise BadModel(f"{folder / 'weights.npz'}: no weights of an ngrams model: {reason}") from error
        return model


def _features(candidates: Candidates) -> "csr_matrix":
    from scipy.sparse import csr_matrix

    from traceanalytics.classifiers.features import SLOTS, count_features

    pointers, slots, values = count_features(*candidates.places())
    rows = csr_matrix((values, slots, pointers), shape=(len(candidates), SLOTS))
    rows.sum_duplicates()
    return rows


def _rarity(rows: "csr_matrix") -> NDArray[np.float64]:
    """Weigh slots by how few segments have them: the inverse document frequency, bounded."""
    having = np.asarray((rows > 0).sum(axis=0)).ravel()
    return np.asarray(np.minimum(np.log((1 + rows.shape[0]) / (1 + having)) + 1, _RAREST))


def _checked(array: NDArray[Any], shape: tuple[int, ...], kind: type) -> NDArray[Any]:
    if array.shape != shape or array.dtype != kind:
        raise ValueError(f"an array is {array.dtype}{list(array.shape)} where {kind.__name__}{list(shape)} is right")
    return array
