"""How far a judge and its labellers match; None where a figure has no meaning.

Verified in tests against scikit-learn and scipy.
"""

import math
from collections.abc import Sequence

import numpy as np

from grader.rubric import Frozen


class Agreement(Frozen):
    """How far two lists of verdicts match.

    n          pairs compared
    exact      share of equal pairs, 0..1
    kappa      Cohen's kappa: agreement beyond chance, at most 1
    precision  of the judge's yes, the share that the labeller shares
    recall     of the labeller's yes, the share that the judge found
    """

    n: int
    exact: float | None
    kappa: float | None
    precision: float | None
    recall: float | None


def agreement(judge: Sequence[bool], people: Sequence[bool]) -> Agreement:
    """Compare yes and no pairwise.

    `kappa` is None when chance agreement is already perfect, for example when
    every label is yes: there is nothing to correct for, and 0.0 would be a lie.

    >>> agreement([True, False], [True, True]).exact
    0.5
    """
    ours, theirs = np.array(judge, bool), np.array(people, bool)
    n = len(ours)
    both = int((ours & theirs).sum())
    return Agreement(
        n=n,
        exact=float((ours == theirs).mean()) if n else None,
        kappa=weighted_kappa([int(y) for y in ours], [int(y) for y in theirs]),
        precision=both / int(ours.sum()) if ours.any() else None,
        recall=both / int(theirs.sum()) if theirs.any() else None,
    )


def weighted_kappa(
    judge: Sequence[int], people: Sequence[int], power: int = 1
) -> float | None:
    """Cohen's kappa with disagreement weighted by distance to `power`.

    With two classes any power gives plain kappa; 2 gives quadratic weights (QWK).
    """
    ours, theirs = np.asarray(judge), np.asarray(people)
    if not len(ours):
        return None
    observed = (np.abs(ours - theirs) ** power).mean()
    apart = np.abs(ours[:, None] - theirs[None, :]) ** power
    expected = apart.mean()
    return None if expected == 0 else float(1 - observed / expected)


def auc(scores: Sequence[float], labels: Sequence[bool]) -> float | None:
    """The chance that a random yes scores above a random no; ties count half."""
    truth = np.asarray(labels, bool)
    yes, no = int(truth.sum()), int((~truth).sum())
    if not yes or not no:
        return None
    ranks = _ranks(scores)
    return float((ranks[truth].sum() - yes * (yes + 1) / 2) / (yes * no))


def rank_correlation(one: Sequence[float], two: Sequence[float]) -> float | None:
    """Spearman's rho, with ties at their mean rank."""
    if len(one) < 2:
        return None
    a, b = _ranks(one), _ranks(two)
    if a.std() == 0 or b.std() == 0:
        return None
    return float(np.corrcoef(a, b)[0, 1])


def calibration_error(
    probabilities: Sequence[float], labels: Sequence[bool], bins: int = 10
) -> float | None:
    """Expected calibration error (ECE), 0..1, over equally wide bins.

    The mean gap between stated probability and the share of yes, by bin size.
    """
    p, truth = np.asarray(probabilities, float), np.asarray(labels, float)
    if not len(p):
        return None
    which = np.minimum((p * bins).astype(int), bins - 1)
    gaps = [
        abs(p[which == b].mean() - truth[which == b].mean()) * (which == b).mean()
        for b in range(bins)
        if (which == b).any()
    ]
    return float(sum(gaps))


def brier(probabilities: Sequence[float], labels: Sequence[bool]) -> float | None:
    """Mean squared gap between probability and label, 0 (best) to 1."""
    if not len(probabilities):
        return None
    gap = np.asarray(probabilities, float) - np.asarray(labels, float)
    return float((gap**2).mean())


def upper_bound(wrong: int, n: int, level: float = 0.95) -> float:
    """The largest share, 0..1, that `wrong` of `n` leaves possible.

    Clopper and Pearson's one-sided bound: with a larger share, so few would be seen
    less often than in 1 - `level` of all samples.

    >>> round(upper_bound(0, 59), 3)
    0.05
    """
    if wrong >= n:
        return 1.0
    low, high = wrong / n, 1.0
    for _ in range(50):
        middle = (low + high) / 2
        if _at_most(wrong, n, middle) > 1 - level:
            low = middle
        else:
            high = middle
    return high


def _at_most(wrong: int, n: int, share: float) -> float:
    """The chance of at most `wrong` in n draws. In logarithms: n may be large."""
    if share in (0.0, 1.0):
        return float(share == 0.0)
    terms = [
        math.lgamma(n + 1)
        - math.lgamma(k + 1)
        - math.lgamma(n - k + 1)
        + k * math.log(share)
        + (n - k) * math.log1p(-share)
        for k in range(wrong + 1)
    ]
    return sum(math.exp(term) for term in terms)


def _ranks(values: Sequence[float]) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    """Ranks from 1, ties at their mean."""
    _, inverse, counts = np.unique(
        np.asarray(values, float), return_inverse=True, return_counts=True
    )
    last = np.cumsum(counts)
    return np.asarray((last - (counts - 1) / 2)[inverse], dtype=np.float64)
