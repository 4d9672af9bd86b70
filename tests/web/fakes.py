"""A judge that says what a test wants, and rubrics of our own."""

from collections.abc import Callable
from dataclasses import dataclass

from grader.answer import Answer
from grader.judgement import Finding, Judgement, Sighting, Verdict, cite
from grader.rubric import Rubric

Judging = Callable[[Rubric, Answer], Judgement]


@dataclass(frozen=True)
class FakeJudge:
    """Judges by the function it is given."""

    judging: Judging
    name: str = "fake"
    prompt: str | None = None
    prompt_digest: str | None = None
    calibration_digest: str | None = None

    async def judge(self, rubric: Rubric, answer: Answer) -> Judgement:
        return self.judging(rubric, answer)


def by_sentences(rationale: str | None = None) -> Judging:
    """Sentence 1 meets point 1, sentence 2 half of point 2; "Flag" raises a flag."""

    def judge(rubric: Rubric, answer: Answer) -> Judgement:
        verdicts = [Verdict.MET, Verdict.PARTIAL]
        findings = []
        for number, criterion in enumerate(rubric.criteria, start=1):
            cited = number <= min(2, len(answer.sentences))
            findings.append(
                Finding(
                    criterion_id=criterion.id,
                    verdict=verdicts[number - 1] if cited else Verdict.UNMET,
                    probability=0.95 if cited and number == 1 else 0.3,
                    evidence=cite(answer, [number]) if cited else (),
                    rationale=rationale,
                )
            )
        raised = [s.number for s in answer.sentences if s.safe.startswith("Flag")]
        sightings = [
            Sighting(
                red_flag_id=flag.id,
                seen=bool(raised) and flag.kind.value == "states",
                probability=0.9 if raised else 0.02,
                evidence=cite(answer, raised) if flag.kind.value == "states" else (),
                rationale=rationale,
            )
            for flag in rubric.red_flags
        ]
        return Judgement(findings=tuple(findings), sightings=tuple(sightings))

    return judge
