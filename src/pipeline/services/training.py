"""Training a model on the latest snapshot of the ratings, and storing it."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
from django.conf import settings

from movies.models import ModelVersion, SuggestionList
from pipeline.errors import TrainingError
from pipeline.folders import folders_prune
from pipeline.models import Export
from pipeline.numbering import number_reserve
from pipeline.progress import progress_shown
from pipeline.services.promotion import model_promote
from pipeline.snapshot import Snapshot, snapshot_latest
from pipeline.stages import Stage, stage_lock
from recommender.artifacts import Provenance
from recommender.contract import Epoch, Estimator
from recommender.data.ratings import Ratings
from recommender.data.snapshot import ratings_read
from recommender.errors import RecommenderError
from recommender.evaluation.holdout import evaluate_folds, evaluate_holdout
from recommender.factors.model import FactorModel

ALGORITHM = "surprise-svd"
# A model that is measured has not seen a tenth of the ratings. Of few ratings a tenth says little (its RMSE varies by
# 0.007 on a hundred thousand), so up to this many every tenth takes its turn.
N_FOLDS = 10
ALL_FOLDS_UP_TO = 200_000


@dataclass(frozen=True)
class TrainingReport:
    """The stored model, and whether it went live."""

    version: ModelVersion
    is_live: bool


def surprise_model_train(
    *, n_epochs: int = 20, n_factors: int = 100, seed: int = 0, promote: bool = True
) -> TrainingReport:
    """Measure scikit-surprise's SVD on unseen ratings, train it on all of them, store it, and let it go live.

    Raises:
        SnapshotError: there is no whole export of the ratings.
        TrainingError: the hyper-parameters or the ratings do not allow it, or the model could not be stored.
        PromotionRefusedError: the model was stored, but did not pass the gate.
        StageBusyError: a training is running elsewhere.

    """
    with stage_lock(Stage.TRAIN):
        snapshot = snapshot_latest(Path(settings.EXPORTS_DIR), Export.Kind.RATINGS)
        version = _model_train(snapshot, n_epochs=n_epochs, n_factors=n_factors, seed=seed)
        if promote:
            version = model_promote(model_version_id=version.pk)
        _old_remove()
    return TrainingReport(version=version, is_live=promote)


def _model_train(snapshot: Snapshot, *, n_epochs: int, n_factors: int, seed: int) -> ModelVersion:
    from recommender.factors.surprise import SurpriseSVD, SurpriseSVDConfig  # noqa: PLC0415 - loads scikit-surprise.

    try:
        config = SurpriseSVDConfig(n_epochs=n_epochs, n_factors=n_factors, seed=seed)
        ratings = ratings_read(snapshot.parquet)
        estimator = SurpriseSVD(config)
        metrics = _unseen_measure(estimator, ratings, n_epochs=n_epochs, seed=seed)
        with _epochs_shown("training on all ratings", n_epochs) as on_epoch:
            model = estimator.fit(ratings, on_epoch)
        provenance = Provenance(ALGORITHM, asdict(config), seed, dataset=snapshot.csv_sha256, metrics=metrics)
        return _model_store(model, ratings, snapshot, provenance)
    except RecommenderError as error:
        raise TrainingError(str(error)) from error


def _unseen_measure(estimator: Estimator, ratings: Ratings, *, n_epochs: int, seed: int) -> dict[str, float]:
    """Return the errors of models on ratings that they have not seen, and the error of always predicting the mean."""
    n_folds = min(N_FOLDS, len(ratings)) if len(ratings) <= ALL_FOLDS_UP_TO else 1
    with _epochs_shown("training for the measurement", n_folds * n_epochs) as on_epoch:
        if n_folds == 1:
            measured = evaluate_holdout(estimator, ratings, test_fraction=1 / N_FOLDS, seed=seed, on_epoch=on_epoch)
        else:
            measured = evaluate_folds(estimator, ratings, n_folds=n_folds, seed=seed, on_epoch=on_epoch)
    return {
        "rmse": measured["rmse"],
        "mae": measured["mae"],
        "rmse_of_mean": float(np.std(ratings.values, dtype=np.float64)),
        "n_train": measured["n_train"],
        "n_test": measured["n_test"],
    }


@contextmanager
def _epochs_shown(label: str, n_epochs: int) -> Iterator[Callable[[Epoch], None]]:
    with progress_shown(label, total=n_epochs, unit="epochs") as advance:
        yield lambda _epoch: advance(1)


def _model_store(model: FactorModel, ratings: Ratings, snapshot: Snapshot, provenance: Provenance) -> ModelVersion:
    """Write the folder first and the row after: a row always names a whole folder."""
    number = number_reserve("movies_modelversion")
    folder = f"{ALGORITHM}-{datetime.now(UTC):%Y%m%dT%H%M%SZ}-{number}"
    model.save(Path(settings.MODELS_DIR) / folder, provenance)
    return ModelVersion.objects.create(
        pk=number,
        algorithm=ALGORITHM,
        folder=folder,
        config=dict(provenance.config),
        metrics=dict(provenance.metrics),
        snapshot_checksum=snapshot.csv_sha256,
        n_users=len(ratings.users),
        n_movies=len(ratings.items),
        n_ratings=len(ratings),
        trained_until=snapshot.settled_at,
    )


def _old_remove() -> None:
    """Keep the newest models, the live one, and those whose suggestions are still there; remove the others."""
    versions = ModelVersion.objects.order_by("-pk")
    kept = {
        *versions.values_list("pk", flat=True)[: settings.MODELS_KEEP],
        *versions.filter(state=ModelVersion.State.LIVE).values_list("pk", flat=True),
        *SuggestionList.objects.values_list("model_version_id", flat=True).distinct(),
    }
    versions.exclude(pk__in=kept).delete()
    folders_prune(Path(settings.MODELS_DIR), keep=set(versions.values_list("folder", flat=True)))
