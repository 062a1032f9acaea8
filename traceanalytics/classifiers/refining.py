"""What kinds that refine the word of a cheaper kind share: their options, and what both say of rows they never saw."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from traceanalytics.classifiers.base import Candidates, Classifier
from traceanalytics.classifiers.options import option
from traceanalytics.classifiers.pretrained import PACKAGED
from traceanalytics.classifiers.vectors import Progress
from traceanalytics.types import JSON


class Words(Classifier, Protocol):
    """A kind that reads words, and keeps what it said of the judged rows before it had seen their voices."""

    held_out: NDArray[np.float32]


class Refiner(Classifier, Protocol):
    """A kind that weighs vectors of a text against what words say of it."""

    words: Words
    held_out: "HeldOut"

    def refine(self, candidates: Candidates, said: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return the scores of candidates whose words have been scored already."""


@dataclass(frozen=True, slots=True)
class EncoderOptions:
    """What can be chosen of an encoder."""

    model: str = option(PACKAGED, "the encoder: a folder, a hub id (owner/name), or a package that carries one")
    fine_tune: bool = option(False, "train the whole encoder, not only heads over its vectors")
    int8: bool = option(False, "run the encoder in ONNX Runtime with 8-bit weights: faster on a CPU")
    device: str = option("auto", "cpu or cuda; a GPU where there is one if left out")
    max_tokens: int = option(128, "tokens of one text that are read")
    epochs: int = option(4, "most passes of fine-tuning; it stops when the held-out part gets no better")
    rate: float = option(5e-5, "learning rate of fine-tuning")
    rows: int = option(32, "segments in one step of fine-tuning")


@dataclass(frozen=True, slots=True)
class HeldOut:
    """What words alone and the whole model say of judged rows that they were not fitted on."""

    words: NDArray[np.float32]
    whole: NDArray[np.float32]
    answers: NDArray[np.int8]

    @classmethod
    def nothing(cls) -> "HeldOut":
        """Return what a model holds that was not fitted here."""
        return cls(np.zeros((0, 0), np.float32), np.zeros((0, 0), np.float32), np.zeros((0, 0), np.int8))


def new_words() -> Words:
    """Return a classifier of the kind that reads words."""
    words: Words = _kind("ngrams")()
    return words


def new_encoder(options: EncoderOptions, progress: Progress) -> Refiner:
    """Return a classifier of the kind that encodes."""
    encoder: Refiner = _kind("encoder")(options, progress)
    return encoder


def load_encoder(folder: Path, card: dict[str, JSON]) -> Refiner:
    """Read a saved classifier of the kind that encodes."""
    encoder: Refiner = _kind("encoder").load(folder, card)
    return encoder


def _kind(name: str) -> Any:
    from traceanalytics.classifiers.models import CLASSIFIERS

    return CLASSIFIERS.get(name)
