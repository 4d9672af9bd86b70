"""A real model judges one answer. Run by hand: `pytest -m live`."""

import asyncio
import os

import pytest

from grader.grade import Grade
from grader.settings import Settings
from grader.wiring import build

pytestmark = [
    pytest.mark.live,
    pytest.mark.skipif(
        "GRADER_API_KEY" not in os.environ, reason="needs GRADER_API_KEY"
    ),
]


def test_a_real_model_tells_a_good_answer_from_an_empty_one() -> None:
    settings = Settings(judge="llm")
    if settings.model is None:
        settings = settings.model_copy(update={"model": "openai:gpt-5-mini"})
    grader = build(settings)

    async def both() -> list[object]:
        return [
            await grader.grade("overfitting", text)
            for text in (
                "The model memorises its training data, noise included. It then does "
                "badly on new data. I spot it by a training score far above the "
                "validation score.",
                "Overfitting is an important topic and I know all about it.",
            )
        ]

    good, empty = asyncio.run(both())

    assert isinstance(good, Grade)
    assert isinstance(empty, Grade)
    assert good.percent >= 60 > 35 > empty.percent
    assert good.usage.input_tokens > 0
