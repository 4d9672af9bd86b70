import pytest

from grader.answer import read_answer
from grader.feedback import NUDGE, blank_feedback, feedback
from grader.grade import Feedback
from grader.judgement import Verdict
from grader.rubric import Rubric
from grader.scoring import score
from tests.judgements import MET, PARTIAL, UNMET, judged

ANSWER = read_answer("Boil the water. Wait.")


def told(
    rubric: Rubric,
    verdicts: tuple[Verdict, ...],
    seen: tuple[str, ...] = (),
    reveal: bool = False,
) -> Feedback:
    judgement = judged(rubric, verdicts, seen, ANSWER)
    return feedback(rubric, judgement, score(rubric, judgement), reveal)


@pytest.mark.parametrize(
    ("verdicts", "summary"),
    [
        ((MET, MET, MET), "Strong. All three points were seen in your answer."),
        ((MET, UNMET, UNMET), "Mixed. One of three points was seen in your answer."),
        (
            (MET, PARTIAL, UNMET),
            "Good. One of three points was seen in your answer, one partly.",
        ),
        ((UNMET, UNMET, MET), "A start. One of three points was seen in your answer."),
        ((UNMET, UNMET, UNMET), "No point was seen in your answer."),
    ],
)
def test_the_summary_says_how_many_points_were_seen(
    rubric: Rubric, verdicts: tuple[Verdict, ...], summary: str
) -> None:
    assert told(rubric, verdicts).summary == summary


def test_what_was_right_is_quoted_in_the_candidates_own_words(rubric: Rubric) -> None:
    got = told(rubric, (MET, UNMET, UNMET)).got

    assert [(part.criterion_id, part.quotes) for part in got] == [
        ("boiled-water", ("Boil the water.",))
    ]


def test_what_is_missing_comes_as_hints(rubric: Rubric) -> None:
    missing = told(rubric, (MET, PARTIAL, UNMET)).missing

    assert [part.hints for part in missing] == [
        ("What happens between pouring and drinking?",),
        ("How do you keep it from going bitter?",),
    ]
    assert missing[0].message.startswith("Partly")


def test_a_draft_without_hints_still_nudges(rubric: Rubric) -> None:
    bare = tuple(c.model_copy(update={"hint": ""}) for c in rubric.criteria)

    missing = told(rubric.model_copy(update={"criteria": bare}), (UNMET,) * 3).missing

    assert missing[0].hints == (NUDGE,)


def test_a_red_flag_is_explained_with_the_words_that_raised_it(rubric: Rubric) -> None:
    flags = told(rubric, (MET, MET, MET), ("microwave",)).flags

    assert flags[0].quotes == ("Boil the water.",)
    assert "puts the cup with the leaves into a microwave oven." in flags[0].message
    assert flags[0].message.endswith("With it, an answer is at most Weak.")


def test_a_cap_that_lowers_nothing_is_not_held_over_anybody(rubric: Rubric) -> None:
    flags = told(rubric, (UNMET, MET, UNMET), ("microwave",)).flags

    assert "at most" not in flags[0].message


def test_an_omission_quotes_nothing(rubric: Rubric) -> None:
    assert told(rubric, (MET, MET, MET), ("no-leaves",)).flags[0].quotes == ()


def test_the_next_step_is_the_red_flag_before_anything_else(rubric: Rubric) -> None:
    advice = told(rubric, (MET, UNMET, UNMET), ("microwave",)).next

    assert "Boil the water." in advice


def test_the_next_step_is_the_hint_of_the_point_that_weighs_most(
    rubric: Rubric,
) -> None:
    assert told(rubric, (UNMET, UNMET, UNMET)).next == rubric.criteria[0].hint


def test_a_full_answer_is_sent_to_the_next_question(rubric: Rubric) -> None:
    assert "next question" in told(rubric, (MET, MET, MET)).next


@pytest.mark.parametrize(
    "verdicts", [(MET, MET, MET), (UNMET, PARTIAL, MET), (UNMET,) * 3]
)
def test_no_requirement_and_no_strong_answer_is_told_unasked(
    rubric: Rubric, verdicts: tuple[Verdict, ...]
) -> None:
    words = told(rubric, verdicts).model_dump_json()

    assert rubric.strong_answer not in words
    assert "strong_answer" not in words
    assert not any(c.requirement in words for c in rubric.criteria)


def test_reveal_tells_both(rubric: Rubric) -> None:
    revealed = told(rubric, (MET, UNMET, UNMET), reveal=True)

    assert revealed.strong_answer == rubric.strong_answer
    assert rubric.criteria[0].requirement in revealed.got[0].message
    assert revealed.missing[0].hints[-1] == rubric.criteria[1].requirement


def test_a_blank_answer_is_met_with_every_hint_and_no_blame(rubric: Rubric) -> None:
    words = blank_feedback(rubric)

    assert len(words.missing) == 3
    assert not words.got
    assert not words.flags
    assert words.strong_answer is None
