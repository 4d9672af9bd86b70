from pathlib import Path

from grader.answer import read_answer
from grader.grade import Grade, ReviewReason
from grader.judgement import Judgement
from grader.rubric import Rubric
from grader.scorecard.card import (
    MOST_ASKED,
    MOST_LISTED,
    Card,
    look_first,
    read_card,
    reasons,
)
from grader.scorecard.reading import RubricsAtHand, read_scorecard
from tests.judgements import MET, PARTIAL, UNMET, judged
from tests.scorecard.lines import (
    ALL,
    NOTHING,
    TEXT,
    grade,
    line,
    rubrics_at_hand,
    ungraded,
    write,
)

ANSWER = read_answer(TEXT)


def card_of(folder: Path, rubrics: RubricsAtHand, *grades: tuple[str, Grade]) -> Card:
    path = write(folder / "g.jsonl", [line("Ana", id, made) for id, made in grades])
    scorecard = read_scorecard(path, rubrics)
    return read_card(scorecard, scorecard.results[0], rubrics)


def with_probability(judgement: Judgement, *probabilities: float) -> Judgement:
    findings = tuple(
        finding.model_copy(update={"probability": probability})
        for finding, probability in zip(judgement.findings, probabilities, strict=True)
    )
    return judgement.model_copy(update={"findings": findings})


def test_strengths_are_met_points_in_the_candidates_words_heaviest_first(
    tmp_path: Path, rubrics: RubricsAtHand, tea: Rubric
) -> None:
    made = grade(tea, judged(tea, (MET, PARTIAL, MET), answer=ANSWER))

    card = card_of(tmp_path, rubrics, ("tea", made))

    assert [p.criterion_id for p in card.strengths] == ["boiled-water", "takes-out"]
    assert card.strengths[0].says == "Says that the water must be freshly boiled."
    assert card.strengths[0].quotes == ("Boil the water.",)
    assert [p.criterion_id for p in card.gaps] == ["waits"]


def test_a_flag_is_told_with_its_evidence_and_asked_about(
    tmp_path: Path, rubrics: RubricsAtHand, tea: Rubric
) -> None:
    made = grade(tea, judged(tea, ALL, ("microwave",), ANSWER))

    card = card_of(tmp_path, rubrics, ("tea", made))

    (flag,) = card.flags
    assert flag.says == "Puts the cup into a microwave oven."
    assert (flag.quotes, flag.capped, flag.unsure) == (
        ("Boil the water.",),
        True,
        False,
    )
    assert card.ask[0].ask == "Would you still say: “Boil the water.”"


def test_unsure_points_are_asked_first_then_partly_then_not_seen(
    tmp_path: Path, rubrics: RubricsAtHand, tea: Rubric
) -> None:
    unsure = grade(tea, with_probability(judged(tea, ALL), 0.95, 0.95, 0.6))
    lacking = grade(
        tea, with_probability(judged(tea, (UNMET, PARTIAL, MET)), 0.05, 0.1, 0.95)
    )

    card = card_of(tmp_path, rubrics, ("tea", unsure), ("mate", lacking))

    assert [(item.question.id, item.ask) for item in card.ask] == [
        ("tea", "How do you keep it from going bitter?"),
        ("mate", "What happens before drinking?"),
        ("mate", "How warm should what you pour be?"),
    ]
    assert card.ask[0].why == "Unsure: Says that the leaves are taken out."
    assert card.ask[1].why.startswith("Partly: ")
    assert card.ask[2].why.startswith("Not seen: ")


def test_a_sure_and_full_answer_leaves_nothing_to_ask(
    tmp_path: Path, rubrics: RubricsAtHand, tea: Rubric
) -> None:
    card = card_of(tmp_path, rubrics, ("tea", grade(tea)))

    assert (card.ask, card.gaps, card.flags) == ((), (), ())


def test_without_a_rubric_ids_stand_for_words_and_no_hint_is_invented(
    tmp_path: Path, rubrics: RubricsAtHand, tea: Rubric
) -> None:
    made = grade(tea, judged(tea, NOTHING, ("microwave",), ANSWER))

    card = card_of(tmp_path, rubrics, ("cocoa", made))

    assert {item.ask for item in card.ask} == {"Come back to “cocoa”"}
    assert card.gaps[0].says == "boiled-water"
    assert card.flags[0].says == "microwave"
    assert not card.questions[0].rubric_changed


def test_a_changed_rubric_is_said(
    tmp_path: Path, rubrics: RubricsAtHand, tea: Rubric
) -> None:
    older = tea.model_copy(update={"digest": "f" * 64})

    card = card_of(tmp_path, rubrics, ("tea", grade(older)))

    assert card.questions[0].rubric_changed


def test_lists_are_short_and_no_question_takes_them_all(tmp_path: Path) -> None:
    rubrics = rubrics_at_hand(tmp_path / "r", **{f"q{n}": "mid" for n in range(9)})
    rubric = rubrics.find("q0")
    assert rubric is not None
    made = grade(rubric, judged(rubric, NOTHING))

    card = card_of(tmp_path, rubrics, *[(f"q{n}", made) for n in range(9)])

    assert (len(card.gaps), len(card.ask)) == (MOST_LISTED, MOST_ASKED)


def test_at_most_two_follow_ups_are_about_one_question(
    tmp_path: Path, rubrics: RubricsAtHand, tea: Rubric
) -> None:
    made = grade(tea, judged(tea, NOTHING, ("microwave",), ANSWER))

    card = card_of(tmp_path, rubrics, ("tea", made), ("mate", made))

    ids = [item.question.id for item in card.ask]
    assert sorted(ids) == ["mate", "mate", "tea", "tea"]


def test_every_asked_question_is_on_the_card_by_level(
    tmp_path: Path, rubrics: RubricsAtHand, tea: Rubric
) -> None:
    lines = [
        line("Ana", "mate", ungraded()),
        line("Ben", "tea", grade(tea)),
        line("Ben", "cocoa", grade(tea)),
    ]
    scorecard = read_scorecard(write(tmp_path / "g.jsonl", lines), rubrics)
    ana = next(r for r in scorecard.results if r.candidate == "Ana")

    card = read_card(scorecard, ana, rubrics)

    assert [
        (level, [(n, part.question.id, part.outcome is None) for n, part in parts])
        for level, parts in card.by_level
    ] == [
        ("junior", [(1, "tea", True)]),
        ("mid", [(2, "mate", False)]),
        (None, [(3, "cocoa", True)]),
    ]


def test_what_to_look_at_first_goes_by_reason_and_not_by_score(
    tmp_path: Path, rubrics: RubricsAtHand, tea: Rubric
) -> None:
    near, steering = (ReviewReason.NEAR_CUT,), (ReviewReason.STEERING,)
    lines = [
        line("Ana", "tea", grade(tea, judged(tea, NOTHING), near)),
        line("Ben", "tea", grade(tea, review=(*steering, *near))),
        line("Chi", "tea", grade(tea)),
        line("Dan", "tea", grade(tea, review=steering)),
    ]
    scorecard = read_scorecard(write(tmp_path / "g.jsonl", lines), rubrics)

    first = look_first(scorecard.results)

    assert [name for name, _ in first] == ["Ben", "Dan", "Ana"]


def test_reasons_of_other_versions_are_told_in_their_own_words() -> None:
    assert reasons(["from_tomorrow", "red_flag"]) == (
        "a red flag was seen",
        "from tomorrow",
    )


def test_every_reason_has_words() -> None:
    assert all(" " in text for text in reasons(list(ReviewReason)))
    assert len(set(reasons(list(ReviewReason)))) == len(ReviewReason)
