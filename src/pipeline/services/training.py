"""Training a model on the latest snapshot of the ratings, storing it, and letting the gate decide about it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
from django.conf import settings

from movies.models import ModelVersion, SimilarMovies, SuggestionList
from pipeline.code_checksum import recommender_checksum
from pipeline.errors import TrainingError
from pipeline.folders import folders_prune
from pipeline.models import Export
from pipeline.services.evaluation import algorithm_evaluate, config_of, epoch_progress, estimator_of
from pipeline.services.hyperparameter_search import settings_search
from pipeline.services.model_gate import candidate_judge
from pipeline.services.promotion import model_promote, roll_back_choices
from pipeline.snapshot import Snapshot, snapshot_latest
from pipeline.stage_locks import Stage, stage_lock
from postgres.sequences import number_reserve
from recommender.algorithms import Setting
from recommender.artifacts import Provenance
from recommender.data.ratings import Ratings
from recommender.data.snapshot import read_snapshot
from recommender.data.splits import sample_users
from recommender.errors import RecommenderError
from recommender.evaluation.holdout import evaluate_folds, evaluate_holdout
from recommender.evaluation.temporal_holdout import Performance, TemporalHoldout, make_temporal_holdout
from recommender.persistence import save_model

# What trainsurprisemodel tells is measured by models that have not seen a tenth of the ratings. Of few ratings a tenth
# says little (its RMSE varies by 0.007 on a hundred thousand), so up to this many every tenth takes its turn. Of very
# many those of some users tell it as well, for a part of the time that the training takes.
N_FOLDS = 10
ALL_FOLDS_UP_TO = 200_000
MEASURED_ON_AT_MOST = 2_000_000


@dataclass(frozen=True)
class TrainingReport:
    """The stored model, and whether it went live."""

    version: ModelVersion
    is_live: bool


@dataclass(frozen=True)
class _Plan:
    """What is trained on what: ``config`` holds every hyper-parameter and the seed."""

    algorithm: str
    config: dict[str, Any]
    snapshot: Snapshot
    ratings: Ratings

    @property
    def seed(self) -> int:
        """The seed of everything that is drawn."""
        return int(self.config["seed"])


@dataclass(frozen=True, kw_only=True)
class _Order:
    """A training as it is asked for: ``tune`` may change the plan, seeing the past alone; ``measure`` adds figures."""

    algorithm: str = field(kw_only=False)
    hyper_parameters: Mapping[str, Setting] = field(kw_only=False)
    seed: int = field(kw_only=False)
    promote: bool
    tune: Callable[[_Plan, Ratings], _Plan] = lambda plan, _past: plan
    measure: Callable[[_Plan], dict[str, float]] = lambda _plan: {}


def model_train(
    *,
    algorithm: str,
    hyper_parameters: Mapping[str, Setting] | None = None,
    seed: int = 0,
    promote: bool = True,
    n_trials: int = 0,
) -> TrainingReport:
    """Rehearse an algorithm, train it on all ratings of the latest snapshot, store it, and let the gate decide.

    With ``n_trials`` so many settings are tried for what ``hyper_parameters`` leaves open, and the best are taken. The
    search sees no rating that the gate asks about.

    Raises:
        SnapshotError: there is no whole export of the ratings.
        TrainingError: there is no such algorithm, its settings or the ratings do not allow it, or the model could not
            be stored. A training that failed once begun is noted as a failed version.
        PromotionRefusedError: the model was stored, but did not pass the gate.
        StageBusyError: a training is running elsewhere.

    """
    fixed = hyper_parameters or {}

    def tune(plan: _Plan, past: Ratings) -> _Plan:
        if not n_trials:
            return plan
        found = settings_search(algorithm=algorithm, fixed=fixed, ratings=past, n_trials=n_trials, seed=seed)
        return replace(plan, config=config_of(algorithm, found.best.best_settings, seed))

    return _trained(_Order(algorithm, fixed, seed, promote=promote, tune=tune))


def surprise_model_train(
    *, n_epochs: int = 20, n_factors: int = 100, seed: int = 0, promote: bool = True
) -> TrainingReport:
    """Train scikit-surprise's SVD as `model_train` does, and also measure it on ratings held out at random.

    Raises:
        SnapshotError, TrainingError, PromotionRefusedError, StageBusyError: as `model_train`.

    """
    hyper_parameters = {"n_epochs": n_epochs, "n_factors": n_factors}
    return _trained(_Order("surprise-svd", hyper_parameters, seed, promote=promote, measure=_unseen_measure))


def _trained(order: _Order) -> TrainingReport:
    with stage_lock(Stage.TRAIN):
        plan = _plan(order.algorithm, order.hyper_parameters, order.seed)
        try:
            holdout = make_temporal_holdout(plan.ratings, seed=plan.seed)
            plan = order.tune(plan, holdout.train)
            performance = algorithm_evaluate(plan.algorithm, plan.config, holdout)
            metrics = {**order.measure(plan), **_gate_metrics(performance, holdout)}
            version = _model_store(plan, metrics, performance)
        except RecommenderError as error:
            _failure_note(plan, error)
            raise TrainingError(str(error)) from error
        try:
            if order.promote:
                candidate_judge(version, performance, holdout, snapshot_checksum=plan.snapshot.csv_sha256)
                version = model_promote(model_version_id=version.pk)
        finally:
            _old_remove()
    return TrainingReport(version=version, is_live=order.promote)


def _plan(algorithm: str, hyper_parameters: Mapping[str, Setting], seed: int) -> _Plan:
    try:
        config = config_of(algorithm, hyper_parameters, seed)
        snapshot = snapshot_latest(Path(settings.EXPORTS_DIR), Export.Kind.RATINGS)
        return _Plan(algorithm, config, snapshot, read_snapshot(snapshot.parquet))
    except RecommenderError as error:
        raise TrainingError(str(error)) from error


def _unseen_measure(plan: _Plan) -> dict[str, float]:
    """Return the errors of models on ratings that they have not seen, and the error of always predicting the mean."""
    estimator, rng = estimator_of(plan.algorithm, plan.config), np.random.default_rng(plan.seed)
    ratings = sample_users(plan.ratings, ratings_at_most=MEASURED_ON_AT_MOST, rng=rng)
    n_folds = min(N_FOLDS, len(ratings)) if len(ratings) <= ALL_FOLDS_UP_TO else 1
    shown = {"n_epochs": n_folds * plan.config["n_epochs"]}
    with epoch_progress("training for the measurement", shown) as on_epoch:
        if n_folds == 1:
            measured = evaluate_holdout(
                estimator, ratings, test_fraction=1 / N_FOLDS, seed=plan.seed, on_epoch=on_epoch
            )
        else:
            measured = evaluate_folds(estimator, ratings, n_folds=n_folds, seed=plan.seed, on_epoch=on_epoch)
    return {
        "rmse": measured["rmse"],
        "mae": measured["mae"],
        "rmse_of_mean": float(np.std(ratings.values, dtype=np.float64)),
        "n_train": measured["n_train"],
        "n_test": measured["n_test"],
    }


def _gate_metrics(performance: Performance, holdout: TemporalHoldout) -> dict[str, float]:
    figures = {**performance.metrics, "n_train": len(holdout.train), "n_test": holdout.n_asked}
    return {f"gate_{name}": figure for name, figure in figures.items()}


def _model_store(plan: _Plan, metrics: dict[str, float], performance: Performance) -> ModelVersion:
    """Train on all ratings; write the folder first and the row after: a row always names a whole folder."""
    with epoch_progress(f"training {plan.algorithm}", plan.config) as on_epoch:
        estimator = estimator_of(plan.algorithm, plan.config, parquet=plan.snapshot.parquet)
        model = estimator.fit(plan.ratings, on_epoch)
    version = _version_new(plan)
    provenance = Provenance(plan.algorithm, plan.config, plan.seed, dataset=plan.snapshot.csv_sha256, metrics=metrics)
    manifest = save_model(model, Path(settings.MODELS_DIR) / version.folder, provenance)
    version.metrics = metrics
    version.learning_curve = [point._asdict() for point in performance.curve]
    version.libraries = dict(manifest.libraries)
    version.save(force_insert=True)
    return version


def _failure_note(plan: _Plan, error: RecommenderError) -> None:
    version = _version_new(plan)
    version.state, version.error = ModelVersion.State.FAILED, str(error)
    version.save(force_insert=True)


def _version_new(plan: _Plan) -> ModelVersion:
    number = number_reserve("movies_modelversion")
    ratings = plan.ratings
    return ModelVersion(
        pk=number,
        algorithm=plan.algorithm,
        folder=f"{plan.algorithm}-{datetime.now(UTC):%Y%m%dT%H%M%SZ}-{number}",
        config=plan.config,
        snapshot_checksum=plan.snapshot.csv_sha256,
        n_users=len(ratings.users),
        n_movies=len(ratings.items),
        n_ratings=len(ratings),
        trained_until=plan.snapshot.settled_at,
        code=recommender_checksum(),
    )


def _old_remove() -> None:
    """Remove old models, but not the live one, the one to roll back to, and those whose work is still shown.

    Failed trainings do not count among the newest, and as many of them stay.
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
    folders_prune(Path(settings.MODELS_DIR), keep=set(versions.values_list("folder", flat=True)))
