"""What a judge saw in one answer: a finding per criterion, a sighting per red flag."""

from enum import StrEnum
from typing import Annotated

from pydantic import Field, PlainSerializer

from grader.answer import Answer
from grader.rubric import Frozen, Rubric

Probability = Annotated[
    float,
    Field(ge=0, le=1),
    PlainSerializer(lambda p: round(p, 4), return_type=float, when_used="json"),
]


class Verdict(StrEnum):
    """How far an answer meets one criterion."""

    MET = "met"
    PARTIAL = "partial"
    UNMET = "unmet"


class Doubt(StrEnum):
    """Why a judge wants a person to look, beyond what its probabilities say."""

    LOW_CONFIDENCE = "low_confidence"
    CONTRADICTION = "contradiction"
    CANNOT_ASSESS = "cannot_assess"


class Evidence(Frozen):
    """One of the candidate's own sentences.

    `start` and `end` count Unicode code points of the answer as received, and
    `answer.text[start:end] == text`.
    """

    sentence: int = Field(ge=1)
    start: int = Field(ge=0)
    end: int = Field(ge=0)
    text: str


class Finding(Frozen):
    """Evidence, rationale and verdict for one criterion.

    `probability` is that of a fair person saying met; partial is not met.
    """

    criterion_id: str
    verdict: Verdict
    probability: Probability
    evidence: tuple[Evidence, ...] = ()
    rationale: str | None = None


class Sighting(Frozen):
    """Evidence and rationale for one red flag, and whether it was seen.

    `probability` is that of a fair person saying that the flag is there.
    """

    red_flag_id: str
    seen: bool
    probability: Probability
    evidence: tuple[Evidence, ...] = ()
    rationale: str | None = None


class Usage(Frozen):
    """What judging took. `cost_usd` is None where the price is not known."""

    model_calls: int = 0
    input_tokens: int = 0
    cached_tokens: int = 0
    output_tokens: int = 0
    cost_usd: float | None = 0.0
    milliseconds: float = 0.0


class Judgement(Frozen):
    """All findings and sightings for one answer, and what the judge doubts.

    `model` is the one that the reply named, or None.
    """

    findings: tuple[Finding, ...]
    sightings: tuple[Sighting, ...] = ()
    doubts: tuple[Doubt, ...] = ()
    model: str | None = None
    usage: Usage = Usage()


def cite(answer: Answer, numbers: list[int]) -> tuple[Evidence, ...]:
    """Turn sentence numbers into the candidate's words, in order, each once.

    Raises `IndexError` for a number that the answer does not have.
    """
    cited = []
    for number in sorted(set(numbers)):
        if not 1 <= number <= len(answer.sentences):
            raise IndexError(
                f"sentence {number} of {len(answer.sentences)} was cited as evidence"
            )
        sentence = answer.sentences[number - 1]
        cited.append(
            Evidence(
                sentence=number,
                start=sentence.start,
                end=sentence.end,
                text=answer.text[sentence.start : sentence.end],
            )
        )
    return tuple(cited)


def covers(judgement: Judgement, rubric: Rubric) -> bool:
    """Whether there is exactly one finding per criterion and sighting per red flag."""
    found = sorted(finding.criterion_id for finding in judgement.findings)
    sighted = sorted(sighting.red_flag_id for sighting in judgement.sightings)
    return found == sorted(c.id for c in rubric.criteria) and sighted == sorted(
        flag.id for flag in rubric.red_flags
    )
