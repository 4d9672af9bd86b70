import json
from pathlib import Path

import numpy as np
import pytest
from sklearn.metrics import accuracy_score, f1_score, roc_auc_score

from evals.human import (
    Marked,
    Rows,
    accuracy,
    area,
    best_rows,
    choose,
    fit,
    held_out_logits,
    interval,
    logits,
    macro_f1,
    read_marked,
    rows_of,
    rubric_of,
    show,
)
from grader.errors import InputError
from grader.judges.blend import NAMES
from grader.judges.encoder import Encoder
from grader.judges.local import NO, LocalJudge

LINE = {
    "question_id": "tea",
    "question": "Why boil water for tea?",
    "reference_answers": ["Heat draws the flavour out.", "Boiling kills germs."],
    "answer": "It kills germs.",
    "label": "correct",
    "split": "train",
    "score": 1.0,
}


def made_up(questions: int = 12, each: int = 12) -> Rows:
    """Two references an answer; it is correct where one of them is near enough.

    The other figures are noise, and every 12th answer is blank.
    """
    random = np.random.default_rng(0)
    n = questions * each
    answers = np.repeat([a for a in range(n) if a % 12], 2)
    figures = random.normal(0, 1, (len(answers), len(NAMES)))
    nearest = np.full(n, -9.0)
    np.maximum.at(nearest, answers, figures[:, 0])
    return Rows(
        figures=figures,
        answers=answers,
        labels=nearest > 0.5,
        questions=np.array([f"q{a // each}" for a in range(n)]),
    )


def test_a_line_is_read_and_what_is_not_needed_is_left(tmp_path: Path) -> None:
    path = tmp_path / "tea.jsonl"
    path.write_text(f"{json.dumps(LINE)}\n{json.dumps(LINE | {'label': 'other'})}\n")

    first, second = read_marked(path)

    assert first.reference_answers[1] == "Boiling kills germs."
    assert second.label == "other"


@pytest.mark.parametrize("line", ["{", "[]", json.dumps(LINE | {"answer": None})])
def test_a_line_that_is_wrong_is_named(tmp_path: Path, line: str) -> None:
    path = tmp_path / "tea.jsonl"
    path.write_text(f"{json.dumps(LINE)}\n{line}\n")

    with pytest.raises(InputError, match=r"tea\.jsonl, line 2"):
        list(read_marked(path))


def test_each_reference_answer_is_a_criterion_without_examples() -> None:
    rubric = rubric_of(Marked.model_validate(LINE))

    assert [c.requirement for c in rubric.criteria] == LINE["reference_answers"]
    assert rubric.question.text == "Why boil water for tea?"
    assert not rubric.has_examples


def test_figures_are_those_that_the_judge_reads() -> None:
    judge = LocalJudge(Encoder(), lambda rubric: None)
    lines = [LINE, LINE | {"answer": "?"}, LINE | {"label": "contradictory"}]

    rows = rows_of(judge, [Marked.model_validate(line) for line in lines])

    assert rows.answers.tolist() == [0, 0, 2, 2]
    assert rows.labels.tolist() == [True, True, False]
    assert rows.figures.shape == (4, len(NAMES))
    cosines = rows.figures[:2, NAMES.index("cosine")]
    assert cosines[1] > cosines[0]


def test_chosen_answers_are_numbered_anew() -> None:
    rows = made_up()
    chosen = rows.questions == "q2"

    kept = rows.of(chosen)

    assert set(kept.questions) == {"q2"}
    assert sorted(set(kept.answers)) == list(range(1, 12))
    assert kept.figures == pytest.approx(rows.figures[chosen[rows.answers]])


def test_the_best_row_of_each_answer_is_found() -> None:
    values, answers = np.array([1.0, 3.0, 2.0, -1.0]), np.array([0, 0, 2, 2])

    assert best_rows(values, answers).tolist() == [1, 2]


def test_one_near_reference_is_enough() -> None:
    rows = made_up()

    found = logits(fit(rows, 1.0), rows)

    assert accuracy(found, rows.labels) > 0.9
    assert set(found[::12]) == {NO}  # Blank.


def test_a_model_is_tried_on_questions_that_it_was_not_fitted_on() -> None:
    rows = made_up()
    alone = rows.of(rows.questions == "q0")
    others = rows.of(rows.questions != "q0")

    held_out = held_out_logits(rows, 1.0)

    # q0 is in one fold with one other question or with none.
    assert held_out[rows.questions == "q0"] != pytest.approx(
        logits(fit(rows, 1.0), alone)
    )
    assert held_out[rows.questions == "q0"] == pytest.approx(
        logits(fit(others, 1.0), alone), abs=1.0
    )


def test_the_strength_with_the_best_auc_is_chosen() -> None:
    rows = made_up()

    strength, held_out = choose(rows)

    assert held_out == pytest.approx(held_out_logits(rows, strength))
    best = area(held_out, rows.labels)
    assert all(
        best >= area(held_out_logits(rows, other), rows.labels) for other in (0.01, 1.0)
    )


def test_figures_are_those_of_scikit_learn() -> None:
    random = np.random.default_rng(1)
    found = random.normal(0, 1, 200)
    labels = found + random.normal(0, 1, 200) > 0.4

    assert accuracy(found, labels) == pytest.approx(accuracy_score(labels, found > 0))
    assert area(found, labels) == pytest.approx(roc_auc_score(labels, found))
    assert macro_f1(found, labels) == pytest.approx(
        f1_score(labels, found > 0, average="macro")
    )


def test_a_figure_that_has_no_meaning_is_no_number() -> None:
    assert np.isnan(area(np.array([1.0, 2.0]), np.array([True, True])))
    assert macro_f1(np.array([1.0]), np.array([True])) == 0.5


def test_an_interval_draws_whole_questions() -> None:
    """All answers to a question are right or wrong, so the spread is that of two."""
    n = 40
    rows = Rows(
        figures=np.zeros((n, 1)),
        answers=np.arange(n),
        labels=np.arange(n) < n // 2,
        questions=np.where(np.arange(n) < n // 2, "right", "wrong"),
    )

    assert interval(accuracy, np.ones(n), rows) == (0.0, 1.0)


def test_a_line_is_printed_with_n_and_what_guessing_gets(
    capsys: pytest.CaptureFixture[str],
) -> None:
    rows = made_up(4)

    show("made up", logits(fit(rows, 1.0), rows), rows)

    printed = capsys.readouterr().out.split()
    share = rows.labels.mean()
    assert printed[:4] == ["made", "up", "48", f"{max(share, 1 - share):.3f}"]
    assert printed[5].startswith("[")
