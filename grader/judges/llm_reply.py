"""What the llm judge is told: the form of a reply, and what else must hold for it."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from typing import Annotated, Any, Literal

from pydantic import Field, create_model

from grader.answer import Answer
from grader.judgement import Verdict
from grader.rubric import FlagKind, Frozen, Rubric

MOST_EVIDENCE = 100
"""Sentence numbers for one part; no more than an answer of any length needs."""

Confidence = Literal["sure", "likely", "unsure"]
_Number = Annotated[int, Field(ge=0, le=100_000)]
_Evidence = Annotated[tuple[_Number, ...], Field(max_length=MOST_EVIDENCE)]
_Rationale = Annotated[str, Field(max_length=4000)]


class SaidOfCriterion(Frozen):
    """What a model says about one criterion, in the order in which it should think."""

    criterion_id: str
    evidence: _Evidence
    rationale: _Rationale
    verdict: Verdict
    confidence: Confidence


class SaidOfRedFlag(Frozen):
    """What a model says about one red flag, in the order in which it should think."""

    red_flag_id: str
    evidence: _Evidence
    rationale: _Rationale
    seen: bool
    confidence: Confidence


class Said(Frozen):
    """What a model says about one answer."""

    findings: tuple[SaidOfCriterion, ...]
    sightings: tuple[SaidOfRedFlag, ...] = ()


def reply_type(rubric: Rubric) -> type[Said]:
    """`Said`, with a schema that lists this rubric's ids.

    That each id stands there once cannot be said in a schema; `problems` checks it.
    """
    return _reply_type(
        tuple(criterion.id for criterion in rubric.criteria),
        tuple(flag.id for flag in rubric.red_flags),
    )


@lru_cache(maxsize=256)
def _reply_type(criteria: tuple[str, ...], flags: tuple[str, ...]) -> type[Said]:
    finding = create_model(
        "Finding", __base__=SaidOfCriterion, criterion_id=(_one_of(criteria), ...)
    )
    parts: dict[str, Any] = {"findings": (tuple[finding, ...], ...)}
    if flags:
        sighting = create_model(
            "Sighting", __base__=SaidOfRedFlag, red_flag_id=(_one_of(flags), ...)
        )
        parts["sightings"] = (tuple[sighting, ...], ...)
    return create_model("Judgement", __base__=Said, **parts)


def _one_of(ids: tuple[str, ...]) -> Any:
    # Not a Literal: an id too many is worth a better sentence than pydantic's.
    return Annotated[str, Field(json_schema_extra={"enum": list(ids)})]


def problems(said: Said, rubric: Rubric, answer: Answer) -> Iterator[str]:
    """What keeps a reply of the right form from being a judgement.

    The sentences hold no word of the model's, so that they may be sent back to it.
    """
    yield from _wrong_ids(
        "criterion",
        [c.id for c in rubric.criteria],
        [f.criterion_id for f in said.findings],
    )
    yield from _wrong_ids(
        "red flag",
        [f.id for f in rubric.red_flags],
        [s.red_flag_id for s in said.sightings],
    )
    yield from _not_there((*said.findings, *said.sightings), len(answer.sentences))
    yield from _without_evidence(said, rubric)


def _wrong_ids(part: str, wanted: Sequence[str], given: Sequence[str]) -> Iterator[str]:
    count = Counter(given)
    for id in wanted:
        if count[id] != 1:
            yield f"it reports on {part} {id!r} {count[id]} times, not once"
    if set(given) - set(wanted):
        yield f"it reports on a {part} that is not in the rubric"


def _not_there(
    parts: Iterable[SaidOfCriterion | SaidOfRedFlag], sentences: int
) -> Iterator[str]:
    cited = {number for part in parts for number in part.evidence}
    for number in sorted(cited):
        if not 1 <= number <= sentences:
            yield f"it cites sentence {number} of an answer with {sentences}"


def _without_evidence(said: Said, rubric: Rubric) -> Iterator[str]:
    for finding in said.findings:
        if finding.verdict is not Verdict.UNMET and not finding.evidence:
            yield f"it calls a criterion {finding.verdict.value} without evidence"
    stated = {f.id for f in rubric.red_flags if f.kind is FlagKind.STATES}
    for sighting in said.sightings:
        if sighting.seen and sighting.red_flag_id in stated and not sighting.evidence:
            yield f"it sees red flag {sighting.red_flag_id!r} without evidence"
