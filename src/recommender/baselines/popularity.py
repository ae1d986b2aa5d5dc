"""Popularity: items by number of ratings, stars by damped means, the same for all users. Other models must beat it."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from recommender.arrays import Float32Array, Float64Array, Int64Array
from recommender.config import Config, not_negative, random_seed
from recommender.contract import Model, OnEpoch
from recommender.data.ratings import Ratings
from recommender.data.vocabulary import Vocabulary
from recommender.epochs import report_only_epoch
from recommender.rating_scale import RATING_SCALE


@dataclass(frozen=True)
class PopularityConfig(Config):
    """`damping`: the number of additional ratings at the global mean.

    It has no search range, because no setting changes the order of the lists.
    """

    damping: float = not_negative(5.0)
    seed: int = random_seed()


@dataclass(frozen=True, eq=False)
class PopularityModel(Model[None]):
    """`item_counts`: (n_items,) float32 numbers of ratings; `item_means`: (n_items,) float32 damped means in stars.

    The state of a user is None.
    """

    kind: ClassVar[str] = "popularity"

    users: Vocabulary
    items: Vocabulary
    global_mean: float
    item_counts: Float32Array
    item_means: Float32Array
    rating_scale: tuple[float, float] = RATING_SCALE

    def _rate_pairs(self, users: Int64Array, items: Int64Array) -> Float32Array:  # noqa: ARG002 - the same for all users.
        means: Float32Array = self.item_means[items]
        return means

    def _fallback_stars(self, users: Int64Array, items: Int64Array) -> Float32Array:  # noqa: ARG002 - the same for all users.
        stars: Float64Array = np.where(items >= 0, self.item_means[items], self.global_mean)
        return stars.astype(np.float32)

    def user_state(self, position: int) -> None:
        """Return None: the model keeps nothing per user."""

    def _fold_in(self, positions: Int64Array, values: Float32Array, times: Int64Array | None) -> None:
        """Return None: the model keeps nothing per user."""

    def _rate_items(self, user: None) -> Float32Array:  # noqa: ARG002 - the same for all users.
        return np.array(self.item_means)

    def _score_pairs(self, users: Int64Array, items: Int64Array) -> Float32Array:  # noqa: ARG002 - the same for all users.
        counts: Float32Array = self.item_counts[items]
        return counts

    def score_items(self, user: None) -> Float32Array:  # noqa: ARG002 - the same for all users.
        """Return the number of ratings of each item: (n_items,) float32."""
        return np.array(self.item_counts)


@dataclass(frozen=True)
class Popularity:
    """The estimator: counts and damped means, one pass over the ratings."""

    config: PopularityConfig = PopularityConfig()

    def fit(self, ratings: Ratings, on_epoch: OnEpoch | None = None) -> PopularityModel:
        """Train on all `ratings`."""
        n_items, mean, damping = len(ratings.items), ratings.global_mean, self.config.damping
        counts = np.bincount(ratings.item_positions, minlength=n_items)
        sums = np.bincount(ratings.item_positions, weights=ratings.values, minlength=n_items)
        model = PopularityModel(
            users=ratings.users,
            items=ratings.items,
            global_mean=mean,
            item_counts=counts.astype(np.float32),
            item_means=((sums + damping * mean) / (counts + damping)).astype(np.float32),
        )
        report_only_epoch(on_epoch, model)
        return model
