"""Models of implicit feedback, which rank by positive interactions and predict stars from biases alone."""

from abc import abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, NamedTuple, TypeVar

import numpy as np

from recommender.arrays import Float32Array, Float64Array, Int64Array
from recommender.baselines.bias import Bias, BiasModel
from recommender.contract import Model
from recommender.data.ratings import Ratings
from recommender.data.rows import Rows
from recommender.data.vocabulary import Vocabulary

T = TypeVar("T")


class ImplicitUserState(NamedTuple, Generic[T]):
    """The state of one user. `bias`: b_u in stars; `profile`: ranks the items; its type depends on the algorithm."""

    bias: float
    profile: T


class ImplicitFeedbackModel(Model[ImplicitUserState[T]], Generic[T]):
    """A model that ranks by its own `score` and predicts by `stars`, biases of the same ratings."""

    stars: BiasModel

    @abstractmethod
    def _profile_at(self, position: int) -> T:
        """Return the profile of the user at a position."""

    @abstractmethod
    def _make_profile(self, positions: Int64Array, values: Float32Array, times: Int64Array | None) -> T:
        """Return the profile of a user with these ratings of distinct items, ascending; there may be none."""

    @abstractmethod
    def _score_profile(self, profile: T) -> Float32Array:
        """Return the score of every item for a profile: (n_items,) float32."""

    def _score_profile_at(self, profile: T, items: Int64Array) -> Float32Array:
        """Return `_score_profile` at some items only: (m,) float32. Override it if that takes less work."""
        scores: Float32Array = self._score_profile(profile)[items]
        return scores

    def _rate_pairs(self, users: Int64Array, items: Int64Array) -> Float32Array:
        return self.stars._rate_pairs(users, items)  # noqa: SLF001 - a part of this model.

    def _fallback_stars(self, users: Int64Array, items: Int64Array) -> Float32Array:
        return self.stars._fallback_stars(users, items)  # noqa: SLF001 - a part of this model.

    def user_state(self, position: int) -> ImplicitUserState[T]:
        """Return bias and profile as trained."""
        return ImplicitUserState(self.stars.user_state(position), self._profile_at(position))

    def _fold_in(self, positions: Int64Array, values: Float32Array, times: Int64Array | None) -> ImplicitUserState[T]:
        bias = self.stars._fold_in(positions, values, times)  # noqa: SLF001 - a part of this model.
        return ImplicitUserState(bias, self._make_profile(positions, values, times))

    def _rate_items(self, user: ImplicitUserState[T]) -> Float32Array:
        return self.stars._rate_items(user.bias)  # noqa: SLF001 - a part of this model.

    def score_items(self, user: ImplicitUserState[T]) -> Float32Array:
        """Return the score of every item for one user: (n_items,) float32, by item position."""
        return self._score_profile(user.profile)

    def _score_pairs(self, users: Int64Array, items: Int64Array) -> Float32Array:
        return score_pairs_by_user(users, items, lambda user, own: self._score_profile_at(self._profile_at(user), own))


@dataclass(frozen=True, eq=False)
class FactorFeedbackModel(ImplicitFeedbackModel[Float32Array]):
    """A model whose score is x_u·y_i; the state of a user is x_u, and the cosine of y_i and y_j is a similarity.

    `user_factors`: (n_users, k) float32, x; `item_factors`: (n_items, k) float32, y.
    """

    users: Vocabulary
    items: Vocabulary
    stars: BiasModel
    user_factors: Float32Array
    item_factors: Float32Array

    def _profile_at(self, position: int) -> Float32Array:
        factors: Float32Array = self.user_factors[position]
        return factors

    def _score_profile(self, profile: Float32Array) -> Float32Array:
        scores: Float64Array = self.item_factors.astype(np.float64) @ profile.astype(np.float64)
        return scores.astype(np.float32)

    def _score_users(self, users: Int64Array) -> Float32Array:
        scores: Float32Array = self.user_factors[users] @ self.item_factors.T
        return scores

    def _item_vectors(self) -> Float32Array:
        return self.item_factors


def score_pairs_by_user(
    users: Int64Array, items: Int64Array, score: Callable[[int, Int64Array], Float32Array]
) -> Float32Array:
    """Return the scores of pairs of positions, (n,) float32; `score` gives those of one user for some items."""
    scores = np.empty(users.size, dtype=np.float32)
    order = np.argsort(users, kind="stable")
    distinct, starts = np.unique(users[order], return_index=True)
    for user, rows in zip(distinct.tolist(), np.split(order, starts[1:]), strict=True):
        scores[rows] = score(user, items[rows])
    return scores


def fit_bias_model(ratings: Ratings) -> BiasModel:
    """Return the biases of `ratings`, for the stars of a model that ranks."""
    return Bias().fit(ratings)


def positive_interactions(ratings: Ratings, liked_from: float) -> Rows:
    """Return the items that each user gave at least `liked_from` stars."""
    liked = ratings.values >= np.float32(liked_from)
    return Rows.of_sorted(ratings.user_positions[liked], ratings.item_positions[liked], n_rows=len(ratings.users))
