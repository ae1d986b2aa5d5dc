"""Comparing algorithms on the latest snapshot."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from pipeline.errors import TrainingError
from pipeline.services.evaluation import TrainingData, algorithm_evaluate, config_make
from recommender.algorithms import ALGORITHMS
from recommender.errors import RecommenderError


@dataclass(frozen=True)
class ComparedAlgorithm:
    """The metrics and the ``seconds`` of training of an algorithm with its defaults, or the error that stopped it."""

    algorithm: str
    metrics: dict[str, float]
    seconds: float = 0.0
    error: str = ""

    def as_json(self) -> dict[str, Any]:
        """Return the result as JSON values."""
        if self.error:
            return {"algorithm": self.algorithm, "error": self.error}
        return {"algorithm": self.algorithm, **self.metrics, "fit_seconds": round(self.seconds, 3)}


@dataclass(frozen=True)
class Comparison:
    """A comparison of algorithms on one temporal holdout."""

    data: TrainingData
    algorithms: Sequence[str]

    def run(self) -> Iterator[ComparedAlgorithm]:
        """Train and test the algorithms one after another; yield each result."""
        for algorithm in self.algorithms:
            yield self._evaluate(algorithm)

    def _evaluate(self, algorithm: str) -> ComparedAlgorithm:
        try:
            performance = algorithm_evaluate(algorithm, config_make(algorithm, {}, self.data.seed), self.data)
        except RecommenderError as error:
            return ComparedAlgorithm(algorithm, {}, error=str(error))
        return ComparedAlgorithm(algorithm, dict(performance.metrics), performance.fit_seconds)


def models_compare(*, algorithms: Sequence[str] = (), seed: int = 0) -> Comparison:
    """Prepare a comparison of ``algorithms``, by default all, on the latest snapshot. It stores nothing.

    Raises:
        SnapshotError: there is no complete export of the ratings.
        TrainingError: there are too few ratings.

    """
    data = TrainingData.latest(seed=seed)
    try:
        _ = data.holdout
    except RecommenderError as error:
        raise TrainingError(str(error)) from error
    return Comparison(data, list(algorithms) or list(ALGORITHMS))
