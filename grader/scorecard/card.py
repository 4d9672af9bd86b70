"""One candidate in detail: strengths, gaps, red flags, and what to ask next."""

from collections.abc import Iterable, Iterator

from pydantic import Field

from grader.feedback import WHY, is_unsure, quotes_of
from grader.grade import ReviewReason
from grader.judgement import Verdict
from grader.rubric import FlagKind, Frozen, Level, Rubric
from grader.scorecard.grade_lines import GradeLine, read_grade
from grader.scorecard.reading import RubricsAtHand, Scorecard
from grader.scorecard.results import (
    AskedQuestion,
    CandidateResult,
    GradedAnswer,
    UngradedAnswer,
)

_PRESSING = {reason.value: place for place, reason in enumerate(WHY)}
MOST_LISTED = 5
"""Strengths, and gaps, of one candidate."""
MOST_ASKED = 6
"""Follow-up questions of one candidate, of which `MOST_PER_QUESTION` at most."""
MOST_PER_QUESTION = 2


class Point(Frozen):
    """One finding. `says` is the requirement, or the id where no rubric has it."""

    question: AskedQuestion
    criterion_id: str
    says: str
    points: int
    verdict: Verdict
    probability: float
    unsure: bool
    hint: str
    rationale: str | None
    quotes: tuple[str, ...]


class FlagSeen(Frozen):
    """One red flag that the judge saw, with the words that show it, if any do."""

    question: AskedQuestion
    red_flag_id: str
    says: str
    unsure: bool
    states: bool
    capped: bool
    rationale: str | None
    quotes: tuple[str, ...]


class FollowUp(Frozen):
    """Something to ask in the next interview, by template, and why."""

    question: AskedQuestion
    why: str
    ask: str


class QuestionCard(Frozen):
    """One question of the card; `outcome` is None where it was not answered.

    `rubric_changed` where the points are told in the words of another version.
    """

    question: AskedQuestion
    outcome: GradedAnswer | UngradedAnswer | None = None
    points: tuple[Point, ...] = ()
    flags: tuple[FlagSeen, ...] = ()
    rubric_changed: bool = False


class Card(Frozen):
    """What an interviewer reads about one candidate."""

    questions: tuple[QuestionCard, ...]
    strengths: tuple[Point, ...]
    gaps: tuple[Point, ...]
    flags: tuple[FlagSeen, ...]
    ask: tuple[FollowUp, ...] = Field(max_length=MOST_ASKED)

    @property
    def by_level(self) -> list[tuple[Level | None, list[tuple[int, QuestionCard]]]]:
        """The questions of each level, numbered, in the order in which it is asked."""
        levels: dict[Level | None, list[tuple[int, QuestionCard]]] = {}
        for number, card in enumerate(self.questions, start=1):
            levels.setdefault(card.question.level, []).append((number, card))
        return list(levels.items())


def read_card(
    scorecard: Scorecard, result: CandidateResult, rubrics: RubricsAtHand
) -> Card:
    """Read a candidate's grades again, and tell them point by point."""
    cards = tuple(_question_cards(scorecard, result, rubrics))
    points = [point for card in cards for point in card.points]
    flags = tuple(flag for card in cards for flag in card.flags)
    met = [p for p in points if p.verdict is Verdict.MET and p.quotes]
    lacking = [p for p in points if p.verdict is not Verdict.MET]
    return Card(
        questions=cards,
        strengths=tuple(sorted(met, key=_strength)[:MOST_LISTED]),
        gaps=tuple(sorted(lacking, key=_gap)[:MOST_LISTED]),
        flags=flags,
        ask=tuple(_spread_out([*_about_flags(flags), *_about_points(points)])),
    )


def reasons(review: Iterable[str]) -> tuple[str, ...]:
    """Why a person should look, in words, the most pressing first.

    >>> reasons(["near_cut", "steering", "a_later_version_knows"])
    ('a sentence speaks to the judge', ..., 'a later version knows')
    """
    return tuple(
        WHY[ReviewReason(reason)] if reason in _PRESSING else reason.replace("_", " ")
        for reason in sorted(review, key=_pressing)
    )


def clip(text: str, longest: int = 160) -> str:
    """The text, cut at a word where it is long.

    >>> clip("one two three", 9)
    'one two…'
    """
    if len(text) <= longest:
        return text
    cut = text[:longest]
    return f"{cut.rpartition(' ')[0] or cut}…"


def look_first(
    results: Iterable[CandidateResult],
) -> tuple[tuple[str, GradedAnswer], ...]:
    """Candidates' names and the grades a person should look at.

    The most pressing reason first, then the most reasons; never by score.
    """
    found = [(r.candidate, answer) for r in results for answer in r.to_review]
    return tuple(
        sorted(
            found,
            key=lambda it: (
                min(_pressing(reason) for reason in it[1].review),
                -len(it[1].review),
                it[1].question_id,
                it[0],
            ),
        )
    )


def _pressing(reason: str) -> int:
    return _PRESSING.get(reason, len(_PRESSING))


def _question_cards(
    scorecard: Scorecard, result: CandidateResult, rubrics: RubricsAtHand
) -> Iterator[QuestionCard]:
    graded = {answer.question_id: answer for answer in result.graded}
    ungraded = {answer.question_id: answer for answer in result.ungraded}
    for question in scorecard.asked:
        if question.id in graded:
            answer = graded[question.id]
            line = read_grade(
                scorecard.path, answer.offset, result.candidate, question.id
            )
            yield _graded_card(question, answer, line, rubrics.find(question.id))
        else:
            yield QuestionCard(
                question=question, outcome=ungraded.pop(question.id, None)
            )
    for id, unscored in ungraded.items():
        yield QuestionCard(question=rubrics.question(id), outcome=unscored)


def _graded_card(
    question: AskedQuestion,
    outcome: GradedAnswer,
    line: GradeLine,
    rubric: Rubric | None,
) -> QuestionCard:
    return QuestionCard(
        question=question,
        outcome=outcome,
        points=tuple(_points(question, line, rubric)),
        flags=tuple(_flags(question, line, rubric)),
        rubric_changed=rubric is not None
        and line.provenance.rubric_digest != rubric.digest,
    )


def _points(
    question: AskedQuestion, line: GradeLine, rubric: Rubric | None
) -> Iterator[Point]:
    known = {c.id: c for c in rubric.criteria} if rubric else {}
    for finding in line.findings:
        criterion = known.get(finding.criterion_id)
        yield Point(
            question=question,
            criterion_id=finding.criterion_id,
            says=criterion.requirement if criterion else finding.criterion_id,
            points=criterion.points if criterion else 1,
            verdict=finding.verdict,
            probability=finding.probability,
            unsure=is_unsure(finding.probability),
            hint=criterion.hint if criterion else "",
            rationale=finding.rationale,
            quotes=quotes_of(finding.evidence),
        )


def _flags(
    question: AskedQuestion, line: GradeLine, rubric: Rubric | None
) -> Iterator[FlagSeen]:
    known = {flag.id: flag for flag in rubric.red_flags} if rubric else {}
    for sighting in line.sightings:
        flag = known.get(sighting.red_flag_id)
        if sighting.seen:
            yield FlagSeen(
                question=question,
                red_flag_id=sighting.red_flag_id,
                says=flag.statement if flag else sighting.red_flag_id,
                unsure=is_unsure(sighting.probability),
                states=flag is not None and flag.kind is FlagKind.STATES,
                capped=line.capped_by == sighting.red_flag_id,
                rationale=sighting.rationale,
                quotes=quotes_of(sighting.evidence),
            )


def _strength(point: Point) -> tuple[float, str, str]:
    """The most probable points that weigh most come first."""
    return -point.points * point.probability, point.question.id, point.criterion_id


def _gap(point: Point) -> tuple[float, str, str]:
    lacking = 1 - point.probability
    return -point.points * lacking, point.question.id, point.criterion_id


def _about_flags(flags: Iterable[FlagSeen]) -> Iterator[FollowUp]:
    for flag in flags:
        if flag.states and flag.quotes:
            yield FollowUp(
                question=flag.question,
                why=f"Red flag: {flag.says}",
                ask=f"Would you still say: “{clip(flag.quotes[0])}”",
            )


def _about_points(points: Iterable[Point]) -> Iterator[FollowUp]:
    """Unsure points first, as an answer to them tells most; then partly, not seen."""
    order = {Verdict.MET: 0, Verdict.PARTIAL: 1, Verdict.UNMET: 2}
    open_points = [p for p in points if p.unsure or p.verdict is not Verdict.MET]
    for point in sorted(
        open_points, key=lambda p: (not p.unsure, order[p.verdict], *_gap(p))
    ):
        word = "Not seen" if point.verdict is Verdict.UNMET else "Partly"
        yield FollowUp(
            question=point.question,
            why=f"{'Unsure' if point.unsure else word}: {point.says}",
            ask=point.hint or f"Come back to “{point.question.text}”",
        )


def _spread_out(wanted: Iterable[FollowUp]) -> Iterator[FollowUp]:
    """The first few, not too many about one question, and none twice."""
    asked: dict[str, set[str]] = {}
    left = MOST_ASKED
    for follow_up in wanted:
        of_question = asked.setdefault(follow_up.question.id, set())
        if follow_up.ask in of_question or len(of_question) == MOST_PER_QUESTION:
            continue
        if left == 0:
            return
        left -= 1
        of_question.add(follow_up.ask)
        yield follow_up
