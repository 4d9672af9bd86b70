"""Any model behind an OpenAI-compatible Chat Completions endpoint."""

import asyncio
from typing import Any, Self

import httpx2
import openai
from pydantic import BaseModel, Field, ValidationError

from grader.errors import LLMDeclined, SettingsError, UnusableReply
from grader.judgement import Usage
from grader.llm.base import (
    Prompt,
    R,
    Reply,
    first_problem,
    plain,
    read_reply,
    spent_of,
    split_model,
)
from grader.llm.openai_errors import FOREIGN, translate
from grader.llm.schema import response_format
from grader.settings import Settings

OPENAI = "https://api.openai.com/v1"
_HOSTS_OF_OPENAI = (".openai.com", ".openai.azure.com")
_NO_KEY = "no-key"
_ONE_CALL = {"model_calls": 1}
_LESS_THAN: dict[str, str | None] = {"json_schema": "json_object", "json_object": None}
"""The `response_format` to ask for where one is refused. The prompt says the form."""


class OpenAILLM:
    """Asks one model, once, through a client that must not retry by itself.

    `timeout` holds a whole call, in seconds: the client's own starts anew with every
    byte that trickles in.
    """

    def __init__(
        self,
        client: openai.AsyncOpenAI,
        model: str,
        max_output_tokens: int,
        timeout: float | None = None,
    ) -> None:
        self._client = client
        self._model = model
        self._timeout = timeout
        host = "." + client.base_url.host
        theirs = host.endswith(_HOSTS_OF_OPENAI)
        limit = "max_completion_tokens" if theirs else "max_tokens"
        self._options: dict[str, Any] = {limit: max_output_tokens, "temperature": 0}
        self._form: str | None = "json_schema"

    @classmethod
    def from_settings(cls, settings: Settings) -> Self:
        """Raises `SettingsError` where the model, key or address is missing or wrong.

        An address of one's own needs no key.
        """
        _, model = split_model(settings.model or "")
        client = openai.AsyncOpenAI(
            api_key=_key(settings),
            base_url=_address(settings),
            max_retries=0,  # RetryingLLM owns retries; two layers would multiply them.
            http_client=_http_client(settings.llm_timeout),
        )
        return cls(client, model, settings.max_output_tokens, settings.llm_timeout)

    @property
    def name(self) -> str:
        return f"openai:{self._model}"

    async def ask(self, prompt: Prompt, reply_type: type[R]) -> Reply[R]:
        request = {
            "model": self._model,
            "messages": [
                {"role": "system", "content": prompt.instructions},
                {"role": "user", "content": prompt.material},
            ],
        }
        try:
            async with asyncio.timeout(self._timeout):
                body = await self._send(request, reply_type)
        except FOREIGN as exc:
            raise translate(exc, self.name, self._client.api_key) from exc
        return self._read(body, reply_type)

    async def _send(self, request: dict[str, Any], reply_type: type[R]) -> bytes:
        """The body of the response. Options that the model refuses are left out."""
        while True:
            options = self._options | self._response_format(reply_type)
            try:
                raw = await self._client.chat.completions.with_raw_response.create(
                    **request, **options
                )
            except openai.BadRequestError as exc:
                if not self._learn(exc, options):
                    raise
            else:
                body: bytes = raw.content
                return body

    def _response_format(self, reply_type: type[R]) -> dict[str, Any]:
        """The option that holds a reply to its form, as far as the model knows one."""
        if self._form == "json_schema":
            return {"response_format": response_format(reply_type)}
        return {"response_format": {"type": self._form}} if self._form else {}

    def _learn(self, exc: openai.BadRequestError, sent: dict[str, Any]) -> bool:
        """Whether the next request will do without what was refused in this one."""
        if "temperature" in sent and _is_about(exc, "temperature"):
            self._options.pop("temperature", None)
            return True
        if "max_tokens" in sent and _is_about(exc, "max_completion_tokens"):
            limit = self._options.pop("max_tokens", sent["max_tokens"])
            self._options["max_completion_tokens"] = limit
            return True
        if "response_format" in sent and _is_about_the_form(exc):
            refused = sent["response_format"]["type"]
            if self._form == refused:  # Else another call has learned it meanwhile.
                self._form = _LESS_THAN[refused]
            return True
        return False

    def _read(self, body: bytes, reply_type: type[R]) -> Reply[R]:
        try:
            completion = _Completion.model_validate_json(body)
        except ValidationError as exc:
            raise UnusableReply(
                f"{self.name!r} sent no chat completion ({first_problem(exc)}): "
                "check GRADER_BASE_URL, or let a person read the answer",
                _ONE_CALL,
            ) from exc
        usage = completion.taken()
        spent = spent_of(usage)
        choice = completion.choices[0]
        if choice.finish_reason == "content_filter" or choice.message.refusal:
            said = plain(choice.message.refusal or "its content filter")
            raise LLMDeclined(f"{self.name!r} declined this answer: {said}", spent)
        if choice.finish_reason == "length":
            raise UnusableReply(
                f"{self.name!r} was cut off at the most tokens it may write: "
                "raise GRADER_MAX_OUTPUT_TOKENS",
                spent,
            )
        try:
            value = read_reply(choice.message.content, reply_type, spent)
        except UnusableReply as exc:
            raise UnusableReply(f"{self.name!r}: {exc}", spent) from exc
        return Reply(value, plain(completion.model or self._model), usage)


def _key(settings: Settings) -> str:
    key = settings.key
    if not key and not settings.endpoint:
        raise SettingsError(
            "OpenAI needs a key: set GRADER_API_KEY, or GRADER_BASE_URL for a model "
            "of your own"
        )
    if not (key.isascii() and key.isprintable()):
        raise SettingsError("GRADER_API_KEY holds characters that no key has")
    return key or _NO_KEY


def _address(settings: Settings) -> httpx2.URL:
    try:
        url = httpx2.URL(settings.endpoint or OPENAI)
    except httpx2.InvalidURL as exc:
        raise SettingsError(f"GRADER_BASE_URL is no address: {exc}") from exc
    if url.scheme not in ("http", "https") or not url.host:
        raise SettingsError(
            "GRADER_BASE_URL must begin with http:// or https:// and name a host"
        )
    return url


def _http_client(timeout: float) -> httpx2.AsyncClient:
    return httpx2.AsyncClient(
        timeout=httpx2.Timeout(timeout, connect=min(10, timeout)),
        follow_redirects=False,  # The answer and the key go to one address only.
        # A kept connection cannot be used from another event loop, and a grader may
        # well be: `asyncio.run(grader.grade(...))` twice.
        limits=httpx2.Limits(max_keepalive_connections=0),
    )


def _is_about(exc: openai.BadRequestError, option: str) -> bool:
    return exc.param == option or f"'{option}'" in exc.message


def _is_about_the_form(exc: openai.BadRequestError) -> bool:
    said = str(exc.body)  # Each server has its own fields for what it says.
    return "response_format" in said or "json_schema" in said


# --- the part of a Chat Completions response that is read --------------------


class _Message(BaseModel):
    content: str | None = None
    refusal: str | None = None


class _Choice(BaseModel):
    message: _Message
    finish_reason: str | None = None


class _Details(BaseModel):
    cached_tokens: int | None = None


class _Taken(BaseModel):
    prompt_tokens: int | None = None
    completion_tokens: int | None = None
    prompt_tokens_details: _Details | None = None


class _Completion(BaseModel):
    choices: list[_Choice] = Field(min_length=1)
    model: str | None = None
    usage: _Taken | None = None

    def taken(self) -> Usage:
        """Tokens, 0 where the provider does not count them. The price is not known."""
        usage = self.usage or _Taken()
        details = usage.prompt_tokens_details or _Details()
        return Usage(
            model_calls=1,
            input_tokens=usage.prompt_tokens or 0,
            cached_tokens=details.cached_tokens or 0,
            output_tokens=usage.completion_tokens or 0,
            cost_usd=None,
        )
