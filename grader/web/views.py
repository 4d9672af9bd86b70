"""A result as the page shows it to a candidate.

A view is made from the outcome and the answer alone. It has no access to the rubric,
so what a strong answer covers cannot reach the page unless feedback was asked to tell.
"""

from collections import defaultdict
from collections.abc import Iterable
from string import ascii_uppercase
from typing import Literal

from grader.answer import Answer, read_answer
from grader.feedback import is_unsure
from grader.grade import (
    Band,
    Grade,
    Missing,
    Outcome,
    ReviewReason,
    Ungraded,
    UngradedCode,
)
from grader.judgement import Evidence, Finding, Sighting, Verdict
from grader.rubric import Frozen
from grader.scoring import BANDS, band
from grader.web.marking import Badge, Passage, passages

BAND_WORDS = {
    Band.NONE: "Not much yet",
    Band.WEAK: "Weak",
    Band.MIXED: "Mixed",
    Band.GOOD: "Good",
    Band.STRONG: "Strong",
}
VERDICT_WORDS = {
    Verdict.MET: "Met",
    Verdict.PARTIAL: "Partly",
    Verdict.UNMET: "Not seen",
}
_BADGE_WORDS = {Verdict.MET: "met", Verdict.PARTIAL: "partly met"}
REVIEW_WORDS = {
    ReviewReason.LOW_CONFIDENCE: "the judge is not sure about all of it",
    ReviewReason.NEAR_CUT: "it lies close to the line between two levels",
    ReviewReason.HIDDEN_TEXT: "it holds characters that nobody can see",
    ReviewReason.STEERING: "part of it speaks to the judge, "
    "which did not change the score",
    ReviewReason.CONTRADICTION: "one sentence counted for a point and as a red flag",
    ReviewReason.CANNOT_ASSESS: "one of the points could not be judged",
    ReviewReason.RED_FLAG: "it may hold a red flag",
}
UNGRADED_WORDS = {
    UngradedCode.UNSUPPORTED_LANGUAGE: "The judge reads English only. "
    "Write it in English, or ask a person to read it.",
    UngradedCode.PROVIDER_UNAVAILABLE: "The judge could not be reached. "
    "Wait a moment and try again.",
    UngradedCode.PROVIDER_BLOCKED: "The judge is not set up to work at the moment. "
    "Tell whoever runs this page.",
    UngradedCode.PROVIDER_DECLINED: "The judge declined to read this answer. "
    "Put it in other words, or ask a person to read it.",
    UngradedCode.UNUSABLE_REPLY: "The judge's reply made no sense. Try again.",
}


class ScoreLine(Frozen):
    """Where a dot and a line lie over five zones of one width, in percent of it."""

    zone: Band
    dot: float
    low: float
    high: float
    likely: str


class Point(Frozen):
    """One point. `hint` is empty where it is met; `covers` unless it was asked for."""

    number: int
    tone: Verdict
    word: str
    unsure: bool
    message: str
    hint: str = ""
    covers: str = ""
    sentences: tuple[int, ...] = ()


class Flag(Frozen):
    """One red flag that was seen."""

    letter: str
    message: str
    sentences: tuple[int, ...] = ()


class CandidateView(Frozen):
    """A grade without percentages, probabilities, rationales or the rubric."""

    kind: Literal["grade", "blank"]
    word: str
    line: ScoreLine
    summary: str
    passages: tuple[Passage, ...]
    hidden: int
    points: tuple[Point, ...]
    flags: tuple[Flag, ...]
    next: str
    review: str
    strong_answer: str | None


class UngradedView(Frozen):
    """An answer that could not be judged, and what to do about it."""

    kind: Literal["ungraded"] = "ungraded"
    why: str


def candidate_view(answer: Answer, outcome: Outcome) -> CandidateView | UngradedView:
    """What the candidate is shown of an outcome for this answer."""
    if isinstance(outcome, Ungraded):
        usual = "Try again in a moment."
        return UngradedView(why=UNGRADED_WORDS.get(outcome.code, usual))
    points = _points(outcome)
    opening = f"{outcome.band.value.capitalize()}. "
    return CandidateView(
        kind="blank" if answer.is_blank else "grade",
        word=BAND_WORDS[outcome.band],
        line=_score_line(outcome),
        summary=outcome.feedback.summary.removeprefix(opening),
        passages=_marked(answer, outcome),
        hidden=sum(run.end - run.start for run in answer.hidden),
        points=points,
        flags=_flags(outcome),
        next=read_answer(outcome.feedback.next).safe,
        review=_and(REVIEW_WORDS[reason] for reason in outcome.review),
        strong_answer=outcome.feedback.strong_answer,
    )


def _points(grade: Grade) -> tuple[Point, ...]:
    got = {part.criterion_id: part.message for part in grade.feedback.got}
    missing = {part.criterion_id: part for part in grade.feedback.missing}
    return tuple(
        _point(number, finding, got.get(finding.criterion_id), missing)
        for number, finding in enumerate(grade.findings, start=1)
    )


def _point(
    number: int, finding: Finding, got: str | None, missing: dict[str, Missing]
) -> Point:
    lacking = missing.get(finding.criterion_id)
    hints = lacking.hints if lacking else ()
    return Point(
        number=number,
        tone=finding.verdict,
        word=VERDICT_WORDS[finding.verdict],
        unsure=is_unsure(finding.probability),
        message=got or (lacking.message if lacking else ""),
        hint=hints[0] if hints else "",
        covers=" ".join(hints[1:]),
        sentences=_numbers(_shown(finding)),
    )


def _flags(grade: Grade) -> tuple[Flag, ...]:
    seen = {sighting.red_flag_id: sighting for sighting in _sightings(grade)}
    return tuple(
        Flag(
            letter=letter,
            message=note.message,
            sentences=_numbers(seen[note.red_flag_id].evidence if note.quotes else ()),
        )
        for letter, note in zip(ascii_uppercase, grade.feedback.flags, strict=False)
    )


def _sightings(grade: Grade) -> Iterable[Sighting]:
    return (sighting for sighting in grade.sightings if sighting.seen)


def _marked(answer: Answer, grade: Grade) -> tuple[Passage, ...]:
    badges: dict[int, list[Badge]] = defaultdict(list)
    evidence: list[Evidence] = []
    for number, finding in enumerate(grade.findings, start=1):
        for part in _shown(finding):
            badges[part.sentence].append(_badge(number, finding.verdict))
            evidence.append(part)
    cited = {s.red_flag_id: s.evidence for s in _sightings(grade)}
    for flag, note in zip(_flags(grade), grade.feedback.flags, strict=False):
        for part in cited[note.red_flag_id] if note.quotes else ():
            badges[part.sentence].append(_flag_badge(flag.letter))
            evidence.append(part)
    return passages(answer, badges, evidence)


def _shown(finding: Finding) -> tuple[Evidence, ...]:
    """What counted for a point. The nearest words to one not seen are not shown."""
    return () if finding.verdict is Verdict.UNMET else finding.evidence


def _numbers(evidence: Iterable[Evidence]) -> tuple[int, ...]:
    return tuple(part.sentence for part in evidence)


def _badge(number: int, verdict: Verdict) -> Badge:
    return Badge(
        href=f"#point-{number}",
        short=str(number),
        tone=verdict.value,
        label=f"Evidence for point {number}, {_BADGE_WORDS[verdict]}",
    )


def _flag_badge(letter: str) -> Badge:
    return Badge(
        href=f"#flag-{letter}",
        short=letter,
        tone="flag",
        label=f"Evidence for red flag {letter}",
    )


def _score_line(grade: Grade) -> ScoreLine:
    low, high = grade.interval
    lowest, highest = band(low), band(high)
    likely = (
        f"Likely {_zone(lowest)}."
        if lowest is highest
        else f"Likely between {_zone(lowest)} and {_zone(highest)}."
    )
    return ScoreLine(
        zone=grade.band,
        dot=place(grade.percent),
        low=place(low),
        high=place(high),
        likely=likely,
    )


def _and(reasons: Iterable[str]) -> str:
    *most, last = [*reasons] or [""]
    return f"{'; '.join(most)}; and {last}" if most else last


def _zone(of: Band) -> str:
    return of.value.capitalize()


def place(percent: float) -> float:
    """Where a percent lies on a line whose five zones are equally wide, 0..100.

    >>> place(0), place(10), place(80), place(100)
    (0.0, 20.0, 80.0, 100.0)
    """
    edges = [0.0, *(upto for upto, _ in BANDS), 100.0]
    zone = next((n for n, upto in enumerate(edges[1:-1]) if percent < upto), 4)
    width = edges[zone + 1] - edges[zone]
    return round(20 * (zone + (percent - edges[zone]) / width), 2)
