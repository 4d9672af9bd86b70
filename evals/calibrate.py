"""Fit the local judge's calibration on labelled answers.

    python -m evals.calibrate

Reads the answers of the train and calibration splits (never the test split), has
the local judge compute its raw figures, with each rubric's examples and without,
and writes `grader/judges/local_calibration.json`. Run it after `grader fit --all`.
"""

import json
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from evals.labelled import LabelledExample, read_examples
from grader.answer import read_answer
from grader.calibration import Calibration
from grader.judgement import Verdict
from grader.judges.blend import NAMES
from grader.judges.local import CALIBRATION, LocalJudge
from grader.judges.logistic import fit_logistic
from grader.rubric import Rubric
from grader.settings import Settings
from grader.wiring import build

FIGURES: dict[str, tuple[str, ...]] = {
    "criterion": ("logit", "likeness"),
    "states": ("logit", "likeness", "criteria"),
    "omits": ("logit", "criteria"),
    "criterion_blend": NAMES,
    "states_blend": NAMES,
    "omits_blend": ("criteria",),
}
"""Which figures each kind of reading is calibrated on."""
STRENGTH = 1.0
"""Inverse strength of the penalty, on figures of unit spread."""


@dataclass
class Rows:
    """Figures and labels of one kind of reading."""

    figures: list[dict[str, float]] = field(default_factory=list)
    labels: list[float] = field(default_factory=list)


def main() -> None:
    """Fit, write the file, and say what it was fitted on."""
    grader = build(Settings())
    judge = grader.judge
    assert isinstance(judge, LocalJudge)
    examples = [e for e in read_examples() if e.split != "test"]
    rows: dict[str, Rows] = defaultdict(Rows)
    for example in examples:
        rubric = grader.shelf.rubric(example.question_id)
        for seen in (rubric, without_examples(rubric)):
            add_readings(rows, judge, seen, example)
    labels = "labelled by a language model, train and calibration splits"
    calibrations = {
        kind: fit(rows[kind], names, labels) for kind, names in FIGURES.items()
    }
    written: dict[str, Any] = {
        "answers": len(examples),
        "calibrations": {k: c.model_dump() for k, c in calibrations.items()},
    }
    CALIBRATION.write_text(json.dumps(written, indent=2) + "\n")
    for kind, made in rows.items():
        print(f"{kind:16} {len(made.labels)} labels, {np.mean(made.labels):.0%} yes")


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


def fit(rows: Rows, names: Sequence[str], labels: str) -> Calibration:
    """A logistic model on standardised figures, told in the figures' own units."""
    raw = matrix(rows.figures, names)
    mean, spread = raw.mean(axis=0), np.maximum(raw.std(axis=0), 1e-6)
    fitted = fit_logistic((raw - mean) / spread, np.array(rows.labels), c=STRENGTH)
    weights = fitted.weights / spread
    return Calibration(
        weights={n: round(float(w), 6) for n, w in zip(names, weights, strict=True)},
        intercept=round(fitted.intercept - float(mean @ weights), 6),
        n=len(rows.labels),
        labels=labels,
    )


def matrix(
    figures: Iterable[dict[str, float]], names: Sequence[str]
) -> np.ndarray[Any, np.dtype[np.float64]]:
    """Figures as rows (n, d), in the order of `names`."""
    return np.array([[row[name] for name in names] for row in figures])


if __name__ == "__main__":
    main()
