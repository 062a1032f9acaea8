"""Behaviors inside a sentence: a spaCy SpanCategorizer over clauses, taught by judgments of whole segments.

A segment judged yes shows the behavior in some clause of it, one judged no in none: the clause that says it loudest
learns a yes, every clause learns a no. What was not judged teaches nothing. No text or model is downloaded, and what is
saved are arrays alone: the pipeline is built anew by this file, so that a saved model names no code.
"""

import random
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import numpy as np
from numpy.typing import NDArray

from traceanalytics.classifiers.arrays import read_arrays
from traceanalytics.classifiers.base import NOT_JUDGED, YES, Candidates, FoundSpan, Judged
from traceanalytics.classifiers.finetuning import held_out_rows
from traceanalytics.classifiers.heads import NEVER, calibrate, learnable
from traceanalytics.classifiers.options import option
from traceanalytics.classifiers.vectors import Progress, silent
from traceanalytics.errors import BadInput, MissingExtra
from traceanalytics.types import JSON

if TYPE_CHECKING:
    from spacy.language import Language
    from spacy.tokens import Doc

ARRAYS_FILE = "spancat.npz"
_WIDTH, _ROWS, _DEPTH = 64, 2000, 3  # of the word vectors, their tables, and the layers over them
_BREAKS = frozenset(",;:.!?()[]—–\n")
_TURNS = frozenset({"but", "so", "because", "however", "then", "although", "since"})
_MOST_CLAUSES = 12
_MOST_TOGETHER = 3
_BEFORE = 160  # characters of the segment before that give context
_MOST_CHARACTERS = 2000
_PATIENCE = 2
_DOCS_AT_ONCE = 256
_CONTEXT = "own_from"  # where a document's own tokens begin


@dataclass(frozen=True, slots=True)
class SpancatOptions:
    """What can be chosen of a span categorizer."""

    epochs: int = option(10, "most passes over the labels; training stops when the held-out part gets no better")
    rate: float = option(0.002, "learning rate")
    rows: int = option(64, "segments in one step of training")


class Spancat:
    """A span categorizer (spaCy): also finds where inside a sentence a behavior is shown.

    A segment's score is that of its clause that shows the behavior most.
    """

    kind = "spancat"
    Options = SpancatOptions

    def __init__(self, options: SpancatOptions | None = None, progress: Progress = silent) -> None:
        self.options = options or SpancatOptions()
        self.behaviors: tuple[str, ...] = ()
        self._progress = progress
        self._pipeline: Language | None = None
        self._heads = np.zeros((2, 0), dtype=np.float32)  # thresholds and slopes

    def fit(self, judged: Judged) -> None:
        """Train on all but the held-out prompts, which say when to stop and what a score is worth."""
        _check(self.options)
        self.behaviors = judged.behaviors
        self._pipeline = _new_pipeline(judged.behaviors)
        held_out = held_out_rows(judged)
        with _seeded():
            self._train(judged, np.flatnonzero(~held_out), np.flatnonzero(held_out))
        margins = _margins(self._loudest(judged.candidates.part(held_out)))
        thresholds, slopes = calibrate(margins, judged.answers[held_out])
        thresholds[~learnable(judged.answers)] = -NEVER
        self._heads = np.stack([thresholds, slopes]).astype(np.float32)

    def score(self, candidates: Candidates) -> NDArray[np.float32]:
        """Return calibrated probabilities."""
        return self._calibrated(self._loudest(candidates))

    def spans(self, candidates: Candidates) -> list[FoundSpan]:
        """Return where in each candidate a behavior is shown: clauses that do not overlap, the surest first taken."""
        found = []
        for row, (places, scores) in enumerate(self._clauses(candidates)):
            sure = self._calibrated(scores)
            for head, behavior in enumerate(self.behaviors):
                taken: list[tuple[int, int]] = []
                for clause in np.argsort(-sure[:, head], kind="stable"):
                    start, stop = places[clause]
                    if sure[clause, head] < 0.5:
                        break
                    if all(stop <= other_start or start >= other_stop for other_start, other_stop in taken):
                        taken.append((start, stop))
                        found.append(FoundSpan(row, behavior, start, stop, float(sure[clause, head])))
        return found

    def save(self, folder: Path) -> dict[str, JSON]:
        """Write the arrays of the model, without a word of the text that it was trained on."""
        arrays = {name: np.asarray(node.get_param(part)) for name, node, part in _parameters(self._pipeline)}
        np.savez_compressed(folder / ARRAYS_FILE, heads=self._heads, **cast(Any, arrays))
        return {"behaviors": list(self.behaviors)}

    @classmethod
    def load(cls, folder: Path, card: dict[str, JSON]) -> "Spancat":
        """Build the pipeline anew and fill in saved arrays; those of another name, shape or type are refused."""
        _check(SpancatOptions())
        model = cls()
        model.behaviors = tuple(cast(list[str], card["behaviors"]))
        model._pipeline = _new_pipeline(model.behaviors)
        parts = {name: (node, part) for name, node, part in _parameters(model._pipeline)}
        shapes = {name: node.get_param(part).shape for name, (node, part) in parts.items()}
        wanted = {name: (shape, np.float32) for name, shape in {**shapes, "heads": (2, len(model.behaviors))}.items()}
        arrays = read_arrays(folder / ARRAYS_FILE, wanted)
        for name, (node, part) in parts.items():
            node.set_param(part, arrays[name].copy())
        model._heads = arrays["heads"]
        return model

    def _train(self, judged: Judged, rows: NDArray[np.int64], held_out: NDArray[np.int64]) -> None:
        from thinc.api import Adam

        pipeline = cast("Language", self._pipeline)
        categorizer, optimizer = cast(Any, pipeline.get_pipe("spancat")), Adam(self.options.rate)
        docs = _documents(pipeline, judged.candidates)
        tested = judged.candidates.part(held_out)
        best, best_epoch, kept = np.inf, 0, categorizer.model.to_bytes()
        for epoch in range(self.options.epochs):
            mixed = np.random.default_rng(epoch).permutation(rows)
            for at in range(0, len(mixed), self.options.rows):
                batch = [row for row in mixed[at : at + self.options.rows] if len(docs[row])]
                categorizer.learn([docs[row] for row in batch], judged.answers[batch], optimizer)
            loss = _loss(_margins(self._loudest(tested)), judged.answers[held_out])
            self._progress(f"epoch {epoch + 1} of {self.options.epochs}: held-out loss {loss:.4f}")
            if loss < best:
                best, best_epoch, kept = loss, epoch, categorizer.model.to_bytes()
            elif epoch - best_epoch >= _PATIENCE:
                break
        categorizer.model.from_bytes(kept)

    def _loudest(self, candidates: Candidates) -> NDArray[np.float64]:
        """Return the highest score of a candidate's clauses for every behavior."""
        scores = np.zeros((len(candidates), len(self.behaviors)))
        for row, (_, found) in enumerate(self._clauses(candidates)):
            if len(found):
                scores[row] = found.max(axis=0)
        return scores

    def _clauses(self, candidates: Candidates) -> "Iterator[tuple[list[tuple[int, int]], NDArray[np.float64]]]":
        """Yield places and raw scores of every candidate's clauses."""
        pipeline = cast("Language", self._pipeline)
        categorizer = cast(Any, pipeline.get_pipe("spancat"))
        for first in range(0, len(candidates), _DOCS_AT_ONCE):
            part = candidates.part(np.arange(first, min(first + _DOCS_AT_ONCE, len(candidates))))
            with pipeline.memory_zone():
                docs = _documents(pipeline, part)
                indices, scores = categorizer.predict([doc for doc in docs if len(doc)] or docs)
                ends = iter(np.cumsum(indices.lengths).tolist())
                begun = 0
                for doc in docs:
                    end = next(ends) if len(doc) else begun
                    places = [_place(doc, *pair) for pair in indices.dataXd[begun:end].tolist()]
                    yield places, np.asarray(scores[begun:end], dtype=np.float64).reshape(-1, len(self.behaviors))
                    begun = end

    def _calibrated(self, scores: NDArray[np.float64]) -> NDArray[np.float32]:
        thresholds, slopes = self._heads.astype(np.float64)
        margins = np.clip((_margins(scores) - thresholds) * slopes, -30, 30)
        probabilities: NDArray[np.float32] = (1 / (1 + np.exp(-margins))).astype(np.float32)
        return probabilities


def clauses(words: Sequence[str]) -> list[tuple[int, int]]:
    """Return the clauses of a segment and their runs, as places of words; a clause of one word joins its neighbor.

    >>> clauses(["It", "is", "3", ",", "but", "wait", ",", "that", "is", "odd", "."])
    [(0, 4), (4, 7), (7, 11), (0, 7), (4, 11), (0, 11)]
    """
    cuts = [0]
    for place, word in enumerate(words):
        begins = word.lower() in _TURNS
        ends = place > 0 and words[place - 1] in _BREAKS
        if (begins or ends) and word not in _BREAKS and place - cuts[-1] >= 2 and len(cuts) < _MOST_CLAUSES:
            cuts.append(place)
    if len(cuts) > 1 and len(words) - cuts[-1] < 2:
        cuts.pop()
    edges = [*cuts, len(words)]
    runs = [(edges[i], edges[i + size]) for size in range(1, _MOST_TOGETHER + 1) for i in range(len(edges) - size)]
    return list(dict.fromkeys([*runs, (0, len(words))])) if words else []


def _check(options: SpancatOptions) -> None:
    if find_spec("spacy") is None:
        raise MissingExtra("spancat", "spacy")
    for name in ("epochs", "rows"):
        if getattr(options, name) < 1:
            raise BadInput(f"--{name} is {getattr(options, name)}; it must be at least 1")


def _new_pipeline(behaviors: Sequence[str]) -> "Language":
    """Build a blank English pipeline whose one component is the categorizer, its weights drawn with a fixed seed."""
    import spacy
    from spacy.ml.models import build_hash_embed_cnn_tok2vec, build_spancat_model
    from spacy.ml.models.spancat import build_linear_logistic, build_mean_max_reducer

    pipeline = spacy.blank("en")
    pipeline.max_length = 1 << 30
    tok2vec = build_hash_embed_cnn_tok2vec(
        width=_WIDTH,
        depth=_DEPTH,
        embed_size=_ROWS,
        window_size=1,
        maxout_pieces=3,
        subword_features=True,
        pretrained_vectors=None,
    )
    model = build_spancat_model(tok2vec, build_mean_max_reducer(_WIDTH), build_linear_logistic())
    categorizer = _categorizer_type()(pipeline.vocab, model, suggest, name="spancat")
    doc = pipeline.make_doc("A first sentence, which is enough.")
    with _seeded():
        for behavior in behaviors:
            categorizer.add_label(behavior)
        scores = model.ops.alloc2f(len(clauses([token.text for token in doc])), len(behaviors))
        model.initialize(X=([doc], suggest([doc])), Y=scores)
    pipeline._components.append(("spancat", categorizer))  # what add_pipe does, less the registry of factories
    return pipeline


@cache
def _categorizer_type() -> Any:
    from spacy.pipeline.spancat import SpanCategorizer

    class JudgedSpanCategorizer(SpanCategorizer):  # type: ignore[misc]  # spacy is untyped here
        """A SpanCategorizer that learns from judgments of whole segments."""

        def learn(self, docs: "Sequence[Doc]", answers: NDArray[np.int8], optimizer: Any) -> None:
            if not docs:
                return
            spans = self.suggester(docs, ops=self.model.ops)
            scores, backpropagate = self.model.begin_update((docs, spans))
            backpropagate(_slope(scores, spans.lengths, answers))
            self.finish_update(optimizer)

    return JudgedSpanCategorizer


def suggest(docs: "Sequence[Doc]", *, ops: Any = None) -> Any:
    """Suggest the clauses of every document's own segment."""
    from thinc.api import NumpyOps
    from thinc.types import Ragged

    found, lengths = [], []
    for doc in docs:
        first = doc.user_data.get(_CONTEXT, 0)
        pairs = clauses([token.text for token in doc[first:]])
        found += [(first + start, first + stop) for start, stop in pairs]
        lengths.append(len(pairs))
    ops = ops or NumpyOps()
    return Ragged(ops.asarray(np.array(found, np.int32).reshape(-1, 2)), ops.asarray1i(lengths))


def _slope(scores: Any, lengths: Any, answers: NDArray[np.int8]) -> Any:
    """Return the slope of the loss of a batch: the loudest clause answers for a yes, every clause for a no."""
    slope = np.zeros_like(scores)
    end = 0
    for length, judged in zip(lengths.tolist(), answers, strict=True):
        begin, end = end, end + length
        if not length:
            continue
        part = scores[begin:end]
        loudest = part.argmax(axis=0)
        for head in np.flatnonzero(judged != NOT_JUDGED):
            if judged[head] == YES:
                slope[begin + loudest[head], head] = part[loudest[head], head] - 1
            else:
                slope[begin:end, head] = part[:, head] / length
                slope[begin + loudest[head], head] += part[loudest[head], head]
    # The layer below multiplies with p(1 - p); divided by it here, the loss is the log loss.
    return slope / np.maximum(scores * (1 - scores), 1e-4) / len(answers)


def _documents(pipeline: "Language", candidates: Candidates) -> "list[Doc]":
    """Make one document a candidate: the end of the segment before, then the segment."""
    docs = []
    for text, previous in zip(candidates.texts(), candidates.previous_texts(), strict=True):
        before = f"{previous[-_BEFORE:]}\n" if previous else ""
        doc = pipeline.make_doc(before + text[:_MOST_CHARACTERS])
        doc.user_data[_CONTEXT] = sum(token.idx < len(before) for token in doc)
        doc.user_data["before"] = len(before)
        docs.append(doc)
    return docs


def _place(doc: "Doc", start: int, stop: int) -> tuple[int, int]:
    """Return the code points of a clause in its segment."""
    last = doc[stop - 1]
    before = doc.user_data["before"]
    return doc[start].idx - before, last.idx + len(last.text) - before


def _parameters(pipeline: "Language | None") -> Iterator[tuple[str, Any, str]]:
    model = cast(Any, pipeline).get_pipe("spancat").model
    for number, node in enumerate(model.walk()):
        for part in node.param_names:
            if node.has_param(part):
                yield f"{number}.{part}", node, part


def _margins(scores: NDArray[np.float64]) -> NDArray[np.float64]:
    clipped = np.clip(scores, 1e-6, 1 - 1e-6)
    margins: NDArray[np.float64] = np.log(clipped / (1 - clipped))
    return margins


def _loss(margins: NDArray[np.float64], answers: NDArray[np.int8]) -> float:
    known = answers != NOT_JUDGED
    signs = np.where(answers == YES, 1.0, -1.0)
    return float(np.logaddexp(0, -signs * margins)[known].mean()) if known.any() else 0.0


@contextmanager
def _seeded() -> Iterator[None]:
    """Draw with a fixed seed, and leave everybody else's draws as they were; thinc draws from numpy's global state."""
    ours, numpys = random.getstate(), np.random.get_state()
    np.random.seed(0)
    random.seed(0)
    try:
        yield
    finally:
        random.setstate(ours)
        np.random.set_state(numpys)
