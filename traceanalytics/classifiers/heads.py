"""Linear heads, one a behavior, and what makes their margins probabilities: shared by every kind that has heads."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from traceanalytics.classifiers.base import NOT_JUDGED, YES

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix

Heads = tuple[NDArray[np.float64], NDArray[np.float64]]  # weights, one column a head, and biases

FOLDS = 5
STRENGTH = 4.0  # inverse of the penalty on weights
NEVER = -10.0  # the bias of a head that learned nothing
FEWEST = 8  # positives below which a head learns nothing and stays at 0


def fit_heads(rows: "csr_matrix", answers: NDArray[np.int8]) -> Heads:
    """Fit one logistic regression a column of `answers`, each on the rows judged for it; return weights and biases.

    The dual solver is ten times faster than the primal one where features outnumber rows, with the same result.
    """
    from sklearn.linear_model import LogisticRegression

    weights, bias = np.zeros((rows.shape[1], answers.shape[1])), np.full(answers.shape[1], NEVER)
    for head in range(answers.shape[1]):
        known, truth = _judged(answers[:, head])
        if _enough(truth):
            model = LogisticRegression(
                C=STRENGTH, solver="liblinear", dual=True, tol=1e-3, max_iter=2000, random_state=0
            )
            model.fit(rows[known], truth)
            weights[:, head], bias[head] = model.coef_[0], model.intercept_[0]
    return weights, bias


def learnable(answers: NDArray[np.int8]) -> NDArray[np.bool_]:
    """Say which heads have enough judgments of both answers to learn from."""
    return np.array([_enough(_judged(column)[1]) for column in answers.T], dtype=np.bool_)


def fit_dense_heads(rows: NDArray[np.float32], answers: NDArray[np.int8]) -> Heads:
    """Fit all heads at once over few hundred dense features: the same loss, one matrix product a step for all heads."""
    from scipy.optimize import minimize

    learned = learnable(answers)
    known, truth = (answers != NOT_JUDGED) & learned, answers == YES
    width, heads = rows.shape[1], answers.shape[1]

    def loss_and_slope(flat: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        weights = flat[: width * heads].reshape(width, heads)
        margins = rows @ weights.astype(np.float32) + flat[width * heads :]
        losses = np.logaddexp(0, np.where(truth, -margins, margins)) * known
        errors = known * (1 / (1 + np.exp(-np.clip(margins, -30, 30))) - truth)
        slope = rows.T @ errors.astype(np.float32) + weights / STRENGTH
        loss = losses.sum() + (weights**2).sum() / (2 * STRENGTH)
        return float(loss), np.concatenate([slope.ravel(), errors.sum(axis=0)])

    found = minimize(
        loss_and_slope, np.zeros((width + 1) * heads), jac=True, method="L-BFGS-B", options={"maxiter": 200}
    )
    weights, bias = found.x[: width * heads].reshape(width, heads), found.x[width * heads :]
    return weights * learned, np.where(learned, bias, NEVER)


def held_out_margins(
    rows: Any, answers: NDArray[np.int8], folds: NDArray[np.int64], fit: Callable[[Any, NDArray[np.int8]], Heads]
) -> NDArray[np.float64]:
    """Return the margin of every row by heads that were fitted without its fold."""
    margins = np.zeros(answers.shape)
    for fold in np.unique(folds):
        test = folds == fold
        if not test.all():
            weights, bias = fit(rows[~test], answers[~test])
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
    return bool(FEWEST <= truth.sum() < len(truth))


def _log_odds(margins: NDArray[np.float64], truth: NDArray[np.bool_]) -> tuple[float, float]:
    """Fit P(yes) = 1 / (1 + exp(-slope * (margin - threshold))) by its likelihood (Platt 1999)."""
    from scipy.optimize import minimize

    signs = np.where(truth, 1.0, -1.0)
    fitted = minimize(
        lambda line: np.logaddexp(0, -signs * (np.exp(line[0]) * margins + line[1])).sum(), [0.0, 0.0], method="BFGS"
    )
    slope = float(np.clip(np.exp(fitted.x[0]), 0.05, 20))
    return -float(fitted.x[1]) / slope, slope
