"""Linear heads, one a behavior, and what makes their margins probabilities: shared by every kind that has heads."""

from typing import TYPE_CHECKING, TypeAlias

import numpy as np
from numpy.typing import NDArray

from traceanalytics.classifiers.base import NOT_JUDGED, YES

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix

    Rows: TypeAlias = csr_matrix | NDArray[np.float32] | NDArray[np.float64]

FOLDS = 5
STRENGTH = 4.0  # inverse of the penalty on weights
_NEVER = -10.0  # the bias of a head that learned nothing
_FEWEST = 8  # positives below which a head learns nothing and stays at 0


def fit_heads(
    rows: "Rows", answers: NDArray[np.int8], *, strength: float = STRENGTH
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Fit one logistic regression a column of `answers`, each on the rows judged for it; return weights and biases.

    The dual solver is ten times faster than the primal one where features outnumber rows, with the same result.
    """
    from sklearn.linear_model import LogisticRegression

    weights, bias = np.zeros((rows.shape[1], answers.shape[1])), np.full(answers.shape[1], _NEVER)
    for head in range(answers.shape[1]):
        known, truth = _judged(answers[:, head])
        if _enough(truth):
            model = LogisticRegression(
                C=strength, solver="liblinear", dual=True, tol=1e-3, max_iter=2000, random_state=0
            )
            model.fit(rows[known], truth)
            weights[:, head], bias[head] = model.coef_[0], model.intercept_[0]
    return weights, bias


def held_out_margins(
    rows: "Rows", answers: NDArray[np.int8], folds: NDArray[np.int64], *, strength: float = STRENGTH
) -> NDArray[np.float64]:
    """Return the margin of every row by heads that were fitted without its fold."""
    margins = np.zeros(answers.shape)
    for fold in np.unique(folds):
        test = folds == fold
        if not test.all():
            weights, bias = fit_heads(rows[~test], answers[~test], strength=strength)
            margins[test] = rows[test] @ weights + bias
    return margins


def calibrate(
    margins: NDArray[np.float64], answers: NDArray[np.int8]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return for every head the held-out margin of the best F1, and the slope that calibrates margins there."""
    thresholds, slopes = np.zeros(answers.shape[1]), np.ones(answers.shape[1])
    for head in range(answers.shape[1]):
        known, truth = _judged(answers[:, head])
        if _enough(truth):
            thresholds[head] = _best_threshold(margins[known, head], truth)
            slopes[head] = _slope(margins[known, head] - thresholds[head], truth)
    return thresholds, slopes


def _judged(column: NDArray[np.int8]) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    known = column != NOT_JUDGED
    return known, column[known] == YES


def _enough(truth: NDArray[np.bool_]) -> bool:
    return bool(_FEWEST <= truth.sum() < len(truth))


def _best_threshold(margins: NDArray[np.float64], truth: NDArray[np.bool_]) -> float:
    order = np.argsort(-margins, kind="stable")
    right = np.cumsum(truth[order])
    f1 = 2 * right / (np.arange(1, len(truth) + 1) + truth.sum())
    best = int(np.argmax(f1))
    below = margins[order[min(best + 1, len(order) - 1)]]
    return float((margins[order[best]] + below) / 2)


def _slope(margins: NDArray[np.float64], truth: NDArray[np.bool_]) -> float:
    """Fit P(yes) = 1 / (1 + exp(-slope * margin)), through 0.5 at the threshold, by its likelihood."""
    from scipy.optimize import minimize_scalar

    signs = np.where(truth, 1.0, -1.0)
    fitted = minimize_scalar(
        lambda slope: np.logaddexp(0, -signs * margins * slope).sum(), bounds=(0.05, 20), method="bounded"
    )
    return float(fitted.x)
