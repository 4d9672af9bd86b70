"""Grade one answer: the one use case."""

import time
from collections.abc import Mapping
from dataclasses import dataclass

from grader import __version__
from grader.answer import LONGEST, Answer, read_answer
from grader.errors import (
    GraderError,
    LLMBlocked,
    LLMDeclined,
    LLMError,
    LLMUnavailable,
    UnsupportedLanguage,
)
from grader.feedback import blank_feedback, feedback
from grader.grade import (
    Band,
    Grade,
    Outcome,
    Provenance,
    ReviewReason,
    Ungraded,
    UngradedCode,
)
from grader.judgement import Finding, Sighting, Usage, Verdict
from grader.judges.base import Judge
from grader.rubric import Rubric
from grader.rubric_files import RubricShelf
from grader.scoring import review_reasons, score
from grader.steering import steering_sentences

_CODES: dict[type[GraderError], UngradedCode] = {
    UnsupportedLanguage: UngradedCode.UNSUPPORTED_LANGUAGE,
    LLMUnavailable: UngradedCode.PROVIDER_UNAVAILABLE,
    LLMBlocked: UngradedCode.PROVIDER_BLOCKED,
    LLMDeclined: UngradedCode.PROVIDER_DECLINED,
}


@dataclass(frozen=True)
class Grader:
    """A judge and the rubrics it judges by. `grader.wiring.build` makes one."""

    judge: Judge
    shelf: RubricShelf
    longest_answer: int = LONGEST

    async def grade(
        self, question_id: str, received: str | bytes, reveal: bool = False
    ) -> Outcome:
        """Grade one answer to one question.

        Raises `NotFound` for an unknown question, `AnswerError` for what is not
        text or too long, `ContentError` for a broken rubric; nothing where the
        judge was of no use: that is an `Ungraded`.
        """
        rubric = self.shelf.rubric(question_id)
        answer = read_answer(received, self.longest_answer)
        return await grade_answer(self.judge, rubric, answer, reveal)


async def grade_answer(
    judge: Judge, rubric: Rubric, answer: Answer, reveal: bool = False
) -> Outcome:
    """Judge an answer, score what was seen, and say it to the candidate."""
    began = time.perf_counter()
    if answer.is_blank:
        return _blank(judge, rubric, answer, reveal)
    try:
        judgement = await judge.judge(rubric, answer)
    except (LLMError, UnsupportedLanguage) as exc:
        spent = exc.spent if isinstance(exc, LLMError) else {}
        return Ungraded(
            code=_code(exc),
            reason=str(exc),
            provenance=provenance(judge, rubric, answer),
            usage=_usage_in_vain(spent, began),
        )
    scored = score(rubric, judgement)
    reasons = set(review_reasons(rubric, answer, judgement, scored))
    if steering_sentences(answer):
        reasons.add(ReviewReason.STEERING)
    return Grade(
        **dict(scored),
        review=tuple(reason for reason in ReviewReason if reason in reasons),
        findings=judgement.findings,
        sightings=judgement.sightings,
        feedback=feedback(rubric, judgement, scored, reveal),
        provenance=provenance(judge, rubric, answer, judgement.model),
        usage=judgement.usage.model_copy(update={"milliseconds": _since(began)}),
    )


def provenance(
    judge: Judge,
    rubric: Rubric | None = None,
    answer: Answer | None = None,
    model: str | None = None,
) -> Provenance:
    """What made an outcome, as far as it is known."""
    return Provenance(
        rubric=rubric.question.id if rubric else None,
        rubric_version=rubric.version if rubric else None,
        rubric_digest=rubric.digest if rubric else None,
        prompt=judge.prompt,
        prompt_digest=judge.prompt_digest,
        judge=judge.name,
        model=model,
        calibration_digest=judge.calibration_digest,
        answer_digest=answer.digest if answer else None,
        package_version=__version__,
    )


def _blank(judge: Judge, rubric: Rubric, answer: Answer, reveal: bool) -> Grade:
    """No words: nothing to judge, no red flag, and nothing to review."""
    return Grade(
        percent=0,
        expected=0,
        band=Band.NONE,
        interval=(0, 0),
        findings=tuple(
            Finding(criterion_id=c.id, verdict=Verdict.UNMET, probability=0)
            for c in rubric.criteria
        ),
        sightings=tuple(
            Sighting(red_flag_id=flag.id, seen=False, probability=0)
            for flag in rubric.red_flags
        ),
        feedback=blank_feedback(rubric, reveal),
        provenance=provenance(judge, rubric, answer),
        usage=Usage(),
    )


def _usage_in_vain(spent: Mapping[str, int], began: float) -> Usage:
    cost = None if spent.get("model_calls") else 0.0
    return Usage(**spent, cost_usd=cost, milliseconds=_since(began))


def _code(exc: GraderError) -> UngradedCode:
    return next(
        (code for kind, code in _CODES.items() if isinstance(exc, kind)),
        UngradedCode.UNUSABLE_REPLY,
    )


def _since(began: float) -> float:
    return round(1000 * (time.perf_counter() - began), 3)
