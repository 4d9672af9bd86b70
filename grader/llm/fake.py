"""A language model for tests and demos: a function says what it replies."""

import json
from collections.abc import Callable

from pydantic import BaseModel

from grader.errors import LLMError
from grader.judgement import Usage
from grader.llm.base import Prompt, R, Reply, read_reply, spent_of


class FakeLLM:
    """Replies with what `reply` returns, read as strictly as a real reply.

    Text is taken as it is, a value or anything else as its JSON, None as silence. An
    `LLMError` that `reply` raises is the model's, and took at least one call.
    `prompts` keeps what was asked.
    """

    name = "fake"

    def __init__(self, reply: Callable[[Prompt], object]) -> None:
        self._reply = reply
        self.prompts: list[Prompt] = []

    async def ask(self, prompt: Prompt, reply_type: type[R]) -> Reply[R]:
        self.prompts.append(prompt)
        usage = Usage(model_calls=1)
        try:
            said = self._reply(prompt)
        except LLMError as exc:
            exc.spent.setdefault("model_calls", 1)
            raise
        value = read_reply(_text(said), reply_type, spent_of(usage))
        return Reply(value, self.name, usage)


def _text(said: object) -> str | None:
    if said is None or isinstance(said, str):
        return said
    return said.model_dump_json() if isinstance(said, BaseModel) else json.dumps(said)
