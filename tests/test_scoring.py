import math
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grader.answer import read_answer
from grader.grade import Band, ReviewReason
from grader.judgement import Doubt, Finding, Judgement, Sighting, Verdict
from grader.rubric import Criterion, FlagKind, Level, Question, RedFlag, Rubric
from grader.scoring import (
    BANDS,
    COVERED,
    CREDIT,
    band,
    distribution,
    interval,
    review_reasons,
    score,
)
from tests.judgements import MET, PARTIAL, UNMET, judged

ANSWER = read_answer("Boil the water. Wait. Take the leaves out.")
QUESTION = Question(id="q", text="Q?", topic="t", level=Level.JUNIOR)


@st.composite
def cases(draw: st.DrawFn) -> tuple[Rubric, Judgement]:
    points = draw(st.lists(st.integers(1, 10), min_size=1, max_size=6))
    caps = draw(st.lists(st.floats(0, 1), max_size=3))
    chance = st.floats(0, 1)
    rubric = Rubric(
        question=QUESTION,
        version=1,
        strong_answer="S.",
        criteria=tuple(
            Criterion(id=f"c{i}", requirement="R.", points=p)
            for i, p in enumerate(points)
        ),
        red_flags=tuple(
            RedFlag(id=f"f{i}", statement="F.", kind=FlagKind.STATES, cap=cap)
            for i, cap in enumerate(caps)
        ),
    )
    judgement = Judgement(
        findings=tuple(
            Finding(
                criterion_id=c.id,
                verdict=draw(st.sampled_from(Verdict)),
                probability=draw(chance),
            )
            for c in rubric.criteria
        ),
        sightings=tuple(
            Sighting(
                red_flag_id=f.id, seen=draw(st.booleans()), probability=draw(chance)
            )
            for f in rubric.red_flags
        ),
    )
    return rubric, judgement


@pytest.mark.parametrize(
    ("verdicts", "percent", "name"),
    [
        ((MET, MET, MET), 100, Band.STRONG),
        ((MET, MET, UNMET), 80, Band.STRONG),
        ((MET, PARTIAL, UNMET), 65, Band.GOOD),
        ((MET, UNMET, UNMET), 50, Band.MIXED),
        ((PARTIAL, UNMET, UNMET), 25, Band.WEAK),
        ((UNMET, UNMET, UNMET), 0, Band.NONE),
    ],
)
def test_points_add_up_and_partial_earns_half(
    rubric: Rubric, verdicts: tuple[Verdict, ...], percent: float, name: Band
) -> None:
    scored = score(rubric, judged(rubric, verdicts))

    assert scored.percent == percent
    assert scored.band is name


def test_a_red_flag_caps_a_perfect_answer(rubric: Rubric) -> None:
    scored = score(rubric, judged(rubric, (MET, MET, MET), seen=("microwave",)))

    assert scored.percent == 34
    assert scored.capped_by == "microwave"
    assert scored.band is Band.WEAK


def test_the_lowest_of_several_caps_counts(rubric: Rubric) -> None:
    both = ("no-leaves", "microwave")

    scored = score(rubric, judged(rubric, (MET, MET, MET), seen=both))

    assert scored.capped_by == "microwave"


def test_a_cap_above_what_was_earned_changes_nothing(rubric: Rubric) -> None:
    scored = score(rubric, judged(rubric, (UNMET, MET, UNMET), seen=("microwave",)))

    assert scored.percent == 30
    assert scored.capped_by is None


def test_a_band_is_taken_from_the_unrounded_percent() -> None:
    assert [band(cut - 1e-9) for cut, _ in BANDS] == [name for _, name in BANDS]
    assert [band(cut) for cut, _ in BANDS] == [*list(Band)[1:]]


@given(cases())
def test_percent_stays_in_range_and_inside_its_interval(
    case: tuple[Rubric, Judgement],
) -> None:
    scored = score(*case)
    low, high = scored.interval

    assert 0 <= low <= scored.percent <= high <= 100
    assert 0 <= scored.expected <= 100


@given(cases(), st.integers(1, 10))
def test_one_more_met_criterion_never_lowers_the_score(
    case: tuple[Rubric, Judgement], points: int
) -> None:
    rubric, judgement = case
    extra = Criterion(id="extra", requirement="R.", points=points)
    found = Finding(criterion_id="extra", verdict=MET, probability=1)
    longer = rubric.model_copy(update={"criteria": (*rubric.criteria, extra)})
    more = judgement.model_copy(update={"findings": (*judgement.findings, found)})

    after, before = score(longer, more), score(rubric, judgement)

    assert after.percent >= before.percent - 1e-9
    assert after.expected >= before.expected - 1e-9


@given(cases(), st.data())
def test_a_better_verdict_never_lowers_the_score(
    case: tuple[Rubric, Judgement], data: st.DataObject
) -> None:
    rubric, judgement = case
    place = data.draw(st.integers(0, len(judgement.findings) - 1))
    findings = list(judgement.findings)
    findings[place] = findings[place].model_copy(update={"verdict": MET})

    after = score(rubric, judgement.model_copy(update={"findings": tuple(findings)}))

    assert after.percent >= score(rubric, judgement).percent


@given(cases(), st.floats(0, 1))
def test_one_more_flag_seen_never_raises_the_score(
    case: tuple[Rubric, Judgement], cap: float
) -> None:
    rubric, judgement = case
    flag = RedFlag(id="extra", statement="F.", kind=FlagKind.STATES, cap=cap)
    seen = Sighting(red_flag_id="extra", seen=True, probability=1)
    more = judgement.model_copy(update={"sightings": (*judgement.sightings, seen)})

    after = score(
        rubric.model_copy(update={"red_flags": (*rubric.red_flags, flag)}), more
    )

    before = score(rubric, judgement)
    assert after.percent <= before.percent
    assert after.percent <= 100 * cap
    assert after.expected <= before.expected + 1e-9


@given(cases())
def test_order_does_not_matter(case: tuple[Rubric, Judgement]) -> None:
    rubric, judgement = case
    shuffled = judgement.model_copy(
        update={
            "findings": judgement.findings[::-1],
            "sightings": judgement.sightings[::-1],
        }
    )
    turned = rubric.model_copy(update={"criteria": rubric.criteria[::-1]})

    one, two = score(rubric, judgement), score(turned, shuffled)

    assert one.percent == pytest.approx(two.percent)
    assert one.expected == pytest.approx(two.expected)
    assert one.interval == pytest.approx(two.interval)


@given(cases())
def test_the_distribution_agrees_with_counting_every_case(
    case: tuple[Rubric, Judgement],
) -> None:
    rubric, judgement = case
    expected = 0.0
    total = sum(c.points for c in rubric.criteria)
    parts = len(judgement.findings) + len(judgement.sightings)
    for outcome in product([True, False], repeat=parts):
        share, earned, cap = 1.0, 0.0, 1.0
        for yes, criterion, finding in zip(
            outcome, rubric.criteria, judgement.findings, strict=False
        ):
            share *= finding.probability if yes else 1 - finding.probability
            partly = 0.5 if finding.verdict is PARTIAL else 0.0
            earned += criterion.points * (1.0 if yes else partly)
        for yes, flag, sighting in zip(
            outcome[len(judgement.findings) :],
            rubric.red_flags,
            judgement.sightings,
            strict=True,
        ):
            share *= sighting.probability if yes else 1 - sighting.probability
            cap = min(cap, flag.cap) if yes else cap
        expected += share * min(100 * earned / total, 100 * cap)

    spread = distribution(rubric, judgement)

    assert math.isclose(sum(spread.values()), 1, abs_tol=1e-9)
    assert score(rubric, judgement).expected == pytest.approx(expected, abs=1e-6)


@given(
    st.dictionaries(st.integers(0, 100).map(float), st.integers(1, 50), min_size=1),
    st.floats(0, 100),
)
def test_no_smaller_range_holds_as_much(weights: dict[float, int], at: float) -> None:
    total = sum(weights.values())
    spread = {value: weight / total for value, weight in sorted(weights.items())}
    holding = [
        high - low
        for low, high in product(spread, spread)
        if sum(s for v, s in spread.items() if low <= v <= high) >= COVERED - 1e-9
    ]

    low, high = interval(spread, next(iter(spread)))

    wanted = min(holding)
    first = next(iter(spread))
    held = sum(s for v, s in spread.items() if low <= v <= high)
    assert held >= COVERED - 1e-9
    assert low <= first
    # Widened to hold the first value, it can only be wider than the smallest.
    assert high - low >= wanted - 1e-9
    assert interval(spread, at)[0] <= at <= interval(spread, at)[1]


def test_a_sure_judgement_has_a_narrow_interval_and_a_doubtful_one_a_wide_one(
    rubric: Rubric,
) -> None:
    sure = judged(rubric, (MET, MET, UNMET))
    doubtful = sure.model_copy(
        update={
            "findings": tuple(
                f.model_copy(update={"probability": 0.55}) for f in sure.findings
            )
        }
    )

    narrow, wide = score(rubric, sure).interval, score(rubric, doubtful).interval

    assert narrow[1] - narrow[0] < wide[1] - wide[0]


def test_a_plain_grade_needs_no_review(rubric: Rubric) -> None:
    judgement = judged(rubric, (MET, MET, MET))

    assert review_reasons(rubric, ANSWER, judgement, score(rubric, judgement)) == ()


@pytest.mark.parametrize(
    ("judgement", "reason"),
    [
        (((MET, UNMET, MET), ("no-leaves",)), ReviewReason.RED_FLAG),
        (((MET, MET, MET), ("microwave",)), ReviewReason.RED_FLAG),
    ],
)
def test_red_flags_go_to_a_person(
    rubric: Rubric,
    judgement: tuple[tuple[Verdict, ...], tuple[str, ...]],
    reason: ReviewReason,
) -> None:
    made = judged(rubric, *judgement)

    assert reason in review_reasons(rubric, ANSWER, made, score(rubric, made))


def test_an_expected_percent_near_a_cut_goes_to_a_person(rubric: Rubric) -> None:
    sure = judged(rubric, (MET, MET, UNMET))
    chances = (0.99, 0.99, 0.05)  # 0.99 x 8 of 10 points, and a little more: about 79
    judgement = sure.model_copy(
        update={
            "findings": tuple(
                f.model_copy(update={"probability": p})
                for f, p in zip(sure.findings, chances, strict=True)
            ),
            "sightings": (),
        }
    )
    unflagged = rubric.model_copy(update={"red_flags": ()})

    scored = score(unflagged, judgement)

    assert scored.expected == pytest.approx(80.2)
    assert ReviewReason.NEAR_CUT in review_reasons(unflagged, ANSWER, judgement, scored)


def test_hidden_text_goes_to_a_person(rubric: Rubric) -> None:
    judgement = judged(rubric, (MET, MET, MET))
    answer = read_answer("Boil\u200b it.")

    reasons = review_reasons(rubric, answer, judgement, score(rubric, judgement))

    assert reasons == (ReviewReason.HIDDEN_TEXT,)


def test_a_sentence_that_earns_a_point_and_raises_a_flag_is_a_contradiction(
    rubric: Rubric,
) -> None:
    judgement = judged(rubric, (MET, MET, MET), ("microwave",), ANSWER)

    reasons = review_reasons(rubric, ANSWER, judgement, score(rubric, judgement))

    assert ReviewReason.CONTRADICTION in reasons


def test_an_omission_contradicts_nothing(rubric: Rubric) -> None:
    judgement = judged(rubric, (MET, MET, MET), ("no-leaves",), ANSWER)

    reasons = review_reasons(rubric, ANSWER, judgement, score(rubric, judgement))

    assert ReviewReason.CONTRADICTION not in reasons


def test_what_the_judge_doubts_is_passed_on(rubric: Rubric) -> None:
    judgement = judged(rubric, (MET, MET, MET), doubts=(Doubt.CANNOT_ASSESS,))

    reasons = review_reasons(rubric, ANSWER, judgement, score(rubric, judgement))

    assert reasons == (ReviewReason.CANNOT_ASSESS,)


def test_a_band_that_is_hardly_likelier_than_another_is_low_confidence(
    rubric: Rubric,
) -> None:
    sure = judged(rubric, (MET, MET, MET))
    doubtful = sure.model_copy(
        update={
            "findings": tuple(
                f.model_copy(update={"probability": 0.6}) for f in sure.findings
            )
        }
    )

    reasons = review_reasons(rubric, ANSWER, doubtful, score(rubric, doubtful))

    assert ReviewReason.LOW_CONFIDENCE in reasons


def test_credit_is_what_the_design_says() -> None:
    assert CREDIT == {MET: 1.0, PARTIAL: 0.5, UNMET: 0.0}
