"""Fit the local judge's calibration on labelled answers.

    python -m evals.calibrate

Reads the answers of the calibration split (the encoder was taught those of the train
split, and nothing may be fitted on those of the test split), has the local judge
compute its raw figures, with each rubric's examples and without, and writes
`grader/judges/local_calibration.json`. Run it after `grader fit --all`.

Then says what `grader.scoring.SURE` would have to be for its promise: the least
confidence at which few enough answers that nobody reviews are in a band that is off
by more than one.
"""

import asyncio
import json
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from evals.labelled import LabelledExample, read_examples
from grader.agreement import upper_bound
from grader.answer import read_answer
from grader.calibration import Calibration
from grader.grade import Band, ReviewReason
from grader.grading import Grader
from grader.judgement import Verdict
from grader.judges.blend import NAMES
from grader.judges.local import CALIBRATION, LocalJudge
from grader.judges.logistic import Floats, Logistic, fit_logistic, sigmoid
from grader.rubric import Rubric
from grader.scoring import SURE, confidence, review_reasons, score
from grader.settings import Settings
from grader.wiring import build

FIGURES: dict[str, tuple[str, ...]] = {
    "criterion": ("anywhere", "likeness", "whole"),
    "states": ("best", "likeness", "whole", "criteria"),
    "omits": ("whole", "criteria"),
    "criterion_blend": NAMES,
    "states_blend": NAMES,
    "omits_blend": ("criteria",),
}
"""Which figures each kind of reading is calibrated on."""
NEVER_LESS = frozenset(NAMES) - {
    "length",
    "function_words",
    "negation_differs",
    "question_cosine",
}
"""Figures of shared words and meaning: with more of one nothing may get less likely.

Fitted freely they tell more of answers that somebody wrote to be hard (rank
correlation .66 instead of .62 with whole questions held out), and make a nonsense of
simple ones: an answer in the very words of the requirement was given 4%.
"""
PROMISE = 0.05
"""At most this share of what nobody reviews is in a band off by more than one."""
STRENGTH = 1.0
"""Inverse strength of the penalty, on figures of unit spread."""


@dataclass
class Rows:
    """Figures and labels of one kind of reading."""

    figures: list[dict[str, float]] = field(default_factory=list)
    labels: list[float] = field(default_factory=list)
    partly: list[float] = field(default_factory=list)
    questions: list[str] = field(default_factory=list)


def main() -> None:
    """Fit, write the file, and say what it was fitted on."""
    grader = build(Settings())
    judge = grader.judge
    assert isinstance(judge, LocalJudge)
    examples = [e for e in read_examples() if e.split == "calibration"]
    rows: dict[str, Rows] = defaultdict(Rows)
    for example in examples:
        rubric = grader.shelf.rubric(example.question_id)
        for seen in (rubric, without_examples(rubric)):
            add_readings(rows, judge, seen, example)
    calibrations = fit_all(rows)
    written: dict[str, Any] = {
        "answers": len(examples),
        "calibrations": {k: c.model_dump() for k, c in calibrations.items()},
    }
    CALIBRATION.write_text(json.dumps(written, indent=2) + "\n")
    for kind, made in rows.items():
        print(f"{kind:16} {len(made.labels)} labels, {np.mean(made.labels):.0%} yes")
    kept = asyncio.run(not_reviewed(build(Settings()), examples))
    print(
        f"SURE for the promise: {least_sure(kept):.3f} ({len(kept)} answers, {SURE=})"
    )


async def not_reviewed(
    grader: Grader, examples: Iterable[LabelledExample]
) -> list[tuple[float, bool]]:
    """Confidence, and whether the band is off by more than one.

    For the answers that no other reason than low confidence sends to review.
    """
    kept = []
    order = list(Band)
    for example in examples:
        rubric, answer = grader.shelf.rubric(example.question_id), example.answer
        read = read_answer(answer)
        judgement = await grader.judge.judge(rubric, read)
        scored = score(rubric, judgement)
        reasons = review_reasons(rubric, read, judgement, scored)
        if set(reasons) <= {ReviewReason.LOW_CONFIDENCE}:
            off = abs(order.index(scored.band) - example.grade) > 1
            kept.append((confidence(rubric, judgement, scored), off))
    return kept


def least_sure(answers: Sequence[tuple[float, bool]]) -> float:
    """The least confidence from which on the promise holds; 1 where it never does.

    >>> least_sure([(0.9, False)] * 59 + [(0.4, True)])
    0.9
    """
    least, wrong = 1.0, 0
    ordered = sorted(answers, reverse=True)
    for n, (sure, off) in enumerate(ordered, start=1):
        wrong += off
        last_of_its_kind = n == len(ordered) or ordered[n][0] < sure
        if last_of_its_kind and upper_bound(wrong, n) <= PROMISE + 1e-4:
            least = sure
    return least


def fit_all(rows: Mapping[str, Rows]) -> dict[str, Calibration]:
    """A calibration for every kind of reading."""
    labels = "labelled by a language model, calibration split"
    return {kind: fit(rows[kind], names, labels) for kind, names in FIGURES.items()}


def without_examples(rubric: Rubric) -> Rubric:
    """The same rubric as one that nobody wrote examples for."""
    return rubric.model_copy(
        update={
            "digest": f"{rubric.digest} without examples",
            "criteria": tuple(
                c.model_copy(update={"examples": ()}) for c in rubric.criteria
            ),
            "red_flags": tuple(
                f.model_copy(update={"examples": ()}) for f in rubric.red_flags
            ),
        }
    )


def add_readings(
    rows: dict[str, Rows], judge: LocalJudge, rubric: Rubric, example: LabelledExample
) -> None:
    """Add what the judge reads in one answer, beside its labels."""
    answer = read_answer(example.answer)
    for id, reading in judge.read(rubric, answer).items():
        kind = rows[reading.kind]
        verdict = example.verdicts.get(id)
        yes = verdict is Verdict.MET if verdict else example.red_flags[id]
        kind.figures.append(dict(reading.figures))
        kind.labels.append(float(yes))
        kind.partly.append(float(yes or verdict is Verdict.PARTIAL))
        kind.questions.append(example.question_id)


def fit(rows: Rows, names: Sequence[str], labels: str) -> Calibration:
    """A logistic model on standardised figures, told in the figures' own units.

    Of `NEVER_LESS`, those that would count against an answer are left out, the worst
    first.
    """
    raw = matrix(rows.figures, names)
    mean, spread = raw.mean(axis=0), np.maximum(raw.std(axis=0), 1e-6)
    scaled, labelled = (raw - mean) / spread, np.array(rows.labels)
    kept = np.ones(len(names), dtype=bool)
    while True:
        part = fit_logistic(scaled[:, kept], labelled, c=STRENGTH)
        found = np.zeros(len(names))
        found[kept] = part.weights
        wrong = np.where([name in NEVER_LESS for name in names], found, 0.0)
        if wrong.min() >= 0:
            break
        kept[wrong.argmin()] = False
    fitted = Logistic(found, part.intercept)
    weights = fitted.weights / spread
    logits = fitted.logits(scaled)
    return Calibration(
        weights={n: round(float(w), 6) for n, w in zip(names, weights, strict=True)},
        intercept=round(fitted.intercept - float(mean @ weights), 6),
        partial=round(_offset(logits, rows.partly), 6),
        n=len(rows.labels),
        labels=labels,
    )


def _offset(logits: Floats, labels: Sequence[float]) -> float:
    """What to add to the log-odds so that they sum to as many yes as there are."""
    low, high = 0.0, 5.0
    while high - low > 1e-6:
        middle = (low + high) / 2
        if sigmoid(logits + middle).sum() < sum(labels):
            low = middle
        else:
            high = middle
    return low


def matrix(
    figures: Iterable[dict[str, float]], names: Sequence[str]
) -> np.ndarray[Any, np.dtype[np.float64]]:
    """Figures as rows (n, d), in the order of `names`."""
    return np.array([[row[name] for name in names] for row in figures])


if __name__ == "__main__":
    main()
