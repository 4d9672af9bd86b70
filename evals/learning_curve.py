"""How many examples a criterion needs, for a question that the encoder never met.

    pip install 'answer-grader[train]'
    python -m evals.learning_curve FOLDER_WITH_MODEL_SAFETENSORS

Takes the encoder as it was before any training of ours, fits the heads on so many
examples that meet each part and as many that do not, and grades the test split's
answers. The calibration is always that of the other half of the questions. Takes some
six minutes.
"""

import argparse
import asyncio
import random
import tempfile
from collections.abc import Sequence
from pathlib import Path

from evals.held_out import HALVES, TrialEncoder, grade, judge_of, saved
from evals.make_encoder import checked, encoder
from evals.run import Pair, report_of
from grader.rubric import Example, Rubric
from grader.settings import Settings
from grader.wiring import open_shelf

SIZES = (4, 16, 64)
"""Examples that meet a part, and as many that do not; there are at most about 50."""
SHOWN = ("met kappa", "met AUC", "flag AUC", "expected rank correlation", "grade QWK")


def main() -> None:
    """Print one line for each number of examples."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    given = parser.parse_args()
    print(f"{'examples':>8}  " + "  ".join(f"{name:>25}" for name in SHOWN))
    with tempfile.TemporaryDirectory() as scratch:
        made = saved(encoder(checked(given.folder)), Path(scratch))
        for size in SIZES:
            pairs = with_examples(made, size)
            examples = [pair.example for pair in pairs]
            found = report_of("local", "test", examples, pairs).figures
            values = (found[name].value for name in SHOWN)
            line = "  ".join(f"{value:25.3f}" for value in values)
            print(f"{size:8}  {line}", flush=True)


def with_examples(made: TrialEncoder, size: int) -> list[Pair]:
    """The test split's answers, graded with so many examples of each kind."""
    rubrics = [thinned(rubric, size) for rubric in open_shelf(Settings()).rubrics()]
    pairs = []
    for half in range(HALVES):
        asked = rubrics[half::HALVES]
        known = [rubric for rubric in rubrics if rubric not in asked]
        pairs += asyncio.run(grade(judge_of(made, known), asked))
    return pairs


def thinned(rubric: Rubric, size: int) -> Rubric:
    """The rubric with at most `size` examples of each kind a part."""
    update = {
        "digest": f"{rubric.digest} {size}",
        "criteria": tuple(
            part.model_copy(update={"examples": some(part.examples, size)})
            for part in rubric.criteria
        ),
        "red_flags": tuple(
            part.model_copy(update={"examples": some(part.examples, size)})
            for part in rubric.red_flags
        ),
    }
    return rubric.model_copy(update=update)


def some(examples: Sequence[Example], size: int) -> tuple[Example, ...]:
    """At most `size` that meet the part, and as many that do not."""
    mixed = random.Random(0).sample(list(examples), len(examples))
    met = [example for example in mixed if example.met]
    unmet = [example for example in mixed if not example.met]
    return (*met[:size], *unmet[:size])


if __name__ == "__main__":
    main()
