"""What every route is handed."""

from dataclasses import dataclass
from typing import Annotated, cast

from fastapi import Depends, Request

from grader.catalogue import QuestionRow
from grader.grading import Grader
from grader.web.rendering import Renderer


@dataclass(frozen=True)
class Service:
    """The grader, the questions as they were when the service started, and pages."""

    grader: Grader
    questions: tuple[QuestionRow, ...]
    renderer: Renderer


def service(request: Request) -> Service:
    """The one service of this application."""
    return cast(Service, request.app.state.service)


ServiceDep = Annotated[Service, Depends(service)]
