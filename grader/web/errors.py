"""How an error looks over HTTP: a problem to programs, a page to people."""

import json
from collections.abc import Callable, Coroutine, Mapping
from typing import Any

from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from grader.errors import AnswerError, GraderError, LLMUnavailable, NotFound
from grader.rubric import Frozen


class Problem(Frozen):
    """What went wrong (RFC 9457). Never repeats what was sent."""

    type: str
    title: str
    status: int
    detail: str


PROBLEM_JSON = "application/problem+json"
PROBLEMS: Mapping[str, tuple[int, str, str]] = {
    "bad-request": (400, "The request cannot be read", "Check it against the API."),
    "not-json": (400, "The body is not JSON", "Send one JSON object in UTF-8."),
    "other-site": (
        403,
        "This was sent from another site",
        "Open the page here and send the form from it.",
    ),
    "nothing-here": (404, "There is nothing here", "Check the address."),
    "no-such-question": (
        404,
        "There is no such question",
        "The list of questions shows those there are.",
    ),
    "wrong-method": (
        405,
        "This address does not take that method",
        "The header Allow names those it takes.",
    ),
    "too-large": (
        413,
        "This is too long to take",
        "Shorten it and send it again.",
    ),
    "wrong-type": (
        415,
        "The body has the wrong content type",
        "Send application/json to the API; the page sends its form by itself.",
    ),
    "unusable-answer": (422, "The answer cannot be taken", "Send plain text."),
    "wrong-fields": (422, "The body has the wrong fields", "Check its fields."),
    "broken": (
        500,
        "Something went wrong here",
        "It was not your doing, and it has been noted. Try again in a moment.",
    ),
    "unavailable": (
        503,
        "The judge cannot be reached",
        "Try again in a moment.",
    ),
}
"""Each kind of problem: its status, its title, and what to say unless told more."""

ERRORS: Mapping[type[GraderError], str] = {
    NotFound: "no-such-question",
    AnswerError: "unusable-answer",
    LLMUnavailable: "unavailable",
    GraderError: "broken",
}
"""The grader's errors. All others are its operator's to mend: 500, told in the log."""

_BY_STATUS = {
    400: "bad-request",
    403: "other-site",
    404: "nothing-here",
    405: "wrong-method",
    413: "too-large",
    415: "wrong-type",
    422: "wrong-fields",
    503: "unavailable",
}


def problem(kind: str, detail: str | None = None) -> Problem:
    """The problem of one kind. `detail` must not repeat what was sent."""
    status, title, usual = PROBLEMS[kind]
    return Problem(
        type=f"urn:answer-grader:{kind}",
        title=title,
        status=status,
        detail=detail or usual,
    )


def documented(*kinds: str) -> dict[int | str, dict[str, Any]]:
    """These kinds of problem as OpenAPI responses."""
    schema = Problem.model_json_schema()
    return {
        told.status: {
            "description": told.title,
            "content": {PROBLEM_JSON: {"schema": schema, "example": told.model_dump()}},
        }
        for told in map(problem, kinds)
    }


def respond(
    request: Request, told: Problem, headers: Mapping[str, str] | None = None
) -> Response:
    """A page for a browser that asks for one, else JSON in plain ASCII."""
    if wants_page(request):
        page = request.app.state.service.renderer.render("error.html", problem=told)
        return HTMLResponse(page, told.status, headers)
    body = json.dumps(told.model_dump())
    return Response(body, told.status, headers, media_type=PROBLEM_JSON)


def wants_page(request: Request) -> bool:
    """Whether a person is looking: not under /v1, and HTML was asked for."""
    accepted = request.headers.get("accept", "")
    return not request.url.path.startswith("/v1/") and "text/html" in accepted


async def _ours(request: Request, exc: Exception) -> Response:
    kind = next(kind for error, kind in ERRORS.items() if isinstance(exc, error))
    if kind == "broken":
        raise exc
    return respond(request, problem(kind, _own_words(exc)))


def _own_words(exc: Exception) -> str | None:
    return sentence(str(exc)) if isinstance(exc, AnswerError) else None


async def _framework(request: Request, exc: HTTPException) -> Response:
    kind = _BY_STATUS.get(exc.status_code, "bad-request")
    return respond(request, problem(kind), exc.headers)


async def _invalid(request: Request, exc: RequestValidationError) -> Response:
    first = exc.errors()[0]
    if first["type"] == "json_invalid":
        return respond(request, problem("not-json", sentence(first["ctx"]["error"])))
    return respond(request, problem("wrong-fields", _field_trouble(first)))


def _field_trouble(error: Mapping[str, Any]) -> str:
    """What is wrong with which field; an unknown field's name is not repeated."""
    field = ".".join(str(part) for part in error["loc"][1:]) or "the body"
    match error["type"]:
        case "extra_forbidden":
            return "There is a field that is not taken. Is one misspelt?"
        case "missing":
            return f"Missing: {field}."
        case _:
            return f"Wrong type or value: {field}."


def sentence(words: str) -> str:
    """The words of an error as a sentence of its own."""
    return words[:1].upper() + words[1:].rstrip(".") + "."


HANDLERS: dict[
    int | type[Exception], Callable[[Request, Any], Coroutine[Any, Any, Response]]
] = {
    GraderError: _ours,
    HTTPException: _framework,
    RequestValidationError: _invalid,
}
