"""Rehearsals of algorithms on a snapshot."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any

from django.conf import settings

from pipeline.catalogue import catalogue_from_database
from pipeline.progress import show_progress
from recommender.algorithms import Setting, get_algorithm, make_config, make_estimator
from recommender.contract import Epoch, Estimator
from recommender.evaluation.temporal_holdout import Performance, TemporalHoldout, evaluate_temporal_holdout
from recommender.factors.als_spark import SparkPlace


def estimator_of(algorithm: str, config: Mapping[str, Setting], *, parquet: Path | None = None) -> Estimator:
    """Return an estimator, with the catalogue from the database where it learns from that.

    ``parquet``: a snapshot of the ratings that it will be fitted to, for engines that read files.

    Raises:
        ConfigError: there is no such algorithm, or it has no such setting, or not with that value.

    """
    entry = get_algorithm(algorithm)
    catalogue = catalogue_from_database() if entry.needs_catalogue else None
    spark = SparkPlace(settings.SPARK_MASTER, Path(settings.SPARK_DIR), parquet) if entry.runs_on_spark else None
    return make_estimator(algorithm, config, catalogue=catalogue, spark=spark)


def config_of(algorithm: str, settings: Mapping[str, Setting], seed: int) -> dict[str, Any]:
    """Return every hyper-parameter of an algorithm, the defaults among them, and the seed.

    Raises:
        ConfigError: there is no such algorithm, or it has no such setting, or not with that value.

    """
    return asdict(make_config(algorithm, settings, seed=seed))


def algorithm_evaluate(algorithm: str, config: Mapping[str, Setting], holdout: TemporalHoldout) -> Performance:
    """Train an algorithm on the past part of a rehearsal and ask it about the rest, showing how far it has come.

    Raises:
        RecommenderError: the configuration or the ratings do not allow it.

    """
    with epoch_progress(f"rehearsing {algorithm}", config) as on_epoch:
        return evaluate_temporal_holdout(estimator_of(algorithm, config), holdout, on_epoch)


@contextmanager
def epoch_progress(label: str, config: Mapping[str, Setting]) -> Iterator[Callable[[Epoch], None]]:
    """Yield what an estimator is to tell of each epoch."""
    n_epochs = config.get("n_epochs")
    total = int(n_epochs) if isinstance(n_epochs, int) else None
    with show_progress(label, total=total, unit="epochs") as advance:
        yield lambda _epoch: advance(1)
