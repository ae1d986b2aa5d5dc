"""The biased factor model: r̂_ui = μ + b_u + b_i + q_i·p_u (Koren, Bell, Volinsky 2009, eq. 4)."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import ClassVar

import numpy as np

from recommender.arrays import (
    Float32Array,
    Float64Array,
    Int64Array,
    check_finite,
    check_shape,
)
from recommender.contract import BatchRequest, Model
from recommender.data.vocabulary import Vocabulary
from recommender.errors import DataError
from recommender.factors.batch_topk import UserBatch, batch_topk
from recommender.factors.foldin import FoldInPenalty, UserParameters, ridge_fold_in
from recommender.persistence import stored_as
from recommender.rating_scale import RATING_SCALE
from recommender.topk import RecommendationBatch

# The factors of a user are multiplied with those of this many items at a time.
_CHUNK = 1 << 14


@dataclass(frozen=True, eq=False)
class FactorModel(Model[UserParameters]):
    """A trained biased factorisation.

    `users`, `items`: vocabularies of n_users and n_items ids; `global_mean`: μ; `user_biases`: (n_users,) float32;
    `item_biases`: (n_items,) float32; `user_factors`: (n_users, k) float32; `item_factors`: (n_items, k) float32;
    `fold_in_penalty`: α of `fold_in`; `rating_scale`: lowest and highest rating, to which predictions are clipped.
    DataError when a shape or dtype disagrees or a number is not finite. The arrays may be memory-mapped.
    """

    kind: ClassVar[str] = "factors"

    users: Vocabulary
    items: Vocabulary
    global_mean: float
    user_biases: Float32Array
    item_biases: Float32Array
    user_factors: Float32Array
    item_factors: Float32Array
    fold_in_penalty: FoldInPenalty = field(
        metadata=stored_as(renamed={"constant": "fold_in_constant", "per_rating": "fold_in_per_rating"})
    )
    rating_scale: tuple[float, float] = RATING_SCALE

    def __post_init__(self) -> None:
        check_shape(self.user_biases, (len(self.users),), "user_biases")
        check_shape(self.item_biases, (len(self.items),), "item_biases")
        if self.item_factors.ndim != 2 or not self.item_factors.shape[1]:  # noqa: PLR2004 - a matrix.
            raise DataError(f"item_factors must be (n_items, k) with k of 1 or more, got {self.item_factors.shape}.")
        check_shape(self.item_factors, (len(self.items), self.n_factors), "item_factors")
        check_shape(self.user_factors, (len(self.users), self.n_factors), "user_factors")
        for name in ("user_biases", "item_biases", "user_factors", "item_factors"):
            array = getattr(self, name)
            if array.dtype != np.float32:
                raise DataError(f"{name} must be float32, got {array.dtype}.")
            check_finite(array, name)
        if not (len(self.users) and len(self.items)):
            raise DataError("A model needs at least one user and one item.")
        check_finite(np.array([self.global_mean, *self.rating_scale]), "global_mean and rating_scale")

    @property
    def n_factors(self) -> int:
        """The number k of factors."""
        return int(self.item_factors.shape[1])

    def _rate_pairs(self, users: Int64Array, items: Int64Array) -> Float32Array:
        products = np.einsum(
            "nk,nk->n", self.user_factors[users].astype(np.float64), self.item_factors[items].astype(np.float64)
        )
        biases: Float64Array = self.user_biases[users].astype(np.float64) + self.item_biases[items]
        stars: Float64Array = self.global_mean + biases + products
        return stars.astype(np.float32)

    def _fallback_stars(self, users: Int64Array, items: Int64Array) -> Float32Array:
        """Return μ plus the bias of the known user or item, as surprise predicts such pairs."""
        user_biases = np.where(users >= 0, self.user_biases[users], 0.0).astype(np.float64)
        item_biases = np.where(items >= 0, self.item_biases[items], 0.0).astype(np.float64)
        stars: Float64Array = self.global_mean + user_biases + item_biases
        return stars.astype(np.float32)

    def user_state(self, position: int) -> UserParameters:
        """Return b_u and p_u as trained."""
        return UserParameters(float(self.user_biases[position]), self.user_factors[position])

    def _fold_in(self, positions: Int64Array, values: Float32Array, times: Int64Array | None) -> UserParameters:  # noqa: ARG002 - the model knows no time.
        residuals = values.astype(np.float64) - self.global_mean - self.item_biases[positions]
        strength = self.fold_in_penalty.strength(positions.size)
        return ridge_fold_in(self.item_factors[positions], residuals, strength)

    def _rate_items(self, user: UserParameters) -> Float32Array:
        check_shape(user.factors, (self.n_factors,), "factors")
        products: Float64Array = np.empty(len(self.items))
        for start in range(0, len(self.items), _CHUNK):
            part = slice(start, start + _CHUNK)
            products[part] = self.item_factors[part].astype(np.float64) @ user.factors.astype(np.float64)
        return (self.global_mean + user.bias + self.item_biases.astype(np.float64) + products).astype(np.float32)

    def _rate_some(self, user: UserParameters, positions: Int64Array) -> Float32Array:
        products = self.item_factors[positions].astype(np.float64) @ user.factors.astype(np.float64)
        stars: Float64Array = self.global_mean + user.bias + self.item_biases[positions].astype(np.float64) + products
        return stars.astype(np.float32)

    def _item_vectors(self) -> Float32Array:
        return self.item_factors

    def select_batches(self, request: BatchRequest[UserParameters]) -> Iterator[RecommendationBatch]:
        """Select by tiles of items, on all cores: see `batch_topk`."""
        users, n, exclude, allowed, block_items = request
        if not len(users):
            return iter(())
        block = users if isinstance(users, np.ndarray) else UserBatch.of(users)
        return batch_topk(self, block, n=n, exclude=exclude, candidates=allowed, block_items=block_items)
