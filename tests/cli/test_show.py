"""How an outcome looks on a terminal."""

from io import StringIO

import pytest
from rich.console import Console

from grader.answer import read_answer
from grader.cli.show import show
from grader.feedback import WHY, feedback
from grader.grade import Grade, Outcome, Provenance, ReviewReason, Ungraded
from grader.grade import UngradedCode as Code
from grader.judgement import Usage
from grader.rubric import Rubric
from grader.scoring import score
from tests.judgements import MET, PARTIAL, UNMET, judged

MADE = Provenance(judge="fake", package_version="1")
TEXT = "Boil the water. Then wait."


def graded(
    rubric: Rubric,
    seen: tuple[str, ...] = (),
    text: str = TEXT,
    review: tuple[ReviewReason, ...] = (),
    reveal: bool = False,
) -> Grade:
    judgement = judged(rubric, (MET, PARTIAL, UNMET), seen, read_answer(text))
    scored = score(rubric, judgement)
    return Grade(
        **dict(scored),
        review=review,
        findings=judgement.findings,
        sightings=judgement.sightings,
        feedback=feedback(rubric, judgement, scored, reveal),
        provenance=MADE,
        usage=Usage(),
    )


def shown(outcome: Outcome, rubric: Rubric, terminal: bool = False) -> str:
    file = StringIO()
    show(
        outcome,
        rubric,
        Console(
            file=file,
            width=80,
            force_terminal=terminal,
            color_system="truecolor" if terminal else None,
            highlight=False,
        ),
    )
    return file.getvalue()


def test_the_score_and_how_sure_it_is_come_first(rubric: Rubric) -> None:
    grade = graded(rubric).model_copy(update={"interval": (29.6, 85.4)})

    lines = shown(grade, rubric).splitlines()

    assert lines[0] == "How do you make tea?"
    assert lines[1] == "Good  65 of 100  (likely 30 to 85)"


def test_every_point_says_whether_it_is_met(rubric: Rubric) -> None:
    text = shown(graded(rubric), rubric)

    assert "✓ Point 1: Met  95% likely met\n  “Boil the water.”\n" in text
    assert "◐ Point 2: Partly  40% likely met\n  “Boil the water.”\n" in text
    assert "○ Point 3: Not seen  5% likely met\n  Not seen in this answer." in text
    assert "\n  How do you keep it from" in text
    assert "freshly boiled" not in text


def test_a_red_flag_is_shown_with_the_words_that_raised_it(rubric: Rubric) -> None:
    flagged = graded(rubric, ("microwave",))
    text = shown(flagged, rubric)

    (flag,) = flagged.feedback.flags
    words = " ".join(text.split())
    assert f"⚑ {flag.message} “Boil the water.”" in words
    assert "⚑" not in shown(graded(rubric), rubric)


def test_the_next_step_closes(rubric: Rubric) -> None:
    grade = graded(rubric)

    assert shown(grade, rubric).splitlines()[-1] == f"Next  {grade.feedback.next}"


def test_the_strong_answer_is_shown_where_the_grade_holds_it(rubric: Rubric) -> None:
    text = shown(graded(rubric, reveal=True), rubric)

    assert "A strong answer  Pour freshly boiled water" in text
    assert "A strong answer" not in shown(graded(rubric), rubric)


@pytest.mark.parametrize("reason", ReviewReason)
def test_every_reason_to_look_is_told_in_words(
    rubric: Rubric, reason: ReviewReason
) -> None:
    text = shown(graded(rubric, review=(reason,)), rubric)

    assert text.endswith(f"\nA person should look: {WHY[reason]}.\n")


def test_without_a_score_the_reason_is_shown(rubric: Rubric) -> None:
    outcome = Ungraded(
        code=Code.UNUSABLE_REPLY, reason="no\x1b[2J use", provenance=MADE, usage=Usage()
    )

    assert shown(outcome, rubric) == (
        "How do you make tea?\n"
        "Ungraded: no [2J use\n"
        "The answer has no score; it does not count as zero.\n"
    )


def test_neither_answer_nor_rubric_commands_the_terminal(rubric: Rubric) -> None:
    evil = "\x1b]0;owned\x07\x1b[31m\x9b2J\x7f\u202e"
    question = rubric.question.model_copy(update={"text": f"Tea{evil}?"})
    criteria = [c.model_copy(update={"hint": f"Hot{evil}?"}) for c in rubric.criteria]
    flags = [
        f.model_copy(update={"statement": f"Cold{evil}."}) for f in rubric.red_flags
    ]
    bad = rubric.model_copy(
        update={
            "question": question,
            "criteria": tuple(criteria),
            "red_flags": tuple(flags),
            "strong_answer": f"Boil{evil}.",
        }
    )

    text = shown(graded(bad, ("microwave",), f"Boil{evil} it.", reveal=True), bad)

    assert all(c.isprintable() or c == "\n" for c in text)


def test_square_brackets_are_words_not_styles(rubric: Rubric) -> None:
    assert "“Use [bold]hot[/bold] water.”" in shown(
        graded(rubric, text="Use [bold]hot[/bold] water."), rubric
    )


def test_colours_are_for_terminals_only(rubric: Rubric) -> None:
    assert "\x1b[32m✓" in shown(graded(rubric), rubric, terminal=True)
    assert "\x1b" not in shown(graded(rubric), rubric)
