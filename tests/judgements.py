"""Judgements for tests, and a judge that gives them."""

from collections.abc import Callable

from grader.answer import Answer
from grader.judgement import Doubt, Finding, Judgement, Sighting, Verdict, cite
from grader.rubric import Rubric

MET, PARTIAL, UNMET = Verdict.MET, Verdict.PARTIAL, Verdict.UNMET
LIKELY = {MET: 0.95, PARTIAL: 0.4, UNMET: 0.05}


def judged(
    rubric: Rubric,
    verdicts: tuple[Verdict, ...],
    seen: tuple[str, ...] = (),
    answer: Answer | None = None,
    doubts: tuple[Doubt, ...] = (),
) -> Judgement:
    """A judgement with these verdicts, in the rubric's order, and these flags seen.

    Where an answer is given, its first sentence is the evidence for everything.
    """
    evidence = cite(answer, [1]) if answer else ()
    return Judgement(
        findings=tuple(
            Finding(
                criterion_id=criterion.id,
                verdict=verdict,
                probability=LIKELY[verdict],
                evidence=() if verdict is UNMET else evidence,
            )
            for criterion, verdict in zip(rubric.criteria, verdicts, strict=True)
        ),
        sightings=tuple(
            Sighting(
                red_flag_id=flag.id,
                seen=flag.id in seen,
                probability=0.95 if flag.id in seen else 0.05,
                evidence=evidence if flag.id in seen else (),
            )
            for flag in rubric.red_flags
        ),
        doubts=doubts,
    )


class FakeJudge:
    """Gives the judgement that a function makes, or raises what it raises."""

    name = "fake"
    prompt = None
    prompt_digest = None
    calibration_digest = None

    def __init__(self, judge: Callable[[Rubric, Answer], Judgement]) -> None:
        self._judge = judge
        self.calls = 0

    async def judge(self, rubric: Rubric, answer: Answer) -> Judgement:
        self.calls += 1
        return self._judge(rubric, answer)
