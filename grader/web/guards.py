"""What every request passes on its way in, and every response on its way out."""

import logging
from dataclasses import dataclass

from starlette.datastructures import MutableHeaders
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from grader.web.errors import problem, respond

CSP = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self'",
        "connect-src 'self'",
        "form-action 'self'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
        "require-trusted-types-for 'script'",
        "trusted-types 'none'",
    )
)
HEADERS = {
    "content-security-policy": CSP,
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "permissions-policy": "camera=(), geolocation=(), microphone=(), payment=()",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "cache-control": "no-store",
}
"""Put on every response that does not say otherwise itself."""

_log = logging.getLogger("grader.web")
_SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})


@dataclass(frozen=True)
class SecurityHeaders:
    """Puts `HEADERS` on every response."""

    app: ASGIApp

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in HEADERS.items():
                    headers.setdefault(name, value)
            await send(message)

        await self.app(scope, receive, send_with_headers)


@dataclass(frozen=True)
class HideErrors:
    """Turns whatever goes wrong into a 500 that tells nothing. The log has it all."""

    app: ASGIApp

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        began = False

        async def send_and_note(message: Message) -> None:
            nonlocal began
            began = True
            await send(message)

        try:
            await self.app(scope, receive, send_and_note)
        except Exception:
            if scope["type"] != "http" or began:
                raise
            _log.exception("%s %s failed", scope["method"], scope["path"])
            response = respond(Request(scope), problem("broken"))
            await response(scope, receive, send)


@dataclass(frozen=True)
class SameOrigin:
    """Refuses what a page of another site makes a browser send.

    A request that says nothing of where it comes from is no browser's.
    """

    app: ASGIApp

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or _is_our_own(Request(scope)):
            await self.app(scope, receive, send)
            return
        response = respond(Request(scope), problem("other-site"))
        await response(scope, receive, send)


def _is_our_own(request: Request) -> bool:
    if request.method in _SAFE_METHODS:
        return True
    site = request.headers.get("sec-fetch-site")
    if site is not None:
        return site in ("same-origin", "none")
    origin = request.headers.get("origin")
    return origin is None or origin.partition("://")[2] == request.headers.get("host")


@dataclass(frozen=True)
class BodyLimit:
    """Reads a body of at most `most` bytes before anything parses it; else 413."""

    app: ASGIApp
    most: int

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        request = Request(scope, receive)
        declared_too_large = self._is_declared_too_large(request)
        body = None if declared_too_large else await self._read(receive)
        if body is None:
            response = respond(request, problem("too-large"))
            await response(scope, receive, send)
        elif body[-1]["type"] == "http.request":  # Else the client has gone.
            await self.app(scope, _replay(body, receive), send)

    def _is_declared_too_large(self, request: Request) -> bool:
        declared = request.headers.get("content-length", "")
        return declared.isdecimal() and int(declared) > self.most

    async def _read(self, receive: Receive) -> list[Message] | None:
        """All messages of the body, or None as soon as it is too large."""
        messages: list[Message] = []
        size = 0
        while not messages or messages[-1].get("more_body", False):
            messages.append(await receive())
            size += len(messages[-1].get("body", b""))
            if size > self.most:
                return None
        return messages


def _replay(messages: list[Message], receive: Receive) -> Receive:
    left = iter(messages)

    async def replayed() -> Message:
        return next(left, None) or await receive()

    return replayed
