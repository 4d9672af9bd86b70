import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import StandardScaler

from evals.calibrate import (
    FIGURES,
    STRENGTH,
    Rows,
    add_readings,
    fit,
    least_sure,
    matrix,
    without_examples,
)
from evals.labelled import read_examples
from grader.judgement import Verdict
from grader.judges.local import LocalJudge
from grader.settings import Settings
from grader.wiring import build


def made_up(n: int = 300) -> Rows:
    """Labels that follow the logit, and a second figure that tells nothing."""
    random = np.random.default_rng(0)
    logits, noise = random.normal(0, 3, n), random.normal(50, 10, n)
    labels = random.uniform(size=n) < 1 / (1 + np.exp(1 - logits))
    figures = [{"logit": a, "noise": b} for a, b in zip(logits, noise, strict=True)]
    yes = [float(label) for label in labels]
    return Rows(figures, yes, partly=list(yes))


def test_a_fit_is_that_of_scikit_learn_told_in_the_figures_own_units() -> None:
    rows = made_up()

    fitted = fit(rows, ("logit", "noise"), "made up")

    raw = matrix(rows.figures, ("logit", "noise"))
    scaler = StandardScaler().fit(raw)
    theirs = LogisticRegression(C=STRENGTH, tol=1e-10, max_iter=10_000)
    theirs.fit(scaler.transform(raw), rows.labels)
    expected = theirs.predict_proba(scaler.transform(raw))[:, 1]
    ours = [fitted.probability(figures) for figures in rows.figures]
    assert ours == pytest.approx(expected, abs=1e-3)
    assert (fitted.n, fitted.labels) == (300, "made up")


def test_a_fit_finds_what_the_labels_follow() -> None:
    fitted = fit(made_up(), ("logit", "noise"), "made up")

    assert fitted.weights["logit"] == pytest.approx(1, abs=0.25)
    assert fitted.weights["noise"] == pytest.approx(0, abs=0.03)
    assert fitted.probability({"logit": 1, "noise": 50}) == pytest.approx(0.5, abs=0.1)


def test_a_figure_that_never_changes_does_no_harm() -> None:
    rows = made_up()
    for figures in rows.figures:
        figures["noise"] = 7.0

    fitted = fit(rows, ("logit", "noise"), "made up")

    assert fitted.weights["noise"] == pytest.approx(0)
    assert np.isfinite(fitted.intercept)


def test_partly_met_labels_move_the_log_odds_and_nothing_else() -> None:
    rows = made_up()
    plain = fit(rows, ("logit",), "made up")
    rows.partly = [max(label, float(n % 5 == 0)) for n, label in enumerate(rows.labels)]

    fitted = fit(rows, ("logit",), "made up")

    assert (fitted.weights, fitted.intercept) == (plain.weights, plain.intercept)
    assert plain.partial == 0
    assert fitted.partial > 0.1
    said = [fitted.at_least_partial(figures) for figures in rows.figures]
    assert np.mean(said) == pytest.approx(np.mean(rows.partly), abs=1e-3)


@pytest.mark.parametrize(
    ("answers", "least"),
    [
        ([(0.9, False)] * 58, 1.0),  # too few to promise anything
        ([(0.9, False)] * 59, 0.9),
        ([(0.9, False)] * 59 + [(0.8, False)] * 9, 0.8),
        ([(0.9, False)] * 59 + [(0.8, True), (0.8, False)], 0.9),
        ([(0.9, False)] * 59 + [(0.8, True)] + [(0.7, False)] * 40, 0.7),
        ([(0.9, True)] * 200, 1.0),
        ([], 1.0),
    ],
)
def test_the_least_confidence_for_the_promise(
    answers: list[tuple[float, bool]], least: float
) -> None:
    assert least_sure(answers) == least


def test_figures_become_columns_in_the_order_of_their_names() -> None:
    rows = [{"a": 1.0, "b": 2.0, "c": 9.0}, {"b": 4.0, "a": 3.0, "c": 9.0}]

    assert matrix(rows, ("b", "a")).tolist() == [[2, 1], [4, 3]]


def test_readings_are_filed_by_kind_beside_their_labels() -> None:
    grader = build(Settings())
    judge = grader.judge
    assert isinstance(judge, LocalJudge)
    example = next(e for e in read_examples() if e.question_id == "regularisation")
    rubric = grader.shelf.rubric(example.question_id)
    rows = {kind: Rows() for kind in FIGURES}

    add_readings(rows, judge, rubric, example)
    add_readings(rows, judge, without_examples(rubric), example)

    met = [float(example.verdicts[c.id] is Verdict.MET) for c in rubric.criteria]
    flags = [float(example.red_flags[flag.id]) for flag in rubric.red_flags]
    assert rows["criterion"].labels == rows["criterion_blend"].labels == met
    known = [
        float(example.verdicts[c.id] is not Verdict.UNMET) for c in rubric.criteria
    ]
    assert rows["criterion"].partly == known
    assert [
        label for kind in ("states", "omits") for label in rows[kind].labels
    ] == flags
    for kind, names in FIGURES.items():
        if rows[kind].figures:
            found = matrix(rows[kind].figures, names)
            assert found.shape == (len(rows[kind].labels), len(names))
            assert np.isfinite(found).all()


def test_a_rubric_without_examples_is_otherwise_the_same() -> None:
    rubric = build(Settings()).shelf.rubric("overfitting")

    bare = without_examples(rubric)

    assert rubric.has_examples
    assert not bare.has_examples
    assert bare.digest != rubric.digest
    assert [p.id for p in bare.parts] == [p.id for p in rubric.parts]
    assert bare.question == rubric.question
