"""Training a model on the latest snapshot of the ratings, storing it, and letting the gate judge it."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from django.conf import settings

import recommender
from movies.models import ModelVersion, SimilarMovies, SuggestionList
from pipeline.errors import TrainingError
from pipeline.services.evaluation import (
    TrainingData,
    algorithm_evaluate,
    config_make,
    epoch_progress,
    settings_search,
)
from pipeline.services.model_gate import candidate_judge
from pipeline.services.promotion import model_promote, roll_back_choices
from pipeline.stage_locks import Stage, stage_lock
from postgres.tables import number_reserve
from recommender.algorithms import Setting
from recommender.artifacts import Provenance
from recommender.atomic_folder import prune_folders
from recommender.data.splits import random_split, sample_users
from recommender.errors import RecommenderError
from recommender.evaluation.holdout import evaluate_folds, evaluate_split
from recommender.evaluation.temporal_holdout import Performance, TemporalHoldout
from recommender.persistence import save_model

# A random tenth of the ratings is held out. A tenth of few ratings says little (its RMSE varies by 0.007 on a hundred
# thousand), so up to MAX_CROSS_VALIDATED ratings all ten folds are. Of very many ratings, a sample of the users says as
# much in less time.
N_FOLDS = 10
MAX_CROSS_VALIDATED = 200_000
MAX_MEASURED = 2_000_000


@dataclass(frozen=True)
class TrainingReport:
    """The stored model, and whether it went live."""

    version: ModelVersion
    is_live: bool


@dataclass(frozen=True)
class _Plan:
    """What to train on which data. ``config`` holds every hyper-parameter and the seed."""

    algorithm: str
    config: dict[str, Any]
    data: TrainingData


def model_train(
    *,
    algorithm: str,
    hyper_parameters: Mapping[str, Setting] | None = None,
    seed: int = 0,
    promote: bool = True,
    n_trials: int = 0,
    random_holdout: bool = False,
) -> TrainingReport:
    """Train an algorithm on the latest snapshot of the ratings, and let the gate decide whether the model goes live.

    1. Read the latest snapshot.
    2. With ``n_trials``, try that many settings for what ``hyper_parameters`` leaves open, and keep the best. The
       search sees no rating that the gate tests on.
    3. Evaluate the algorithm on a temporal holdout; with ``random_holdout``, also on ratings held out at random.
    4. Train it on all ratings, and store the model and its row.
    5. Let the gate judge it and, if it passes, make it live; not with ``promote`` false.
    6. Remove old models.

    Raises:
        SnapshotError: there is no complete export of the ratings.
        TrainingError: there is no such algorithm, it cannot be trained with these settings on these ratings, or the
            model could not be stored. A training that fails after its start is recorded as a failed version.
        PromotionRefusedError: the model was stored, but did not pass the gate.
        StageBusyError: a training is running elsewhere.

    """
    fixed = hyper_parameters or {}
    with stage_lock(Stage.TRAIN):
        plan = _plan_make(algorithm, fixed, seed)
        try:
            if n_trials:
                found = settings_search(algorithm=algorithm, fixed=fixed, data=plan.data, n_trials=n_trials)
                plan = replace(plan, config=config_make(algorithm, found.best.best_settings, seed))
            performance = algorithm_evaluate(algorithm, plan.config, plan.data)
            random_metrics = _random_holdout_evaluate(plan) if random_holdout else {}
            metrics = {**random_metrics, **_gate_metrics(performance, plan.data.holdout)}
            version = _model_store(plan, metrics, performance)
        except RecommenderError as error:
            _failure_record(plan, error)
            raise TrainingError(str(error)) from error
        try:
            if promote:
                candidate_judge(version, plan.data, performance)
                version = model_promote(model_version_id=version.pk)
        finally:
            _old_versions_remove()
    return TrainingReport(version=version, is_live=promote)


def surprise_model_train(
    *, n_epochs: int = 20, n_factors: int = 100, seed: int = 0, promote: bool = True
) -> TrainingReport:
    """Train scikit-surprise's SVD as `model_train` does, and also measure it on ratings held out at random.

    Raises:
        SnapshotError, TrainingError, PromotionRefusedError, StageBusyError: as `model_train`.

    """
    hyper_parameters = {"n_epochs": n_epochs, "n_factors": n_factors}
    return model_train(
        algorithm="surprise-svd", hyper_parameters=hyper_parameters, seed=seed, promote=promote, random_holdout=True
    )


def _plan_make(algorithm: str, hyper_parameters: Mapping[str, Setting], seed: int) -> _Plan:
    try:
        config = config_make(algorithm, hyper_parameters, seed)
        data = TrainingData.latest(seed=int(config["seed"]))
        _ = data.ratings
    except RecommenderError as error:
        raise TrainingError(str(error)) from error
    return _Plan(algorithm, config, data)


def _random_holdout_evaluate(plan: _Plan) -> dict[str, float]:
    """Return the errors on ratings held out at random, and the RMSE of always predicting the mean."""
    seed = plan.data.seed
    estimator, rng = plan.data.estimator(plan.algorithm, plan.config), np.random.default_rng(seed)
    ratings = sample_users(plan.data.ratings, ratings_at_most=MAX_MEASURED, rng=rng)
    n_folds = min(N_FOLDS, len(ratings)) if len(ratings) <= MAX_CROSS_VALIDATED else 1
    total = {"n_epochs": n_folds * plan.config["n_epochs"]}
    with epoch_progress("training for the measurement", total) as on_epoch:
        if n_folds == 1:
            split = random_split(ratings, test_fraction=1 / N_FOLDS, seed=seed)
            measured = evaluate_split(estimator, split, on_epoch=on_epoch)
        else:
            measured = evaluate_folds(estimator, ratings, n_folds=n_folds, seed=seed, on_epoch=on_epoch)
    return {
        **{name: measured[name] for name in ("rmse", "mae", "n_train", "n_test")},
        "rmse_of_mean": float(np.std(ratings.values, dtype=np.float64)),
    }


def _gate_metrics(performance: Performance, holdout: TemporalHoldout) -> dict[str, float]:
    figures = {**performance.metrics, "n_train": len(holdout.train), "n_test": holdout.n_test}
    return {f"gate_{name}": figure for name, figure in figures.items()}


def _model_store(plan: _Plan, metrics: dict[str, float], performance: Performance) -> ModelVersion:
    """Train on all ratings. Store the folder before the row, so that a row always names a complete folder."""
    with epoch_progress(f"training {plan.algorithm}", plan.config) as on_epoch:
        estimator = plan.data.estimator(plan.algorithm, plan.config, parquet=plan.data.snapshot.parquet)
        model = estimator.fit(plan.data.ratings, on_epoch)
    version = _version_make(plan)
    dataset = plan.data.snapshot.csv_sha256
    provenance = Provenance(plan.algorithm, plan.config, plan.data.seed, dataset=dataset, metrics=metrics)
    manifest = save_model(model, Path(settings.MODELS_DIR) / version.folder, provenance)
    version.metrics = metrics
    version.learning_curve = [point._asdict() for point in performance.curve]
    version.libraries = dict(manifest.libraries)
    version.save(force_insert=True)
    return version


def _failure_record(plan: _Plan, error: RecommenderError) -> None:
    version = _version_make(plan)
    version.state, version.error = ModelVersion.State.FAILED, str(error)
    version.save(force_insert=True)


def _version_make(plan: _Plan) -> ModelVersion:
    number = number_reserve("movies_modelversion")
    ratings, snapshot = plan.data.ratings, plan.data.snapshot
    return ModelVersion(
        pk=number,
        algorithm=plan.algorithm,
        folder=f"{plan.algorithm}-{datetime.now(UTC):%Y%m%dT%H%M%SZ}-{number}",
        config=plan.config,
        snapshot_checksum=snapshot.csv_sha256,
        n_users=len(ratings.users),
        n_movies=len(ratings.items),
        n_ratings=len(ratings),
        trained_until=snapshot.settled_at,
        code=recommender_checksum(),
    )


@cache
def recommender_checksum() -> str:
    """Return the SHA-256 of the recommender's source files. It does not depend on where they are installed."""
    folder = Path(recommender.__file__).parent
    digest = hashlib.sha256()
    for path in sorted(folder.rglob("*.py")):
        digest.update(f"{path.relative_to(folder).as_posix()}\0".encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()


def _old_versions_remove() -> None:
    """Remove old models, except the live one, the one to roll back to, and those that stored lists come from.

    ``MODELS_KEEP`` models and as many failed trainings stay.
    """
    versions = ModelVersion.objects.order_by("-pk")
    failed = versions.filter(state=ModelVersion.State.FAILED)
    kept = {
        *versions.exclude(state=ModelVersion.State.FAILED).values_list("pk", flat=True)[: settings.MODELS_KEEP],
        *failed.values_list("pk", flat=True)[: settings.MODELS_KEEP],
        *versions.filter(state=ModelVersion.State.LIVE).values_list("pk", flat=True),
        *[version.pk for version in roll_back_choices()[:1]],
        *SuggestionList.objects.values_list("model_version_id", flat=True).distinct(),
        *SimilarMovies.objects.values_list("model_version_id", flat=True).distinct(),
    }
    versions.exclude(pk__in=kept).delete()
    prune_folders(Path(settings.MODELS_DIR), keep=set(versions.values_list("folder", flat=True)))
