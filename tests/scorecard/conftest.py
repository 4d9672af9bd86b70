"""What the tests of scorecards share: rubrics at hand, and one of them."""

from pathlib import Path

import pytest

from grader.rubric import Rubric
from grader.scorecard.reading import RubricsAtHand
from tests.scorecard.lines import rubrics_at_hand


@pytest.fixture
def rubrics(tmp_path: Path) -> RubricsAtHand:
    """Rubrics under a folder of the test's own."""
    return rubrics_at_hand(tmp_path / "rubrics")


@pytest.fixture
def tea(rubrics: RubricsAtHand) -> Rubric:
    """The rubric that most grades are made with."""
    found = rubrics.find("tea")
    assert found is not None
    return found
