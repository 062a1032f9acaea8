"""The textbook baseline for taggers: TF-IDF of words and pairs + logistic regression, nothing tuned."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GroupKFold

from traceanalytics.classifiers.base import NOT_JUDGED, YES
from traceanalytics.classifiers.splits import frozen_rows
from traceanalytics.verbs.train import read_judged

FOLDS = 5
_WORDS = r"\w+|[?!:=]"


@dataclass(frozen=True, slots=True)
class Texts:
    """Segments in context: their texts, the segments before them, and where they stand in their responses."""

    own: Sequence[str]
    before: Sequence[str]
    position: NDArray[np.float32]

    def part(self, rows: NDArray[np.int64]) -> "Texts":
        """Return some of the rows."""
        return Texts([self.own[i] for i in rows], [self.before[i] for i in rows], self.position[rows])


def taught_by_labels(labels: Path, test: Texts) -> dict[str, NDArray[np.bool_]]:
    """Say what a model shows that learned from the judgments that the shipped one learned from."""
    judged = read_judged([labels])
    taught = judged.part(~frozen_rows(judged.groups))
    seen = taught.candidates
    train = Texts(seen.texts(), seen.previous_texts(), seen.position)
    return dict(zip(taught.behaviors, _predict(train, taught.answers, test).T, strict=True))


def taught_in_domain(
    texts: Texts, truth: dict[str, NDArray[np.bool_]], groups: Sequence[str]
) -> dict[str, NDArray[np.bool_]]:
    """Say what models show that learned from the other prompts of the same set; nothing where these are too few."""
    answers = np.stack(list(truth.values()), axis=1).astype(np.int8)
    said = np.zeros(answers.shape, dtype=np.bool_)
    if len(set(groups)) < FOLDS:
        return dict(zip(truth, said.T, strict=True))
    for train, test in GroupKFold(FOLDS).split(answers, groups=groups):
        said[test] = _predict(texts.part(train), answers[train], texts.part(test))
    return dict(zip(truth, said.T, strict=True))


def _predict(train: Texts, answers: NDArray[np.int8], test: Texts) -> NDArray[np.bool_]:
    own = TfidfVectorizer(ngram_range=(1, 2), min_df=3, max_features=60_000, sublinear_tf=True, token_pattern=_WORDS)
    before = TfidfVectorizer(min_df=3, sublinear_tf=True, token_pattern=_WORDS)
    own.fit(train.own)
    before.fit(train.before)
    rows, target = (
        sparse.hstack([own.transform(each.own), 0.5 * before.transform(each.before), each.position[:, None]]).tocsr()
        for each in (train, test)
    )
    said = np.zeros((len(test.own), answers.shape[1]), dtype=np.bool_)
    for column, answer in enumerate(answers.T):
        known = answer != NOT_JUDGED
        if len(set(answer[known].tolist())) > 1:
            model = LogisticRegression(C=4, class_weight="balanced", max_iter=400, solver="liblinear")
            said[:, column] = model.fit(rows[known], answer[known] == YES).predict(target)
    return said
