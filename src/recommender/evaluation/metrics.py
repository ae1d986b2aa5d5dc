"""Accuracy of predicted stars."""

import numpy as np

from recommender.arrays import Float64Array, ValuesLike
from recommender.errors import DataError


def rmse(actual: ValuesLike, predicted: ValuesLike) -> float:
    """Root of the mean squared error, in stars; `actual` and `predicted` are (n,), n ≥ 1. DataError if not, or NaN."""
    errors = _errors(actual, predicted)
    return float(np.sqrt(np.mean(errors * errors)))


def mae(actual: ValuesLike, predicted: ValuesLike) -> float:
    """Mean absolute error, in stars; `actual` and `predicted` are (n,), n ≥ 1. DataError if not, or NaN."""
    return float(np.mean(np.abs(_errors(actual, predicted))))


def _errors(actual: ValuesLike, predicted: ValuesLike) -> Float64Array:
    true, guess = np.asarray(actual, dtype=np.float64), np.asarray(predicted, dtype=np.float64)
    if true.ndim != 1 or true.shape != guess.shape or not true.size:
        raise DataError(f"Actual and predicted values must be two equally long lists, got {true.shape}, {guess.shape}.")
    errors = guess - true
    if not np.isfinite(errors).all():
        at = int(np.argmin(np.isfinite(errors)))
        raise DataError(f"Value {at} is {true[at]} against a prediction of {guess[at]}: both must be finite.")
    return errors
