"""How the local judge does without examples, on answers that people have marked.

    python -m evals.human FOLDER

FOLDER holds `scientsbank.jsonl` and `beetle.jsonl` (SemEval-2013 task 7, which is not
part of this repository): a question, reference answers, a pupil's answer, a label.
Each reference answer is a claim as a criterion is, and the best one counts. A logistic
model of the blend's figures is fitted on the train split. Its penalty is chosen there
as well, with whole questions held out, so nothing is tuned on what is reported.
"""

import argparse
import json
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ValidationError

from grader.agreement import auc
from grader.answer import read_answer
from grader.errors import InputError
from grader.judges.blend import NAMES
from grader.judges.encoder import Encoder
from grader.judges.local import NO, LocalJudge
from grader.judges.logistic import Floats, Logistic, fit_logistic
from grader.rubric import Criterion, Level, Question, Rubric

SPLITS = {
    "scientsbank": ("unseen-domains", "unseen-questions", "unseen-answers"),
    "beetle": ("unseen-questions", "unseen-answers"),
}
STRENGTHS = (0.01, 0.1, 1.0)
"""Inverse strengths of the penalty that are tried, on figures of unit spread."""
FOLDS = 10
ROUNDS = 4
"""How often at most the model says anew which reference is the best."""
REDRAWS = 1000
"""How often questions are drawn anew for an interval."""


class Marked(BaseModel):
    """A pupil's answer, and whether people call it correct; other fields are left."""

    question_id: str
    question: str
    reference_answers: tuple[str, ...]
    answer: str
    label: str
    split: str


@dataclass(frozen=True)
class Rows:
    """The figures of n answers beside each of their reference answers.

    figures    (m, d), one row for each answer and reference
    answers    (m,) which answer a row is about; a blank one has no row
    labels     (n,) whether people call the answer correct
    questions  (n,) names of the questions
    """

    figures: Floats
    answers: NDArray[np.int_]
    labels: NDArray[np.bool_]
    questions: NDArray[np.str_]

    def of(self, chosen: NDArray[np.bool_]) -> "Rows":
        """The answers that are chosen (n,), numbered anew."""
        kept = chosen[self.answers]
        return Rows(
            figures=self.figures[kept],
            answers=(np.cumsum(chosen) - 1)[self.answers[kept]],
            labels=self.labels[chosen],
            questions=self.questions[chosen],
        )


@dataclass(frozen=True)
class Model:
    """A logistic model of figures less their `mean`, over their `spread`."""

    mean: Floats
    spread: Floats
    logistic: Logistic

    def logits(self, figures: Floats) -> Floats:
        """The log-odds of each row (m, d)."""
        return self.logistic.logits((figures - self.mean) / self.spread)


def main() -> None:
    """Measure, and print a line for each split."""
    parser = argparse.ArgumentParser(prog="python -m evals.human", description=__doc__)
    parser.add_argument("folder", type=Path)
    given = parser.parse_args()
    began = time.perf_counter()
    judge = LocalJudge(Encoder(), lambda rubric: None)
    print(f"{'data set and split':32}{'n':>6}{'most':>7}  accuracy, AUC, macro-F1")
    for name, splits in SPLITS.items():
        marked = list(read_marked(given.folder / f"{name}.jsonl"))
        rows = rows_of(judge, marked)
        split = np.array([one.split for one in marked])
        train = rows.of(split == "train")
        strength, held_out = choose(train)
        show(f"{name} train, held out", held_out, train)
        model = fit(train, strength)
        for shown in splits:
            test = rows.of(split == shown)
            show(f"{name} {shown}", logits(model, test), test)
    print(f"took {time.perf_counter() - began:.0f} s")


def read_marked(path: Path) -> Iterator[Marked]:
    """Every marked answer. Raises `InputError` that names file and line."""
    for number, line in enumerate(path.read_bytes().splitlines(), start=1):
        try:
            yield Marked.model_validate(json.loads(line))
        except (ValueError, ValidationError) as exc:
            raise InputError(f"{path}, line {number}: {exc}") from exc


def rubric_of(marked: Marked) -> Rubric:
    """A rubric without examples, its criteria the reference answers."""
    return Rubric(
        question=Question(
            id="marked", text=marked.question, topic="marked", level=Level.JUNIOR
        ),
        version=1,
        strong_answer=marked.reference_answers[0],
        criteria=tuple(
            Criterion(id=f"reference-{number}", requirement=text, points=1)
            for number, text in enumerate(marked.reference_answers, start=1)
        ),
    )


def rows_of(judge: LocalJudge, marked: Sequence[Marked]) -> Rows:
    """What the judge reads in each answer, in the order of `NAMES`."""
    figures, answers = [], []
    for place, one in enumerate(marked):
        answer = read_answer(one.answer)
        if answer.is_blank:
            continue
        for reading in judge.read(rubric_of(one), answer).values():
            figures.append([reading.figures[name] for name in NAMES])
            answers.append(place)
    return Rows(
        figures=np.array(figures, dtype=np.float64),
        answers=np.array(answers),
        labels=np.array([one.label == "correct" for one in marked]),
        questions=np.array([one.question_id for one in marked]),
    )


# --- the model -----------------------------------------------------------------


def choose(train: Rows) -> tuple[float, Floats]:
    """The strength with the best AUC on questions held out, and its log-odds there."""
    tried = {strength: held_out_logits(train, strength) for strength in STRENGTHS}
    best = max(tried, key=lambda s: auc(list(tried[s]), list(train.labels)) or 0.0)
    return best, tried[best]


def held_out_logits(train: Rows, strength: float) -> Floats:
    """The log-odds of each answer by a model that saw no answer to its question."""
    names = np.unique(train.questions)
    shuffled = np.random.default_rng(0).permutation(names)
    found = np.zeros(len(train.labels))
    for fold in range(FOLDS):
        out = np.isin(train.questions, shuffled[fold::FOLDS])
        if out.any():
            model = fit(train.of(~out), strength)
            found[out] = logits(model, train.of(out))
    return found


def fit(rows: Rows, strength: float) -> Model:
    """Fit on each answer's best reference, which is the one the model likes best.

    To start with, it is the one whose meaning and words are nearest, as for windows.
    """
    mean = rows.figures.mean(axis=0)
    spread = np.maximum(rows.figures.std(axis=0), 1e-6)
    scaled = (rows.figures - mean) / spread
    columns = [NAMES.index("cosine"), NAMES.index("recall")]
    best = best_rows(rows.figures[:, columns] @ np.array([1.0, 0.5]), rows.answers)
    for _ in range(ROUNDS):
        labels = rows.labels[rows.answers[best]].astype(np.float64)
        logistic = fit_logistic(scaled[best], labels, c=strength)
        again = best_rows(logistic.logits(scaled), rows.answers)
        if np.array_equal(again, best):
            break
        best = again
    return Model(mean, spread, logistic)


def best_rows(values: Floats, answers: NDArray[np.int_]) -> NDArray[np.int_]:
    """For each answer that has rows, which of them has the greatest value."""
    order = np.lexsort((-values, answers))
    first = np.append(True, np.diff(answers[order]) > 0)
    return np.asarray(order[first])


def logits(model: Model, rows: Rows) -> Floats:
    """The log-odds (n,) of each answer's best reference; a blank answer's are low."""
    found = model.logits(rows.figures)
    best = best_rows(found, rows.answers)
    every = np.full(len(rows.labels), NO)
    every[rows.answers[best]] = found[best]
    return every


# --- the figures ---------------------------------------------------------------

Measure = Callable[[Floats, NDArray[np.bool_]], float]


def accuracy(logits: Floats, labels: NDArray[np.bool_]) -> float:
    """The share of answers that the model and people judge alike."""
    return float(((logits > 0) == labels).mean())


def area(logits: Floats, labels: NDArray[np.bool_]) -> float:
    """The AUC, or NaN where all labels are the same."""
    found = auc(list(logits), list(labels))
    return np.nan if found is None else found


def macro_f1(logits: Floats, labels: NDArray[np.bool_]) -> float:
    """The mean of the F1 of "correct" and that of "not correct"."""
    said = logits > 0
    f1 = [
        2 * (of & truth).sum() / max(1, of.sum() + truth.sum())
        for of, truth in ((said, labels), (~said, ~labels))
    ]
    return float(np.mean(f1))


def interval(measure: Measure, logits: Floats, rows: Rows) -> tuple[float, float]:
    """95% of the values when whole questions are drawn with replacement."""
    places = [
        np.flatnonzero(rows.questions == name) for name in np.unique(rows.questions)
    ]
    random = np.random.default_rng(0)
    drawn = []
    for _ in range(REDRAWS):
        picks = random.integers(0, len(places), len(places))
        again = np.concatenate([places[pick] for pick in picks])
        drawn.append(measure(logits[again], rows.labels[again]))
    low, high = np.nanpercentile(drawn, [2.5, 97.5])
    return float(low), float(high)


def show(name: str, logits: Floats, rows: Rows) -> None:
    """Print a split's figures, each with its interval."""
    share = rows.labels.mean()
    figures = []
    for measure in (accuracy, area, macro_f1):
        low, high = interval(measure, logits, rows)
        figures.append(f"{measure(logits, rows.labels):.3f} [{low:.3f}, {high:.3f}]")
    print(f"{name:32}{len(logits):6}{max(share, 1 - share):7.3f}  {'  '.join(figures)}")


if __name__ == "__main__":
    main()
