"""Early stopping: end a training when the model stops improving on validation ratings, and keep the best epoch."""

from dataclasses import dataclass
from typing import NamedTuple

from recommender.config import require_count
from recommender.contract import AnyModel, Epoch, Estimator, OnEpoch
from recommender.data.ratings import Ratings
from recommender.evaluation.training import fit_timed
from recommender.evaluation.validation import Validation


class LearningPoint(NamedTuple):
    """The validation's `value` after `epoch` epochs and `seconds` of training, without the time for measurements."""

    epoch: int
    seconds: float
    value: float


@dataclass(frozen=True, eq=False)
class EarlyStoppingResult:
    """The `model` of the best epoch.

    `curve`: a point for each trained epoch, or only the last one if the algorithm has no model before its end;
    `best_epoch`: the epoch of `model`, from 1; `value`: its validation; `seconds`: of training; `n_epochs`: how many
    were trained.
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
) -> EarlyStoppingResult:
    """Fit until `patience` epochs in a row are no better than the best epoch before them (Prechelt 1998).

    A true answer of `on_epoch` also ends the training. ConfigError for a `patience` below 1.
    """
    require_count("patience", patience)
    curve = _Curve(validation, patience)
    model, seconds = fit_timed(estimator, train, on_epoch, measure=curve.measure)
    n_epochs = max(curve.n_epochs, 1)
    point, best = curve.best or curve.add(n_epochs, seconds, model)
    return EarlyStoppingResult(best, tuple(curve.points), point.epoch, point.value, seconds, n_epochs)


class _Curve:
    """The learning curve of a training; `best` is its best point and the model there."""

    def __init__(self, validation: Validation, patience: int) -> None:
        self._validation, self._patience = validation, patience
        self.points: list[LearningPoint] = []
        self.best: tuple[LearningPoint, AnyModel] | None = None
        self.n_epochs = 0

    def measure(self, epoch: Epoch, seconds: float) -> bool:
        """Add the model after an epoch, if there is one; return whether the patience is exhausted."""
        self.n_epochs = epoch.done
        if epoch.model is None:
            return False
        best, _ = self.add(epoch.done, seconds, epoch.model())
        return epoch.done - best.epoch >= self._patience

    def add(self, epoch: int, seconds: float, model: AnyModel) -> tuple[LearningPoint, AnyModel]:
        """Add a point, and return the best one so far with its model."""
        point = LearningPoint(epoch, seconds, self._validation.value(model))
        self.points.append(point)
        loss = self._validation.loss
        if self.best is None or loss(point.value) < loss(self.best[0].value):
            self.best = (point, model)
        return self.best
