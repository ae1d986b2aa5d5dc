"""The biased factor model: r̂_ui = μ + b_u + b_i + q_i·p_u (Koren, Bell, Volinsky 2009, eq. 4)."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from recommender.arrays import (
    AnyArray,
    Float32Array,
    Float64Array,
    IdsLike,
    Int64Array,
    ValuesLike,
    finite_checked,
    shape_checked,
)
from recommender.artifacts import Manifest, Provenance, artifact_read, artifact_write
from recommender.data.ratings import RATING_SCALE, values_checked
from recommender.data.vocabulary import Vocabulary
from recommender.errors import ArtifactError, ConfigError, DataError
from recommender.factors.foldin import FoldInPenalty, UserParameters, ridge_fold_in

# Predictions gather the factors of this many pairs at a time.
_CHUNK = 1 << 14
_ARRAYS = ("user_ids", "item_ids", "user_biases", "item_biases", "user_factors", "item_factors")


@dataclass(frozen=True, eq=False)
class FactorModel:
    """A trained biased factorisation.

    `users`, `items`: vocabularies of n_users and n_items ids; `global_mean`: μ; `user_biases`: (n_users,) float32;
    `item_biases`: (n_items,) float32; `user_factors`: (n_users, k) float32; `item_factors`: (n_items, k) float32;
    `fold_in_penalty`: α of `fold_in`; `rating_scale`: lowest and highest rating, to which predictions are clipped.
    DataError when a shape or dtype disagrees or a number is not finite. The arrays may be memory-mapped.
    """

    users: Vocabulary
    items: Vocabulary
    global_mean: float
    user_biases: Float32Array
    item_biases: Float32Array
    user_factors: Float32Array
    item_factors: Float32Array
    fold_in_penalty: FoldInPenalty
    rating_scale: tuple[float, float] = RATING_SCALE

    def __post_init__(self) -> None:
        shape_checked(self.user_biases, (len(self.users),), "user_biases")
        shape_checked(self.item_biases, (len(self.items),), "item_biases")
        if self.item_factors.ndim != 2 or not self.item_factors.shape[1]:  # noqa: PLR2004 - a matrix.
            raise DataError(f"item_factors must be (n_items, k) with k of 1 or more, got {self.item_factors.shape}.")
        shape_checked(self.item_factors, (len(self.items), self.n_factors), "item_factors")
        shape_checked(self.user_factors, (len(self.users), self.n_factors), "user_factors")
        for name in ("user_biases", "item_biases", "user_factors", "item_factors"):
            array = getattr(self, name)
            if array.dtype != np.float32:
                raise DataError(f"{name} must be float32, got {array.dtype}.")
            finite_checked(array, name)
        if not (len(self.users) and len(self.items)):
            raise DataError("A model needs at least one user and one item.")
        finite_checked(np.array([self.global_mean, *self.rating_scale]), "global_mean and rating_scale")

    @property
    def n_factors(self) -> int:
        """The number k of factors."""
        return int(self.item_factors.shape[1])

    def predict(self, user_ids: IdsLike, item_ids: IdsLike) -> Float32Array:
        """r̂ for each pair, clipped to the rating scale: (n,) float32, NaN where the user or the item is unknown."""
        return self.clip(self.score(user_ids, item_ids))

    def score(self, user_ids: IdsLike, item_ids: IdsLike) -> Float32Array:
        """As `predict`, but not clipped: what a ranking needs, for clipping makes ties."""
        users, items = self._positions(user_ids, item_ids)
        scores = np.full(users.shape, np.nan, dtype=np.float32)
        known = np.flatnonzero((users >= 0) & (items >= 0))
        for start in range(0, known.size, _CHUNK):
            part = known[start : start + _CHUNK]
            user, item = users[part], items[part]
            products = np.einsum(
                "nk,nk->n", self.user_factors[user].astype(np.float64), self.item_factors[item].astype(np.float64)
            )
            scores[part] = self.global_mean + self.user_biases[user] + self.item_biases[item].astype(float) + products
        return scores

    def fallback(self, user_ids: IdsLike, item_ids: IdsLike) -> Float32Array:
        """μ plus the bias of whichever of user and item is known, clipped: (n,) float32, for pairs `predict` cannot do.

        This is what surprise predicts for them.
        """
        users, items = self._positions(user_ids, item_ids)
        user_biases = np.where(users >= 0, self.user_biases[users], 0.0)
        item_biases = np.where(items >= 0, self.item_biases[items], 0.0)
        return self.clip((self.global_mean + user_biases + item_biases).astype(np.float32))

    def fold_in(self, item_ids: IdsLike, values: ValuesLike) -> UserParameters:
        """Fit someone unseen, or afresh, from their ratings, the items staying fixed: under a millisecond.

        `item_ids`: (n,), each at most once; `values`: (n,) stars. Items that the model does not know say nothing and
        are left out; with none left the user is the average one (zeros). DataError for a value that is no rating.
        """
        stars = values_checked(values)
        positions = self.items.positions(item_ids)
        shape_checked(stars, positions.shape, "values")
        if np.unique(positions[positions >= 0]).size < np.count_nonzero(positions >= 0):
            raise DataError("An item is rated twice: keep one rating per item.")
        known = positions >= 0
        positions = positions[known]
        residuals = stars[known].astype(np.float64) - self.global_mean - self.item_biases[positions]
        strength = self.fold_in_penalty.strength(positions.size)
        return ridge_fold_in(self.item_factors[positions], residuals, strength)

    def parameters_of(self, user_id: int) -> UserParameters | None:
        """The trained parameters of a user, or None for one the model does not know."""
        position = int(self.users.positions([user_id])[0])
        if position < 0:
            return None
        return UserParameters(float(self.user_biases[position]), self.user_factors[position])

    def score_items(self, user: UserParameters) -> Float32Array:
        """Unclipped r̂ of one user for every item: (n_items,) float32, by item position."""
        shape_checked(user.factors, (self.n_factors,), "factors")
        products: Float64Array = np.empty(len(self.items))
        for start in range(0, len(self.items), _CHUNK):
            part = slice(start, start + _CHUNK)
            products[part] = self.item_factors[part].astype(np.float64) @ user.factors.astype(np.float64)
        return (self.global_mean + user.bias + self.item_biases.astype(np.float64) + products).astype(np.float32)

    def clip(self, scores: Float32Array) -> Float32Array:
        """`scores` (any shape) as stars: limited to the rating scale; NaN stays."""
        low, high = self.rating_scale
        return np.clip(scores, np.float32(low), np.float32(high))

    def save(self, folder: Path, provenance: Provenance) -> Manifest:
        """Write the model as `folder`, whole or not at all; ArtifactError when it exists or cannot be written."""
        arrays: dict[str, AnyArray] = {
            "user_ids": self.users.ids,
            "item_ids": self.items.ids,
            "user_biases": self.user_biases,
            "item_biases": self.item_biases,
            "user_factors": self.user_factors,
            "item_factors": self.item_factors,
        }
        parameters: dict[str, float | list[float]] = {
            "global_mean": self.global_mean,
            "rating_scale": list(self.rating_scale),
            "fold_in_constant": self.fold_in_penalty.constant,
            "fold_in_per_rating": self.fold_in_penalty.per_rating,
        }
        return artifact_write(folder, kind="factors", arrays=arrays, parameters=parameters, provenance=provenance)

    @classmethod
    def load(cls, folder: Path, *, mmap: bool = True) -> "FactorModel":
        """The model in `folder`, each file checked; memory-mapped unless `mmap` is false. ArtifactError if unusable."""
        manifest, arrays = artifact_read(folder, kind="factors", names=_ARRAYS, mmap=mmap)
        try:
            return cls._of_artifact(manifest, arrays)
        except (DataError, ConfigError, KeyError, TypeError, ValueError) as error:
            raise ArtifactError(f"{folder}: does not hold a usable factor model ({error}): train it again.") from error

    @classmethod
    def _of_artifact(cls, manifest: Manifest, arrays: Mapping[str, AnyArray]) -> "FactorModel":
        parameters = manifest.parameters
        low, high = parameters["rating_scale"]
        return cls(
            users=Vocabulary(arrays["user_ids"]),
            items=Vocabulary(arrays["item_ids"]),
            global_mean=float(parameters["global_mean"]),
            user_biases=arrays["user_biases"],
            item_biases=arrays["item_biases"],
            user_factors=arrays["user_factors"],
            item_factors=arrays["item_factors"],
            fold_in_penalty=FoldInPenalty(
                constant=float(parameters["fold_in_constant"]), per_rating=float(parameters["fold_in_per_rating"])
            ),
            rating_scale=(float(low), float(high)),
        )

    def _positions(self, user_ids: IdsLike, item_ids: IdsLike) -> tuple[Int64Array, Int64Array]:
        users, items = self.users.positions(user_ids), self.items.positions(item_ids)
        shape_checked(items, users.shape, "item_ids")
        return users, items
