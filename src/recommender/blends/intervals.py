"""Prediction intervals, learnt from ratings outside the training data.

Errors depend on the user, who may be more or less predictable, and on the predicted stars, because the scale has two
ends. So errors are divided by the user's spread and grouped by predicted stars, and the 10th and 90th percentiles of a
group bound the interval: a split conformal interval, normalised and by groups (Lei, G'Sell, Rinaldo, Tibshirani,
Wasserman 2018, "Distribution-Free Predictive Inference for Regression", section 5.2).
"""

from dataclasses import dataclass

import numpy as np

from recommender.arrays import Float32Array, Float64Array, Int64Array
from recommender.contract import Interval
from recommender.data.rows import Rows
from recommender.errors import DataError

COVERAGE = 0.8
# This many ratings of average unpredictability are added to those of each user.
_PRIOR_RATINGS = 10.0
_UNKNOWN_TASTE, _KNOWN_TASTE = 6.0, 2.0
_LEAST_VARIANCE = 1e-6
_MOST_GROUPS = 12
_LEAST_PER_GROUP = 100


def spreads(squared_errors: Float64Array, rated: Rows) -> Float32Array:
    """Return the `spread` of each user, from the squared errors of their ratings: (n_rows,) float32."""
    counts = np.diff(rated.indptr).astype(np.int64)
    sums = np.bincount(np.repeat(np.arange(rated.n_rows), counts), weights=squared_errors, minlength=rated.n_rows)
    variance = float(squared_errors.mean())
    return spread(sums.astype(np.float64), counts, variance).astype(np.float32)


def spread(squares: Float64Array, counts: Int64Array, variance: float) -> Float64Array:
    """Return the unpredictability of users: √((Σe² / σ² + 10) / (n + 10) · (1 + 6 / (n + 2))), near 1 for most.

    Σe² = `squares` over n = `counts` training ratings of a user, σ² = `variance` over all users. Training errors are
    smaller than others, but for all users, so their ratio does not depend on the length of the training. The last
    factor accounts for the uncertainty of a user with few ratings: variance that falls as 1/n, with 6 and 2 as measured
    on MovieLens 100K.
    """
    relative = squares / max(variance, _LEAST_VARIANCE) + _PRIOR_RATINGS
    unknown = 1 + _UNKNOWN_TASTE / (counts + _KNOWN_TASTE)
    return np.asarray((relative / (counts + _PRIOR_RATINGS) * unknown) ** 0.5, dtype=np.float64)


@dataclass(frozen=True)
class IntervalTable:
    """Percentiles of errors by the height of the prediction.

    `stars`: g predictions, ascending; `low`, `high`: the 10th and 90th percentile, at most 0 and at least 0, of
    (rating - prediction) / spread near each; `variance`: mean squared error of the predictions that spreads are of.
    """

    stars: tuple[float, ...]
    low: tuple[float, ...]
    high: tuple[float, ...]
    variance: float

    def __post_init__(self) -> None:
        if not self.stars or not len(self.stars) == len(self.low) == len(self.high):
            raise DataError("The predictions, low and high percentiles of an interval table must be of equal length.")

    @classmethod
    def of_errors(
        cls, predicted: Float32Array, actual: Float32Array, spread: Float32Array, *, variance: float
    ) -> "IntervalTable":
        """Return the table of n ≥ 1 held-out ratings; few of them are one group."""
        n_groups = int(np.clip(predicted.size // _LEAST_PER_GROUP, 1, _MOST_GROUPS))
        tail = (1 - COVERAGE) / 2
        groups = [group for group in np.array_split(np.argsort(predicted, kind="stable"), n_groups) if group.size]
        errors = (actual - predicted).astype(np.float64) / spread
        return cls(
            stars=tuple(float(np.median(predicted[group])) for group in groups),
            low=tuple(min(float(np.quantile(errors[group], tail)), 0.0) for group in groups),
            high=tuple(max(float(np.quantile(errors[group], 1 - tail)), 0.0) for group in groups),
            variance=variance,
        )

    def around(self, predicted: Float32Array, spread: Float32Array | float, scale: tuple[float, float]) -> Interval:
        """Return the interval of each prediction for users of this `spread`, inside the rating `scale`."""
        low = predicted + spread * np.interp(predicted, self.stars, self.low)
        high = predicted + spread * np.interp(predicted, self.stars, self.high)
        return Interval(np.clip(low, *scale).astype(np.float32), np.clip(high, *scale).astype(np.float32))
