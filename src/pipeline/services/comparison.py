"""All algorithms side by side on the latest snapshot."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.conf import settings

from pipeline.errors import TrainingError
from pipeline.models import Export
from pipeline.services.evaluation import algorithm_evaluate, config_of
from pipeline.snapshot import snapshot_latest
from recommender.algorithms import ALGORITHMS
from recommender.data.snapshot import read_snapshot
from recommender.errors import RecommenderError
from recommender.evaluation.temporal_holdout import TemporalHoldout, make_temporal_holdout


@dataclass(frozen=True)
class ComparedAlgorithm:
    """What an algorithm did with its defaults: figures and ``seconds`` of training; or why it could not take part."""

    algorithm: str
    metrics: dict[str, float]
    seconds: float = 0.0
    error: str = ""

    def as_json(self) -> dict[str, Any]:
        """Return it as plain values."""
        if self.error:
            return {"algorithm": self.algorithm, "error": self.error}
        return {"algorithm": self.algorithm, **self.metrics, "fit_seconds": round(self.seconds, 3)}


@dataclass(frozen=True)
class ComparisonReport:
    """A rehearsal of the latest snapshot, and whoever takes part in it, one after another."""

    snapshot: str
    holdout: TemporalHoldout
    algorithms: Sequence[str]
    seed: int

    def held(self) -> Iterator[ComparedAlgorithm]:
        """Train and ask one algorithm after another."""
        for algorithm in self.algorithms:
            yield self._contestant(algorithm)

    def _contestant(self, algorithm: str) -> ComparedAlgorithm:
        try:
            performance = algorithm_evaluate(algorithm, config_of(algorithm, {}, self.seed), self.holdout)
        except RecommenderError as error:
            return ComparedAlgorithm(algorithm, {}, error=str(error))
        return ComparedAlgorithm(algorithm, dict(performance.metrics), performance.fit_seconds)


def models_compare(*, algorithms: Sequence[str] = (), seed: int = 0) -> ComparisonReport:
    """Prepare a contest of ``algorithms``, all of them for none named; nothing is stored.

    Raises:
        SnapshotError: there is no whole export of the ratings.
        TrainingError: there are too few ratings.

    """
    snapshot = snapshot_latest(Path(settings.EXPORTS_DIR), Export.Kind.RATINGS)
    try:
        holdout = make_temporal_holdout(read_snapshot(snapshot.parquet), seed=seed)
    except RecommenderError as error:
        raise TrainingError(str(error)) from error
    return ComparisonReport(snapshot.csv_sha256, holdout, list(algorithms) or list(ALGORITHMS), seed)
