"""What the openai package and a provider can do to us, over a mock transport."""

import asyncio
import gzip
import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any, Literal

import httpx2
import openai
import pytest
from openai import _exceptions
from pydantic import BaseModel, SecretStr

from grader.errors import (
    LLMBlocked,
    LLMDeclined,
    LLMError,
    LLMUnavailable,
    SettingsError,
    UnusableReply,
)
from grader.llm.base import Prompt, Reply
from grader.llm.openai import OpenAILLM
from grader.llm.openai_errors import ERRORS, retry_after, translate
from grader.llm.schema import response_format
from grader.settings import Settings

KEY = "sk-this-must-never-be-seen"
PROMPT = Prompt("Count.", "One, two.")
Handler = Callable[[httpx2.Request], httpx2.Response]


class Count(BaseModel):
    many: int


def completion(content: object = '{"many": 2}', **choice: object) -> dict[str, Any]:
    message = {"role": "assistant", "content": content, "refusal": None}
    return {
        "id": "c1",
        "object": "chat.completion",
        "created": 1,
        "model": "small-2026",
        "choices": [
            {"index": 0, "finish_reason": "stop", "message": message, **choice}
        ],
        "usage": {
            "prompt_tokens": 20,
            "completion_tokens": 5,
            "total_tokens": 25,
            "prompt_tokens_details": {"cached_tokens": 16},
        },
    }


def llm_over(
    handler: Handler, base_url: str = "https://models.example/v1"
) -> OpenAILLM:
    client = openai.AsyncOpenAI(
        api_key=KEY,
        base_url=base_url,
        max_retries=0,
        http_client=httpx2.AsyncClient(transport=httpx2.MockTransport(handler)),
    )
    return OpenAILLM(client, "small", 100)


def ask(handler: Handler) -> Reply[Count]:
    return asyncio.run(llm_over(handler).ask(PROMPT, Count))


def error_from(handler: Handler) -> LLMError:
    with pytest.raises(LLMError) as caught:
        ask(handler)
    return caught.value


def answering(status: int, body: object = None, **headers: str) -> Handler:
    """Always the same response; what is not bytes is sent as JSON."""
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return lambda _: httpx2.Response(status, content=content, headers=named)


def sent_by(base_url: str) -> dict[str, Any]:
    """The body of the request that goes to `base_url`."""
    bodies: list[dict[str, Any]] = []

    def keep(request: httpx2.Request) -> httpx2.Response:
        bodies.append(json.loads(request.content))
        return httpx2.Response(200, json=completion())

    asyncio.run(llm_over(keep, base_url).ask(PROMPT, Count))
    return bodies[0]


# --- what is sent and read ---------------------------------------------------


def test_a_reply_names_its_model_and_what_it_took() -> None:
    reply = ask(answering(200, completion()))

    assert reply.value == Count(many=2)
    assert reply.model == "small-2026"
    assert reply.usage.model_calls == 1
    assert (reply.usage.input_tokens, reply.usage.output_tokens) == (20, 5)
    assert reply.usage.cached_tokens == 16
    assert reply.usage.cost_usd is None


@pytest.mark.parametrize("usage", [None, {}, {"prompt_tokens_details": None}])
def test_tokens_that_nobody_counted_are_zero(usage: object) -> None:
    reply = ask(answering(200, {**completion(), "usage": usage}))

    assert reply.usage.input_tokens == reply.usage.cached_tokens == 0


def test_a_reply_that_names_no_model_has_the_one_that_was_asked() -> None:
    body = completion()
    del body["model"]

    assert ask(answering(200, body)).model == "small"


def test_instructions_go_first_and_the_material_alone_behind_them() -> None:
    sent = sent_by("https://models.example/v1")

    assert sent["messages"] == [
        {"role": "system", "content": "Count."},
        {"role": "user", "content": "One, two."},
    ]
    assert sent["response_format"] == response_format(Count)
    assert sent["temperature"] == 0


@pytest.mark.parametrize(
    ("base_url", "limit"),
    [
        ("https://api.openai.com/v1", "max_completion_tokens"),
        ("https://eu.api.openai.com/v1", "max_completion_tokens"),
        ("https://mine.openai.azure.com/openai/v1", "max_completion_tokens"),
        ("http://localhost:11434/v1", "max_tokens"),
        ("https://notopenai.com/v1", "max_tokens"),
    ],
)
def test_what_a_model_may_write_is_always_limited(base_url: str, limit: str) -> None:
    sent = sent_by(base_url)

    assert sent[limit] == 100
    assert ("max_tokens" in sent) is (limit == "max_tokens")


def picky(refused: str, message: str, param: str | None) -> tuple[Handler, list[Any]]:
    """A provider that refuses one field of a request, and all requests it got."""
    requests: list[dict[str, Any]] = []

    def handler(request: httpx2.Request) -> httpx2.Response:
        requests.append(json.loads(request.content))
        if refused not in requests[-1]:
            return httpx2.Response(200, json=completion())
        error = {"message": message, "param": param, "code": "unsupported"}
        return httpx2.Response(400, json={"error": error})

    return handler, requests


@pytest.mark.parametrize("param", ["temperature", None])
def test_a_temperature_that_is_refused_is_not_sent_again(param: str | None) -> None:
    handler, requests = picky("temperature", "'temperature' does not support 0", param)
    llm = llm_over(handler)

    async def three_times() -> None:
        await asyncio.gather(llm.ask(PROMPT, Count), llm.ask(PROMPT, Count))
        await llm.ask(PROMPT, Count)

    asyncio.run(three_times())

    assert "temperature" not in requests[-1]
    assert len(requests) == 5
    assert all(request["max_tokens"] == 100 for request in requests)


def test_a_limit_that_goes_by_its_new_name_is_sent_under_it() -> None:
    says = "'max_tokens' is not supported. Use 'max_completion_tokens' instead."
    handler, requests = picky("max_tokens", says, "max_tokens")

    ask(handler)

    assert requests[-1]["max_completion_tokens"] == 100


def test_a_limit_is_never_dropped() -> None:
    handler, requests = picky("max_tokens", "'max_tokens' is too large", "max_tokens")

    assert isinstance(error_from(handler), LLMDeclined)
    assert len(requests) == 1


def knowing(forms: list[str | None], says: str) -> tuple[Handler, list[Any]]:
    """A provider that knows some kinds of `response_format`, and what it was sent."""
    requests: list[dict[str, Any]] = []

    def handler(request: httpx2.Request) -> httpx2.Response:
        requests.append(json.loads(request.content))
        if requests[-1].get("response_format", {}).get("type") in forms:
            return httpx2.Response(200, json=completion())
        return httpx2.Response(400, json=json.loads(says) if says[0] == "{" else says)

    return handler, requests


def forms_of(requests: list[Any]) -> list[str | None]:
    return [request.get("response_format", {}).get("type") for request in requests]


@pytest.mark.parametrize(
    "says",
    [
        '{"error": {"message": "Unknown parameter", "param": "response_format"}}',
        '{"error": {"message": "json_schema is not supported by this model"}}',
        '{"error": "response_format.type must be text or json_object"}',
        '{"detail": [{"loc": ["body", "response_format", "type"]}]}',
        "no such field: response_format",
    ],
)
@pytest.mark.parametrize(
    ("known", "asked"),
    [
        ("json_object", ["json_schema", "json_object", "json_object"]),
        (None, ["json_schema", "json_object", None, None]),
    ],
)
def test_a_form_that_is_refused_is_not_asked_for_again(
    known: str | None, asked: list[str | None], says: str
) -> None:
    handler, requests = knowing([known], says)
    llm = llm_over(handler)

    async def twice() -> list[Reply[Count]]:
        return [await llm.ask(PROMPT, Count), await llm.ask(PROMPT, Count)]

    replies = asyncio.run(twice())

    assert [reply.value for reply in replies] == [Count(many=2)] * 2
    assert forms_of(requests) == asked
    assert all(request["max_tokens"] == 100 for request in requests)


def test_calls_at_once_step_down_together_and_not_past_what_is_known() -> None:
    handler, requests = knowing(["json_object"], "no response_format json_schema")
    llm = llm_over(handler)

    async def at_once() -> None:
        await asyncio.gather(*(llm.ask(PROMPT, Count) for _ in range(3)))

    asyncio.run(at_once())

    assert None not in forms_of(requests)


def test_a_form_is_kept_where_something_else_is_refused() -> None:
    handler, requests = knowing([], "the context is too long")

    assert isinstance(error_from(handler), LLMDeclined)
    assert forms_of(requests) == ["json_schema"]


def test_a_model_that_refuses_with_no_form_asked_for_declines() -> None:
    handler, requests = knowing([], "response_format")

    assert isinstance(error_from(handler), LLMDeclined)
    assert forms_of(requests) == ["json_schema", "json_object", None]


def test_a_reply_of_the_wrong_form_is_unusable_where_no_form_was_asked_for() -> None:
    def handler(request: httpx2.Request) -> httpx2.Response:
        if "response_format" in json.loads(request.content):
            return httpx2.Response(400, json={"error": "no response_format"})
        return httpx2.Response(200, json=completion("Two."))

    assert type(error_from(handler)) is UnusableReply


# --- statuses ----------------------------------------------------------------

STATUSES = [
    (302, LLMBlocked),
    (307, LLMBlocked),
    (400, LLMDeclined),
    (401, LLMBlocked),
    (402, LLMBlocked),
    (403, LLMBlocked),
    (404, LLMBlocked),
    (405, LLMBlocked),
    (408, LLMUnavailable),
    (409, LLMUnavailable),
    (413, LLMDeclined),
    (422, LLMDeclined),
    (429, LLMUnavailable),
    (500, LLMUnavailable),
    (502, LLMUnavailable),
    (503, LLMUnavailable),
    (529, LLMUnavailable),
]
BODIES = {
    "openai": {"error": {"message": f"no {KEY}", "type": "x", "code": None}},
    "vllm": {"object": "error", "message": "no", "type": "x", "code": 400},
    "text only": {"error": "no"},
    "nested": {"error": {"message": {"deep": []}, "code": ["a"], "type": {}}},
    "array": [{"error": {"message": "no"}}],
    "null": None,
    "html": b"<html>\x1b[31mno" + b"x" * 5000,
    "not utf-8": b"\xff\xfe\x00",
    "empty": b"",
}


@pytest.mark.parametrize(("status", "kind"), STATUSES)
@pytest.mark.parametrize("body", BODIES.values(), ids=BODIES.keys())
def test_each_status_says_what_the_caller_should_do(
    status: int, kind: type[LLMError], body: object
) -> None:
    error = error_from(answering(status, body))

    assert type(error) is kind
    assert f"HTTP {status}" in str(error)
    assert "'openai:small'" in str(error)
    assert error.spent == {"model_calls": 1}


@pytest.mark.parametrize("status", [status for status, _ in STATUSES])
@pytest.mark.parametrize("body", BODIES.values(), ids=BODIES.keys())
def test_a_message_is_short_and_holds_no_key_host_or_control_character(
    status: int, body: object
) -> None:
    message = str(error_from(answering(status, body)))

    assert KEY not in message
    assert "models.example" not in message
    assert len(message) < 400
    assert message.isprintable()


@pytest.mark.parametrize(
    ("status", "step"),
    [(401, "GRADER_API_KEY"), (403, "GRADER_API_KEY"), (404, "GRADER_MODEL")],
)
def test_a_message_says_the_next_step(status: int, step: str) -> None:
    assert step in str(error_from(answering(status)))


def test_a_message_quotes_the_provider() -> None:
    body = {"error": {"message": "This model's maximum context is 8k"}}

    assert "maximum context is 8k" in str(error_from(answering(400, body)))


def test_a_key_that_is_refused_is_not_quoted_even_in_part() -> None:
    body = {"error": {"message": "Incorrect API key provided: sk-thi***seen"}}

    assert "sk-thi" not in str(error_from(answering(401, body)))


@pytest.mark.parametrize("field", ["code", "type"])
def test_no_quota_left_is_not_worth_another_try(field: str) -> None:
    body = {"error": {"message": "You exceeded it", field: "insufficient_quota"}}

    assert type(error_from(answering(429, body))) is LLMBlocked


def test_a_redirect_is_not_followed() -> None:
    asked: list[str] = []

    def handler(request: httpx2.Request) -> httpx2.Response:
        asked.append(request.url.host)
        return httpx2.Response(307, headers={"location": "http://169.254.169.254/"})

    assert isinstance(error_from(handler), LLMBlocked)
    assert asked == ["models.example"]


# --- Retry-After -------------------------------------------------------------


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"retry_after": "0"}, 0),
        ({"retry_after": "1"}, 1),
        ({"retry_after": "2.5"}, 2.5),
        ({"retry_after": "300"}, 300),
        ({"retry_after_ms": "1500"}, 1.5),
        ({"retry_after_ms": "1500", "retry_after": "9"}, 1.5),
        ({"retry_after_ms": "soon", "retry_after": "9"}, 9),
        ({"retry_after": "-1"}, None),
        ({"retry_after": "soon"}, None),
        ({"retry_after": "nan"}, None),
        ({"retry_after": "inf"}, None),
        ({"retry_after": ""}, None),
        ({"retry_after": "Wed, 21 Oct 2015 07:28:00 GMT"}, None),
        ({}, None),
    ],
)
def test_the_wish_of_a_provider_is_carried_where_it_is_sane(
    headers: dict[str, str], seconds: float | None
) -> None:
    error = error_from(answering(429, None, **headers))

    assert isinstance(error, LLMUnavailable)
    assert error.retry_after == seconds


def test_a_wish_may_be_a_date() -> None:
    later = datetime.now(UTC) + timedelta(seconds=60)

    wish = retry_after({"retry-after": format_datetime(later, usegmt=True)})

    assert wish == pytest.approx(60, abs=5)


# --- bodies of a response that says it is fine -------------------------------

UNUSABLE: dict[str, object] = {
    "half JSON": json.dumps(completion()).encode()[:-40],
    "an array": [completion()],
    "a string": "fine",
    "null": None,
    "a number": 3,
    "empty": b"",
    "html": b"<html>Sign in</html>",
    "not UTF-8": b'{"choices": [{"message": {"content": "\xff"}}]}',
    "an error after all": {"error": {"message": "no", "code": 502}},
    "no choices": {**completion(), "choices": []},
    "choices are null": {**completion(), "choices": None},
    "choices are text": {**completion(), "choices": "many"},
    "a choice is null": {**completion(), "choices": [None]},
    "no message": completion(message=None),
    "no content": completion(None),
    "empty content": completion(""),
    "content in parts": completion([{"type": "text", "text": '{"many": 2}'}]),
    "another form": completion('{"few": 2}'),
    "NaN": completion('{"many": NaN}'),
    "a key twice": completion('{"many": 1, "many": 2}'),
    "half of the content": completion('{"many": '),
    "cut off": completion(finish_reason="length"),
}


@pytest.mark.parametrize("body", UNUSABLE.values(), ids=UNUSABLE.keys())
def test_a_body_outside_the_contract_is_unusable(body: object) -> None:
    error = error_from(answering(200, body))

    assert type(error) is UnusableReply
    assert "'openai:small'" in str(error)
    assert "GRADER_" in str(error) or "let a person read" in str(error)
    assert error.spent["model_calls"] == 1


def test_a_body_that_does_not_unpack_is_worth_another_try() -> None:
    body = gzip.compress(b"{}")[:-4] + b"!!!!"

    error = error_from(answering(200, body, content_encoding="gzip"))

    assert type(error) is LLMUnavailable


def test_a_reply_that_was_cut_off_says_which_setting_to_raise() -> None:
    error = error_from(answering(200, completion('{"ma', finish_reason="length")))

    assert "GRADER_MAX_OUTPUT_TOKENS" in str(error)
    assert error.spent["output_tokens"] == 5


@pytest.mark.parametrize(
    "choice",
    [
        {"finish_reason": "content_filter"},
        {"message": {"content": None, "refusal": "I can't help\x1b[0m with that."}},
    ],
    ids=["filtered", "refused"],
)
def test_a_refusal_declines_this_answer(choice: dict[str, object]) -> None:
    error = error_from(answering(200, completion(**choice)))

    assert type(error) is LLMDeclined
    assert str(error).isprintable()
    assert error.spent["input_tokens"] == 20


# --- the network -------------------------------------------------------------


@pytest.mark.parametrize(
    "failure",
    [
        httpx2.ConnectError("refused"),
        httpx2.ConnectTimeout("slow"),
        httpx2.ReadTimeout("slow"),
        httpx2.ReadError("reset"),
        httpx2.RemoteProtocolError("cut"),
        ConnectionResetError("reset"),
        TimeoutError("slow"),
    ],
    ids=lambda failure: type(failure).__name__,
)
def test_a_failing_network_is_worth_another_try(failure: Exception) -> None:
    def handler(_: httpx2.Request) -> httpx2.Response:
        raise failure

    error = error_from(handler)

    assert type(error) is LLMUnavailable
    assert error.spent == {"model_calls": 1}
    assert "models.example" not in str(error)


def test_a_body_that_trickles_in_forever_ends_at_the_timeout() -> None:
    class Endless(httpx2.AsyncByteStream):
        async def __aiter__(self) -> Any:
            while True:
                await asyncio.sleep(0)
                yield b" "

    transport = httpx2.MockTransport(lambda _: httpx2.Response(200, stream=Endless()))
    client = openai.AsyncOpenAI(
        api_key=KEY,
        base_url="https://models.example/v1",
        max_retries=0,
        http_client=httpx2.AsyncClient(transport=transport),
    )

    with pytest.raises(LLMUnavailable, match="GRADER_LLM_TIMEOUT"):
        asyncio.run(OpenAILLM(client, "small", 100, 0.05).ask(PROMPT, Count))


# --- the openai package's own exceptions -------------------------------------

NEVER_RAISED_HERE = {
    openai.OpenAIError: "the root; raised while a client is built",
    openai.APIError: "a base class; raised while a stream is read",
    openai.APIStatusError: "a base class; `STATUSES` divides what is left of it",
    openai.WebSocketConnectionClosedError: "no web socket is opened",
    openai.WebSocketQueueFullError: "no web socket is opened",
    openai.InvalidWebhookSignatureError: "no webhook is taken",
    _exceptions.SubjectTokenProviderError: "no workload identity is used",
}


EXCEPTIONS = [
    value
    for value in vars(_exceptions).values()
    if isinstance(value, type) and issubclass(value, Exception)
]


@pytest.mark.parametrize("kind", EXCEPTIONS)
def test_each_exception_is_translated_on_purpose(kind: type[Exception]) -> None:
    assert (kind in ERRORS) is not (kind in NEVER_RAISED_HERE)


def test_an_exception_of_the_package_that_nobody_knows_blocks() -> None:
    error = translate(openai.OpenAIError(f"no {KEY}"), "openai:small", KEY)

    assert type(error) is LLMBlocked
    assert KEY not in str(error)


# --- settings ----------------------------------------------------------------


@pytest.fixture
def nothing_set(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("GRADER_API_KEY", "GRADER_BASE_URL"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.replace("GRADER", "OPENAI"), raising=False)


@pytest.mark.usefixtures("nothing_set")
def test_openai_itself_needs_a_key() -> None:
    with pytest.raises(SettingsError, match="GRADER_API_KEY"):
        OpenAILLM.from_settings(Settings(model="openai:x"))


@pytest.mark.usefixtures("nothing_set")
def test_an_address_of_ones_own_needs_no_key() -> None:
    settings = Settings(model="openai:qwen2.5:7b", base_url="http://localhost:11434/v1")

    llm = OpenAILLM.from_settings(settings)

    assert llm.name == "openai:qwen2.5:7b"


@pytest.mark.parametrize("model", [None, "x", "mistral:x"])
def test_a_model_without_a_known_provider_lists_them(model: str | None) -> None:
    with pytest.raises(SettingsError, match="openai"):
        OpenAILLM.from_settings(Settings(model=model, api_key=SecretStr(KEY)))


@pytest.mark.parametrize(
    "url",
    ["localhost:8000/v1", "ftp://x", "http://", "http://[::1", "/v1", "http://\n"],
)
def test_an_address_that_is_none_is_named(url: str) -> None:
    settings = Settings(model="openai:x", base_url=url, api_key=SecretStr(KEY))

    with pytest.raises(SettingsError, match="GRADER_BASE_URL"):
        OpenAILLM.from_settings(settings)


@pytest.mark.parametrize("key", ["kéy", "two\nlines"])
def test_a_key_that_no_header_can_carry_is_named_but_not_shown(key: str) -> None:
    settings = Settings(model="openai:x", api_key=SecretStr(key))

    with pytest.raises(SettingsError, match="GRADER_API_KEY") as caught:
        OpenAILLM.from_settings(settings)

    assert key not in str(caught.value)


# --- the schema --------------------------------------------------------------


def test_a_schema_is_strict_where_every_key_is_known() -> None:
    class Part(BaseModel):
        title: str
        kind: Literal["only"]

    class Whole(BaseModel):
        parts: list[Part]
        note: str = ""

    sent = response_format(Whole)["json_schema"]

    assert sent["strict"] is True
    assert sent["schema"]["required"] == ["parts", "note"]
    part = sent["schema"]["$defs"]["Part"]
    assert part["additionalProperties"] is False
    assert part["properties"]["title"] == {"type": "string"}
    assert part["properties"]["kind"] == {"enum": ["only"], "type": "string"}


def test_a_schema_is_not_strict_where_keys_are_free() -> None:
    class Free(BaseModel):
        counts: dict[str, int]

    assert response_format(Free)["json_schema"]["strict"] is False
