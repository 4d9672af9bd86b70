"""From a judgement to a score: arithmetic, and no model."""

import math
from collections import defaultdict
from collections.abc import Iterable

from grader.answer import Answer
from grader.grade import Band, ReviewReason, Score
from grader.judgement import Doubt, Finding, Judgement, Sighting, Verdict
from grader.rubric import FlagKind, RedFlag, Rubric

CREDIT = {Verdict.MET: 1.0, Verdict.PARTIAL: 0.5, Verdict.UNMET: 0.0}
BANDS = (
    (10.0, Band.NONE),
    (35.0, Band.WEAK),
    (60.0, Band.MIXED),
    (80.0, Band.GOOD),
)
"""Each band reaches up to, and not including, its threshold; above them is strong."""

COVERED = 0.9
"""How much of the probability an interval holds."""
SHIFT = 1.5
"""How far, in log-odds, a judge may be off on all criteria of one answer at once.

Criteria taken as independent make intervals too narrow: with 0 they held 88% of the
labelled percents, with 1.5 90% (576 answers of the calibration split, local judge,
labelled by a language model).
"""
DOUBTED = 3.0
"""The same where the judge doubts all that it saw: a rubric without examples.

With 1.5 such intervals held 85% of the labelled percents of the calibration split, with
3 they held 92% (576 answers); to questions that the encoder never met they hold fewer.
"""
NEAR = 2.0
"""How many percentage points from a cut between two bands counts as near it."""
SURE = 0.72
"""Below this confidence a grade is sent to review.

Chosen by `python -m evals.calibrate` for the local judge on the 576 answers of the
calibration split, labelled by a language model: of the answers that nobody reviews, at
most 5% lie in a band that is off by more than one from the overall grade (Clopper and
Pearson's one-sided 95% bound).
"""

Distribution = dict[float, float]
"""Percent, and its probability. The probabilities sum to 1."""


def score(rubric: Rubric, judgement: Judgement) -> Score:
    """Add up the points, then apply the lowest cap among the red flags seen.

    `percent` = 100 x sum(credit x points) / sum(points), at most 100 x cap, where
    credit is 1 for met, 0.5 for partial and 0 for unmet. `expected` is the mean of
    `distribution`, and `interval` is of `spread_out`.
    """
    raw = raw_percent(rubric, judgement)
    lowest = min(seen_flags(rubric, judgement), key=lambda flag: flag.cap, default=None)
    capped = lowest is not None and 100 * lowest.cap < raw
    percent = 100 * lowest.cap if lowest and capped else raw
    shares = distribution(rubric, judgement)
    return Score(
        percent=percent,
        expected=min(100.0, sum(value * share for value, share in shares.items())),
        band=band(percent),
        interval=interval(spread_out(rubric, judgement), percent),
        capped_by=lowest.id if lowest and capped else None,
    )


def band(percent: float) -> Band:
    """The word for a percent, 0..100, unrounded.

    >>> band(34.99), band(35.0)
    (<Band.WEAK: 'weak'>, <Band.MIXED: 'mixed'>)
    """
    return next((name for upto, name in BANDS if percent < upto), Band.STRONG)


def raw_percent(rubric: Rubric, judgement: Judgement) -> float:
    """The percent before any cap."""
    verdicts = {f.criterion_id: f.verdict for f in judgement.findings}
    earned = sum(CREDIT[verdicts[c.id]] * c.points for c in rubric.criteria)
    return 100 * earned / sum(c.points for c in rubric.criteria)


def seen_flags(rubric: Rubric, judgement: Judgement) -> list[RedFlag]:
    """The red flags that the judge saw, in the rubric's order."""
    seen = {s.red_flag_id for s in judgement.sightings if s.seen}
    return [flag for flag in rubric.red_flags if flag.id in seen]


def distribution(
    rubric: Rubric, judgement: Judgement, shift: float = 0.0
) -> Distribution:
    """How probable each percent is, taking criteria and red flags as independent.

    A criterion is met with its probability, moved by `shift` in log-odds; else it
    earns its verdict's own credit, or nothing where the verdict is met.
    """
    findings = {f.criterion_id: f for f in judgement.findings}
    halves: dict[int, float] = {0: 1.0}
    for criterion in rubric.criteria:
        finding = findings[criterion.id]
        chance = _shifted(finding.probability, shift)
        partly = criterion.points if finding.verdict is Verdict.PARTIAL else 0
        summed: dict[int, float] = defaultdict(float)
        for earned, share in halves.items():
            summed[earned + 2 * criterion.points] += share * chance
            summed[earned + partly] += share * (1 - chance)
        halves = summed
    possible = 2 * sum(criterion.points for criterion in rubric.criteria)
    shares: Distribution = defaultdict(float)
    for cap, cap_share in _caps(rubric, judgement):
        for earned, share in halves.items():
            shares[min(100 * earned / possible, 100 * cap)] += share * cap_share
    return dict(sorted(shares.items()))


def spread_out(rubric: Rubric, judgement: Judgement) -> Distribution:
    """`distribution`, where the judge may be too kind or too hard by `SHIFT`.

    Half of the probability stays as it is, a quarter moves either way.
    """
    shares: Distribution = defaultdict(float)
    far = DOUBTED if Doubt.LOW_CONFIDENCE in judgement.doubts else SHIFT
    for shift, weight in ((-far, 0.25), (0.0, 0.5), (far, 0.25)):
        for value, share in distribution(rubric, judgement, shift).items():
            shares[value] += weight * share
    return dict(sorted(shares.items()))


def _shifted(probability: float, shift: float) -> float:
    odds = math.exp(shift)
    return probability * odds / (probability * odds + 1 - probability)


def _caps(rubric: Rubric, judgement: Judgement) -> Iterable[tuple[float, float]]:
    """Each cap, and the probability that it is the lowest one that applies."""
    sightings = {s.red_flag_id: s for s in judgement.sightings}
    left = 1.0
    for flag in sorted(rubric.red_flags, key=lambda flag: flag.cap):
        probability = sightings[flag.id].probability
        yield flag.cap, left * probability
        left *= 1 - probability
    yield 1.0, left


def interval(shares: Distribution, percent: float) -> tuple[float, float]:
    """The smallest range that holds `COVERED` of `shares`, widened to hold `percent`.

    Of several equally small ranges, the one that holds the most.
    """
    values = sorted(shares)
    best = (values[0], values[-1])
    best_held = sum(shares.values())
    last, held = -1, 0.0
    for first, low in enumerate(values):
        while held < COVERED - 1e-9 and last + 1 < len(values):
            last += 1
            held += shares[values[last]]
        if held < COVERED - 1e-9:
            break
        narrower = values[last] - low - (best[1] - best[0])
        if narrower < -1e-9 or (abs(narrower) <= 1e-9 and held > best_held):
            best, best_held = (low, values[last]), held
        held -= shares[values[first]]
    return min(best[0], percent), max(best[1], percent)


def review_reasons(
    rubric: Rubric, answer: Answer, judgement: Judgement, scored: Score
) -> tuple[ReviewReason, ...]:
    """Why a person should look at this grade, in the order of `ReviewReason`."""
    said = {ReviewReason(doubt.value) for doubt in judgement.doubts}
    holds = {
        ReviewReason.LOW_CONFIDENCE: confidence(rubric, judgement, scored) < SURE,
        ReviewReason.NEAR_CUT: near_cut(scored),
        ReviewReason.HIDDEN_TEXT: bool(answer.hidden),
        ReviewReason.CONTRADICTION: _contradicts(rubric, judgement),
        ReviewReason.RED_FLAG: any(s.seen for s in judgement.sightings),
    }
    return tuple(r for r in ReviewReason if r in said or holds.get(r, False))


def near_cut(scored: Score) -> bool:
    """Whether the expected percent lies within `NEAR` of a cut between two bands.

    Not the percent itself: whole points fall on the cuts all the time.
    """
    return any(abs(scored.expected - cut) <= NEAR for cut, _ in BANDS)


def confidence(rubric: Rubric, judgement: Judgement, scored: Score) -> float:
    """How probable it is, 0..1, that the band is right or off by one.

    Whether it is exactly right is a toss-up for every answer that lies near a cut, and
    says less about how far a grade may be wrong.
    """
    order = list(Band)
    given = order.index(scored.band)
    shares = spread_out(rubric, judgement)
    return sum(
        share
        for value, share in shares.items()
        if abs(order.index(band(value)) - given) <= 1
    )


def _contradicts(rubric: Rubric, judgement: Judgement) -> bool:
    """Whether one sentence both earned a point and raised a red flag."""
    stated = {flag.id for flag in rubric.red_flags if flag.kind is FlagKind.STATES}
    flagged = _cited(
        s for s in judgement.sightings if s.seen and s.red_flag_id in stated
    )
    earned = _cited(f for f in judgement.findings if f.verdict is Verdict.MET)
    return bool(flagged & earned)


def _cited(parts: Iterable[Finding | Sighting]) -> set[int]:
    return {evidence.sentence for part in parts for evidence in part.evidence}
