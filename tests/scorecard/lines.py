"""Lines of a file of grades, made with the real scoring, for tests of scorecards."""

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from grader.answer import read_answer
from grader.feedback import feedback
from grader.grade import Grade, Provenance, ReviewReason, Ungraded, UngradedCode
from grader.judgement import Judgement, Usage
from grader.rubric import Rubric
from grader.rubric_files import RubricShelf
from grader.scorecard.reading import RubricsAtHand
from grader.scoring import score
from tests.judgements import MET, UNMET, judged

TEXT = "Boil the water. Wait."
ALL, NOTHING = (MET, MET, MET), (UNMET, UNMET, UNMET)

TEA = """
id = "{id}"
version = 1
topic = "kitchen"
level = "{level}"
question = "How do you make {id}?"
strong_answer = "Pour freshly boiled water on it."
[[criteria]]
id = "boiled-water"
requirement = "Says that the water must be freshly boiled."
points = 5
hint = "How warm should what you pour be?"
[[criteria]]
id = "waits"
requirement = "Says that it is left to steep for minutes."
points = 3
hint = "What happens before drinking?"
[[criteria]]
id = "takes-out"
requirement = "Says that the leaves are taken out."
points = 2
hint = "How do you keep it from going bitter?"
[[red_flags]]
id = "microwave"
statement = "Puts the cup into a microwave oven."
kind = "states"
cap = 0.34
"""


def rubrics_at_hand(folder: Path, **levels: str) -> RubricsAtHand:
    """A shelf with one rubric for each question id and its level."""
    for id, level in (levels or {"tea": "junior", "mate": "mid"}).items():
        place = folder / "kitchen" / level / id
        place.mkdir(parents=True, exist_ok=True)
        (place / "v1.toml").write_text(TEA.format(id=id, level=level))
    return RubricsAtHand(RubricShelf(folder))


def grade(
    rubric: Rubric,
    judgement: Judgement | None = None,
    review: tuple[ReviewReason, ...] = (),
    made: str = "fake",
) -> Grade:
    """A grade of `judgement`, or of one that saw everything."""
    judgement = judgement or judged(rubric, ALL, answer=read_answer(TEXT))
    scored = score(rubric, judgement)
    return Grade(
        **dict(scored),
        review=review,
        findings=judgement.findings,
        sightings=judgement.sightings,
        feedback=feedback(rubric, judgement, scored),
        provenance=Provenance(
            judge=made, package_version="9.9", rubric_digest=rubric.digest
        ),
        usage=Usage(),
    )


def ungraded(code: UngradedCode = UngradedCode.PROVIDER_UNAVAILABLE) -> Ungraded:
    """An outcome without a score."""
    made = Provenance(judge="fake", package_version="9.9")
    return Ungraded(
        code=code, reason="the model is out", provenance=made, usage=Usage()
    )


def line(
    candidate: object, question_id: str, outcome: Grade | Ungraded, **more: Any
) -> dict[str, Any]:
    """One line of a file of grades."""
    ours = outcome.model_dump(mode="json")
    return {"id": 1, "candidate": candidate, "question_id": question_id, **more, **ours}


def write(path: Path, lines: Iterable[dict[str, Any] | str]) -> Path:
    """A file of these lines; a string is written as it is."""
    texts = [of if isinstance(of, str) else json.dumps(of) for of in lines]
    path.write_text("".join(f"{text}\n" for text in texts))
    return path
