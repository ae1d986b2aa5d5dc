"""Reports of one training and evaluation, as plain values for JSON."""

import math
import time
from collections.abc import Mapping
from typing import TypeAlias

import numpy as np

from recommender.contract import Estimator, OnEpoch
from recommender.data.catalogue import Catalogue
from recommender.data.ratings import Ratings
from recommender.data.splits import Split
from recommender.evaluation.holdout import predict_test
from recommender.evaluation.memory import peak_memory_mb
from recommender.evaluation.metrics import LIST_LENGTH, mae, ranking_metrics, rmse
from recommender.evaluation.ranking import LeaveLastOut, list_metrics, rank_all, rank_negatives
from recommender.evaluation.training import TrainingRun, fit_timed

Figure: TypeAlias = str | int | float | None
Report: TypeAlias = dict[str, "Figure | Report"]
"""Figures by name; a value may be a group of figures."""


def report_accuracy(estimator: Estimator, split: Split, on_epoch: OnEpoch | None = None) -> Report:
    """Fit on `split.train` and predict each rating of `split.test`, with the fallback for unknown users and items.

    `rmse`, `mae`: stars; `seconds`: `fit_seconds` and `predict_seconds` together; `n_fallback`: test ratings whose user
    or item is not in the training part; `n_unknown_users`, `n_unknown_items`: the number of these users and items.
    """
    run = fit_timed(estimator, split.train, on_epoch)
    began = time.perf_counter()
    predictions = predict_test(run.model, split.test)
    return {
        "rmse": rmse(predictions.actual, predictions.predicted),
        "mae": mae(predictions.actual, predictions.predicted),
        **_costs(run, time.perf_counter() - began),
        **_sizes(split.train),
        "n_test": len(split.test),
        "n_fallback": predictions.n_fallback,
        "n_unknown_users": np.unique(split.test.user_positions[predictions.unknown_users]).size,
        "n_unknown_items": np.unique(split.test.item_positions[predictions.unknown_items]).size,
    }


def report_ranking(
    estimator: Estimator,
    task: LeaveLastOut,
    *,
    catalogue: Catalogue | None = None,
    k: int = LIST_LENGTH,
    on_epoch: OnEpoch | None = None,
) -> Report:
    """Fit on `task.train` and rank the held-out film of each user: against `full` and, if there are any, `negatives`.

    `coverage`, `novelty`, `diversity`: of the top `k` of each user (`list_metrics`); `n_unknown_users`,
    `n_unknown_items`: test cases whose user or film the model does not know, all misses.
    """
    run = fit_timed(estimator, task.train, on_epoch)
    model, began = run.model, time.perf_counter()
    sampled: Report = {}
    if task.negatives is not None:
        sampled = {"negatives": {**ranking_metrics(rank_negatives(model, task), k=k)}}
    ranked = rank_all(model, task, k=k)
    seconds = time.perf_counter() - began
    users, items = model.positions(task.user_ids, task.item_ids)
    negatives = np.empty(0, dtype=np.int64) if task.negatives is None else task.negatives.ravel()
    return {
        **sampled,
        "full": {**ranking_metrics(ranked.ranks, k=k)},
        **_replace_nan(list_metrics(ranked.lists, model.items, task.train, catalogue)),
        "diversity_by": "ratings" if catalogue is None else "genres",
        **_costs(run, seconds),
        **_sizes(task.train),
        "n_test": users.size,
        "n_negatives": 0 if task.negatives is None else task.negatives.shape[1],
        "n_unknown_users": int(np.count_nonzero(users < 0)),
        "n_unknown_items": int(np.count_nonzero(items < 0)),
        "n_unknown_negatives": int(np.count_nonzero(model.items.positions(negatives) < 0)),
    }


def _costs(run: TrainingRun, predict_seconds: float) -> Mapping[str, float]:
    return {
        "seconds": run.seconds + predict_seconds,
        "fit_seconds": run.seconds,
        "predict_seconds": predict_seconds,
        "peak_memory_mb": peak_memory_mb(),
    }


def _sizes(train: Ratings) -> Mapping[str, int]:
    return {"n_train": len(train), "n_train_users": len(train.users), "n_train_items": len(train.items)}


def _replace_nan(figures: Mapping[str, float]) -> Mapping[str, float | None]:
    """Replace NaN, which JSON cannot hold, with None."""
    return {name: value if math.isfinite(value) else None for name, value in figures.items()}
