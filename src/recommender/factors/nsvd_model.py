"""NSVD: r̂_ui = μ + b_u + b_i + q_i·p_u, p_u = |S_u|^-½ Σ_{j ∈ S_u} y_j (Paterek 2007)."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from recommender.arrays import (
    BoolArray,
    Float32Array,
    Float64Array,
    Int32Array,
    Int64Array,
    check_finite,
    check_shape,
)
from recommender.config import require
from recommender.data.ratings import Ratings
from recommender.errors import ConfigError, DataError
from recommender.factors.foldin import UserParameters, ridge_fold_in
from recommender.factors.model import FactorModel

SIZES = ("max", "mean", "min")
"""The length of a history: the largest, mean or smallest number of ratings of a user."""


@dataclass(frozen=True, eq=False, kw_only=True)
class NSVDModel(FactorModel):
    """A factor model whose `user_factors` are the p_u, sums of implicit factors of items.

    `implicit_factors`: (n_items, k) float32, the y_j; `item_counts`: (n_items,) int32, the number of ratings of each;
    `history_length`: the largest length of S_u, which is I_u, or the items of I_u with the fewest ratings, because
    these say most about a user.
    """

    kind: ClassVar[str] = "nsvd"

    implicit_factors: Float32Array
    item_counts: Int32Array
    history_length: int

    def __post_init__(self) -> None:
        super().__post_init__()
        check_shape(self.implicit_factors, self.item_factors.shape, "implicit_factors")
        check_shape(self.item_counts, (len(self.items),), "item_counts")
        if self.implicit_factors.dtype != np.float32 or self.item_counts.dtype != np.int32:
            raise DataError(
                "implicit_factors must be float32 and item_counts int32, "
                f"got {self.implicit_factors.dtype} and {self.item_counts.dtype}."
            )
        check_finite(self.implicit_factors, "implicit_factors")
        if self.history_length < 1:
            raise ConfigError(f"history_length is {self.history_length}: it must be at least 1.")

    def _fold_in(self, positions: Int64Array, values: Float32Array, times: Int64Array | None) -> UserParameters:  # noqa: ARG002 - the model knows no time.
        """Return p_u from the history, and b_u and a correction of p_u by ridge regression on the residuals.

        Training fits the y_j to the values of the ratings, so the model knows more of its users than their histories.
        The correction gives other users the same.
        """
        from_history = self.user_factors_from_history(positions)
        factors = self.item_factors[positions]
        residuals = values.astype(np.float64) - self.global_mean - self.item_biases[positions]
        residuals -= factors.astype(np.float64) @ from_history
        fitted = ridge_fold_in(factors, residuals, self.fold_in_penalty.strength(positions.size))
        return UserParameters(fitted.bias, (from_history + fitted.factors).astype(np.float32))

    def user_factors_from_history(self, positions: Int64Array) -> Float64Array:
        """Return p_u of a user who rated the items at these positions, (n,) ascending: (k,) float64."""
        if positions.size > self.history_length:
            positions = positions[np.argsort(self.item_counts[positions], kind="stable")[: self.history_length]]
        from_history: Float64Array = self.implicit_factors[positions].sum(axis=0, dtype=np.float64)
        from_history /= max(positions.size, 1) ** 0.5
        return from_history


def select_history(ratings: Ratings, size: str) -> tuple[BoolArray, int]:
    """Select the ratings whose items represent their users, (n,) bool; return the most per user, too: see `NSVDModel`.

    `size`: one of `SIZES`; ConfigError for another.
    """
    require(size in SIZES, "size", repr(size), f"one of {', '.join(SIZES)}")
    rows = ratings.by_user()
    lengths = np.diff(rows.indptr)
    history_length = round(float({"max": lengths.max(), "mean": lengths.mean(), "min": lengths.min()}[size]))
    counts = item_counts(ratings)[ratings.item_positions]
    order = np.lexsort((ratings.item_positions, counts, ratings.user_positions))
    speaking = np.zeros(len(ratings), dtype=np.bool_)
    speaking[order] = np.arange(len(ratings)) - np.repeat(rows.indptr[:-1], lengths) < history_length
    return speaking, history_length


def user_factors_from_histories(ratings: Ratings, speaking: BoolArray, implicit_factors: Float32Array) -> Float32Array:
    """Return p_u of all users, (n_users, k) float32, from the `speaking` histories and the y_j, (n_items, k)."""
    from scipy.sparse import csr_array  # noqa: PLC0415 - only training needs it.

    users, items = ratings.user_positions[speaking], ratings.item_positions[speaking]
    norms = np.bincount(users, minlength=len(ratings.users)) ** -0.5
    shape = (len(ratings.users), len(ratings.items))
    user_factors_from_history: Float32Array = (
        csr_array((norms[users], (users, items)), shape=shape) @ implicit_factors
    ).astype(np.float32)
    return user_factors_from_history


def item_counts(ratings: Ratings) -> Int32Array:
    """Return how many users rated each item: (n_items,) int32."""
    return np.bincount(ratings.item_positions, minlength=len(ratings.items)).astype(np.int32)
