import pytest
from hypothesis import given
from hypothesis import strategies as st

from grader.grade import Band
from grader.rubric import Level
from grader.scorecard.results import (
    AskedQuestion,
    CandidateResult,
    GradedAnswer,
    Spread,
    Standing,
    level_results,
    rank,
    standing,
)
from grader.scoring import Distribution, band

Graded = tuple[GradedAnswer, Spread]


def graded(percent: float, spread: Distribution | None = None) -> Graded:
    spread = spread or {percent: 1.0}
    answer = GradedAnswer(
        question_id="q",
        percent=percent,
        expected=min(100.0, sum(value * share for value, share in spread.items())),
        band=band(percent),
        interval=(min(spread), max(spread)),
        capped_by=None,
        review=(),
        flags=(),
        met=0,
        criteria=1,
        offset=0,
    )
    return answer, Spread.of(spread)


def numbers(of: list[Graded], counted: int) -> Standing:
    found = standing(
        [answer for answer, _ in of], [spread for _, spread in of], counted
    )
    assert found is not None
    return found


def result(
    name: str, expected: float | None, low: float = 0, high: float = 0
) -> CandidateResult:
    ours = None
    if expected is not None:
        ours = Standing(
            mean=expected, expected=expected, interval=(low, high), band=band(expected)
        )
    return CandidateResult(
        candidate=name,
        standing=ours,
        provisional=False,
        levels=(),
        graded=(),
        ungraded=(),
        unanswered=(),
    )


@st.composite
def graded_answers(draw: st.DrawFn) -> Graded:
    percents = draw(st.lists(st.floats(0, 100), min_size=1, max_size=6, unique=True))
    weights = draw(
        st.lists(st.integers(1, 9), min_size=len(percents), max_size=len(percents))
    )
    spread = {
        percent: weight / sum(weights)
        for percent, weight in zip(sorted(percents), weights, strict=True)
    }
    return graded(draw(st.sampled_from(percents)), spread)


def test_the_mean_is_over_all_that_count_and_unanswered_counts_nothing() -> None:
    found = numbers([graded(80), graded(40)], counted=3)

    assert found.mean == pytest.approx(40)
    assert found.expected == pytest.approx(40)
    assert found.interval == pytest.approx((40, 40))
    assert found.band is Band.MIXED


def test_nothing_that_counts_is_no_standing_and_not_zero() -> None:
    assert standing([], [], 0) is None


def test_nothing_answered_is_zero() -> None:
    assert numbers([], counted=2).mean == 0


def test_the_interval_of_one_answer_leaves_out_what_is_rarer_than_one_in_twenty() -> (
    None
):
    spread = {0.0: 0.02, 30.0: 0.48, 50.0: 0.48, 100.0: 0.02}

    assert numbers([graded(50, spread)], counted=1).interval == (30, 50)


def test_the_interval_of_many_answers_is_that_of_their_mean() -> None:
    coin = {0.0: 0.5, 100.0: 0.5}

    low, high = numbers([graded(50, coin) for _ in range(100)], counted=100).interval

    # Binomial with n = 100, p = .5: the 5th and 95th percentiles are 42 and 58.
    assert low == pytest.approx(42, abs=1)
    assert high == pytest.approx(58, abs=1)


@given(st.lists(graded_answers(), max_size=8), st.integers(1, 4))
def test_the_interval_holds_the_mean_and_the_expected(
    answers: list[Graded], unanswered: int
) -> None:
    found = numbers(answers, len(answers) + unanswered)
    low, high = found.interval

    assert 0 <= low <= min(found.mean, found.expected)
    assert max(found.mean, found.expected) <= high <= 100


@given(st.lists(graded_answers(), min_size=1, max_size=8))
def test_one_more_unanswered_question_never_raises_a_number(
    answers: list[Graded],
) -> None:
    before = numbers(answers, len(answers))
    after = numbers(answers, len(answers) + 1)

    assert after.mean <= before.mean
    assert after.expected <= before.expected


def test_levels_have_means_of_their_own_without_what_has_no_score() -> None:
    asked = [
        AskedQuestion(id="a", text="A?", level=Level.JUNIOR),
        AskedQuestion(id="b", text="B?", level=Level.JUNIOR),
        AskedQuestion(id="c", text="C?", level=Level.SENIOR),
        AskedQuestion(id="d", text="d"),
    ]

    found = level_results(asked, {"a": 90.0, "d": 35.0}, frozenset({"c"}))

    assert [(of.level, of.questions, of.mean, of.band) for of in found] == [
        (Level.JUNIOR, 2, 45, Band.MIXED),
        (None, 1, 35, Band.MIXED),
    ]


def test_candidates_inside_each_others_interval_share_a_tier() -> None:
    ranked = rank(
        [
            result("far", 20, 10, 30),
            result("first", 80, 60, 90),
            result("near", 65, 50, 85),
        ]
    )

    assert [(r.candidate, r.tier) for r in ranked] == [
        ("first", 1),
        ("near", 1),
        ("far", 2),
    ]


def test_a_tier_is_measured_at_its_first_and_does_not_creep_down() -> None:
    chain = [result(str(n), 80 - 10 * n, 65 - 10 * n, 95 - 10 * n) for n in range(4)]

    assert [r.tier for r in rank(chain)] == [1, 1, 2, 2]


def test_being_inside_one_interval_only_does_not_make_a_tier() -> None:
    ranked = rank([result("wide", 80, 40, 100), result("narrow", 50, 49, 51)])

    assert [r.tier for r in ranked] == [1, 2]


def test_who_has_no_standing_comes_last_and_in_no_tier() -> None:
    ranked = rank([result("unknown", None), result("zero", 0)])

    assert [(r.candidate, r.tier) for r in ranked] == [("zero", 1), ("unknown", None)]


@given(st.lists(st.tuples(st.floats(0, 100), st.floats(0, 30)), max_size=12))
def test_tiers_rise_one_by_one_and_equals_share_one(
    given: list[tuple[float, float]],
) -> None:
    people = [
        result(f"{n:02}", expected, expected - width, expected + width)
        for n, (expected, width) in enumerate(given)
        if width <= expected <= 100 - width
    ]

    ranked = rank(people)
    tiers = [r.tier or 0 for r in ranked]

    assert tiers == sorted(tiers)
    assert set(tiers) == set(range(1, len(set(tiers)) + 1))
    assert rank(reversed(people)) == ranked


def test_two_with_equal_grades_share_a_tier_however_odd_their_probabilities() -> None:
    odd = graded(0, {0.0: 0.97, 100.0: 0.03})
    found = numbers([odd], counted=1)
    twins = [
        result(name, found.expected).model_copy(update={"standing": found})
        for name in "ab"
    ]

    assert [r.tier for r in rank(twins)] == [1, 1]
