"""Logistic regression with an L2 penalty, in numpy: a few hundred rows, once."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.floating]

ROUNDS = 50
CLOSE = 1e-8


@dataclass(frozen=True)
class Logistic:
    """Weights (d,) and an intercept; `logits` of rows (n, d) are (n,)."""

    weights: Floats
    intercept: float

    def logits(self, rows: Floats) -> Floats:
        """The log-odds of each row."""
        return np.asarray(rows @ self.weights + self.intercept)


def fit_logistic(
    rows: Floats, labels: Floats, weights: Floats | None = None, c: float = 1.0
) -> Logistic:
    """Fit by Newton's method.

    Minimises sum(w_i x loss_i) + |beta|^2 / (2 c), the intercept left free, which
    is what scikit-learn's `LogisticRegression(C=c)` minimises (a test compares).

    rows     (n, d)
    labels   (n,) of 0 and 1, or probabilities between
    weights  (n,) of each row; 1 where None
    """
    n, d = rows.shape
    x = np.hstack([np.asarray(rows, dtype=np.float64), np.ones((n, 1))])
    w = np.ones(n) if weights is None else np.asarray(weights, dtype=np.float64)
    penalty = np.append(np.full(d, 1.0 / c), 0.0)
    beta = np.zeros(d + 1)
    for _ in range(ROUNDS):
        p = sigmoid(x @ beta)
        gradient = x.T @ (w * (p - labels)) + penalty * beta
        curvature = (x * (w * p * (1 - p))[:, None]).T @ x + np.diag(penalty + 1e-9)
        step = np.linalg.solve(curvature, gradient)
        beta = beta - step
        if np.abs(step).max() < CLOSE:
            break
    return Logistic(weights=beta[:-1], intercept=float(beta[-1]))


def sigmoid(logits: Floats) -> Floats:
    """1 / (1 + exp(-logits)), without overflow."""
    return np.asarray(0.5 * (1 + np.tanh(0.5 * np.asarray(logits, dtype=np.float64))))
