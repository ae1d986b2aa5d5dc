"""Biases: r̂_ui = μ + b_u + b_i, the baseline of all predictions of stars (Koren 2010, TKDD 4(1), eq. 1)."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from recommender.arrays import Float32Array, Float64Array, Int64Array
from recommender.config import Config, count, not_negative, random_seed
from recommender.contract import Model, OnEpoch
from recommender.data.ratings import Ratings
from recommender.data.vocabulary import Vocabulary
from recommender.epochs import each_epoch
from recommender.rating_scale import RATING_SCALE
from recommender.search_space import Floats

# The divisor of a sum of no ratings without damping.
_TINY = 1e-12


@dataclass(frozen=True)
class BiasConfig(Config):
    """`n_epochs`: alternations; `user_damping`, `item_damping`: λ, the number of additional ratings without bias."""

    n_epochs: int = count(10)
    user_damping: float = not_negative(5.0, search=Floats(0.5, 50.0, log=True))
    item_damping: float = not_negative(3.0, search=Floats(0.5, 50.0, log=True))
    seed: int = random_seed()


@dataclass(frozen=True, eq=False)
class BiasModel(Model[float]):
    """`user_biases`: (n_users,) float32 and `item_biases`: (n_items,) float32 stars around `global_mean`, μ.

    The state of a user is b_u.
    """

    kind: ClassVar[str] = "bias"

    users: Vocabulary
    items: Vocabulary
    global_mean: float
    user_biases: Float32Array
    item_biases: Float32Array
    user_damping: float
    rating_scale: tuple[float, float] = RATING_SCALE

    def _rate_pairs(self, users: Int64Array, items: Int64Array) -> Float32Array:
        stars: Float64Array = self.global_mean + self.user_biases[users].astype(np.float64) + self.item_biases[items]
        return stars.astype(np.float32)

    def _fallback_stars(self, users: Int64Array, items: Int64Array) -> Float32Array:
        """Return the mean plus the bias of the known user or item."""
        stars: Float64Array = (
            self.global_mean
            + np.where(users >= 0, self.user_biases[users], 0.0).astype(np.float64)
            + np.where(items >= 0, self.item_biases[items], 0.0).astype(np.float64)
        )
        return stars.astype(np.float32)

    def user_state(self, position: int) -> float:
        """Return b_u as trained."""
        return float(self.user_biases[position])

    def _fold_in(self, positions: Int64Array, values: Float32Array, times: Int64Array | None) -> float:  # noqa: ARG002 - the model knows no time.
        residuals = values.astype(np.float64) - self.global_mean - self.item_biases[positions]
        return float(residuals.sum() / max(positions.size + self.user_damping, _TINY))

    def _rate_items(self, user: float) -> Float32Array:
        return (self.global_mean + user + self.item_biases.astype(np.float64)).astype(np.float32)


@dataclass(frozen=True)
class Bias:
    """The estimator: minimises Σ(r - r̂)² + λ_u Σ b_u² + λ_i Σ b_i² by solving for all b_i, then all b_u, in turn."""

    config: BiasConfig = BiasConfig()

    def fit(self, ratings: Ratings, on_epoch: OnEpoch | None = None) -> BiasModel:
        """Train on all `ratings`; each alternation costs two passes over them."""
        from scipy.sparse import csr_array  # noqa: PLC0415 - only training needs it.

        rows, shape = ratings.by_user(), (len(ratings.users), len(ratings.items))
        rated = csr_array((np.ones(len(ratings)), rows.indices, rows.indptr), shape=shape)
        centred = csr_array(
            (ratings.values.astype(np.float64) - ratings.global_mean, rows.indices, rows.indptr), shape=shape
        )
        user_weights = 1 / np.maximum(rated.sum(axis=1) + self.config.user_damping, _TINY)
        item_weights = 1 / np.maximum(rated.sum(axis=0) + self.config.item_damping, _TINY)
        user_sums, item_sums = centred.sum(axis=1), centred.sum(axis=0)
        user_biases, item_biases = np.zeros(shape[0]), np.zeros(shape[1])

        def model() -> BiasModel:
            return BiasModel(
                users=ratings.users,
                items=ratings.items,
                global_mean=ratings.global_mean,
                user_biases=user_biases.astype(np.float32),
                item_biases=item_biases.astype(np.float32),
                user_damping=self.config.user_damping,
            )

        for _ in each_epoch(self.config.n_epochs, on_epoch, model):
            item_biases = (item_sums - rated.T @ user_biases) * item_weights
            user_biases = (user_sums - rated @ item_biases) * user_weights
        return model()
