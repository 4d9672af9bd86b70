"""The outcome for one answer: a grade, or ungraded with a reason."""

from enum import StrEnum
from typing import Annotated, Literal

from pydantic import Field, PlainSerializer

from grader.judgement import Finding, Judgement, Sighting, Usage
from grader.rubric import Frozen

Percent = Annotated[
    float,
    Field(ge=0, le=100),
    PlainSerializer(lambda p: round(p, 4), return_type=float, when_used="json"),
]


class Band(StrEnum):
    """A score as a word. `grader.scoring.BANDS` has the thresholds."""

    NONE = "none"
    WEAK = "weak"
    MIXED = "mixed"
    GOOD = "good"
    STRONG = "strong"


class ReviewReason(StrEnum):
    """Why a person should look at a grade."""

    LOW_CONFIDENCE = "low_confidence"
    NEAR_CUT = "near_cut"
    HIDDEN_TEXT = "hidden_text"
    STEERING = "steering"
    CONTRADICTION = "contradiction"
    CANNOT_ASSESS = "cannot_assess"
    RED_FLAG = "red_flag"


class UngradedCode(StrEnum):
    """What kept an answer from being judged, for programs."""

    BAD_ANSWER = "bad_answer"
    UNKNOWN_QUESTION = "unknown_question"
    UNSUPPORTED_LANGUAGE = "unsupported_language"
    PROVIDER_UNAVAILABLE = "provider_unavailable"
    PROVIDER_BLOCKED = "provider_blocked"
    PROVIDER_DECLINED = "provider_declined"
    UNUSABLE_REPLY = "unusable_reply"


class Score(Frozen):
    """The numbers that follow from a judgement by arithmetic.

    percent     0..100, unrounded in memory, four decimals in JSON
    expected    0..100, the mean over the judge's probabilities; for sorting
    interval    the smallest range holding 90% of the probability, and `percent`
    capped_by   the red flag that lowered the score, or None
    """

    percent: Percent
    expected: Percent
    band: Band
    interval: tuple[Percent, Percent]
    capped_by: str | None = None


class Got(Frozen):
    """One point that was seen, with the candidate's own words."""

    criterion_id: str
    message: str
    quotes: tuple[str, ...] = ()


class Missing(Frozen):
    """One point that was not seen or only partly, as hints of growing strength."""

    criterion_id: str
    message: str
    hints: tuple[str, ...] = ()


class FlagNote(Frozen):
    """One red flag that was seen, explained kindly."""

    red_flag_id: str
    message: str
    quotes: tuple[str, ...] = ()


class Feedback(Frozen):
    """What a candidate is told. Holds the strong answer only if it was asked for."""

    summary: str
    got: tuple[Got, ...] = ()
    missing: tuple[Missing, ...] = ()
    flags: tuple[FlagNote, ...] = ()
    next: str
    strong_answer: str | None = Field(default=None, exclude_if=lambda v: v is None)


class Provenance(Frozen):
    """Everything needed to say what made an outcome.

    Digests are SHA-256 in hex. `model` is the one that the reply named.
    """

    rubric: str | None = None
    rubric_version: int | None = None
    rubric_digest: str | None = None
    prompt: str | None = None
    prompt_digest: str | None = None
    judge: str
    model: str | None = None
    calibration_digest: str | None = None
    answer_digest: str | None = None
    package_version: str


class Grade(Score):
    """A score, the judgement it follows from, feedback, and what made them."""

    kind: Literal["grade"] = "grade"
    review: tuple[ReviewReason, ...] = ()
    findings: tuple[Finding, ...]
    sightings: tuple[Sighting, ...] = ()
    feedback: Feedback
    provenance: Provenance
    usage: Usage

    @property
    def judgement(self) -> Judgement:
        """What the judge saw."""
        return Judgement(findings=self.findings, sightings=self.sightings)


class Ungraded(Frozen):
    """An answer that could not be judged. It has no score, and never counts as zero."""

    kind: Literal["ungraded"] = "ungraded"
    code: UngradedCode
    reason: str
    provenance: Provenance
    usage: Usage


Outcome = Annotated[Grade | Ungraded, Field(discriminator="kind")]
