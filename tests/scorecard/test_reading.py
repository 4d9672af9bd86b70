import json
import random
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from grader.answer import read_answer
from grader.errors import InputError, NotFound
from grader.grade import Grade, UngradedCode
from grader.rubric import Rubric
from grader.scorecard.grade_lines import GradeLine, read_grade
from grader.scorecard.reading import (
    RubricsAtHand,
    Scorecard,
    named,
    read_scorecard,
    spread_of,
)
from grader.scorecard.results import CandidateResult, Standing
from grader.scoring import spread_out
from tests.judgements import MET, PARTIAL, UNMET, judged
from tests.scorecard.lines import (
    ALL,
    NOTHING,
    TEXT,
    grade,
    line,
    ungraded,
    write,
)


def read(
    folder: Path, rubrics: RubricsAtHand, *lines: dict[str, Any] | str
) -> Scorecard:
    return read_scorecard(write(folder / "grades.jsonl", lines), rubrics)


def numbers(result: CandidateResult) -> Standing:
    assert result.standing is not None
    return result.standing


def nothing(tea: Rubric) -> Grade:
    return grade(tea, judged(tea, NOTHING))


def test_asked_is_what_occurs_for_anybody_in_the_order_of_the_shelf(
    tmp_path: Path, rubrics: RubricsAtHand, tea: Rubric
) -> None:
    card = read(
        tmp_path,
        rubrics,
        line("Ana", "cocoa", grade(tea)),
        line("Ben", "mate", grade(tea)),
        line("Ana", "tea", grade(tea)),
    )

    assert [(q.id, q.text, q.level) for q in card.asked] == [
        ("tea", "How do you make tea?", "junior"),
        ("mate", "How do you make mate?", "mid"),
        ("cocoa", "cocoa", None),
    ]
    ana, ben = (named(card, name) for name in ("Ana", "Ben"))
    assert ana.unanswered == ("mate",)
    assert ben.unanswered == ("tea", "cocoa")
    assert numbers(ana).mean == pytest.approx(200 / 3)
    assert numbers(ben).mean == pytest.approx(100 / 3)
    assert not ben.provisional


def test_ungraded_is_left_out_and_named_and_makes_the_result_provisional(
    tmp_path: Path, rubrics: RubricsAtHand, tea: Rubric
) -> None:
    card = read(
        tmp_path,
        rubrics,
        line("Ana", "tea", grade(tea)),
        line("Ana", "mate", ungraded()),
    )

    (ana,) = card.results
    assert numbers(ana).mean == 100
    assert ana.provisional
    assert [(u.question_id, u.code, u.reason) for u in ana.ungraded] == [
        ("mate", "provider_unavailable", "the model is out")
    ]
    assert ana.unanswered == ()


def test_all_ungraded_is_no_score_at_all(
    tmp_path: Path, rubrics: RubricsAtHand
) -> None:
    (ana,) = read(tmp_path, rubrics, line("Ana", "tea", ungraded())).results

    assert (ana.standing, ana.tier, ana.levels) == (None, None, ())


def test_a_misspelt_question_is_no_zero_for_everybody_else(
    tmp_path: Path, rubrics: RubricsAtHand, tea: Rubric
) -> None:
    card = read(
        tmp_path,
        rubrics,
        line("Ana", "tea", grade(tea)),
        line("Ben", "tae", ungraded(UngradedCode.UNKNOWN_QUESTION)),
        line("Ben", "tea", grade(tea)),
    )

    assert [q.id for q in card.asked] == ["tea"]
    assert numbers(named(card, "Ana")).mean == 100
    assert named(card, "Ben").provisional


def test_the_first_of_several_grades_counts_and_the_rest_are_named(
    tmp_path: Path, rubrics: RubricsAtHand, tea: Rubric
) -> None:
    card = read(
        tmp_path,
        rubrics,
        line("Ana", "tea", ungraded()),
        line("Ana", "tea", nothing(tea)),
        line("Ana", "tea", grade(tea)),
    )

    (ana,) = card.results
    assert (numbers(ana).mean, ana.provisional) == (0, False)
    assert [(again.line, again.question_id) for again in card.repeated] == [(3, "tea")]


def test_what_other_versions_add_is_read_over(
    tmp_path: Path, rubrics: RubricsAtHand, tea: Rubric
) -> None:
    fields = line("Ana", "tea", grade(tea), cohort="autumn", input_kind="x")
    fields["review"] = ["a_reason_of_tomorrow"]
    fields["findings"][0]["confidence"] = {"new": True}
    fields["provenance"]["host"] = "new"

    (ana,) = read(tmp_path, rubrics, fields).results

    assert ana.graded[0].review == ("a_reason_of_tomorrow",)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("not json", "is not JSON"),
        ("[1]", "is not a JSON object"),
        ("{}", "names no candidate"),
        ('{"candidate": " "}', "names no candidate"),
        ('{"candidate": true}', "names no candidate"),
        ('{"candidate": NaN}', "NaN is no number"),
        ("[" * 100_000, "nested too deeply"),
    ],
)
def test_an_unreadable_line_is_named_and_whose_it_was_stays_open(
    tmp_path: Path, rubrics: RubricsAtHand, tea: Rubric, text: str, reason: str
) -> None:
    card = read(
        tmp_path,
        rubrics,
        line("Ana", "tea", grade(tea)),
        text,
        line("Ana", "mate", grade(tea)),
        line("Ben", "tea", grade(tea)),
    )

    (lost,) = card.unreadable
    assert lost.line == 2
    assert reason in lost.reason
    assert not named(card, "Ana").provisional
    assert named(card, "Ben").provisional


@pytest.mark.parametrize(
    "broken",
    [
        {"percent": 101},
        {"percent": "NaN"},
        {"band": "superb"},
        {"findings": None},
        {"kind": "draft"},
    ],
)
def test_a_grade_that_cannot_be_read_is_left_out_and_never_a_zero(
    tmp_path: Path, rubrics: RubricsAtHand, tea: Rubric, broken: dict[str, Any]
) -> None:
    card = read(
        tmp_path,
        rubrics,
        line("Ana", "tea", grade(tea)),
        {**line("Ana", "mate", grade(tea)), **broken},
    )

    (ana,) = card.results
    assert (numbers(ana).mean, ana.provisional) == (100, True)
    assert [u.code for u in ana.ungraded] == ["unreadable"]
    assert [lost.line for lost in card.unreadable] == [2]


def test_an_overlong_line_is_unreadable_and_the_next_is_read_where_it_stands(
    tmp_path: Path,
    rubrics: RubricsAtHand,
    tea: Rubric,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    fields = line("Ana", "tea", grade(tea))
    monkeypatch.setattr(
        "grader.scorecard.grade_lines.LONGEST_LINE", len(json.dumps(fields)) + 10
    )
    path = write(tmp_path / "g.jsonl", ["x" * 100_000, fields])

    card = read_scorecard(path, rubrics)

    assert "longer" in card.unreadable[0].reason
    offset = card.results[0].graded[0].offset
    assert read_grade(path, offset, "Ana", "tea").percent == 100


@pytest.mark.parametrize("text", ["", "\n\n", "what?\n"])
def test_a_file_without_a_grade_is_an_error(
    tmp_path: Path, rubrics: RubricsAtHand, text: str
) -> None:
    path = tmp_path / "g.jsonl"
    path.write_text(text)

    with pytest.raises(InputError, match="holds no grades"):
        read_scorecard(path, rubrics)


def test_a_missing_file_is_an_error_that_names_it(
    tmp_path: Path, rubrics: RubricsAtHand
) -> None:
    with pytest.raises(InputError, match=r"none\.jsonl.* cannot be read"):
        read_scorecard(tmp_path / "none.jsonl", rubrics)


@pytest.mark.parametrize(
    ("offset", "name", "question_id"),
    [(5, "Ana", "tea"), (0, "Ben", "tea"), (0, "Ana", "mate"), (99_999, "Ana", "tea")],
)
def test_a_file_that_changed_is_an_error_and_not_another_persons_words(
    tmp_path: Path, tea: Rubric, offset: int, name: str, question_id: str
) -> None:
    path = write(tmp_path / "g.jsonl", [line("Ana", "tea", grade(tea))])

    assert read_grade(path, 0, "Ana", "tea").percent == 100
    with pytest.raises(InputError, match="changed"):
        read_grade(path, offset, name, question_id)


def test_names_are_the_same_in_any_unicode_form_and_7_is_seven(
    tmp_path: Path, rubrics: RubricsAtHand, tea: Rubric
) -> None:
    card = read(
        tmp_path,
        rubrics,
        line("Zo\u00eb", "tea", grade(tea)),
        line(" Zoe\u0308 ", "mate", grade(tea)),
        line(7, "tea", grade(tea)),
        line("7", "mate", grade(tea)),
    )

    assert sorted(r.candidate for r in card.results) == ["7", "Zo\u00eb"]
    assert named(card, "Zoe\u0308").candidate == "Zo\u00eb"


def test_an_unknown_name_is_answered_with_names_like_it(
    tmp_path: Path, rubrics: RubricsAtHand, tea: Rubric
) -> None:
    card = read(
        tmp_path,
        rubrics,
        line("Ana Ferreira", "tea", grade(tea)),
        line("Ben", "tea", grade(tea)),
    )

    with pytest.raises(NotFound, match="did you mean 'Ana Ferreira'\\?"):
        named(card, "ana ferrera")
    with pytest.raises(NotFound, match="2 others"):
        named(card, "zzzzzz")


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.randoms(use_true_random=False))
def test_the_order_of_lines_does_not_matter(
    tmp_path: Path, rubrics: RubricsAtHand, tea: Rubric, chance: random.Random
) -> None:
    some = grade(tea, judged(tea, (MET, PARTIAL, UNMET), answer=read_answer(TEXT)))
    lines = [
        line("Ana", "tea", some, made="a"),
        line("Ana", "mate", grade(tea)),
        line("Ben", "tea", nothing(tea)),
        line("Ben", "cocoa", some),
        line("Chi", "mate", ungraded()),
        line("Chi", "tea", some),
    ]
    expected = read(tmp_path, rubrics, *lines)

    shuffled = read(tmp_path, rubrics, *chance.sample(lines, len(lines)))

    assert shuffled.asked == expected.asked
    assert [r.model_dump_json() for r in shuffled.results] == [
        r.model_dump_json() for r in expected.results
    ]


def as_read(of: Grade) -> GradeLine:
    return GradeLine.model_validate(of.model_dump(mode="json"), extra="ignore")


def test_the_spread_is_exact_where_the_rubric_is_the_one_that_graded(
    tea: Rubric,
) -> None:
    judgement = judged(tea, (MET, PARTIAL, UNMET), ("microwave",))

    spread = spread_of(as_read(grade(tea, judgement)), tea)

    assert spread == pytest.approx(spread_out(tea, judgement))


def test_a_rubric_with_other_points_is_not_used_for_the_spread(tea: Rubric) -> None:
    made = as_read(grade(tea, judged(tea, (MET, UNMET, UNMET))))
    heavier = tea.criteria[2].model_copy(update={"points": 50})
    changed = tea.model_copy(update={"criteria": (*tea.criteria[:2], heavier)})

    for rubric in (changed, None):
        spread = spread_of(made, rubric)
        mean = sum(percent * share for percent, share in spread.items())
        assert set(spread) == set(made.interval)
        assert mean == pytest.approx(made.expected)


def test_a_spread_of_no_width_is_a_point(tea: Rubric) -> None:
    made = as_read(grade(tea)).model_copy(
        update={"interval": (80.0, 20.0), "expected": 50.0}
    )

    assert spread_of(made, None) == {50.0: 1.0}


def test_judges_are_counted_and_a_mix_of_rubrics_is_named(
    tmp_path: Path, rubrics: RubricsAtHand, tea: Rubric
) -> None:
    newer = tea.model_copy(update={"digest": "f" * 64})

    card = read(
        tmp_path,
        rubrics,
        line("Ana", "tea", grade(tea)),
        line("Ben", "tea", grade(newer, judged(newer, ALL), made="other")),
        line("Ben", "mate", grade(tea)),
    )

    assert card.judges == {"fake, version 9.9": 2, "other, version 9.9": 1}
    assert card.mixed_rubrics == ("tea",)
