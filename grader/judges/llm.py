"""The judge that asks a language model."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import islice

from grader.answer import Answer
from grader.errors import LLMError, UnusableReply
from grader.judgement import Evidence, Finding, Judgement, Sighting, Verdict, cite
from grader.judges.llm_prompt import prompt_for
from grader.judges.llm_reply import (
    Confidence,
    Said,
    SaidOfCriterion,
    SaidOfRedFlag,
    problems,
    reply_type,
)
from grader.llm.base import LLM, NEXT_STEP, Prompt, plain, spent_of, sum_of, with_spent
from grader.prompt_files import PromptTemplate
from grader.rubric import Rubric

MET: dict[tuple[Verdict, Confidence], float] = {
    (Verdict.MET, "sure"): 0.95,
    (Verdict.MET, "likely"): 0.8,
    (Verdict.MET, "unsure"): 0.6,
    (Verdict.PARTIAL, "unsure"): 0.4,
    (Verdict.PARTIAL, "likely"): 0.35,
    (Verdict.PARTIAL, "sure"): 0.3,
    (Verdict.UNMET, "unsure"): 0.4,
    (Verdict.UNMET, "likely"): 0.2,
    (Verdict.UNMET, "sure"): 0.05,
}
"""How probable it is that a fair person says met: a guess, not yet calibrated."""

SEEN: dict[tuple[bool, Confidence], float] = {
    (True, "sure"): 0.95,
    (True, "likely"): 0.8,
    (True, "unsure"): 0.6,
    (False, "unsure"): 0.4,
    (False, "likely"): 0.2,
    (False, "sure"): 0.05,
}
"""How probable it is that a fair person sees the flag: a guess, not yet calibrated."""

LONGEST_RATIONALE = 300
"""Characters of the model's own words that are kept for one part."""

_AGAIN = (
    "\n\nYour last reply could not be used: {problem}. "
    "Reply again, in full, in the form asked for."
)
_WRONG_FORM = "it was not one complete JSON object of the form asked for"


class _Broken(UnusableReply):
    """A reply of the right form that is no judgement. `problem` is safe to send."""

    def __init__(self, problem: str, spent: dict[str, int]) -> None:
        super().__init__(
            f"the model's reply is no judgement: {problem}; {NEXT_STEP}", spent
        )
        self.problem = problem


@dataclass(frozen=True)
class LLMJudge:
    """Asks for all criteria and red flags at once, as verdicts with sentence numbers.

    The probabilities are the model's word (sure, likely, unsure) put into numbers by
    the tables `MET` and `SEEN`; they are not calibrated. A reply outside the contract
    is asked for once more, then it is an `UnusableReply`.
    """

    llm: LLM
    template: PromptTemplate
    name: str = "llm"
    calibration_digest: str | None = None

    @property
    def prompt(self) -> str:
        return self.template.id

    @property
    def prompt_digest(self) -> str:
        return self.template.digest

    async def judge(self, rubric: Rubric, answer: Answer) -> Judgement:
        prompt = prompt_for(self.template, rubric, answer)
        try:
            return await self._ask(prompt, rubric, answer)
        except UnusableReply as exc:
            problem = exc.problem if isinstance(exc, _Broken) else _WRONG_FORM
            spent = exc.spent
        # Behind the material, so that what a provider has cached stays of use.
        material = prompt.material + _AGAIN.format(problem=problem)
        try:
            judgement = await self._ask(
                replace(prompt, material=material), rubric, answer
            )
        except LLMError as exc:
            exc.spent = sum_of(exc.spent, spent)
            raise
        usage = with_spent(judgement.usage, spent)
        return judgement.model_copy(update={"usage": usage})

    async def _ask(self, prompt: Prompt, rubric: Rubric, answer: Answer) -> Judgement:
        reply = await self.llm.ask(prompt, reply_type(rubric))
        wrong = list(islice(problems(reply.value, rubric, answer), 3))
        if wrong:
            raise _Broken("; ".join(wrong), spent_of(reply.usage))
        judgement = judgement_from(reply.value, rubric, answer)
        return judgement.model_copy(update={"model": reply.model, "usage": reply.usage})


def judgement_from(said: Said, rubric: Rubric, answer: Answer) -> Judgement:
    """What the model said, in the rubric's order, with the candidate's own words."""
    findings = {part.criterion_id: part for part in said.findings}
    sightings = {part.red_flag_id: part for part in said.sightings}
    return Judgement(
        findings=tuple(_finding(findings[c.id], answer) for c in rubric.criteria),
        sightings=tuple(_sighting(sightings[f.id], answer) for f in rubric.red_flags),
    )


def _finding(said: SaidOfCriterion, answer: Answer) -> Finding:
    return Finding(
        criterion_id=said.criterion_id,
        verdict=said.verdict,
        probability=MET[said.verdict, said.confidence],
        evidence=_cited(said.verdict is not Verdict.UNMET, said.evidence, answer),
        rationale=plain(said.rationale, LONGEST_RATIONALE) or None,
    )


def _sighting(said: SaidOfRedFlag, answer: Answer) -> Sighting:
    return Sighting(
        red_flag_id=said.red_flag_id,
        seen=said.seen,
        probability=SEEN[said.seen, said.confidence],
        evidence=_cited(said.seen, said.evidence, answer),
        rationale=plain(said.rationale, LONGEST_RATIONALE) or None,
    )


def _cited(
    counts: bool, numbers: Sequence[int], answer: Answer
) -> tuple[Evidence, ...]:
    """The sentences, unless they speak for something that was not found."""
    return cite(answer, list(numbers)) if counts else ()
