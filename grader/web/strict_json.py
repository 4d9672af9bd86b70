"""JSON as strict as a contract wants it: UTF-8, each key once, real numbers only."""

import json
from collections.abc import Callable, Coroutine
from email.message import Message
from typing import Any

from fastapi.routing import APIRoute
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response


def parse(body: bytes) -> Any:
    """Raises `json.JSONDecodeError`, whose message repeats nothing of the body.

    >>> parse(b'{"a": [1, true]}')
    {'a': [1, True]}
    """
    try:
        return json.loads(
            body.decode("utf-8"),
            object_pairs_hook=_each_key_once,
            parse_constant=_refuse_constant,
        )
    except json.JSONDecodeError as exc:
        raise json.JSONDecodeError(exc.msg, "", 0) from None
    except UnicodeDecodeError:
        raise json.JSONDecodeError("The body is not UTF-8", "", 0) from None
    except RecursionError:
        raise json.JSONDecodeError("The body is nested too deeply", "", 0) from None
    except ValueError:
        raise json.JSONDecodeError("A number has too many digits", "", 0) from None


def content_type(request: Request) -> tuple[str, str]:
    """The media type and the character set in lower case; UTF-8 unless it says."""
    message = Message()
    message["content-type"] = request.headers.get("content-type", "")
    said = message.get_content_charset("utf-8")
    return ("" if not message["content-type"] else message.get_content_type()), said


class StrictRoute(APIRoute):
    """A route that takes only strict JSON, and says 415 to any other content type."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        handle = super().get_route_handler()

        async def strict(request: Request) -> Response:
            if request.method == "POST" and content_type(request) != (
                "application/json",
                "utf-8",
            ):
                raise HTTPException(415)
            return await handle(_StrictRequest(request.scope, request.receive))

        return strict


class _StrictRequest(Request):
    async def json(self) -> Any:
        return parse(await self.body())


def _each_key_once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise json.JSONDecodeError("A key stands in it twice", "", 0)
    return found


def _refuse_constant(_name: str) -> Any:
    raise json.JSONDecodeError("NaN and Infinity are not JSON", "", 0)
