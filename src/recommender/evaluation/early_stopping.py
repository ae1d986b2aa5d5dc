"""Training that ends once a model gets no better on ratings it does not learn from; the best epoch is what is kept."""

import time
from dataclasses import dataclass
from typing import NamedTuple

from recommender.config import require_count
from recommender.contract import AnyModel, Epoch, Estimator, OnEpoch
from recommender.data.ratings import Ratings
from recommender.evaluation.validation import Validation


class LearningPoint(NamedTuple):
    """After `epoch` passes and `seconds` of training, measuring not counted: the validation's `value`."""

    epoch: int
    seconds: float
    value: float


@dataclass(frozen=True, eq=False)
class EarlyStopped:
    """`model`: of the best epoch; `curve`: every epoch that was trained; `best_epoch`: whose model this is, from 1.

    `value`: of that model; `seconds` of training; `n_epochs`: how many were trained. An algorithm that has no model to
    show before it is done has one point.
    """

    model: AnyModel
    curve: tuple[LearningPoint, ...]
    best_epoch: int
    value: float
    seconds: float
    n_epochs: int


def fit_early_stopping(
    estimator: Estimator,
    train: Ratings,
    validation: Validation,
    *,
    patience: int = 3,
    on_epoch: OnEpoch | None = None,
) -> EarlyStopped:
    """Fit until `patience` epochs in a row have brought nothing better than the best one before them (Prechelt 1998).

    A true answer of `on_epoch` ends the training, too. ConfigError for a `patience` below 1.
    """
    require_count("patience", patience)
    watch = _Watch(validation, patience, on_epoch)
    return watch.ended(estimator.fit(train, watch.hear))


class _Watch:
    """Measures each epoch's model, and remembers the best."""

    def __init__(self, validation: Validation, patience: int, on_epoch: OnEpoch | None) -> None:
        self._validation, self._patience, self._on_epoch = validation, patience, on_epoch
        self._curve: list[LearningPoint] = []
        self._best: tuple[LearningPoint, AnyModel] | None = None
        self._n_epochs = 0
        self._began, self._measuring = time.perf_counter(), 0.0

    def hear(self, epoch: Epoch) -> bool:
        """Measure, and say whether that was enough."""
        self._n_epochs = epoch.done
        enough = bool(self._on_epoch(epoch)) if self._on_epoch is not None else False
        if epoch.model is None:
            return enough
        seconds, paused = self._seconds(), time.perf_counter()
        best, _ = self._measure(epoch.done, seconds, epoch.model())
        self._measuring += time.perf_counter() - paused
        return enough or epoch.done - best.epoch >= self._patience

    def ended(self, model: AnyModel) -> EarlyStopped:
        """What has come of it; `model` is the last one."""
        seconds, n_epochs = self._seconds(), max(self._n_epochs, 1)
        point, best = self._best or self._measure(n_epochs, seconds, model)
        return EarlyStopped(best, tuple(self._curve), point.epoch, point.value, seconds, n_epochs)

    def _seconds(self) -> float:
        return time.perf_counter() - self._began - self._measuring

    def _measure(self, epoch: int, seconds: float, model: AnyModel) -> tuple[LearningPoint, AnyModel]:
        """Add a point to the curve; the best one so far, and its model."""
        point = LearningPoint(epoch, seconds, self._validation.value(model))
        self._curve.append(point)
        loss = self._validation.loss
        if self._best is None or loss(point.value) < loss(self._best[0].value):
            self._best = (point, model)
        return self._best
