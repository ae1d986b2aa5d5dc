"""Calibration of `house`: weights and intervals from ratings that its parts were not trained on."""

from dataclasses import dataclass
from typing import NamedTuple, Self

import numpy as np

from recommender.arrays import BoolArray, Float32Array, Float64Array, Int64Array
from recommender.blends.histories import Histories
from recommender.blends.intervals import IntervalTable, spreads
from recommender.blends.logit import ChoiceSets, logit_weights
from recommender.blends.ranking import (
    ItemRelations,
    RankingWeights,
    association_feature,
    transition_feature,
)
from recommender.data.ratings import Ratings
from recommender.factors.bayesian_model import BayesianModel

# ε of the transitions, relative to their mean over users and items.
_RELATIVE_FLOOR = 0.02
_LEAST_FLOOR = 1e-6
# With fewer choices than these, learnt weights are unreliable.
_LEAST_CHOICES = 30
_ENOUGH_HELD_OUT, _MOST_HELD_OUT = 2_000, 50_000
# About the weights learnt from MovieLens 1M.
USUAL_WEIGHTS = RankingWeights(ordered=(1.5, 1.0, -0.6, 0.4), unordered=(0.0, 1.5, 0.2, 0.2), transition_floor=1e-3)
# About 80 of 100 film ratings are within this distance of their mean.
USUAL_INTERVALS = IntervalTable(stars=(3.0,), low=(-1.3,), high=(1.3,), variance=1.0)


class HeldOut(NamedTuple):
    """Masks of ratings, (n,) each: `last`, at most one of a user; `random`: some of all, none of `last`."""

    last: BoolArray
    random: BoolArray

    @classmethod
    def of(cls, ratings: Ratings, *, fraction: float, seed: int) -> Self:
        """Return the last rating of each user who has three or more; any of several that are equally late.

        Of the others `fraction` at random: 50,000 at most, and at least 2,000 or a fifth.
        """
        random = np.random.default_rng((seed, len(ratings)))
        times = np.zeros(len(ratings), dtype=np.int64) if ratings.times is None else ratings.times
        order = np.lexsort((random.permutation(len(ratings)), times, ratings.user_positions))
        ends = ratings.by_user().indptr[1:] - 1
        last = np.zeros(len(ratings), dtype=np.bool_)
        last[order[ends[np.diff(ratings.by_user().indptr) >= 3]]] = True  # noqa: PLR2004 - two are left to learn from.
        others = np.flatnonzero(~last)
        enough = max(min(_ENOUGH_HELD_OUT, others.size // 5), 1)
        n_random = min(max(round(fraction * others.size), enough), _MOST_HELD_OUT)
        chosen = np.zeros(len(ratings), dtype=np.bool_)
        chosen[random.choice(others, size=n_random, replace=False)] = True
        return cls(last, chosen)


@dataclass(frozen=True)
class Calibration:
    """The parts of `house`, fitted to `known`, the ratings that are not held out."""

    ratings: Ratings
    held_out: HeldOut
    known: Ratings
    stars: BayesianModel
    relations: ItemRelations
    histories: Histories
    liked_from: float

    def intervals(self) -> IntervalTable:
        """Return the widths of intervals, from the errors of the ratings held out at random."""
        test = self.ratings.select(self.held_out.random)
        users, items = self.known.users.positions(test.user_ids), self.known.items.positions(test.item_ids)
        known = (users >= 0) & (items >= 0)
        if not known.any():
            return USUAL_INTERVALS
        errors = compute_squared_errors(self.stars, self.known)
        spread = spreads(errors, self.known.by_user())
        predicted = self.stars.predict(test.user_ids[known], test.item_ids[known])
        variance = float(errors.mean())
        return IntervalTable.of_errors(predicted, test.values[known], spread[users[known]], variance=variance)

    def weights(self, *, n_choices: int) -> RankingWeights:
        """Return the weights of greatest likelihood for the last positive ratings of at most `n_choices` users."""
        users, chosen = self._choices(n_choices)
        if users.size < _LEAST_CHOICES:
            return USUAL_WEIGHTS
        transitions, associations = self._sums(users)
        floor = max(_RELATIVE_FLOOR * float(transitions.mean()), _LEAST_FLOOR)
        core = self.relations.core
        popularity = np.broadcast_to(self.relations.popularity[core], transitions.shape)
        stars = self.stars.rate_users(users)[:, core]
        common = [association_feature(associations), popularity, stars]
        free = self._free(users)
        unordered = (0.0, *logit_weights(ChoiceSets(common, free, chosen)).tolist())
        if not self.relations.transitions.size:
            return RankingWeights(unordered, unordered, floor)
        features = [transition_feature(transitions, floor), *common]
        ordered = tuple(logit_weights(ChoiceSets(features, free, chosen)).tolist())
        return RankingWeights(ordered, unordered, floor)

    def _choices(self, n_choices: int) -> tuple[Int64Array, Int64Array]:
        """Draw users evenly; return the positions of their last positive interactions, and its index in the core."""
        last = np.flatnonzero(self.held_out.last & (self.ratings.values >= np.float32(self.liked_from)))
        users = self.known.users.positions(self.ratings.user_ids[last])
        items = self.known.items.positions(self.ratings.item_ids[last])
        ranks = self.relations.ranks().astype(np.int64)
        chosen = np.where(items >= 0, ranks[items], -1)
        usable = np.flatnonzero((users >= 0) & (chosen >= 0))
        if usable.size > n_choices:
            usable = usable[np.linspace(0, usable.size - 1, n_choices).astype(np.int64)]
        return users[usable], chosen[usable]

    def _free(self, users: Int64Array) -> BoolArray:
        """Return which items of the core these users had not rated: (m, c) bool."""
        rated, free = self.known.by_user().take(users), np.ones((users.size, self.relations.core.size), dtype=np.bool_)
        places = self.relations.ranks()[rated.indices]
        rows = np.repeat(np.arange(users.size), np.diff(rated.indptr))
        free[rows[places >= 0], places[places >= 0]] = False
        return free

    def _sums(self, users: Int64Array) -> tuple[Float32Array, Float32Array]:
        """Return the transitions and associations of these users with the core: two arrays (m, c) float32."""
        return self.relations.sums(self.histories.take(users), self.relations.ranks())


def compute_squared_errors(stars: BayesianModel, ratings: Ratings) -> Float64Array:
    """Return (r - r̂)² of ratings that the model was trained on: (n,) float64."""
    errors = (ratings.values - stars.predict(ratings.user_ids, ratings.item_ids)).astype(np.float64)
    return errors * errors
