"""The release gate: may a model that has rehearsed take the place of the one that people see?

It compares what the candidate, popularity and the live model's configuration did in one and the same rehearsal. A
paired bootstrap over the people who asked tells differences from noise (Efron and Tibshirani 1993, "An Introduction to
the Bootstrap", ch. 13): the difference is measured on 1,000 draws of them, and its interval holds 95 in 100 of those.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

import numpy as np

from recommender.arrays import Float64Array
from recommender.evaluation.metrics import LIST_LENGTH
from recommender.evaluation.temporal_holdout import Performance

# Fewer people than these say nothing about a model, nor do fewer ratings.
PEOPLE_AT_LEAST = 20
RATINGS_AT_LEAST = 50
_DRAWS = 1_000
_OUTSIDE = (2.5, 97.5)


class Measure(StrEnum):
    """What is compared."""

    STARS = "rmse"
    ORDER = f"ndcg@{LIST_LENGTH}"


class Outcome(StrEnum):
    """The candidate beside another, as far as the noise lets one see."""

    BETTER = "better"
    ALIKE = "alike"
    WORSE = "worse"
    TOO_FEW = "too few ratings to judge"


class Requirement(StrEnum):
    """What a comparison asks of the candidate."""

    CLEARLY_BETTER = "must be better beyond noise"
    AHEAD = "must be better"
    NOT_WORSE = "must not be worse beyond noise"
    NONE = "for information"


@dataclass(frozen=True)
class Comparison:
    """One figure of the candidate beside another's.

    `candidate`, `other`: None where nobody could be measured; `low`, `high`: where the candidate's advantage lies in 95
    of 100 draws, above 0 where it is the better one, None where there are too few.
    """

    against: str
    measure: Measure
    demand: Requirement
    outcome: Outcome
    candidate: float | None
    other: float | None
    low: float | None
    high: float | None

    @property
    def passed(self) -> bool:
        """Whether the demand is met; too few to judge meet all but the highest."""
        if self.demand is Requirement.NONE:
            return True
        if self.outcome is Outcome.TOO_FEW or self.candidate is None or self.other is None:
            return self.demand is not Requirement.CLEARLY_BETTER
        if self.demand is Requirement.AHEAD:
            return _advantage(self.measure, self.candidate, self.other) > 0
        if self.demand is Requirement.NOT_WORSE:
            return self.outcome is not Outcome.WORSE
        return self.outcome is Outcome.BETTER


class Rival(NamedTuple):
    """Another that the candidate is compared with: its name for people, and what it did in the same rehearsal."""

    name: str
    performance: Performance


def against_popularity(candidate: Performance, popularity: Performance, *, seed: int = 0) -> list[Comparison]:
    """Everything must beat popularity at what it claims to do.

    A model whose lists have an order of their own claims that order, and its stars must not be worse either. A model
    that orders by stars claims the stars: what people go on to watch, popularity always foretells better than stars do,
    so that figure is shown and not judged.
    """
    rival = Rival("popularity", popularity)
    demands = {
        Measure.STARS: Requirement.AHEAD if candidate.ranks_by_stars else Requirement.NOT_WORSE,
        Measure.ORDER: Requirement.NONE if candidate.ranks_by_stars else Requirement.AHEAD,
    }
    return [_compare(candidate, rival, measure, demand, seed) for measure, demand in demands.items()]


def against_live(candidate: Performance, live: Rival, *, same_algorithm: bool, seed: int = 0) -> list[Comparison]:
    """The candidate beside the live model's configuration, trained on the same ratings.

    The live algorithm in another configuration must not be worse beyond noise on either figure. Another algorithm must
    also be better beyond noise on one of them: the live one keeps its place where they are alike, so that two never
    take turns night after night.
    """
    calm = [_compare(candidate, live, measure, Requirement.NOT_WORSE, seed) for measure in Measure]
    if same_algorithm:
        return calm
    better = [comparison.measure for comparison in calm if comparison.outcome is Outcome.BETTER]
    claimed = better[0] if better else Measure.STARS if candidate.ranks_by_stars else Measure.ORDER
    return [
        _compare(
            candidate, live, measure, Requirement.CLEARLY_BETTER if measure is claimed else Requirement.NOT_WORSE, seed
        )
        for measure in Measure
    ]


def _compare(candidate: Performance, rival: Rival, measure: Measure, demand: Requirement, seed: int) -> Comparison:
    advantages = _drawn_advantages(candidate, rival.performance, measure, seed)
    low, high = (None, None) if advantages is None else np.percentile(advantages, _OUTSIDE).tolist()
    return Comparison(
        against=rival.name,
        measure=measure,
        demand=demand,
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
    return Outcome.WORSE if high < 0 else Outcome.ALIKE


def _advantage(measure: Measure, candidate: float, other: float) -> float:
    return other - candidate if measure is Measure.STARS else candidate - other


def _drawn_advantages(one: Performance, other: Performance, measure: Measure, seed: int) -> Float64Array | None:
    """The candidate's advantage on each draw of the people who asked: (draws,); None where there are too few."""
    if measure is Measure.STARS:
        if one.counts.size < PEOPLE_AT_LEAST or one.counts.sum() < RATINGS_AT_LEAST:
            return None
        errors = (np.stack([each.squared, each.counts]) for each in (one, other))
        mine, theirs = (np.sqrt(np.divide(*_draws(columns, seed))) for columns in errors)
        advantages: Float64Array = theirs - mine
        return advantages
    ranked = ~np.isnan(one.ndcg)
    if ranked.sum() < PEOPLE_AT_LEAST:
        return None
    gains: Float64Array = _draws((one.ndcg - other.ndcg)[None, ranked], seed)[0] / ranked.sum()
    return gains


def _draws(columns: Float64Array, seed: int) -> Sequence[Float64Array]:
    """Sums of each row of `columns` (c, m) over draws of m columns with replacement: c times (draws,)."""
    n = columns.shape[1]
    weights = np.random.default_rng(seed).multinomial(n, np.full(n, 1 / n), size=_DRAWS)
    return [weights @ column for column in columns]
