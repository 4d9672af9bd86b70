"""The routes for programs."""

from typing import Annotated, Literal

from fastapi import APIRouter, Body
from pydantic import AfterValidator, Field

from grader import __version__
from grader.catalogue import QuestionRow
from grader.grade import Outcome
from grader.rubric import Frozen
from grader.web.deps import ServiceDep
from grader.web.errors import documented
from grader.web.strict_json import StrictRoute

router = APIRouter(route_class=StrictRoute)


def _whole(text: str) -> str:
    """JSON can hold half of a surrogate pair, which is not text."""
    text.encode()  # Its UnicodeEncodeError is a ValueError, so the field is refused.
    return text


Text = Annotated[str, AfterValidator(_whole)]


class GradeRequest(Frozen):
    """One answer to one question."""

    question_id: Annotated[Text, Field(description="As in /v1/questions.")]
    answer: Annotated[Text, Field(description="Plain text; may be empty.")]


class Health(Frozen):
    """That the service is up, and what it runs on."""

    status: Literal["ok"] = "ok"
    version: str
    judge: str
    questions: int


_EXAMPLES = {
    "an answer": {
        "value": {
            "question_id": "overfitting",
            "answer": "The model learned the noise of its training data, so it does "
            "well there and badly on new data. A held-out set shows it.",
        }
    }
}


@router.post(
    "/v1/grades",
    summary="Grade one answer",
    responses=documented(
        "not-json",
        "no-such-question",
        "too-large",
        "wrong-type",
        "wrong-fields",
        "broken",
    ),
    tags=["grades"],
)
async def create_grade(
    body: Annotated[GradeRequest, Body(openapi_examples=_EXAMPLES)],
    service: ServiceDep,
) -> Outcome:
    """Judge, score and explain one answer. Nothing is stored.

    An answer that could not be judged is `"kind": "ungraded"`, with status 200: it
    has a reason and no score. `start` and `end` of evidence count Unicode code
    points of the answer as sent.
    """
    return await service.grader.grade(body.question_id, body.answer)


@router.get("/v1/questions", summary="List the questions", tags=["questions"])
async def questions(service: ServiceDep) -> tuple[QuestionRow, ...]:
    """Every question that answers can be graded for."""
    return service.questions


@router.get("/healthz", summary="Is the service up", tags=["service"])
async def health(service: ServiceDep) -> Health:
    """Says nothing of whether a judge elsewhere can be reached."""
    return Health(
        version=__version__,
        judge=service.grader.judge.name,
        questions=len(service.questions),
    )
