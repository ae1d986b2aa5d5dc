"""Train one model, ask it, and tell how it did, in plain values for JSON."""

import math
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

import numpy as np

from recommender.contract import AnyModel, Estimator, OnEpoch
from recommender.data.ratings import Ratings
from recommender.data.splits import Split
from recommender.evaluation.holdout import predict_test
from recommender.evaluation.memory import peak_memory_mb
from recommender.evaluation.metrics import LIST_LENGTH, mae, rmse
from recommender.evaluation.ranking import (
    LastOut,
    list_metrics,
    rank_all,
    rank_negatives,
    ranking_metrics,
)

if TYPE_CHECKING:
    from recommender.data.catalogue import Catalogue

Figure: TypeAlias = str | int | float | None
Report: TypeAlias = dict[str, "Figure | Report"]
"""Figures by name; some are grouped under a name of their own."""


@dataclass(frozen=True, eq=False)
class TrainingRun:
    """A `model` and the `seconds` that its training took, compiling what was not compiled before included."""

    model: AnyModel
    seconds: float


def train_measured(estimator: Estimator, train: Ratings, on_epoch: OnEpoch | None = None) -> TrainingRun:
    """Fit and take the time."""
    began = time.perf_counter()
    model = estimator.fit(train, on_epoch)
    return TrainingRun(model, time.perf_counter() - began)


def report_accuracy(estimator: Estimator, split: Split, on_epoch: OnEpoch | None = None) -> Report:
    """Fit on `split.train` and predict every rating of `split.test`; users and items never seen, by the fallback.

    `rmse`, `mae`: stars; `seconds`, of which `fit_seconds` and `predict_seconds`; `peak_memory_mb`; `n_fallback`: test
    ratings with a user or an item that is not in training, `n_unknown_users` and `n_unknown_items`: how many these are.
    """
    fit = train_measured(estimator, split.train, on_epoch)
    began = time.perf_counter()
    answers = predict_test(fit.model, split.test)
    return {
        "rmse": rmse(answers.actual, answers.predicted),
        "mae": mae(answers.actual, answers.predicted),
        **_costs(fit, time.perf_counter() - began),
        **_sizes(split.train),
        "n_test": len(split.test),
        "n_fallback": answers.n_fallback,
        "n_unknown_users": np.unique(split.test.user_positions[answers.unknown_users]).size,
        "n_unknown_items": np.unique(split.test.item_positions[answers.unknown_items]).size,
    }


def report_ranking(
    estimator: Estimator,
    task: LastOut,
    *,
    catalogue: "Catalogue | None" = None,
    k: int = LIST_LENGTH,
    on_epoch: OnEpoch | None = None,
) -> Report:
    """Fit on `task.train` and look for each user's film: `full` and, where there are any, `negatives`, with `hr@k` …

    `coverage`, `novelty`, `diversity`: of the `k` best films of each user (`list_metrics`); `n_unknown_users`,
    `n_unknown_items`: questions that the model cannot answer, all of them misses; `n_unknown_negatives`.
    """
    fit = train_measured(estimator, task.train, on_epoch)
    model, began = fit.model, time.perf_counter()
    sampled: Report = {}
    if task.negatives is not None:
        sampled = {"negatives": {**ranking_metrics(rank_negatives(model, task), k=k)}}
    places = rank_all(model, task, k=k)
    seconds = time.perf_counter() - began
    users, items = model.positions(task.user_ids, task.item_ids)
    negatives = np.empty(0, dtype=np.int64) if task.negatives is None else task.negatives.ravel()
    return {
        **sampled,
        "full": {**ranking_metrics(places.ranks, k=k)},
        **_finite(list_metrics(places.lists, model.items, task.train, catalogue)),
        "diversity_by": "ratings" if catalogue is None else "genres",
        **_costs(fit, seconds),
        **_sizes(task.train),
        "n_test": users.size,
        "n_negatives": 0 if task.negatives is None else task.negatives.shape[1],
        "n_unknown_users": int(np.count_nonzero(users < 0)),
        "n_unknown_items": int(np.count_nonzero(items < 0)),
        "n_unknown_negatives": int(np.count_nonzero(model.items.positions(negatives) < 0)),
    }


def _costs(fit: TrainingRun, predict_seconds: float) -> Mapping[str, float]:
    return {
        "seconds": fit.seconds + predict_seconds,
        "fit_seconds": fit.seconds,
        "predict_seconds": predict_seconds,
        "peak_memory_mb": peak_memory_mb(),
    }


def _sizes(train: Ratings) -> Mapping[str, int]:
    return {"n_train": len(train), "n_train_users": len(train.users), "n_train_items": len(train.items)}


def _finite(figures: Mapping[str, float]) -> Mapping[str, float | None]:
    """Figures that JSON can hold: None for what is not a number."""
    return {name: value if math.isfinite(value) else None for name, value in figures.items()}
