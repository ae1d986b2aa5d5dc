"""The model of `house`: stars from a Bayesian factorisation, and a ranking in which recent films count most."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, ClassVar, NamedTuple, Self

import numpy as np

from recommender.arrays import (
    Float32Array,
    IdsLike,
    Int32Array,
    Int64Array,
    check_finite,
    check_shape,
)
from recommender.blends.histories import Histories, HistoryRule
from recommender.blends.intervals import IntervalTable, spread
from recommender.blends.ranking import ItemRelations, RankingWeights
from recommender.contract import BatchRequest, Interval, Model
from recommender.data.rows import Rows
from recommender.data.vocabulary import Vocabulary
from recommender.factors.bayesian_model import BayesianModel
from recommender.factors.foldin import UserParameters
from recommender.items.implicit_feedback import score_pairs_by_user
from recommender.persistence import stored_as
from recommender.rating_scale import RATING_SCALE
from recommender.threads import cores, map_in_order
from recommender.topk import RecommendationBatch

# The number of users whose items each thread scores at a time, so that the scores stay in the cache.
_BLOCK_USERS = 64


class HouseUserState(NamedTuple):
    """`stars_state`: in the factor model; `items`: (n,) int32, liked; `recency`: (n,) float32; `spread`: of errors."""

    stars_state: UserParameters
    items: Int32Array
    recency: Float32Array
    spread: float


@dataclass(frozen=True, eq=False, kw_only=True)
class HouseModel(Model[HouseUserState]):
    """A trained `house`, which predicts with one part and ranks with others.

    `stars`: predicts; `relations`, `weights`: rank; `histories`: of the trained users; `spreads`: (n_users,) float32,
    the unpredictability of each; `intervals`: of predictions; `rule`: which ratings are positive and which are recent.
    """

    kind: ClassVar[str] = "house"

    users: Vocabulary
    items: Vocabulary
    stars: BayesianModel = field(
        metadata=stored_as(renamed={"fold_in_constant": "noise_variance"}, constant={"fold_in_per_rating": 0.0})
    )
    relations: ItemRelations
    weights: RankingWeights = field(metadata=stored_as(group="weights"))
    histories: Histories = field(metadata=stored_as("history_", renamed={"indices": "items"}))
    spreads: Float32Array
    intervals: IntervalTable = field(metadata=stored_as(group="intervals"))
    rule: HistoryRule
    rating_scale: tuple[float, float] = RATING_SCALE

    def __post_init__(self) -> None:
        check_shape(self.spreads, (len(self.users),), "spreads")
        check_finite(self.spreads, "spreads")
        check_shape(self.relations.popularity, (len(self.items),), "popularity")
        self.histories.liked.check(n_rows=len(self.users), n_items=len(self.items))

    def interval(self, user_ids: IdsLike, item_ids: IdsLike) -> Interval:
        """Return the 80 % prediction interval of each pair; NaN if the user or the item is unknown."""
        users, _ = self.positions(user_ids, item_ids)
        return self.intervals.around(self.predict(user_ids, item_ids), self.spreads[users], self.rating_scale)

    def interval_items(self, user: HouseUserState) -> Interval:
        """Return the `interval` of one user for every item: (n_items,) float32, by item position."""
        return self.intervals.around(self.rate_items(user), user.spread, self.rating_scale)

    def user_state(self, position: int) -> HouseUserState:
        """Return the factors as trained, and the positive interactions."""
        items, recency = self.histories.row(position)
        return HouseUserState(self.stars.user_state(position), items, recency, float(self.spreads[position]))

    def score_items(self, user: HouseUserState) -> Float32Array:
        """Return the score of every item for one user: (n_items,) float32, by item position."""
        return np.asarray(self._score_user_states([user])[0])

    def _score_user_states(self, users: Sequence[HouseUserState]) -> Float32Array:
        """Return `score_items` of each user: (n_users, n_items) float32."""
        histories = Histories.from_users([(user.items, user.recency) for user in users])
        return self._blend_scores(histories, np.stack([self.stars.score_items(user.stars_state) for user in users]))

    def _score_users(self, users: Int64Array) -> Float32Array:
        return self._blend_scores(self.histories.take(users), self.stars.rate_users(users))

    def _blend_scores(self, histories: Histories, stars: Float32Array) -> Float32Array:
        """Return the scores of users with these histories and predicted `stars`: (n_users, n_items)."""
        transitions, associations = self.relations.sums(histories, self._ranks)
        ordered = histories.have_recency() & bool(self.relations.transitions.size)
        return self.weights.scores(transitions, associations, self.relations, stars, ordered=ordered)

    def select_batches(self, request: BatchRequest[HouseUserState]) -> Iterator[RecommendationBatch]:
        """Select in blocks of users, on threads if there are many."""
        users, n, exclude, allowed, _ = request
        if len(users) < _BLOCK_USERS:
            return super().select_batches(request)
        from recommender.kernels.topk_dense import topk_dense  # noqa: PLC0415 - numba takes half a second to load.

        def block(start: int) -> RecommendationBatch:
            part = users[start : start + _BLOCK_USERS]
            scores = self._score_users(part) if isinstance(part, np.ndarray) else self._score_user_states(part)
            return RecommendationBatch(start, *topk_dense(scores, allowed, exclude.slice(start, start + len(part)), n))

        return map_in_order(block, range(0, len(users), _BLOCK_USERS), cores())

    @cached_property
    def _ranks(self) -> Int32Array:
        return self.relations.ranks()

    def _rate_pairs(self, users: Int64Array, items: Int64Array) -> Float32Array:
        return self.stars.score(self.users.ids[users], self.items.ids[items])

    def _rate_items(self, user: HouseUserState) -> Float32Array:
        return self.stars.score_items(user.stars_state)

    def _rate_some(self, user: HouseUserState, positions: Int64Array) -> Float32Array:
        return self.stars._rate_some(user.stars_state, positions)  # noqa: SLF001 - a part of this model.

    def _score_pairs(self, users: Int64Array, items: Int64Array) -> Float32Array:
        return score_pairs_by_user(users, items, lambda user, own: self.score_items(self.user_state(user))[own])

    def _fallback_stars(self, users: Int64Array, items: Int64Array) -> Float32Array:
        """Return the mean plus the bias of the known user or item."""
        unknown = np.int64(np.iinfo(np.int64).min)
        user_ids = np.where(users >= 0, self.users.ids[users], unknown)
        item_ids = np.where(items >= 0, self.items.ids[items], unknown)
        return self.stars.fallback(user_ids, item_ids)

    def _fold_in(self, positions: Int64Array, values: Float32Array, times: Int64Array | None) -> HouseUserState:
        stars_state = self.stars.fold_in(self.items.ids[positions], values)
        errors = values - self.stars.rate_positions(stars_state, positions)
        alone = Rows(np.array([0, positions.size]), positions.astype(np.int32))
        history = self.rule.histories(alone, values, times)
        squares, counts = np.array([errors @ errors]), np.array([positions.size])
        unpredictability = spread(squares, counts, self.intervals.variance)
        return HouseUserState(stars_state, *history.row(0), float(unpredictability[0]))

    def _item_vectors(self) -> Float32Array:
        return self.stars.item_factors

    @classmethod
    def of(cls, stars: BayesianModel, **parts: Any) -> Self:
        """Return a model with the users, items and scale of its factor model."""
        return cls(users=stars.users, items=stars.items, rating_scale=stars.rating_scale, stars=stars, **parts)
