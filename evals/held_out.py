"""How the local judge does on questions that it has never met.

    pip install 'answer-grader[train]'
    python -m evals.held_out FOLDER_WITH_MODEL_SAFETENSORS

Twice, half of the questions are held out of everything: an encoder is trained without
them, and the calibration is fitted without them. Then the test split's answers to them
are graded: with each rubric's examples (heads are fitted, as `grader fit` would), and
without. Takes half as long as training the encoder.
"""

import argparse
import asyncio
import random
import tempfile
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from evals.calibrate import Rows, add_readings, fit_all, without_examples
from evals.labelled import read_examples
from evals.make_background import chosen
from evals.make_encoder import TARGET, checked, encoder, export
from evals.run import Pair, graded, report_of, show
from evals.train_encoder import SEED, read_material, train
from grader.judges.encoder import Encoder
from grader.judges.heads import Heads, fit_heads
from grader.judges.local import Calibrations, LocalJudge
from grader.rubric import Rubric
from grader.settings import Settings
from grader.wiring import open_shelf

HALVES = 2
EPOCHS = 2
"""Half as many as the package's encoder was trained for: it has half the questions."""


class TrialEncoder(Encoder):
    """An encoder whose files are not those of the package."""

    def _read(self, name: str) -> bytes:
        return (self._folder / name).read_bytes()


def main() -> None:
    """Train, grade, and print the figures of both ways."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    given = parser.parse_args()
    rubrics = list(open_shelf(Settings()).rubrics())
    found: dict[str, list[Pair]] = defaultdict(list)
    for half in range(HALVES):
        held_out = rubrics[half::HALVES]
        known = [rubric for rubric in rubrics if rubric not in held_out]
        with tempfile.TemporaryDirectory() as scratch:
            made = trained(given.folder, known, Path(scratch))
            judge = judge_of(made, known)
            bare = [without_examples(rubric) for rubric in held_out]
            for way, seen in (("with", held_out), ("without", bare)):
                found[way] += asyncio.run(grade(judge, seen))
    for way, pairs in found.items():
        print(f"\nQuestions held out, {way} examples:")
        examples = [pair.example for pair in pairs]
        print(show(report_of("local", "test", examples, pairs)), flush=True)


def trained(folder: Path, known: Sequence[Rubric], scratch: Path) -> TrialEncoder:
    """An encoder that has learned from these rubrics alone."""
    import torch

    random.seed(SEED)
    torch.manual_seed(SEED)
    model = encoder(checked(folder))
    train(model, read_material(known), EPOCHS)
    return saved(model, scratch)


def saved(model: Any, scratch: Path) -> TrialEncoder:
    """A torch model as the judge would run it."""
    export(model, scratch / "model.onnx")
    (scratch / "tokenizer.json").write_bytes((TARGET / "tokenizer.json").read_bytes())
    return TrialEncoder(threads=2, folder=scratch)


def judge_of(made: Encoder, known: Sequence[Rubric]) -> LocalJudge:
    """A judge with that encoder, calibrated on answers to the known questions."""
    passages = chosen(known)
    vectors = made.encode([text for _, text in passages]).embeddings()
    about = np.array([question for question, _ in passages])

    def heads(rubric: Rubric) -> Heads:
        return fit_heads(rubric, made, vectors[about != rubric.question.id])

    judge = LocalJudge(made, heads)
    rows: dict[str, Rows] = defaultdict(Rows)
    by_id = {rubric.question.id: rubric for rubric in known}
    for example in read_examples():
        if example.split == "calibration" and example.question_id in by_id:
            rubric = by_id[example.question_id]
            for seen in (rubric, without_examples(rubric)):
                add_readings(rows, judge, seen, example)
    return LocalJudge(made, heads, Calibrations(by_kind=fit_all(rows), digest=""))


async def grade(judge: LocalJudge, rubrics: Sequence[Rubric]) -> list[Pair]:
    """The test split's answers to these rubrics, graded."""
    by_id = {rubric.question.id: rubric for rubric in rubrics}
    outcomes = [
        await graded(judge, by_id[example.question_id], example)
        for example in read_examples()
        if example.split == "test" and example.question_id in by_id
    ]
    return [outcome for outcome in outcomes if isinstance(outcome, Pair)]


if __name__ == "__main__":
    main()
