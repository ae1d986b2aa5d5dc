"""What the trainings of one run share: the latest ratings, their temporal holdout, and the catalogue."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from django.conf import settings

from movies.models import Movie
from pipeline.models import Export
from pipeline.snapshot import Snapshot, snapshot_latest
from recommender.algorithms import Setting, get_algorithm, make_config, make_estimator
from recommender.contract import Estimator
from recommender.data.catalogue import Catalogue
from recommender.data.ratings import Ratings
from recommender.data.snapshot import read_snapshot
from recommender.evaluation.temporal_holdout import TemporalHoldout, make_temporal_holdout
from recommender.factors.als_spark import SparkPlace


@dataclass(frozen=True)
class TrainingData:
    """A snapshot of the ratings and what follows from it; each part is read or made once, when it is first needed."""

    snapshot: Snapshot
    seed: int

    @classmethod
    def latest(cls, *, seed: int) -> "TrainingData":
        """Return the data of the latest export; SnapshotError if there is no whole export of the ratings."""
        return cls(snapshot_latest(Path(settings.EXPORTS_DIR), Export.Kind.RATINGS), seed)

    @cached_property
    def ratings(self) -> Ratings:
        """All ratings of the snapshot."""
        return read_snapshot(self.snapshot.parquet)

    @cached_property
    def holdout(self) -> TemporalHoldout:
        """The past to train on and the later ratings to test on; RecommenderError if there are too few ratings."""
        return make_temporal_holdout(self.ratings, seed=self.seed)

    @cached_property
    def catalogue(self) -> Catalogue:
        """Genres, keywords, cast and directors of every movie in the database."""
        return catalogue_from_database()

    def catalogue_for(self, algorithm: str) -> Catalogue | None:
        """Return the catalogue for an algorithm that needs it; ConfigError if there is no such algorithm."""
        return self.catalogue if get_algorithm(algorithm).needs_catalogue else None

    def estimator(self, algorithm: str, config: Mapping[str, Setting], *, parquet: Path | None = None) -> Estimator:
        """Return an estimator of a stored configuration, which includes the seed; ConfigError if it is not valid.

        ``parquet``: the file that holds the ratings to fit to, for engines that read files.
        """
        spark = SparkPlace(settings.SPARK_MASTER, Path(settings.SPARK_DIR), parquet)
        return make_estimator(algorithm, config, catalogue=self.catalogue_for(algorithm), spark=spark)


def config_make(algorithm: str, hyper_parameters: Mapping[str, Setting], seed: int) -> dict[str, Any]:
    """Return every hyper-parameter of an algorithm, defaults included, and the seed.

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
