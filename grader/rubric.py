"""What a good answer to one question is, written down before anybody answers."""

from enum import StrEnum
from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator


class Frozen(BaseModel):
    """Base for every value in the grader: immutable, and strict about spelling."""

    model_config = ConfigDict(frozen=True, extra="forbid")


Slug = Annotated[
    str, StringConstraints(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$", max_length=80)
]
Sentence = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)]


class Level(StrEnum):
    """How much experience a question is meant for."""

    JUNIOR = "junior"
    MID = "mid"
    SENIOR = "senior"


class FlagKind(StrEnum):
    """`states`: the answer asserts or does the bad thing. `omits`: it fails to act."""

    STATES = "states"
    OMITS = "omits"


class Example(Frozen):
    """A passage, and whether a fair person would say that it meets the requirement.

    `type` says what makes the passage easy or hard, for example `near_miss`.
    """

    met: bool
    type: str
    text: Sentence


class Question(Frozen):
    """What the candidate is asked."""

    id: Slug
    text: Sentence
    topic: Slug
    level: Level
    source: str = ""


class Criterion(Frozen):
    """One thing a strong answer does, worth points.

    `hint` nudges a candidate towards the point without giving it away; it is
    empty only in a draft.
    """

    id: Slug
    requirement: Sentence
    points: int = Field(ge=1, le=100)
    hint: str = ""
    examples: tuple[Example, ...] = ()


class RedFlag(Frozen):
    """One thing a strong answer never does.

    Raising it caps the score at `cap` (a fraction, 0..1). It is not a criterion
    with negative points, so "met" always means "good" everywhere in this package.
    """

    id: Slug
    statement: Sentence
    kind: FlagKind
    cap: float = Field(ge=0, le=1)
    examples: tuple[Example, ...] = ()


class Rubric(Frozen):
    """Criteria and red flags for one question, at one version.

    `digest` is the SHA-256 of the files it was read from, examples included.
    """

    question: Question
    version: int = Field(ge=1)
    strong_answer: Sentence
    criteria: tuple[Criterion, ...] = Field(min_length=1)
    red_flags: tuple[RedFlag, ...] = ()
    digest: str = ""

    @model_validator(mode="after")
    def _ids_are_unique(self) -> Self:
        ids = [part.id for part in self.parts]
        twice = sorted({id for id in ids if ids.count(id) > 1})
        if twice:
            raise ValueError(f"ids used more than once: {', '.join(twice)}")
        return self

    @property
    def parts(self) -> tuple[Criterion | RedFlag, ...]:
        """The criteria, then the red flags."""
        return (*self.criteria, *self.red_flags)

    @property
    def has_examples(self) -> bool:
        """Whether every criterion and red flag comes with examples of both kinds."""
        return all(
            {example.met for example in part.examples} == {True, False}
            for part in self.parts
        )
