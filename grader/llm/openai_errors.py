"""What the openai package raises, in our own words."""

import math
import time
from collections.abc import Mapping
from email.utils import parsedate_to_datetime

import httpx2
import openai

from grader.errors import (
    LLMBlocked,
    LLMDeclined,
    LLMError,
    LLMUnavailable,
    UnusableReply,
)
from grader.llm.base import NEXT_STEP, plain

ERRORS: dict[type[Exception], type[LLMError]] = {
    openai.APIConnectionError: LLMUnavailable,
    openai.APITimeoutError: LLMUnavailable,
    openai.RateLimitError: LLMUnavailable,
    openai.ConflictError: LLMUnavailable,
    openai.InternalServerError: LLMUnavailable,
    openai.AuthenticationError: LLMBlocked,
    openai.OAuthError: LLMBlocked,
    openai.PermissionDeniedError: LLMBlocked,
    openai.NotFoundError: LLMBlocked,
    openai.BadRequestError: LLMDeclined,
    openai.UnprocessableEntityError: LLMDeclined,
    openai.ContentFilterFinishReasonError: LLMDeclined,
    openai.LengthFinishReasonError: UnusableReply,
    openai.APIResponseValidationError: UnusableReply,
    # The package lets these through as they are.
    TimeoutError: LLMUnavailable,
    OSError: LLMUnavailable,
    httpx2.HTTPError: LLMUnavailable,
    ValueError: UnusableReply,
}
FOREIGN = (openai.OpenAIError, OSError, httpx2.HTTPError, ValueError)
"""What a call may raise. An `OpenAIError` that is not in the table blocks."""

STATUSES: dict[int, type[LLMError]] = {408: LLMUnavailable, 413: LLMDeclined}
"""The statuses that the openai package has no class for. All others block."""

BLOCKING = (
    "insufficient_quota",
    "billing_hard_limit_reached",
    "billing_not_active",
    "invalid_api_key",
    "model_not_found",
)
"""Codes of a body that no waiting and no other answer cures, whatever the status."""

_STEPS = {
    401: "check GRADER_API_KEY",
    402: "check what the account may spend",
    403: "check that GRADER_API_KEY may use this model",
    404: "check GRADER_MODEL and GRADER_BASE_URL",
    429: "wait a little, or send fewer answers at once",
}


def translate(exc: Exception, name: str, secret: str) -> LLMError:
    """The `LLMError` for a failed call to the model `name`, with one call spent.

    Its message says the status and the next step, quotes at most 200 characters of
    the provider, and never holds `secret`.
    """
    if isinstance(exc, openai.APIStatusError):
        return _of_status(exc, name, secret)
    kind = next((ERRORS[t] for t in type(exc).__mro__ if t in ERRORS), LLMBlocked)
    spent = {"model_calls": 1}
    if isinstance(exc, (openai.APITimeoutError, TimeoutError)):
        what = "gave no reply in time; try again later, or raise GRADER_LLM_TIMEOUT"
    elif kind is LLMUnavailable:
        what = "could not be reached; check GRADER_BASE_URL and the network"
    else:
        step = NEXT_STEP if kind is UnusableReply else _STEPS[404]
        what = f"could not be asked ({type(exc).__name__}): {step}"
    return kind(f"{name!r} {what}", spent)


def _of_status(exc: openai.APIStatusError, name: str, secret: str) -> LLMError:
    status, spent = exc.status_code, {"model_calls": 1}
    # A refused key is often repeated in the body, in part and in many forms.
    said = "" if status in (401, 403) else _said(exc, secret)
    message = f"{name!r} failed with HTTP {status}{said and f' ({said})'}"
    if exc.code in BLOCKING or exc.type in BLOCKING:
        step = "check the model, the key and what the account may spend"
        return LLMBlocked(f"{message}: {_STEPS[401] if status == 401 else step}", spent)
    if status < 400:
        return LLMBlocked(f"{message}, a redirect: check GRADER_BASE_URL", spent)
    kind = ERRORS.get(type(exc)) or STATUSES.get(status, LLMBlocked)
    if kind is LLMUnavailable:
        step = _STEPS.get(status, "try again later")
        wish = retry_after(exc.response.headers)
        return LLMUnavailable(f"{message}: {step}", spent, wish)
    if kind is LLMDeclined:
        return LLMDeclined(f"{message}: this answer was declined", spent)
    return kind(f"{message}: {_STEPS.get(status, _STEPS[404])}", spent)


def _said(exc: openai.APIStatusError, secret: str) -> str:
    body = exc.body
    text = body.get("message") if isinstance(body, dict) else body
    if not isinstance(text, str):
        return ""
    return plain(text.replace(secret, "[key]") if secret else text)


def retry_after(headers: Mapping[str, str]) -> float | None:
    """How many seconds the provider asks to wait, or None where it says nothing sane.

    >>> retry_after({"retry-after": "2.5"}), retry_after({"retry-after": "-1"})
    (2.5, None)
    """
    wishes = (
        _number(headers.get("retry-after-ms"), 1000),
        _number(headers.get("retry-after"), 1),
        _until(headers.get("retry-after")),
    )
    return next((wish for wish in wishes if wish is not None), None)


def _number(header: str | None, divisor: int) -> float | None:
    try:
        seconds = float(header or "") / divisor
    except ValueError:
        return None
    return seconds if math.isfinite(seconds) and seconds >= 0 else None


def _until(header: str | None) -> float | None:
    """Seconds until an HTTP date, or None where it is past or is no date."""
    try:
        seconds = parsedate_to_datetime(header or "").timestamp() - time.time()
    except (ValueError, OverflowError):
        return None
    return seconds if seconds >= 0 else None
