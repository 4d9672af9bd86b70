"""The routes for styles, scripts and the icon."""

from fastapi import APIRouter
from starlette.exceptions import HTTPException
from starlette.responses import Response

from grader.web.deps import ServiceDep
from grader.web.rendering import StaticFile

router = APIRouter(include_in_schema=False)
FOREVER = {"cache-control": "public, max-age=31536000, immutable"}


@router.get("/static/{name}")
async def static_file(name: str, service: ServiceDep) -> Response:
    """A file under the name that its content gave it."""
    for file in service.renderer.files.values():
        if file.name == name:
            return _sent(file)
    raise HTTPException(404)


@router.get("/favicon.ico")
async def icon(service: ServiceDep) -> Response:
    """For browsers that ask for an icon unbidden."""
    file = service.renderer.files["icon.svg"]
    return Response(file.content, media_type=file.media_type)


def _sent(file: StaticFile) -> Response:
    return Response(file.content, media_type=file.media_type, headers=FOREVER)
