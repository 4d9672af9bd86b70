import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from scipy.stats import binomtest, spearmanr
from sklearn.metrics import (
    brier_score_loss,
    cohen_kappa_score,
    precision_score,
    recall_score,
    roc_auc_score,
)

from grader.agreement import (
    agreement,
    auc,
    brier,
    calibration_error,
    rank_correlation,
    upper_bound,
    weighted_kappa,
)

BOOLS = st.lists(st.tuples(st.booleans(), st.booleans()), min_size=2, max_size=50)
GRADES = st.lists(
    st.tuples(st.integers(0, 4), st.integers(0, 4)), min_size=3, max_size=50
)
CHANCES = st.lists(st.tuples(st.floats(0, 1), st.booleans()), min_size=2, max_size=50)


@given(BOOLS)
def test_agreement_on_yes_and_no_is_that_of_scikit_learn(
    pairs: list[tuple[bool, bool]],
) -> None:
    judge, people = zip(*pairs, strict=True)
    assume(len({*judge, *people}) == 2 and any(judge) and any(people))

    found = agreement(judge, people)

    assert found.n == len(pairs)
    assert found.kappa == pytest.approx(cohen_kappa_score(judge, people))
    assert found.precision == pytest.approx(precision_score(people, judge))
    assert found.recall == pytest.approx(recall_score(people, judge))


@given(GRADES)
def test_quadratic_kappa_is_that_of_scikit_learn(pairs: list[tuple[int, int]]) -> None:
    judge, people = zip(*pairs, strict=True)
    assume(len({*judge, *people}) > 1)

    ours = weighted_kappa(judge, people, power=2)

    theirs = cohen_kappa_score(judge, people, weights="quadratic", labels=range(5))
    assert ours == pytest.approx(theirs)


@given(CHANCES)
def test_auc_and_brier_are_those_of_scikit_learn(
    pairs: list[tuple[float, bool]],
) -> None:
    chances, labels = zip(*pairs, strict=True)
    assume(len(set(labels)) == 2)

    assert auc(chances, labels) == pytest.approx(roc_auc_score(labels, chances))
    assert brier(chances, labels) == pytest.approx(brier_score_loss(labels, chances))


@given(GRADES)
def test_rank_correlation_is_that_of_scipy(pairs: list[tuple[int, int]]) -> None:
    one, two = zip(*pairs, strict=True)
    assume(len(set(one)) > 1 and len(set(two)) > 1)

    assert rank_correlation(one, two) == pytest.approx(spearmanr(one, two)[0])


def test_calibration_error_by_hand() -> None:
    # Two bins: 0.15 stated and 0 of 2 true, 0.95 stated and 1 of 2 true.
    error = calibration_error([0.1, 0.2, 0.9, 1.0], [False, False, True, False], bins=2)

    assert error == pytest.approx(0.5 * 0.15 + 0.5 * 0.45)


def test_a_perfectly_calibrated_judge_has_no_error() -> None:
    assert calibration_error([0.5] * 4, [True, False, True, False]) == 0


def test_a_figure_that_means_nothing_is_none() -> None:
    assert agreement([True], [True]).kappa is None
    assert agreement([], []).exact is None
    assert agreement([False], [True]).precision is None
    assert weighted_kappa([], []) is None
    assert auc([0.5], [True]) is None
    assert rank_correlation([1], [2]) is None
    assert rank_correlation([1, 1], [1, 2]) is None
    assert calibration_error([], []) is None
    assert brier([], []) is None


def test_figures_take_arrays_too() -> None:
    assert auc(np.array([0.1, 0.9]).tolist(), [False, True]) == 1


@given(st.integers(1, 400), st.data())
def test_the_upper_bound_is_that_of_scipy(n: int, data: st.DataObject) -> None:
    wrong = data.draw(st.integers(0, n))
    theirs = binomtest(wrong, n, alternative="less").proportion_ci(0.95, "exact").high

    assert upper_bound(wrong, n) == pytest.approx(theirs, abs=1e-6)


def test_the_upper_bound_of_nothing_is_anything() -> None:
    assert upper_bound(0, 0) == 1
