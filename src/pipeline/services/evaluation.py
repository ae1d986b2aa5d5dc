"""Evaluating algorithms on a temporal holdout of the latest snapshot, and searching for hyper-parameters."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from django.conf import settings

from movies.models import Movie
from pipeline.models import Export
from pipeline.snapshot import Snapshot, snapshot_latest
from recommender.algorithms import Setting, get_algorithm, make_config, make_estimator
from recommender.contract import Epoch, Estimator
from recommender.data.catalogue import Catalogue
from recommender.data.ratings import Ratings
from recommender.data.snapshot import read_snapshot
from recommender.evaluation.search import Search, SearchResult, make_tuning_split, measure_for
from recommender.evaluation.temporal_holdout import (
    Performance,
    TemporalHoldout,
    evaluate_temporal_holdout,
    make_temporal_holdout,
)
from recommender.factors.als_spark import SparkPlace
from recommender.progress import show_progress


@dataclass(frozen=True)
class TrainingData:
    """The data of one training or comparison. Each part is read or computed once, when it is first needed."""

    snapshot: Snapshot
    seed: int

    @classmethod
    def latest(cls, *, seed: int) -> "TrainingData":
        """Return the data of the latest export; SnapshotError if there is no complete export of the ratings."""
        return cls(snapshot_latest(Path(settings.EXPORTS_DIR), Export.Kind.RATINGS), seed)

    @cached_property
    def ratings(self) -> Ratings:
        """All ratings of the snapshot."""
        return read_snapshot(self.snapshot.parquet)

    @cached_property
    def holdout(self) -> TemporalHoldout:
        """The older ratings to train on and the newer ones to test on; RecommenderError if there are too few."""
        return make_temporal_holdout(self.ratings, seed=self.seed)

    @cached_property
    def catalogue(self) -> Catalogue:
        """Genres, keywords, cast and directors of every movie in the database."""
        return catalogue_from_database()

    def catalogue_for(self, algorithm: str) -> Catalogue | None:
        """Return the catalogue for an algorithm that needs it; ConfigError if there is no such algorithm."""
        return self.catalogue if get_algorithm(algorithm).needs_catalogue else None

    def estimator(self, algorithm: str, config: Mapping[str, Setting], *, parquet: Path | None = None) -> Estimator:
        """Return an estimator with a stored configuration, which includes the seed; ConfigError if it is not valid.

        ``parquet``: the file of the ratings to fit to, for engines that read files.
        """
        runs_on_spark = get_algorithm(algorithm).runs_on_spark
        spark = SparkPlace(settings.SPARK_MASTER, Path(settings.SPARK_DIR), parquet) if runs_on_spark else None
        return make_estimator(algorithm, config, catalogue=self.catalogue_for(algorithm), spark=spark)


def config_make(algorithm: str, hyper_parameters: Mapping[str, Setting], seed: int) -> dict[str, Any]:
    """Return the seed and every hyper-parameter of an algorithm, defaults included.

    Raises:
        ConfigError: there is no such algorithm, or a setting is unknown or out of range.

    """
    return asdict(make_config(algorithm, hyper_parameters, seed=seed))


def catalogue_from_database() -> Catalogue:
    """Return genres, keywords, cast and directors of every movie."""
    columns = Movie.objects.order_by("pk").values_list("pk", "genres", "keywords", "cast", "directors")
    rows = list(columns.iterator(chunk_size=10_000))
    return Catalogue.of(
        [pk for pk, *_ in rows],
        genres=[genres for _, genres, *_ in rows],
        keywords=[keywords for _, _, keywords, *_ in rows],
        cast=[cast for *_, cast, _ in rows],
        directors=[directors for *_, directors in rows],
    )


def algorithm_evaluate(algorithm: str, config: Mapping[str, Setting], data: TrainingData) -> Performance:
    """Train an algorithm on the older ratings of the holdout and test it on the newer ones, with a progress bar.

    Raises:
        RecommenderError: the algorithm cannot be trained with this configuration on these ratings.

    """
    holdout, estimator = data.holdout, data.estimator(algorithm, config)
    with epoch_progress(f"evaluating {algorithm}", config) as on_epoch:
        return evaluate_temporal_holdout(estimator, holdout, on_epoch)


def settings_search(*, algorithm: str, fixed: Mapping[str, Setting], data: TrainingData, n_trials: int) -> SearchResult:
    """Search the hyper-parameters of an algorithm that are not ``fixed``, with ``n_trials`` trials after the defaults.

    The search uses only the older ratings of the holdout, never those that the gate tests on.

    Raises:
        RecommenderError: there is nothing to tune, there are too few ratings, or every training failed.

    """
    catalogue = data.catalogue_for(algorithm)
    search = Search(algorithm, n_trials=n_trials, seed=data.seed, fixed=fixed, catalogue=catalogue)
    split = make_tuning_split(data.holdout.train, measure_for(algorithm), seed=data.seed)
    with show_progress(f"searching settings of {algorithm}", total=None, unit="trainings") as advance:
        return search.run(split, lambda _trial: advance(1))


@contextmanager
def epoch_progress(label: str, config: Mapping[str, Setting]) -> Iterator[Callable[[Epoch], None]]:
    """Show a progress bar; yield a function that an estimator calls after each epoch."""
    n_epochs = config.get("n_epochs")
    total = int(n_epochs) if isinstance(n_epochs, int) else None
    with show_progress(label, total=total, unit="epochs") as advance:
        yield lambda _epoch: advance(1)
