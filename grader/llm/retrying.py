"""The one place that retries, and only what waiting can cure."""

import asyncio
import time
from collections.abc import Awaitable, Callable

import tenacity
from tenacity.wait import wait_base

from grader.errors import LLMError, LLMUnavailable
from grader.llm.base import LLM, Prompt, R, Reply, sum_of, with_spent

JITTERED: wait_base = tenacity.wait_random_exponential(multiplier=0.5, max=20)
"""Full jitter: anything from 0 to 0.5, 1, 2, 4 ... seconds, at most 20."""

Sleep = Callable[[float], Awaitable[None]]


class RetryingLLM:
    """Asks another LLM again while it is unavailable.

    At most `attempts` calls within `deadline` seconds in total. It waits as the
    provider wishes or as `wait` says, whichever is longer, and gives up at once where
    that would pass the deadline. What failed calls used up counts in the usage of the
    reply, or in `spent` of the error.
    """

    def __init__(
        self,
        llm: LLM,
        attempts: int,
        deadline: float,
        wait: wait_base = JITTERED,
        clock: Callable[[], float] = time.monotonic,
        sleep: Sleep = asyncio.sleep,
    ) -> None:
        self._llm = llm
        self._attempts = attempts
        self._deadline = deadline
        self._wait = wait
        self._clock = clock
        self._sleep = sleep

    @property
    def name(self) -> str:
        return self._llm.name

    async def ask(self, prompt: Prompt, reply_type: type[R]) -> Reply[R]:
        ends = self._clock() + self._deadline
        failed: list[LLMError] = []

        async def attempt() -> Reply[R]:
            try:
                return await self._before(ends, self._llm.ask(prompt, reply_type))
            except LLMError as exc:
                failed.append(exc)
                raise

        try:
            reply: Reply[R] = await self._retrying(ends)(attempt)
        except LLMError as exc:
            exc.spent = sum_of(*(one.spent for one in failed))
            raise
        usage = with_spent(reply.usage, sum_of(*(one.spent for one in failed)))
        return Reply(reply.value, reply.model, usage)

    async def _before(self, ends: float, asked: Awaitable[Reply[R]]) -> Reply[R]:
        """Hold one attempt to what is left of the time."""
        try:
            async with asyncio.timeout(max(0, ends - self._clock())):
                return await asked
        except TimeoutError as exc:
            raise LLMUnavailable(
                f"{self.name!r} gave no reply within {self._deadline:g} seconds "
                "(GRADER_LLM_DEADLINE). Try again later",
                {"model_calls": 1},
            ) from exc

    def _retrying(self, ends: float) -> tenacity.AsyncRetrying:
        def enough(state: tenacity.RetryCallState) -> bool:
            too_late = self._clock() + state.upcoming_sleep >= ends
            return too_late or state.attempt_number >= self._attempts

        return tenacity.AsyncRetrying(
            retry=tenacity.retry_if_exception_type(LLMUnavailable),
            stop=enough,
            wait=self._pause,
            sleep=self._sleep,
            reraise=True,
        )

    def _pause(self, state: tenacity.RetryCallState) -> float:
        """Seconds until the next attempt."""
        failure = state.outcome.exception() if state.outcome else None
        wish = failure.retry_after if isinstance(failure, LLMUnavailable) else None
        return max(wish or 0, self._wait(state))
