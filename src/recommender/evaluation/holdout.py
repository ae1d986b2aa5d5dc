"""Accuracy on ratings that were kept from the model."""

from typing import TypedDict

import numpy as np

from recommender.contract import EpochCallback, Estimator, predict_or_fallback
from recommender.data.ratings import Ratings
from recommender.data.splits import Split, random_split
from recommender.evaluation.metrics import mae, rmse


class HoldoutMetrics(TypedDict):
    """`rmse`, `mae`: stars; `n_train`, `n_test`: ratings; `n_fallback`: test ratings with an unseen user or item."""

    rmse: float
    mae: float
    n_train: int
    n_test: int
    n_fallback: int


def evaluate_holdout(
    estimator: Estimator,
    ratings: Ratings,
    *,
    test_fraction: float = 0.1,
    seed: int = 0,
    on_epoch: EpochCallback | None = None,
) -> HoldoutMetrics:
    """Fit a fresh model on a seeded random part of `ratings` and measure it on the rest, which it has not seen."""
    return evaluate_split(estimator, random_split(ratings, test_fraction=test_fraction, seed=seed), on_epoch=on_epoch)


def evaluate_split(estimator: Estimator, split: Split, *, on_epoch: EpochCallback | None = None) -> HoldoutMetrics:
    """Fit on `split.train`, measure on every rating of `split.test`; unseen users and items count, by the fallback."""
    model = estimator.fit(split.train, on_epoch)
    user_ids, item_ids = split.test.user_ids, split.test.item_ids
    predicted = predict_or_fallback(model, user_ids, item_ids)
    return {
        "rmse": rmse(split.test.values, predicted),
        "mae": mae(split.test.values, predicted),
        "n_train": len(split.train),
        "n_test": len(split.test),
        "n_fallback": int(np.count_nonzero(np.isnan(model.predict(user_ids, item_ids)))),
    }
