"""The real encoder, loaded once, and a rubric with examples that is soon fitted."""

from collections.abc import Iterator

import pytest
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

from grader.judges.encoder import Encoder
from grader.rubric import Example, Rubric

MET = {
    "boiled-water": (
        "The water has to be freshly boiled.",
        "Bring fresh water to the boil first.",
        "I use water that has only just come off a rolling boil.",
    ),
    "waits": (
        "Let the leaves steep for three minutes.",
        "Then it brews for four minutes or so.",
        "I leave them in for a few minutes to infuse.",
    ),
    "microwave": (
        "Put the cup with the leaves into the microwave.",
        "I heat cup, water and leaves together in the microwave oven.",
        "Everything goes into the microwave for two minutes.",
    ),
}


@pytest.fixture(scope="package", autouse=True)
def one_core_for_algebra() -> Iterator[None]:
    """Threads that wait for each other make a fit 40 times slower on a busy machine."""
    with threadpool_limits(limits=1, user_api="blas"):
        yield


@pytest.fixture(scope="session")
def encoder() -> Encoder:
    return Encoder(threads=2)


@pytest.fixture
def tea(rubric: Rubric) -> Rubric:
    """Two criteria and a red flag of the tea rubric, with examples.

    What meets one of them meets no other.
    """

    def examples(id: str) -> tuple[Example, ...]:
        others = [text for other in MET if other != id for text in MET[other]]
        return (
            *(Example(met=True, type="plain", text=text) for text in MET[id]),
            *(Example(met=False, type="other_part", text=text) for text in others),
        )

    return rubric.model_copy(
        update={
            "criteria": tuple(
                c.model_copy(update={"examples": examples(c.id)})
                for c in rubric.criteria[:2]
            ),
            "red_flags": tuple(
                f.model_copy(update={"examples": examples(f.id)})
                for f in rubric.red_flags[:1]
            ),
        }
    )
