"""Training with a clock that stops while the model is measured."""

import time
from collections.abc import Callable
from typing import NamedTuple, TypeAlias

from recommender.contract import AnyModel, Epoch, Estimator, OnEpoch
from recommender.data.ratings import Ratings

MeasureEpoch: TypeAlias = Callable[[Epoch, float], bool | None]
"""Called after each epoch with the epoch and the seconds of training so far; a true answer ends the training."""


class TrainingRun(NamedTuple):
    """A `model` and the `seconds` its training took, including the compilation of kernels, excluding measurements."""

    model: AnyModel
    seconds: float


def fit_timed(
    estimator: Estimator, train: Ratings, on_epoch: OnEpoch | None = None, *, measure: MeasureEpoch | None = None
) -> TrainingRun:
    """Fit an estimator and time it, without the time that `measure` takes."""
    began, measuring = time.perf_counter(), 0.0

    def report(epoch: Epoch) -> bool:
        nonlocal measuring
        stop = on_epoch is not None and bool(on_epoch(epoch))
        if measure is not None:
            paused = time.perf_counter()
            stop = bool(measure(epoch, paused - began - measuring)) or stop
            measuring += time.perf_counter() - paused
        return stop

    model = estimator.fit(train, on_epoch if measure is None else report)
    return TrainingRun(model, time.perf_counter() - began - measuring)
