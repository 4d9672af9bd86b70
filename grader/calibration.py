"""From what a judge computes to how often people agree with it."""

import math
from collections.abc import Mapping

from pydantic import Field

from grader.rubric import Frozen


class Calibration(Frozen):
    """A logistic model from a judge's raw figures to a probability.

    `partial` is what "partly or fully" has over "fully", in log-odds. `n` labels were
    used to fit it; `labels` says where they came from.
    """

    weights: dict[str, float]
    intercept: float
    partial: float = Field(default=0.0, ge=0)
    n: int = Field(ge=0)
    labels: str

    def probability(self, figures: Mapping[str, float]) -> float:
        """How often a fair person would say yes, given these figures.

        >>> even = Calibration(weights={"logit": 1.0}, intercept=0, n=0, labels="none")
        >>> even.probability({"logit": 0.0})
        0.5
        """
        return _chance(self._logit(figures))

    def at_least_partial(self, figures: Mapping[str, float]) -> float:
        """How often a fair person would say yes, or partly."""
        return _chance(self._logit(figures) + self.partial)

    def _logit(self, figures: Mapping[str, float]) -> float:
        return self.intercept + sum(
            weight * figures[name] for name, weight in self.weights.items()
        )


def _chance(logit: float) -> float:
    return 0.5 * (1 + math.tanh(0.5 * logit))
