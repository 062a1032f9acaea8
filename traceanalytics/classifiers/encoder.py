"""Encoders (Transformers): frozen vectors of a segment and the one before it under calibrated heads, or fine-tuned."""

from pathlib import Path
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from traceanalytics.classifiers.base import NOT_JUDGED, YES, Candidates, Judged
from traceanalytics.classifiers.deciding import as_precise_as_cues, not_better
from traceanalytics.classifiers.finetuning import Schedule, fine_tune
from traceanalytics.classifiers.heads import (
    FOLDS,
    NEVER,
    Heads,
    calibrate,
    fit_dense_heads,
    held_out_margins,
    learnable,
)
from traceanalytics.classifiers.pretrained import Pretrained, find_pretrained, need_encoder_extra, read_pretrained
from traceanalytics.classifiers.quantized import int8_forward, need_onnx_extra, to_int8
from traceanalytics.classifiers.refining import EncoderOptions, HeldOut, Words, new_words
from traceanalytics.classifiers.splits import folds_by_voice
from traceanalytics.classifiers.vectors import Body, Progress, choose_device, silent, tokens_at_once, torch_forward
from traceanalytics.errors import BadInput, BadModel
from traceanalytics.types import JSON

HEADS_FILE, INT8_FILE = "heads.safetensors", "encoder.int8.onnx"
_SHOWN = 0.5
_CERTAIN = 30.0  # log odds above all others: what words see comes before all that an encoder adds
_FROZEN_DEPTH = 0.5  # upper layers tell topics apart; the turns of phrase that behaviors are stand below
_PLACES = 8
_PLACE_SCALE, _BEFORE_SCALE = 0.3, 0.5  # beside the segment's own vector, of length 1


class Encoder:
    """A pretrained encoder (Transformers) under one head a behavior: adds what words miss.

    Vectors tell what is meant, words how it is said: on held-out voices the two together beat each alone. What words
    see stands, as vectors of long sentences blur it. With what is added, yeses are there as often right as those of
    cues; a head that is no better than words leaves it to them.
    """

    kind = "encoder"
    Options = EncoderOptions

    def __init__(self, options: EncoderOptions | None = None, progress: Progress = silent) -> None:
        self.options = options or EncoderOptions()
        self.behaviors: tuple[str, ...] = ()
        self.words: Words = new_words()
        self.held_out = HeldOut.nothing()
        self._progress = progress
        self._pretrained: Pretrained | None = None
        self._digest = ""
        self._model: Any = None
        self._tokenizer: Any = None
        self._int8 = b""
        self._body: Body | None = None
        self._heads: dict[str, NDArray[np.float32]] = {}

    def fit(self, judged: Judged) -> None:
        """Fit heads over frozen vectors, or encoder and heads together; then weigh them against words."""
        _check(self.options)
        self._pretrained = find_pretrained(self.options.model, download=True)
        self._digest = self._pretrained.digest
        self._read()
        self.behaviors = judged.behaviors
        self.words.fit(judged)
        (weights, bias), margins, tested = self._tuned(judged) if self.options.fine_tune else self._frozen(judged)
        said, asked = self.words.held_out[tested], judged.part(tested)
        shares, offset = _weigh(_margin(said), margins, asked.answers)
        offset[~learnable(judged.answers)] = NEVER
        together = shares[0] * _margin(said) + shares[1] * margins + offset
        seen = said >= _SHOWN
        thresholds, slopes = calibrate(together, asked.answers)
        thresholds = np.maximum(thresholds, as_precise_as_cues(np.where(seen, _CERTAIN, together), asked))
        by_words = not_better(seen | (together >= thresholds), seen, asked)
        columns = {"weights": weights, "bias": bias, "shares": shares, "offset": offset - thresholds, "slopes": slopes}
        columns["by_words"] = by_words.astype(np.float64)
        self._heads = {name: np.ascontiguousarray(column, dtype=np.float32) for name, column in columns.items()}
        whole = np.where(by_words, said, np.maximum(said, _probability((together - thresholds) * slopes)))
        self.held_out = HeldOut(said, whole, asked.answers)

    def score(self, candidates: Candidates) -> NDArray[np.float32]:
        """Return calibrated probabilities; equal texts are encoded once."""
        return self.refine(candidates, self.words.score(candidates))

    def refine(self, candidates: Candidates, said: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return the scores of candidates whose words have been scored already: never below those of the words."""
        if not len(candidates):
            return np.zeros((0, len(self.behaviors)), dtype=np.float32)
        heads = self._heads
        margins = self._rows(candidates) @ heads["weights"] + heads["bias"]
        together = heads["shares"][0] * _margin(said) + heads["shares"][1] * margins + heads["offset"]
        return np.where(heads["by_words"] > 0, said, np.maximum(said, _probability(together * heads["slopes"])))

    def save(self, folder: Path) -> dict[str, JSON]:
        """Write heads, words, and of the encoder what nobody could fetch again: tuned weights, weights in 8 bits."""
        from safetensors.numpy import save_file

        save_file(self._heads, folder / HEADS_FILE)
        if self.options.fine_tune:
            self._model.cpu().save_pretrained(folder)
            self._tokenizer.save_pretrained(folder)
        if self.options.int8:
            (folder / INT8_FILE).write_bytes(self._int8)
        pretrained, words = cast(Pretrained, self._pretrained), self.words.save(folder)
        by_words = [name for name, given in zip(self.behaviors, self._heads["by_words"], strict=True) if given]
        return {
            "behaviors": list(self.behaviors),
            "encoder": {"name": pretrained.name, "revision": pretrained.revision, "digest": self._digest},
            "fine_tuned": self.options.fine_tune,
            "int8": self.options.int8,
            "max_tokens": self.options.max_tokens,
            "decided_by_words": by_words,
            "decided_by_cues": [name for name in by_words if name in words.get("decided_by_cues", [])],
            "words": words,
        }

    @classmethod
    def load(cls, folder: Path, card: dict[str, JSON]) -> "Encoder":
        """Read a saved model; the network is never asked, and a frozen encoder must be the one it was trained with."""
        path = folder / "card.json"
        named, options = _read_card(path, card)
        _check(options)
        model = cls(options)
        model.behaviors = tuple(cast(list[str], card["behaviors"]))
        model._pretrained, model._digest = _found_again(folder, named, options), named["digest"]
        model._read()
        model.words = cast(Words, type(model.words).load(folder, _words_card(path, card)))
        if options.int8:
            model._int8 = _bytes_of(folder / INT8_FILE)
        model._make_ready(folder / INT8_FILE)
        model._heads = _read_heads(folder / HEADS_FILE, model._width_of_rows(), len(model.behaviors))
        return model

    def _frozen(self, judged: Judged) -> "tuple[Heads, NDArray[np.float64], NDArray[np.bool_]]":
        """Return heads over frozen vectors, and the margins of all rows by heads that never saw their voices."""
        self._make_ready()
        rows = self._rows(judged.candidates)
        folds = folds_by_voice(judged.voices, judged.groups, FOLDS)
        margins = held_out_margins(rows, judged.answers, folds, fit_dense_heads)
        return fit_dense_heads(rows, judged.answers), margins, np.ones(len(rows), dtype=np.bool_)

    def _tuned(self, judged: Judged) -> "tuple[Heads, NDArray[np.float64], NDArray[np.bool_]]":
        """Train encoder and heads together; return the heads, and the margins of the rows that were held out."""
        chosen = self.options
        schedule = Schedule(chosen.epochs, chosen.rate, chosen.rows, self._most_tokens(), choose_device(chosen.device))
        tuned = fine_tune(self._model, self._tokenizer, judged, schedule, self._progress)
        learned = learnable(judged.answers)
        self._make_ready()
        return (tuned.weights * learned, np.where(learned, tuned.bias, NEVER)), tuned.margins, tuned.held_out

    def _read(self) -> None:
        """Read the encoder; of a frozen one the lower half, which held-out prompts liked as well as the whole."""
        folder = cast(Pretrained, self._pretrained).folder
        self._model, self._tokenizer = read_pretrained(folder, depth=1.0 if self.options.fine_tune else _FROZEN_DEPTH)

    def _make_ready(self, where: Path = Path(INT8_FILE)) -> None:
        """Put the encoder where it runs."""
        if self.options.int8:
            self._int8 = self._int8 or to_int8(self._model, self._tokenizer)
            forward, device = int8_forward(self._int8, where), "cpu"
        else:
            device = choose_device(self.options.device)
            forward = torch_forward(self._model, device)
        self._body = Body(
            tokenizer=self._tokenizer,
            forward=forward,
            width=self._model.config.hidden_size,
            max_tokens=self._most_tokens(),
            tokens_at_once=tokens_at_once(device),
        )

    def _rows(self, candidates: Candidates) -> NDArray[np.float32]:
        """Return what the heads read: one vector of a pair, or the vectors of both texts and the place."""
        body, texts, previous = cast(Body, self._body), candidates.texts(), candidates.previous_texts()
        if self.options.fine_tune:
            return body.vectors(texts, previous, self._progress)
        both = _by_length(body.vectors([*texts, *previous], None, self._progress))
        own, before = both[: len(texts)], both[len(texts) :] * (_BEFORE_SCALE * (np.array(previous) != ""))[:, None]
        places = np.eye(_PLACES)[np.clip(candidates.position * _PLACES, 0, _PLACES - 1).astype(int)] * _PLACE_SCALE
        return np.concatenate([own, before, places], axis=1, dtype=np.float32)

    def _width_of_rows(self) -> int:
        width = cast(Body, self._body).width
        return width if self.options.fine_tune else 2 * width + _PLACES

    def _most_tokens(self) -> int:
        places = getattr(self._model.config, "max_position_embeddings", None) or self.options.max_tokens
        return int(min(self.options.max_tokens, max(places - 2, 4)))


def _check(options: EncoderOptions) -> None:
    need_encoder_extra()
    if options.int8:
        need_onnx_extra()
    if options.device == "cuda" and choose_device("auto") != "cuda":
        raise BadInput("--device cuda: PyTorch sees no GPU here; leave the option out to run on the CPU")
    if options.device not in ("auto", "cpu", "cuda"):
        raise BadInput(f"--device is {options.device!r}; it must be auto, cpu or cuda")
    for name, least in (("max_tokens", 8), ("epochs", 1), ("rows", 1)):
        if getattr(options, name) < least:
            raise BadInput(f"--{name.replace('_', '-')} is {getattr(options, name)}; it must be at least {least}")


def _weigh(
    said: NDArray[np.float64], margins: NDArray[np.float64], answers: NDArray[np.int8]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Fit for every head what words and vectors count for, on rows that neither was fitted on; never against either.

    A head with too few judgments among these rows takes the vectors' word alone.
    """
    from scipy.optimize import minimize

    shares, offset = np.zeros((2, answers.shape[1])), np.zeros(answers.shape[1])
    shares[1] = 1
    for head in np.flatnonzero(learnable(answers)):
        known = answers[:, head] != NOT_JUDGED
        both = np.stack([said[known, head], margins[known, head], np.ones(known.sum())])
        signs = np.where(answers[known, head] == YES, 1.0, -1.0)
        found = minimize(_loss_and_slope, [0.5, 0.5, 0.0], (both, signs), jac=True, bounds=[(0, 9), (0, 9), (-99, 99)])
        shares[:, head], offset[head] = found.x[:2], found.x[2]
    return shares, offset


def _loss_and_slope(
    weights: NDArray[np.float64], both: NDArray[np.float64], signs: NDArray[np.float64]
) -> tuple[float, NDArray[np.float64]]:
    against = -signs * (weights @ both)
    return float(np.logaddexp(0, against).sum()), both @ (-signs / (1 + np.exp(-np.clip(against, -30, 30))))


def _margin(probabilities: NDArray[np.float32]) -> NDArray[np.float64]:
    clipped = np.clip(probabilities.astype(np.float64), 1e-6, 1 - 1e-6)
    margins: NDArray[np.float64] = np.log(clipped / (1 - clipped))
    return margins


def _probability(margins: NDArray[Any]) -> NDArray[np.float32]:
    probabilities: NDArray[np.float32] = (1 / (1 + np.exp(-np.clip(margins, -30, 30)))).astype(np.float32)
    return probabilities


def _by_length(vectors: NDArray[np.float32]) -> NDArray[np.float32]:
    """Scale vectors to length 1."""
    scaled: NDArray[np.float32] = vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-6)
    return scaled


def _read_card(path: Path, card: dict[str, JSON]) -> tuple[dict[str, str], EncoderOptions]:
    named, most = card.get("encoder"), card.get("max_tokens")
    if not isinstance(named, dict) or not all(
        isinstance(named.get(key), str) for key in ("name", "revision", "digest")
    ):
        raise BadModel(f"{path}: 'encoder' is {named!r}; it must hold name, revision and digest")
    for name in ("fine_tuned", "int8"):
        if not isinstance(card.get(name), bool):
            raise BadModel(f"{path}: {name!r} is {card.get(name)!r}; it must be true or false")
    if not isinstance(most, int) or isinstance(most, bool) or most < 8:
        raise BadModel(f"{path}: 'max_tokens' is {most!r}; it must be a whole number, at least 8")
    chosen = EncoderOptions(named["name"], fine_tune=bool(card["fine_tuned"]), int8=bool(card["int8"]), max_tokens=most)
    return cast(dict[str, str], named), chosen


def _words_card(path: Path, card: dict[str, JSON]) -> dict[str, JSON]:
    words = card.get("words")
    if not isinstance(words, dict) or words.get("behaviors") != card["behaviors"]:
        raise BadModel(f"{path}: 'words' must be what a model of hashed words says of the same behaviors")
    return words


def _found_again(folder: Path, named: dict[str, str], options: EncoderOptions) -> Pretrained:
    """Return the encoder of a saved model: its own folder if it was tuned, else the one it was trained with."""
    if options.fine_tune:
        return Pretrained(named["name"], named["revision"], folder)
    try:
        found = find_pretrained(named["name"], revision=named["revision"], download=False)
    except BadInput as error:
        raise BadModel(f"{folder / 'card.json'}: {error}") from error
    if found.digest != named["digest"]:
        raise BadModel(
            f"{folder / 'card.json'}: encoder {named['name']!r} is not the one that the model was trained with; "
            "train it again"
        )
    return found


def _bytes_of(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise BadModel(f"{path}: {error.strerror}; train the model again") from error


def _read_heads(path: Path, width: int, heads: int) -> dict[str, NDArray[np.float32]]:
    from safetensors import SafetensorError
    from safetensors.numpy import load_file

    try:
        found: dict[str, NDArray[np.float32]] = load_file(path)
    except (OSError, SafetensorError, ValueError, KeyError) as error:
        raise BadModel(f"{path}: no heads in safetensors: {' '.join(str(error).split())}") from error
    shapes = {"weights": (width, heads), "shares": (2, heads)} | dict.fromkeys(
        ("bias", "offset", "slopes", "by_words"), (heads,)
    )
    for name, shape in shapes.items():
        array = found.get(name)
        if array is None or array.shape != shape or array.dtype != np.float32:
            what = "nothing" if array is None else f"{array.dtype}{list(array.shape)}"
            raise BadModel(f"{path}: {name!r} is {what} where float32{list(shape)} is right")
        if not np.isfinite(array).all():
            raise BadModel(f"{path}: {name!r} holds what is no number, NaN or infinity; train the model again")
    return found
