import pytest

from grader.answer import read_answer
from grader.judgement import Evidence, Judgement, cite, covers
from grader.rubric import Rubric
from tests.judgements import MET, UNMET, judged

VERDICTS = (MET, UNMET, MET)


def test_cited_sentences_come_in_order_and_once() -> None:
    answer = read_answer("First. Second one. Third.")

    cited = cite(answer, [3, 1, 3])

    assert cited == (
        Evidence(sentence=1, start=0, end=6, text="First."),
        Evidence(sentence=3, start=19, end=25, text="Third."),
    )


@pytest.mark.parametrize("number", [0, -1, 3])
def test_a_sentence_that_the_answer_does_not_have_cannot_be_cited(number: int) -> None:
    with pytest.raises(IndexError, match=f"sentence {number} of 2"):
        cite(read_answer("First. Second."), [1, number])


def test_citing_nothing_is_no_evidence() -> None:
    assert cite(read_answer("First."), []) == ()


@pytest.mark.parametrize(
    "received",
    [
        "One.\r\nTwo is here.\r\nThree.",
        "O\u200bne sen\u00adtence. Two\u202e of them\u202c.",
        "Cafe\u0301 o\u0308ffnet. Z\u0300\u0301\u0302 a\u030a.",
        "👩‍🔬 works. 👍🏽 ok 🏴󠁧󠁢󠁥󠁮󠁧󠁿.",
        "  - a point\n  - another\u2028and one more\x85end",
    ],
)
def test_evidence_is_the_candidates_own_text(received: str) -> None:
    answer = read_answer(received)

    cited = cite(answer, [s.number for s in answer.sentences])

    assert len(cited) >= 2
    for evidence in cited:
        assert received[evidence.start : evidence.end] == evidence.text
        assert evidence.text.strip() == evidence.text != ""


def test_a_judgement_covers_its_rubric_in_any_order(rubric: Rubric) -> None:
    made = judged(rubric, VERDICTS)

    assert covers(made, rubric)
    assert covers(
        Judgement(findings=made.findings[::-1], sightings=made.sightings[::-1]), rubric
    )


@pytest.mark.parametrize("part", ["findings", "sightings"])
def test_a_part_left_out_said_twice_or_made_up_is_not_covered(
    rubric: Rubric, part: str
) -> None:
    made = judged(rubric, VERDICTS)
    listed = getattr(made, part)
    id = {"findings": "criterion_id", "sightings": "red_flag_id"}[part]
    made_up = listed[-1].model_copy(update={id: "made-up"})

    for wrong in (listed[:-1], (*listed, listed[0]), (*listed[:-1], made_up)):
        assert not covers(made.model_copy(update={part: wrong}), rubric)
