"""What every algorithm promises: an estimator learns a model from ratings, and a model predicts for pairs of ids."""

from collections.abc import Callable
from typing import Protocol

import numpy as np

from recommender.arrays import Float32Array, IdsLike
from recommender.data.ratings import Ratings

EpochCallback = Callable[[int, int], None]
"""Called with (epochs done, epochs in all) after each epoch."""


class Model(Protocol):
    """Something that has learnt."""

    def predict(self, user_ids: IdsLike, item_ids: IdsLike) -> Float32Array:
        """Stars for each pair: (n,) float32, NaN where the model cannot tell."""
        ...

    def fallback(self, user_ids: IdsLike, item_ids: IdsLike) -> Float32Array:
        """The best guess without knowing both sides: (n,) float32, never NaN."""
        ...


class Estimator(Protocol):
    """Something that can learn."""

    def fit(self, ratings: Ratings, on_epoch: EpochCallback | None = None) -> Model:
        """Learn from all of `ratings`."""
        ...


def predict_or_fallback(model: Model, user_ids: IdsLike, item_ids: IdsLike) -> Float32Array:
    """`model.predict`, with `model.fallback` where that is NaN: (n,) float32. The one place that decides this."""
    predicted = model.predict(user_ids, item_ids)
    unknown = np.isnan(predicted)
    if not unknown.any():
        return predicted
    users, items = np.asarray(user_ids), np.asarray(item_ids)
    predicted[unknown] = model.fallback(users[unknown], items[unknown])
    return predicted
