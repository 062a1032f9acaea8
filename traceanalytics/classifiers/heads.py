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
    """Return threshold and slope for every head, so that slope * (margin - threshold) is the log odds held out.

    The threshold is where yes and no are as likely. That of the best F1 says yes more often, and does so
    wherever texts differ from those that were judged.
    """
    thresholds, slopes = np.zeros(answers.shape[1]), np.ones(answers.shape[1])
    for head in range(answers.shape[1]):
        known, truth = _judged(answers[:, head])
        if _enough(truth):
            thresholds[head], slopes[head] = _log_odds(margins[known, head], truth)
    return thresholds, slopes


def _judged(column: NDArray[np.int8]) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    known = column != NOT_JUDGED
    return known, column[known] == YES


def _enough(truth: NDArray[np.bool_]) -> bool:
    return bool(_FEWEST <= truth.sum() < len(truth))


def _log_odds(margins: NDArray[np.float64], truth: NDArray[np.bool_]) -> tuple[float, float]:
    """Fit P(yes) = 1 / (1 + exp(-slope * (margin - threshold))) by its likelihood (Platt 1999)."""
    from scipy.optimize import minimize

    signs = np.where(truth, 1.0, -1.0)
    fitted = minimize(
        lambda line: np.logaddexp(0, -signs * (np.exp(line[0]) * margins + line[1])).sum(), [0.0, 0.0], method="BFGS"
    )
    slope = float(np.clip(np.exp(fitted.x[0]), 0.05, 20))
    return -float(fitted.x[1]) / slope, slope
