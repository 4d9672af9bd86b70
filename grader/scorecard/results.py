"""From one candidate's grades to a result, and from results to an order in tiers."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from grader.grade import Band, Percent
from grader.rubric import Frozen, Level
from grader.scoring import COVERED, Distribution, band

DRAWS = 2_000
"""Simulated totals behind each candidate's interval."""
SEED = 0
"""Every candidate is simulated with the same draws, whoever else is in the file."""


class AskedQuestion(Frozen):
    """A question that somebody in the file answered.

    Where no rubric is at hand, `text` is the id, and the level is not known.
    """

    id: str
    text: str
    level: Level | None = None


@dataclass(frozen=True, slots=True)
class GradedAnswer:
    """What a scorecard keeps of one grade. `offset` is where its line begins.

    There may be 100,000 of them, and a dataclass takes a third of a model's room.
    """

    question_id: str
    percent: Percent
    expected: Percent
    band: Band
    interval: tuple[Percent, Percent]
    capped_by: str | None
    review: tuple[str, ...]
    flags: tuple[str, ...]
    met: int
    criteria: int
    offset: Annotated[int, Field(exclude=True)]


class UngradedAnswer(Frozen):
    """An answer without a score, and why; it is left out and never counts as zero."""

    question_id: str
    code: str
    reason: str


class LevelResult(Frozen):
    """The mean percent over the questions of one level that could be scored."""

    level: Level | None
    questions: int
    mean: Percent
    band: Band


class Standing(Frozen):
    """The numbers of a candidate, each 0..100 over the questions that count.

    mean       of the percents; an unanswered question counts 0
    expected   the same of what the judge's probabilities expect; for sorting
    interval   holds 90% of the simulated means, the mean and the expected
    """

    mean: Percent
    expected: Percent
    interval: tuple[Percent, Percent]
    band: Band


class CandidateResult(Frozen):
    """How one candidate did over the questions asked.

    `standing` and `tier` are None where nothing could be scored. The result is
    provisional while answers are ungraded, or were on lines that cannot be read.
    """

    candidate: str
    tier: int | None = None
    standing: Standing | None
    provisional: bool
    levels: tuple[LevelResult, ...]
    graded: tuple[GradedAnswer, ...]
    ungraded: tuple[UngradedAnswer, ...]
    unanswered: tuple[str, ...]

    @property
    def flags(self) -> int:
        """How many red flags were seen."""
        return sum(len(answer.flags) for answer in self.graded)

    @property
    def to_review(self) -> tuple[GradedAnswer, ...]:
        """The grades that a person should look at."""
        return tuple(answer for answer in self.graded if answer.review)


@dataclass(frozen=True, slots=True)
class Spread:
    """How probable each percent is: percents, and the probability of at most that."""

    percents: NDArray[np.float64]
    cumulated: NDArray[np.float64]

    @classmethod
    def of(cls, distribution: Distribution) -> "Spread":
        """Pack a distribution, a tenth of its size as a dictionary."""
        shares = np.array(list(distribution.values()))
        return cls(np.array(list(distribution)), np.cumsum(shares) / shares.sum())

    def draw(self, chances: NDArray[np.float64]) -> NDArray[np.float64]:
        """The percent at each of `chances`, 0..1."""
        places = np.searchsorted(self.cumulated, chances, side="right")
        drawn: NDArray[np.float64] = self.percents[
            np.minimum(places, len(self.percents) - 1)
        ]
        return drawn


def standing(
    graded: Sequence[GradedAnswer], spreads: Sequence[Spread], counted: int
) -> Standing | None:
    """The numbers over `counted` questions, of which `graded` earned something.

    `spreads` has one for each grade. None where no question counts.
    """
    if counted == 0:
        return None
    mean = min(100.0, sum(answer.percent for answer in graded) / counted)
    expected = min(100.0, sum(answer.expected for answer in graded) / counted)
    random = np.random.default_rng(SEED)
    total = np.zeros(DRAWS)
    for spread in spreads:
        total += spread.draw(random.random(DRAWS))
    outside = (1 - COVERED) / 2
    low, high = np.quantile(total / counted, [outside, 1 - outside])
    return Standing(
        mean=mean,
        expected=expected,
        interval=(
            max(0.0, min(float(low), mean, expected)),
            min(100.0, max(float(high), mean, expected)),
        ),
        band=band(mean),
    )


def level_results(
    asked: Iterable[AskedQuestion],
    percents: Mapping[str, float],
    left_out: frozenset[str],
) -> tuple[LevelResult, ...]:
    """The mean of each level, in the order in which levels are asked.

    `percents` holds the graded answers; what is in neither counts 0.
    """
    by_level: dict[Level | None, list[float]] = {}
    for question in asked:
        if question.id not in left_out:
            earned = percents.get(question.id, 0.0)
            by_level.setdefault(question.level, []).append(earned)
    means = {level: sum(of) / len(of) for level, of in by_level.items()}
    return tuple(
        LevelResult(
            level=level, questions=len(of), mean=means[level], band=band(means[level])
        )
        for level, of in by_level.items()
    )


def rank(results: Iterable[CandidateResult]) -> tuple[CandidateResult, ...]:
    """Put candidates in order of `expected`, and in tiers that cannot be told apart.

    Equals follow the mean, then the name. Walking down, a candidate joins the
    tier while their expected lies in the interval of the tier's first and that
    one's expected lies in theirs; else they are the first of the next tier. Who
    has no standing comes last and in no tier.
    """
    ranked: list[CandidateResult] = []
    tier, first = 0, None
    for result in sorted(results, key=_order):
        if result.standing is None:
            ranked.append(result)
            continue
        if first is None or not _alike(first, result.standing):
            tier, first = tier + 1, result.standing
        ranked.append(result.model_copy(update={"tier": tier}))
    return tuple(ranked)


def _order(result: CandidateResult) -> tuple[bool, float, float, str]:
    if result.standing is None:
        return True, 0.0, 0.0, result.candidate
    ours = result.standing
    return False, -ours.expected, -ours.mean, result.candidate


def _alike(one: Standing, other: Standing) -> bool:
    """Whether each lies inside the other's interval, to half a point, as shown."""
    return _inside(one.expected, other.interval) and _inside(
        other.expected, one.interval
    )


def _inside(value: float, interval: tuple[float, float]) -> bool:
    return interval[0] - 0.5 <= value <= interval[1] + 0.5
