"""What every LLM must do, whichever it is."""

import asyncio
from collections.abc import Callable

import httpx2
import openai
import pytest
import tenacity
from pydantic import BaseModel

from grader.errors import LLMError, SettingsError, UnusableReply
from grader.llm.base import LLM, Prompt, read_reply, split_model
from grader.llm.fake import FakeLLM
from grader.llm.openai import OpenAILLM
from grader.llm.retrying import RetryingLLM

PROMPT = Prompt("Say how many.", "One, two, three.")


class Count(BaseModel):
    many: int


def fake(text: str | None) -> LLM:
    return FakeLLM(lambda _: text)


def retrying(text: str | None) -> LLM:
    return RetryingLLM(fake(text), 2, 60, wait=tenacity.wait_none())


def over_the_wire(text: str | None) -> LLM:
    def reply(_: httpx2.Request) -> httpx2.Response:
        choice = {"message": {"content": text}, "finish_reason": "stop"}
        return httpx2.Response(200, json={"choices": [choice]})

    client = openai.AsyncOpenAI(
        api_key="key",
        base_url="https://models.example/v1",
        max_retries=0,
        http_client=httpx2.AsyncClient(transport=httpx2.MockTransport(reply)),
    )
    return OpenAILLM(client, "small", 100)


LLMS = [fake, retrying, over_the_wire]
every_llm = pytest.mark.parametrize("make", LLMS, ids=lambda make: make.__name__)
Make = Callable[[str | None], LLM]

UNUSABLE = {
    "nothing": None,
    "blank": " \n",
    "prose": "There are three.",
    "half of it": '{"many": 3',
    "an array": "[3]",
    "a bare string": '"three"',
    "null": "null",
    "another field": '{"few": 3}',
    "a number in quotes": '{"many": "3"}',
    "NaN": '{"many": NaN}',
    "infinity": '{"many": -Infinity}',
    "a key twice": '{"many": 3, "many": 4}',
    "two objects": '{"many": 3}{"many": 3}',
    "prose around a fence": 'Sure:\n```json\n{"many": 3}\n```',
    "a fence around half": '```json\n{"many": 3\n```',
    "half a surrogate pair": '{"many": 3, "why": "\\ud800"}',
    "too deep": "[" * 100_000,
    "a number without end": '{"many": ' + "9" * 5000 + "}",
}


@every_llm
@pytest.mark.parametrize("text", ['{"many": 3}', '```json\n{"many": 3}\n```'])
def test_it_returns_the_type_it_was_asked_for(make: Make, text: str) -> None:
    reply = asyncio.run(make(text).ask(PROMPT, Count))

    assert reply.value == Count(many=3)
    assert reply.model
    assert reply.usage.model_calls == 1


@every_llm
@pytest.mark.parametrize("text", UNUSABLE.values(), ids=UNUSABLE.keys())
def test_what_is_not_the_type_asked_for_is_an_unusable_reply(
    make: Make, text: str | None
) -> None:
    with pytest.raises(UnusableReply) as caught:
        asyncio.run(make(text).ask(PROMPT, Count))

    assert caught.value.spent["model_calls"] == 1
    assert str(caught.value).endswith("let a person read the answer")
    assert len(str(caught.value)) < 400


@every_llm
def test_it_has_a_name(make: Make) -> None:
    assert make("").name


def test_a_fake_keeps_what_it_was_asked() -> None:
    llm = FakeLLM(lambda prompt: {"many": len(prompt.material.split())})

    reply = asyncio.run(llm.ask(PROMPT, Count))

    assert reply.value.many == 3
    assert llm.prompts == [PROMPT]


def test_a_fake_takes_a_value_for_its_json() -> None:
    reply = asyncio.run(FakeLLM(lambda _: Count(many=2)).ask(PROMPT, Count))

    assert reply.value == Count(many=2)


def test_a_fake_fails_as_it_is_told() -> None:
    def fail(_: Prompt) -> object:
        raise LLMError("no")

    with pytest.raises(LLMError, match="no"):
        asyncio.run(FakeLLM(fail).ask(PROMPT, Count))


def test_a_key_given_twice_inside_is_found_too() -> None:
    class Outer(BaseModel):
        inner: Count

    with pytest.raises(UnusableReply, match="twice"):
        read_reply('{"inner": {"many": 1, "many": 2}}', Outer, {})


def test_an_error_quotes_no_control_characters_of_a_reply() -> None:
    class Closed(BaseModel, extra="forbid"):
        many: int

    with pytest.raises(UnusableReply) as caught:
        read_reply('{"many": 1, "\\u001b[31m\\u202e": 2}', Closed, {})

    assert str(caught.value).isprintable()


@pytest.mark.parametrize("model", ["gpt-5-mini", "", "openai:", ":x", "anthropic:y"])
def test_a_model_without_a_known_provider_is_a_settings_error(model: str) -> None:
    with pytest.raises(SettingsError, match="Providers: openai"):
        split_model(model)
