"""The routes for people: the page to practise on."""

from typing import Annotated
from urllib.parse import parse_qsl

from fastapi import APIRouter, Query, Request
from starlette.exceptions import HTTPException
from starlette.responses import HTMLResponse

from grader.answer import read_answer
from grader.catalogue import QuestionRow
from grader.errors import AnswerError, NotFound
from grader.rubric import Frozen, Level
from grader.web.deps import Service, ServiceDep
from grader.web.errors import sentence
from grader.web.strict_json import content_type
from grader.web.views import CandidateView, UngradedView, candidate_view

router = APIRouter(include_in_schema=False)


class Sent(Frozen):
    """What the form sends."""

    question_id: str
    answer: str
    reveal: bool = False


@router.api_route("/", methods=["GET", "HEAD"])
async def practice(
    service: ServiceDep, question: Annotated[str | None, Query()] = None
) -> HTMLResponse:
    """All questions, or the editor for one of them."""
    if question is None:
        groups = {
            level.value: [row for row in service.questions if row.level is level]
            for level in Level
        }
        return HTMLResponse(service.renderer.render("start.html", groups=groups))
    return _question_page(service, _row(service, question))


@router.post("/")
async def practise(service: ServiceDep, request: Request) -> HTMLResponse:
    """Grade the answer in the form, and show it with what was seen in it."""
    sent = _read_form(request, await request.body())
    row = _row(service, sent.question_id)
    try:
        outcome = await service.grader.grade(row.id, sent.answer, sent.reveal)
        answer = read_answer(sent.answer, service.grader.longest_answer)
    except AnswerError as exc:
        return _question_page(service, row, sent.answer, error=sentence(str(exc)))
    return _question_page(service, row, sent.answer, candidate_view(answer, outcome))


def _question_page(
    service: Service,
    row: QuestionRow,
    answer: str = "",
    result: CandidateView | UngradedView | None = None,
    error: str = "",
) -> HTMLResponse:
    page = service.renderer.render(
        "question.html",
        question=row,
        next_question=_after(service, row),
        answer=answer,
        result=result,
        error=error,
        longest=service.grader.longest_answer,
        judged_here=service.grader.judge.name == "local",
    )
    return HTMLResponse(page, 422 if error else 200)


def _row(service: Service, question_id: str) -> QuestionRow:
    for row in service.questions:
        if row.id == question_id:
            return row
    raise NotFound("there is no such question")


def _after(service: Service, row: QuestionRow) -> QuestionRow | None:
    place = service.questions.index(row) + 1
    return service.questions[place] if place < len(service.questions) else None


def _read_form(request: Request, body: bytes) -> Sent:
    """The form's fields, each once, in strict UTF-8; line ends as they were typed."""
    if content_type(request) != ("application/x-www-form-urlencoded", "utf-8"):
        raise HTTPException(415)
    try:
        pairs = parse_qsl(
            body.decode("ascii"),
            keep_blank_values=True,
            errors="strict",
            max_num_fields=3,
        )
        fields = dict(pairs)
        if len(fields) < len(pairs):
            raise ValueError("a field stands in it twice")
        # A browser sends every line end of a text area as CR LF.
        fields["answer"] = fields["answer"].replace("\r\n", "\n")
        return Sent.model_validate(fields)
    except (ValueError, KeyError) as exc:
        raise HTTPException(422) from exc
