"""A cascade: words decide what they are sure of, the encoder sees the rest; how sure is sure is read off the labels."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from traceanalytics.classifiers.base import NOT_JUDGED, YES, Candidates, Judged
from traceanalytics.classifiers.options import option
from traceanalytics.classifiers.refining import EncoderOptions, HeldOut, load_encoder, new_encoder
from traceanalytics.classifiers.vectors import Progress, silent
from traceanalytics.errors import BadInput, BadModel
from traceanalytics.types import JSON

_WIDTHS = np.linspace(0, 0.5, 101)  # half-widths of a band about 0.5 that are tried


@dataclass(frozen=True, slots=True)
class CascadeOptions(EncoderOptions):
    """What can be chosen of a cascade: all that can be chosen of its encoder, and how much that may see."""

    share: float = option(0.05, "most of the labeled segments that the encoder may see, 0 to 1")


class Cascade:
    """Words decide what they are sure of, an encoder sees the few percent that are left.

    What lies within a behavior's band about 0.5 is the encoder's to decide; how wide a band is, and whether there is
    one at all, is read off judgments that neither had seen.
    """

    kind = "cascade"
    Options = CascadeOptions

    def __init__(self, options: CascadeOptions | None = None, progress: Progress = silent) -> None:
        self.options = options or CascadeOptions()
        self.behaviors: tuple[str, ...] = ()
        self.scored = self.passed_on = 0  # segments, since this object was made
        self.encoder = new_encoder(self.options, progress)
        self._band: NDArray[np.float32] = np.zeros(0, dtype=np.float32)
        self.share_of_labels = 0.0

    def fit(self, judged: Judged) -> None:
        """Fit words and encoder, and the bands in which the encoder was right more often on held-out prompts."""
        if not 0 <= self.options.share <= 1:
            raise BadInput(f"--share is {self.options.share}; it must lie between 0 and 1")
        self.encoder.fit(judged)
        self.behaviors = judged.behaviors
        self._band = choose_band(self.encoder.held_out, self.options.share)
        self.share_of_labels = float(_unsure(self.encoder.held_out.words, self._band).any(axis=1).mean())

    def score(self, candidates: Candidates) -> NDArray[np.float32]:
        """Return calibrated probabilities, the encoder's where words are unsure."""
        scores: NDArray[np.float32] = self.encoder.words.score(candidates).copy()
        unsure = _unsure(scores, self._band)
        rows = np.flatnonzero(unsure.any(axis=1))
        self.scored, self.passed_on = self.scored + len(scores), self.passed_on + len(rows)
        if len(rows):
            refined = self.encoder.refine(candidates.part(rows), scores[rows])
            scores[rows] = np.where(unsure[rows], refined, scores[rows])
        return scores

    def save(self, folder: Path) -> dict[str, JSON]:
        """Write the encoder with its words; the bands stand on the card."""
        bands = [round(float(width), 4) for width in self._band]
        return {**self.encoder.save(folder), "band": bands, "share_of_labels": round(self.share_of_labels, 4)}

    @classmethod
    def load(cls, folder: Path, card: dict[str, JSON]) -> "Cascade":
        """Read a saved cascade."""
        bands: Any = card.get("band")
        wanted = len(card["behaviors"])
        numbers = isinstance(bands, list) and all(isinstance(width, float | int) for width in bands)
        if not numbers or len(bands) != wanted or not all(0 <= width <= 0.5 for width in bands):
            raise BadModel(f"{folder / 'card.json'}: 'band' is {bands!r}; it must be {wanted} numbers from 0 to 0.5")
        model = cls()
        model.encoder = load_encoder(folder, card)
        model.behaviors = model.encoder.behaviors
        model._band = np.array(bands, dtype=np.float32)
        return model


def choose_band(held_out: HeldOut, share: float) -> NDArray[np.float32]:
    """Return one half-width a behavior: the widest bands that pass on no more than a share of the rows.

    A behavior whose errors the encoder does not lessen inside its band has none, which leaves room to the others.
    """
    helped = np.ones(held_out.answers.shape[1], dtype=np.bool_)
    for _ in range(2):
        widths = (width * helped for width in _WIDTHS[::-1])
        band = next(
            each for each in widths if _unsure(held_out.words, each).any(axis=1).mean() <= share or not each.any()
        )
        helped &= _saved_errors(held_out, band) > 0
    return np.where(helped, band, 0).astype(np.float32)


def _saved_errors(held_out: HeldOut, band: NDArray[np.float64]) -> NDArray[np.int64]:
    inside = _unsure(held_out.words, band) & (held_out.answers != NOT_JUDGED)
    truth = held_out.answers == YES
    by_words, by_encoder = ((scores >= 0.5) != truth for scores in (held_out.words, held_out.whole))
    return np.asarray((inside & by_words).sum(axis=0) - (inside & by_encoder).sum(axis=0), dtype=np.int64)


def _unsure(scores: NDArray[np.float32], band: NDArray[Any]) -> NDArray[np.bool_]:
    unsure: NDArray[np.bool_] = np.abs(scores - np.float32(0.5)) < band.astype(np.float32)
    return unsure
