"""Grade labelled examples with a judge, and say how far the two agree."""

import json
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

import numpy as np

from evals.labelled import LabelledExample, read_examples
from grader import agreement as figures
from grader.answer import read_answer
from grader.errors import ContentError, InputError
from grader.grade import Band, Grade, Ungraded
from grader.grading import Grader, grade_answer
from grader.judgement import Finding, Judgement, Sighting, Verdict
from grader.judges.base import Judge
from grader.rubric import Frozen, Rubric
from grader.scoring import score
from grader.settings import read_settings
from grader.wiring import build

BASELINE = Path(__file__).parent / "baseline.json"
REDRAWS = 200
"""How often questions are drawn anew for an interval."""
_ORDER = list(Band)
_FEWER_IS_BETTER = (
    "met ECE",
    "met Brier",
    "percent MAE",
    "warning taken for a red flag",
    "empty talk in band good or strong",
    "sent to review",
    "band off by more than one, not sent to review",
)
EMPTY_TALK = ("keyword_list", "off_topic", "confidently_wrong")
"""Kinds of answer that a judge of words alone takes for good ones."""


class Figure(Frozen):
    """One figure: its value, a 95% interval bootstrapped by question, and its n."""

    value: float | None
    low: float | None
    high: float | None
    n: int


class Report(Frozen):
    """What a run found. `ungraded` lists the answers that no figure counts."""

    judge: str
    split: str
    answers: int
    questions: int
    labellers: tuple[str, ...]
    figures: dict[str, Figure]
    ungraded: tuple[str, ...]


class Pair(Frozen):
    """A labelled example, and the grade that its labels and the judge lead to."""

    example: LabelledExample
    labelled_percent: float
    grade: Grade


async def measure(judge: str, split: str, folder: Path) -> Report:
    """Grade every example of a split. Raises `InputError` where there is none."""
    examples = [e for e in read_examples(folder) if e.split == split]
    if not examples:
        raise InputError(
            f"there are no labelled examples of split {split!r} in {folder}"
        )
    return await compare(build(read_settings(judge=judge)), split, examples)


async def compare(
    grader: Grader, split: str, examples: Sequence[LabelledExample]
) -> Report:
    """Grade examples, and say how far the grader and the labels agree.

    Raises `ContentError` where labels are not for the rubric.
    """
    pairs, ungraded = [], []
    for example in examples:
        rubric = grader.shelf.rubric(example.question_id)
        outcome = await graded(grader.judge, rubric, example)
        if isinstance(outcome, Pair):
            pairs.append(outcome)
        else:
            ungraded.append(f"{example.id}: {outcome.reason}")
    return report_of(grader.judge.name, split, examples, pairs, ungraded)


def report_of(
    judge: str,
    split: str,
    examples: Sequence[LabelledExample],
    pairs: Sequence[Pair],
    ungraded: Sequence[str] = (),
) -> Report:
    """All figures on these pairs; `ungraded` are the examples that have none."""
    return Report(
        judge=judge,
        split=split,
        answers=len(examples),
        questions=len({e.question_id for e in examples}),
        labellers=tuple(sorted({name for e in examples for name in e.labellers})),
        figures={name: _figure(pairs, f, n) for name, (f, n) in FIGURES.items()},
        ungraded=tuple(ungraded),
    )


async def graded(
    judge: Judge, rubric: Rubric, example: LabelledExample
) -> Pair | Ungraded:
    """Grade one example, and score its labels.

    Raises `ContentError` where labels are not for the rubric.
    """
    percent = score(rubric, labelled_judgement(rubric, example)).percent
    outcome = await grade_answer(judge, rubric, read_answer(example.answer))
    if isinstance(outcome, Ungraded):
        return outcome
    return Pair(example=example, labelled_percent=percent, grade=outcome)


def labelled_judgement(rubric: Rubric, example: LabelledExample) -> Judgement:
    """The labels as a judgement, so that they can be scored like one.

    Raises `ContentError` where the labels are not for this rubric.
    """
    labelled = {*example.verdicts, *example.red_flags}
    stray = sorted(labelled - {part.id for part in rubric.parts})
    if stray:
        raise ContentError(
            f"example {example.id!r} has a label for {stray[0]!r}, which is no "
            f"criterion or red flag of {rubric.question.id!r}"
        )
    try:
        return Judgement(
            findings=tuple(
                Finding(
                    criterion_id=c.id,
                    verdict=example.verdicts[c.id],
                    probability=float(example.verdicts[c.id] is Verdict.MET),
                )
                for c in rubric.criteria
            ),
            sightings=tuple(
                Sighting(
                    red_flag_id=f.id,
                    seen=example.red_flags[f.id],
                    probability=float(example.red_flags[f.id]),
                )
                for f in rubric.red_flags
            ),
        )
    except KeyError as exc:
        raise ContentError(f"example {example.id!r} has no label for {exc}") from exc


# --- the figures ---------------------------------------------------------------

Pairs = Sequence[Pair]


def _criteria(pairs: Pairs) -> list[tuple[Finding, Verdict]]:
    return [
        (f, p.example.verdicts[f.criterion_id]) for p in pairs for f in p.grade.findings
    ]


def _flags(pairs: Pairs) -> list[tuple[Sighting, bool]]:
    return [
        (s, p.example.red_flags[s.red_flag_id])
        for p in pairs
        for s in p.grade.sightings
    ]


def _met(pairs: Pairs) -> figures.Agreement:
    both = _criteria(pairs)
    return figures.agreement(
        [f.verdict is Verdict.MET for f, _ in both], [v is Verdict.MET for _, v in both]
    )


def _majority(pairs: Pairs) -> float | None:
    labels = [v is Verdict.MET for _, v in _criteria(pairs)]
    share = sum(labels) / len(labels) if labels else 0.0
    return max(share, 1 - share) if labels else None


def _chances(pairs: Pairs) -> tuple[list[float], list[bool]]:
    both = _criteria(pairs)
    return [f.probability for f, _ in both], [v is Verdict.MET for _, v in both]


def _bands(pairs: Pairs) -> tuple[list[int], list[int]]:
    return [_ORDER.index(p.grade.band) for p in pairs], [p.example.grade for p in pairs]


def _flag_chances(pairs: Pairs) -> tuple[list[float], list[bool]]:
    both = _flags(pairs)
    return [s.probability for s, _ in both], [seen for _, seen in both]


def _flags_seen(pairs: Pairs) -> figures.Agreement:
    both = _flags(pairs)
    return figures.agreement([s.seen for s, _ in both], [seen for _, seen in both])


def _mean(values: Iterable[float]) -> float | None:
    listed = list(values)
    return float(np.mean(listed)) if listed else None


def _flag_f1(pairs: Pairs) -> float | None:
    seen = _flags_seen(pairs)
    if not seen.precision or not seen.recall:
        return None
    return 2 * seen.precision * seen.recall / (seen.precision + seen.recall)


def _warned(pairs: Pairs) -> list[bool]:
    """Whether a red flag was seen where the answer warns against it."""
    return [
        s.seen for s, flagged in _flags(_of_kinds(pairs, ("warns",))) if not flagged
    ]


def _empty_talk(pairs: Pairs) -> list[bool]:
    """Whether an answer that says little or nothing right got a good band."""
    return [
        p.grade.band in (Band.GOOD, Band.STRONG)
        for p in _of_kinds(pairs, EMPTY_TALK)
        if p.example.grade < _ORDER.index(Band.GOOD)
    ]


def _of_kinds(pairs: Pairs, kinds: Sequence[str]) -> list[Pair]:
    return [p for p in pairs if p.example.kind in kinds]


def _cited(pairs: Pairs) -> list[bool]:
    """Whether a sentence that the judge cites is one that a labeller named.

    For the criteria that both find in the answer, where a labeller was asked.
    """
    hits = []
    for pair in pairs:
        for finding in pair.grade.findings:
            named = set(pair.example.evidence.get(finding.criterion_id, ()))
            cited = {evidence.sentence for evidence in finding.evidence}
            if named and cited:
                hits.append(bool(named & cited))
    return hits


def _kept(pairs: Pairs) -> list[Pair]:
    return [p for p in pairs if not p.grade.review]


def _far_off(pair: Pair) -> bool:
    return abs(_ORDER.index(pair.grade.band) - pair.example.grade) > 1


def _inside(pair: Pair) -> bool:
    low, high = pair.grade.interval
    return low - 1e-6 <= pair.labelled_percent <= high + 1e-6


Measure = Callable[[Pairs], float | None]
FIGURES: dict[str, tuple[Measure, Callable[[Pairs], int]]] = {
    "met agreement": (lambda p: _met(p).exact, lambda p: len(_criteria(p))),
    "met majority baseline": (_majority, lambda p: len(_criteria(p))),
    "met kappa": (lambda p: _met(p).kappa, lambda p: len(_criteria(p))),
    "met precision": (lambda p: _met(p).precision, lambda p: len(_criteria(p))),
    "met recall": (lambda p: _met(p).recall, lambda p: len(_criteria(p))),
    "met AUC": (lambda p: figures.auc(*_chances(p)), lambda p: len(_criteria(p))),
    "met ECE": (
        lambda p: figures.calibration_error(*_chances(p)),
        lambda p: len(_criteria(p)),
    ),
    "met Brier": (lambda p: figures.brier(*_chances(p)), lambda p: len(_criteria(p))),
    "flag precision": (lambda p: _flags_seen(p).precision, lambda p: len(_flags(p))),
    "flag recall": (lambda p: _flags_seen(p).recall, lambda p: len(_flags(p))),
    "flag F1": (_flag_f1, lambda p: len(_flags(p))),
    "flag AUC": (lambda p: figures.auc(*_flag_chances(p)), lambda p: len(_flags(p))),
    "grade QWK": (lambda p: figures.weighted_kappa(*_bands(p), power=2), len),
    "expected rank correlation": (
        lambda p: figures.rank_correlation(
            [x.grade.expected for x in p], [x.example.grade for x in p]
        ),
        len,
    ),
    "percent rank correlation": (
        lambda p: figures.rank_correlation(
            [x.grade.percent for x in p], [x.example.grade for x in p]
        ),
        len,
    ),
    "percent MAE": (
        lambda p: _mean(abs(x.grade.percent - x.labelled_percent) for x in p),
        len,
    ),
    "percent bias": (
        lambda p: _mean(x.grade.percent - x.labelled_percent for x in p),
        len,
    ),
    "labelled percent in interval": (lambda p: _mean(map(_inside, p)), len),
    "warning taken for a red flag": (
        lambda p: _mean(_warned(p)),
        lambda p: len(_warned(p)),
    ),
    "empty talk in band good or strong": (
        lambda p: _mean(_empty_talk(p)),
        lambda p: len(_empty_talk(p)),
    ),
    "cited sentence is one of the labeller's": (
        lambda p: _mean(_cited(p)),
        lambda p: len(_cited(p)),
    ),
    "sent to review": (lambda p: _mean(bool(x.grade.review) for x in p), len),
    "QWK of what is not sent to review": (
        lambda p: figures.weighted_kappa(*_bands(_kept(p)), power=2),
        lambda p: len(_kept(p)),
    ),
    "band off by more than one, not sent to review": (
        lambda p: _mean(map(_far_off, _kept(p))),
        lambda p: len(_kept(p)),
    ),
}


def _figure(pairs: Pairs, measure: Measure, n: Callable[[Pairs], int]) -> Figure:
    """A figure, and its spread when whole questions are drawn with replacement."""
    value = measure(pairs)
    by_question: dict[str, list[Pair]] = {}
    for pair in pairs:
        by_question.setdefault(pair.example.question_id, []).append(pair)
    groups = list(by_question.values())
    random = np.random.default_rng(0)
    drawn = []
    for _ in range(REDRAWS if value is not None else 0):
        picks = random.integers(0, len(groups), len(groups))
        again = measure([pair for pick in picks for pair in groups[pick]])
        if again is not None:
            drawn.append(again)
    low, high = np.percentile(drawn, [2.5, 97.5]) if drawn else (None, None)
    return Figure(
        value=value,
        low=None if low is None else float(low),
        high=None if high is None else float(high),
        n=n(pairs),
    )


def show(report: Report) -> str:
    """The report as text for a terminal."""
    lines = [
        f"{report.answers} answers to {report.questions} questions, split "
        f"{report.split!r}, judge {report.judge!r}, labelled by "
        f"{', '.join(report.labellers)}",
        f"{'figure':47}{'value':>8}   95% interval by question     n",
    ]
    for name, figure in report.figures.items():
        lines.append(
            f"{name:47}{_number(figure.value)}   "
            f"{_number(figure.low)} to {_number(figure.high)}  {figure.n:>12}"
        )
    lines.append(f"ungraded: {len(report.ungraded)}")
    lines.extend(f"  {line}" for line in report.ungraded)
    return "\n".join(lines)


def _number(value: float | None) -> str:
    return f"{'none':>8}" if value is None else f"{value:8.3f}"


def below_baseline(report: Report, path: Path) -> list[str]:
    """Figures that are worse than `baseline.json` promises, in words.

    The file maps a judge to figures: the worst value that is still accepted. Raises
    `ContentError` where it cannot be read or promises a figure that there is not.
    """
    try:
        promised = json.loads(path.read_text()).get(report.judge, {})
    except (OSError, ValueError) as exc:
        raise ContentError(f"{path}: {exc}") from exc
    unknown = sorted(set(promised) - set(report.figures))
    if unknown:
        raise ContentError(f"{path}: there is no figure {unknown[0]!r}")
    problems = []
    for name, worst in promised.items():
        value = report.figures[name].value
        upper = name in _FEWER_IS_BETTER
        if value is None or (value > worst if upper else value < worst):
            limit = "at most" if upper else "at least"
            problems.append(f"{name} is {value}, promised is {limit} {worst}")
    return problems
