"""Labelled examples: whole answers and what labellers said of them."""

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Literal

from pydantic import Field, ValidationError

from grader.errors import InputError
from grader.judgement import Verdict
from grader.rubric import Frozen

FOLDER = Path(__file__).parent / "examples"
Split = Literal["train", "calibration", "test"]


class LabelledExample(Frozen):
    """A whole answer, a verdict per criterion and red flag, and a grade, 0 to 4.

    `labellers` says who labelled it; where they differed, the labels are the
    settled ones and `disputed` holds the ids that they differed on. `evidence` has,
    for parts that labellers found in the answer, the numbers of the sentences that
    say so; empty where nobody was asked.
    """

    id: str
    question_id: str
    answer: str
    kind: str
    split: Split
    verdicts: dict[str, Verdict]
    red_flags: dict[str, bool]
    grade: int = Field(ge=0, le=4)
    labellers: tuple[str, ...]
    disputed: tuple[str, ...] = ()
    evidence: dict[str, tuple[int, ...]] = Field(default_factory=dict)


def split_of(id: str) -> Split:
    """Which split an answer belongs to, from a hash of its writer's letter.

    So all that one hand wrote falls into one split, and no judge is tested on turns
    of phrase that it was taught.

    >>> split_of("overfitting-p01"), split_of("overfitting-r01")
    ('calibration', 'test')
    """
    hand = id.rsplit("-", 1)[-1].rstrip("0123456789")
    bucket = int(hashlib.sha256(hand.encode()).hexdigest(), 16) % 10
    return "train" if bucket < 3 else "calibration" if bucket < 6 else "test"


def read_examples(folder: Path = FOLDER) -> Iterator[LabelledExample]:
    """Every labelled example. Raises `InputError` that names file and line."""
    for path in sorted(folder.glob("*.jsonl")):
        for number, line in enumerate(path.read_bytes().split(b"\n"), start=1):
            if not line.strip():
                continue
            try:
                yield LabelledExample.model_validate(json.loads(line))
            except (ValueError, ValidationError) as exc:
                raise InputError(f"{path}, line {number}: {exc}") from exc
