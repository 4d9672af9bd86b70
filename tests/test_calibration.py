import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from evals.calibrate import FIGURES
from grader.calibration import Calibration
from grader.judges.local import CALIBRATION, Calibrations

FIGURE = st.floats(-1e6, 1e6)


def calibration(intercept: float = 0.0, **weights: float) -> Calibration:
    return Calibration(weights=weights, intercept=intercept, n=9, labels="by hand")


def test_a_probability_by_hand() -> None:
    made = calibration(intercept=-1.0, logit=2.0, likeness=0.5)

    probability = made.probability({"logit": 1.0, "likeness": -2.0})

    assert probability == pytest.approx(0.5)
    assert made.probability({"logit": 2.0, "likeness": -2.0}) == pytest.approx(
        1 / (1 + math.exp(-2))
    )


@given(FIGURE, FIGURE, FIGURE)
def test_it_is_a_probability_and_grows_with_the_figure(
    intercept: float, one: float, other: float
) -> None:
    made = calibration(intercept=intercept, logit=1.5)

    low, high = (made.probability({"logit": x}) for x in sorted((one, other)))

    assert 0 <= low <= high <= 1


def test_figures_that_carry_no_weight_change_nothing() -> None:
    made = calibration(logit=1.0)

    assert made.probability({"logit": 1.0, "other": 99.0}) == made.probability(
        {"logit": 1.0}
    )


def test_a_figure_that_is_missing_is_an_error_and_not_zero() -> None:
    with pytest.raises(KeyError, match="likeness"):
        calibration(logit=1.0, likeness=1.0).probability({"logit": 1.0})


def test_misspelt_fields_and_negative_counts_are_refused() -> None:
    with pytest.raises(ValidationError, match="weight"):
        Calibration.model_validate(
            {"weight": {}, "weights": {}, "intercept": 0, "n": 0, "labels": ""}
        )
    with pytest.raises(ValidationError, match="n"):
        Calibration(weights={}, intercept=0, n=-1, labels="")


def test_the_stored_calibration_weighs_just_the_figures_that_the_judge_makes() -> None:
    stored = Calibrations.read(CALIBRATION).by_kind

    assert {kind: tuple(made.weights) for kind, made in stored.items()} == FIGURES
    assert all(made.n > 0 and made.labels for made in stored.values())


def test_a_better_head_is_never_less_likely_in_the_stored_calibration() -> None:
    stored = Calibrations.read().by_kind

    assert stored["criterion"].weights["anywhere"] > 0
    assert stored["states"].weights["best"] > 0
    assert stored["omits"].weights["whole"] > 0


@given(FIGURE, st.floats(0, 9))
def test_yes_or_partly_is_never_less_likely_than_yes(x: float, partial: float) -> None:
    made = calibration(logit=1.0).model_copy(update={"partial": partial})

    assert made.at_least_partial({"logit": x}) >= made.probability({"logit": x})


def test_yes_or_partly_by_hand() -> None:
    made = Calibration(weights={}, intercept=-1, partial=1.5, n=9, labels="by hand")

    assert made.at_least_partial({}) == pytest.approx(1 / (1 + math.exp(-0.5)))


def test_partly_cannot_be_less_than_fully() -> None:
    with pytest.raises(ValidationError, match="partial"):
        Calibration(weights={}, intercept=0, partial=-0.1, n=9, labels="by hand")
