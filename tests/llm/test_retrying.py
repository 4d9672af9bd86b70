"""Retries happen once, in one place, and never past the deadline."""

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest
import tenacity
from pydantic import BaseModel

from grader.errors import (
    LLMBlocked,
    LLMDeclined,
    LLMError,
    LLMUnavailable,
    UnusableReply,
)
from grader.llm.base import Prompt, R, Reply
from grader.llm.fake import FakeLLM
from grader.llm.retrying import JITTERED, RetryingLLM

PROMPT = Prompt("", "")
SPENT = {"model_calls": 1, "input_tokens": 7}


class Fine(BaseModel):
    fine: bool = True


@dataclass
class Clock:
    """Time that passes only while somebody waits."""

    now: float = 1000.0
    waits: list[float] = field(default_factory=list)

    def __call__(self) -> float:
        return self.now

    async def sleep(self, seconds: float) -> None:
        self.waits.append(seconds)
        self.now += seconds


def replying(*errors: LLMError | None) -> FakeLLM:
    """Fails with these errors, one after the other; None and the end are fine."""
    left: Iterator[LLMError | None] = iter(errors)

    def reply(_: Prompt) -> object:
        error = next(left, None)
        if error:
            raise error
        return Fine()

    return FakeLLM(reply)


def patient(
    llm: FakeLLM,
    clock: Clock,
    attempts: int = 4,
    deadline: float = 100,
    wait: float = 1,
) -> RetryingLLM:
    return RetryingLLM(
        llm,
        attempts,
        deadline,
        wait=tenacity.wait_fixed(wait),
        clock=clock,
        sleep=clock.sleep,
    )


def unavailable(retry_after: float | None = None) -> LLMUnavailable:
    return LLMUnavailable("busy", SPENT, retry_after)


def test_it_asks_again_while_the_model_is_unavailable() -> None:
    llm, clock = replying(unavailable(), unavailable()), Clock()

    reply = asyncio.run(patient(llm, clock).ask(PROMPT, Fine))

    assert reply.value.fine
    assert clock.waits == [1, 1]


def test_failed_attempts_count_in_the_usage() -> None:
    llm = replying(unavailable(), unavailable())

    reply = asyncio.run(patient(llm, Clock()).ask(PROMPT, Fine))

    assert reply.usage.model_calls == 3
    assert reply.usage.input_tokens == 14


def test_it_gives_up_after_the_last_attempt_and_says_what_was_spent() -> None:
    llm, clock = replying(*(unavailable() for _ in range(9))), Clock()

    with pytest.raises(LLMUnavailable) as caught:
        asyncio.run(patient(llm, clock, attempts=3).ask(PROMPT, Fine))

    assert len(llm.prompts) == 3
    assert len(clock.waits) == 2
    assert caught.value.spent["model_calls"] == 3
    assert caught.value.spent["input_tokens"] == 21


@pytest.mark.parametrize("error", [LLMBlocked, LLMDeclined, UnusableReply])
def test_what_waiting_cannot_cure_is_not_tried_again(error: type[LLMError]) -> None:
    llm, clock = replying(error("no", SPENT)), Clock()

    with pytest.raises(error) as caught:
        asyncio.run(patient(llm, clock).ask(PROMPT, Fine))

    assert len(llm.prompts) == 1
    assert clock.waits == []
    assert caught.value.spent["model_calls"] == 1


def test_the_last_error_carries_what_the_earlier_ones_spent() -> None:
    llm = replying(unavailable(), LLMBlocked("no", SPENT))

    with pytest.raises(LLMBlocked) as caught:
        asyncio.run(patient(llm, Clock()).ask(PROMPT, Fine))

    assert caught.value.spent["model_calls"] == 2


def test_it_waits_as_long_as_the_provider_wishes() -> None:
    clock = Clock()

    asyncio.run(patient(replying(unavailable(30)), clock).ask(PROMPT, Fine))

    assert clock.waits == [30]


@pytest.mark.parametrize("wish", [0, 1, None])
def test_it_waits_longer_than_the_provider_wishes_where_it_would_anyway(
    wish: float | None,
) -> None:
    clock = Clock()

    asyncio.run(patient(replying(unavailable(wish)), clock, wait=3).ask(PROMPT, Fine))

    assert clock.waits == [3]


@pytest.mark.parametrize("wish", [100, 300])
def test_it_does_not_begin_a_wait_that_passes_the_deadline(wish: float) -> None:
    llm, clock = replying(unavailable(wish)), Clock()

    with pytest.raises(LLMUnavailable):
        asyncio.run(patient(llm, clock, deadline=100).ask(PROMPT, Fine))

    assert clock.waits == []
    assert len(llm.prompts) == 1


def test_the_deadline_holds_over_all_attempts_together() -> None:
    llm, clock = replying(*(unavailable() for _ in range(9))), Clock()

    with pytest.raises(LLMUnavailable):
        asyncio.run(patient(llm, clock, 9, deadline=10, wait=4).ask(PROMPT, Fine))

    assert clock.waits == [4, 4]


def test_each_call_has_a_deadline_of_its_own() -> None:
    clock = Clock()
    llm = replying(unavailable(), None, unavailable())
    asking = patient(llm, clock, deadline=5, wait=3)

    asyncio.run(asking.ask(PROMPT, Fine))
    clock.now += 100
    asyncio.run(asking.ask(PROMPT, Fine))

    assert clock.waits == [3, 3]


def test_a_model_that_never_replies_is_unavailable_at_the_deadline() -> None:
    class Silent:
        name = "silent"

        async def ask(self, prompt: Prompt, reply_type: type[R]) -> Reply[R]:
            await asyncio.Event().wait()
            raise AssertionError

    llm = RetryingLLM(Silent(), attempts=5, deadline=0.01)

    with pytest.raises(LLMUnavailable, match="GRADER_LLM_DEADLINE") as caught:
        asyncio.run(llm.ask(PROMPT, Fine))

    assert caught.value.spent["model_calls"] == 1


def test_a_bug_is_not_retried() -> None:
    llm = FakeLLM(lambda _: 1 / 0)

    with pytest.raises(ZeroDivisionError):
        asyncio.run(patient(llm, Clock()).ask(PROMPT, Fine))

    assert len(llm.prompts) == 1


def test_the_usual_wait_has_full_jitter_and_an_end() -> None:
    state = tenacity.RetryCallState(tenacity.Retrying(), None, (), {})
    state.attempt_number = 12

    waits = [JITTERED(state) for _ in range(200)]

    assert min(waits) < 5 < 15 < max(waits) <= 20
