"""Builds the web application from a grader and its settings."""

from fastapi import FastAPI
from starlette.middleware import Middleware

from grader import __version__
from grader.catalogue import question_rows
from grader.grading import Grader
from grader.settings import Settings
from grader.web import api, pages, static_files
from grader.web.deps import Service
from grader.web.errors import HANDLERS
from grader.web.guards import BodyLimit, HideErrors, SameOrigin, SecurityHeaders
from grader.web.rendering import Renderer

DESCRIPTION = (
    "Grades free-text answers to interview questions, point by point, with the "
    "candidate's own sentences as evidence. It recommends; a person decides. "
    "Errors are problems as in RFC 9457 and never repeat what was sent."
)


def create_app(grader: Grader, settings: Settings) -> FastAPI:
    """The service. Raises `RubricError` where a rubric file is broken."""
    app = FastAPI(
        title="Answer grader",
        version=__version__,
        description=DESCRIPTION,
        docs_url=None,  # The built-in pages load scripts from another site.
        redoc_url=None,
        middleware=[
            Middleware(SecurityHeaders),
            Middleware(HideErrors),
            Middleware(SameOrigin),
            Middleware(BodyLimit, most=settings.max_body_bytes),
        ],
        exception_handlers=HANDLERS,
    )
    app.state.service = Service(
        grader=grader, questions=question_rows(grader.shelf), renderer=Renderer()
    )
    for routes in (api.router, pages.router, static_files.router):
        app.include_router(routes)
    return app
