import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.linear_model import LogisticRegression

from grader.judges.logistic import fit_logistic, sigmoid


@given(st.integers(0, 10_000), st.sampled_from([0.1, 1.0, 10.0]))
def test_it_finds_what_scikit_learn_finds(seed: int, c: float) -> None:
    random = np.random.default_rng(seed)
    rows = random.normal(size=(40, 5))
    labels = (rows[:, 0] + random.normal(size=40) > 0).astype(float)
    labels[:2] = (0, 1)
    weights = random.uniform(0.5, 2, size=40)

    ours = fit_logistic(rows, labels, weights, c)

    theirs = LogisticRegression(C=c, tol=1e-10, max_iter=10_000)
    theirs.fit(rows, labels, sample_weight=weights)
    assert ours.weights == pytest.approx(theirs.coef_[0], abs=1e-3)
    assert ours.intercept == pytest.approx(theirs.intercept_[0], abs=1e-3)
    assert ours.logits(rows) == pytest.approx(theirs.decision_function(rows), abs=1e-2)


def test_labels_that_a_line_separates_have_a_finite_fit() -> None:
    fitted = fit_logistic(np.array([[-1.0], [1.0]]), np.array([0.0, 1.0]), c=10.0)

    assert np.isfinite(fitted.weights).all()
    assert sigmoid(fitted.logits(np.array([[1.0]])))[0] > 0.85


def test_sigmoid_does_not_overflow() -> None:
    assert sigmoid(np.array([-1e4, 0, 1e4])).tolist() == [0, 0.5, 1]
