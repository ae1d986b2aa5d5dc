"""The release gate: decides whether a candidate may replace the live model.

It compares the candidate with popularity and with the live model's configuration on the same temporal holdout. A paired
bootstrap over the test users separates differences from noise (Efron and Tibshirani 1993, "An Introduction to the
Bootstrap", ch. 13): each difference has a 95 % interval from 1,000 samples of the users.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import NamedTuple

import numpy as np

from recommender.arrays import Float64Array
from recommender.evaluation.metrics import LIST_LENGTH
from recommender.evaluation.temporal_holdout import Performance

# Fewer test users or test ratings are too few for a comparison.
MIN_USERS = 20
MIN_RATINGS = 50
_N_SAMPLES = 1_000
_INTERVAL_PERCENTILES = (2.5, 97.5)


class Measure(StrEnum):
    """The metric of a comparison."""

    STARS = "rmse"
    ORDER = f"ndcg@{LIST_LENGTH}"


class Outcome(StrEnum):
    """How the candidate compares with another model, beyond noise."""

    BETTER = "better"
    SIMILAR = "alike"
    WORSE = "worse"
    TOO_FEW = "too few ratings to judge"


class Requirement(StrEnum):
    """What a comparison requires of the candidate."""

    CLEARLY_BETTER = "must be better beyond noise"
    BETTER = "must be better"
    NOT_WORSE = "must not be worse beyond noise"
    NONE = "for information"


@dataclass(frozen=True)
class Comparison:
    """A metric of the candidate and of another model.

    `candidate`, `other`: the values, None if there were no test users for it; `low`, `high`: the 95 % interval of the
    candidate's advantage, positive if it is better, None if there are too few users.
    """

    against: str
    measure: Measure
    requirement: Requirement
    outcome: Outcome
    candidate: float | None
    other: float | None
    low: float | None
    high: float | None

    @property
    def passed(self) -> bool:
        """Whether the requirement is met. With too few users, each one but `CLEARLY_BETTER` is."""
        if self.requirement is Requirement.NONE:
            return True
        if self.outcome is Outcome.TOO_FEW or self.candidate is None or self.other is None:
            return self.requirement is not Requirement.CLEARLY_BETTER
        if self.requirement is Requirement.BETTER:
            return _advantage(self.measure, self.candidate, self.other) > 0
        if self.requirement is Requirement.NOT_WORSE:
            return self.outcome is not Outcome.WORSE
        return self.outcome is Outcome.BETTER


class Rival(NamedTuple):
    """A model to compare the candidate with: its name in reports, and its performance on the same holdout."""

    name: str
    performance: Performance


def compare_with_popularity(candidate: Performance, popularity: Performance, *, seed: int = 0) -> list[Comparison]:
    """Compare with popularity, which each model must beat at its own task.

    A model that ranks by a score of its own must rank better, and its stars must not be worse. A model that ranks by
    stars must predict better stars. Its NDCG is only shown, because popularity always predicts what users watch next
    better than stars do.
    """
    rival = Rival("popularity", popularity)
    requirements = {
        Measure.STARS: Requirement.BETTER if candidate.ranks_by_stars else Requirement.NOT_WORSE,
        Measure.ORDER: Requirement.NONE if candidate.ranks_by_stars else Requirement.BETTER,
    }
    return [_compare(candidate, rival, *each, seed) for each in requirements.items()]


def compare_with_live(candidate: Performance, live: Rival, *, same_algorithm: bool, seed: int = 0) -> list[Comparison]:
    """Compare with the live model's configuration, trained on the same ratings.

    The candidate must not be worse beyond noise on either metric. If it is another algorithm, it must also be better
    beyond noise on one of them, so that two similar algorithms do not replace each other every night.
    """
    comparisons = [_compare(candidate, live, measure, Requirement.NOT_WORSE, seed) for measure in Measure]
    if same_algorithm:
        return comparisons
    better = [each.measure for each in comparisons if each.outcome is Outcome.BETTER]
    claimed = better[0] if better else Measure.STARS if candidate.ranks_by_stars else Measure.ORDER
    return [
        replace(each, requirement=Requirement.CLEARLY_BETTER) if each.measure is claimed else each
        for each in comparisons
    ]


def _compare(candidate: Performance, rival: Rival, measure: Measure, requirement: Requirement, seed: int) -> Comparison:
    advantages = _bootstrap_advantages(candidate, rival.performance, measure, seed)
    low, high = (None, None) if advantages is None else np.percentile(advantages, _INTERVAL_PERCENTILES).tolist()
    return Comparison(
        against=rival.name,
        measure=measure,
        requirement=requirement,
        outcome=_outcome(low, high),
        candidate=candidate.metrics.get(measure),
        other=rival.performance.metrics.get(measure),
        low=low,
        high=high,
    )


def _outcome(low: float | None, high: float | None) -> Outcome:
    if low is None or high is None:
        return Outcome.TOO_FEW
    if low > 0:
        return Outcome.BETTER
    return Outcome.WORSE if high < 0 else Outcome.SIMILAR


def _advantage(measure: Measure, candidate: float, other: float) -> float:
    return other - candidate if measure is Measure.STARS else candidate - other


def _bootstrap_advantages(one: Performance, other: Performance, measure: Measure, seed: int) -> Float64Array | None:
    """Return the advantage of `one` on each bootstrap sample of the test users: (samples,); None for too few users."""
    if measure is Measure.STARS:
        if one.counts.size < MIN_USERS or one.counts.sum() < MIN_RATINGS:
            return None
        errors = (np.stack([each.squared, each.counts]) for each in (one, other))
        mine, theirs = (np.sqrt(np.divide(*_bootstrap_sums(columns, seed))) for columns in errors)
        advantages: Float64Array = theirs - mine
        return advantages
    ranked = ~np.isnan(one.ndcg)
    if ranked.sum() < MIN_USERS:
        return None
    gains: Float64Array = _bootstrap_sums((one.ndcg - other.ndcg)[None, ranked], seed)[0] / ranked.sum()
    return gains


def _bootstrap_sums(columns: Float64Array, seed: int) -> Sequence[Float64Array]:
    """Return the sums of each row of `columns` (c, m) over samples of m columns with replacement: c arrays."""
    n = columns.shape[1]
    weights = np.random.default_rng(seed).multinomial(n, np.full(n, 1 / n), size=_N_SAMPLES)
    return [weights @ column for column in columns]
