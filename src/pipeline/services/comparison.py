"""All algorithms side by side on the latest snapshot."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from pipeline.errors import TrainingError
from pipeline.services.evaluation import algorithm_evaluate
from pipeline.training_data import TrainingData, config_make
from recommender.algorithms import ALGORITHMS
from recommender.errors import RecommenderError


@dataclass(frozen=True)
class ComparedAlgorithm:
    """The metrics of an algorithm with its defaults and its ``seconds`` of training, or the error that stopped it."""

    algorithm: str
    metrics: dict[str, float]
    seconds: float = 0.0
    error: str = ""

    def as_json(self) -> dict[str, Any]:
        """Return it as plain JSON values."""
        if self.error:
            return {"algorithm": self.algorithm, "error": self.error}
        return {"algorithm": self.algorithm, **self.metrics, "fit_seconds": round(self.seconds, 3)}


@dataclass(frozen=True)
class Comparison:
    """Algorithms to compare on one holdout."""

    data: TrainingData
    algorithms: Sequence[str]

    def run(self) -> Iterator[ComparedAlgorithm]:
        """Train and test one algorithm after another."""
        for algorithm in self.algorithms:
            yield self._evaluate(algorithm)

    def _evaluate(self, algorithm: str) -> ComparedAlgorithm:
        try:
            performance = algorithm_evaluate(algorithm, config_make(algorithm, {}, self.data.seed), self.data)
        except RecommenderError as error:
            return ComparedAlgorithm(algorithm, {}, error=str(error))
        return ComparedAlgorithm(algorithm, dict(performance.metrics), performance.fit_seconds)


def models_compare(*, algorithms: Sequence[str] = (), seed: int = 0) -> Comparison:
    """Prepare a comparison of ``algorithms`` on the latest snapshot, or of all if none is named; nothing is stored.

    Raises:
        SnapshotError: there is no whole export of the ratings.
        TrainingError: there are too few ratings.

    """
    data = TrainingData.latest(seed=seed)
    try:
        _ = data.holdout
    except RecommenderError as error:
        raise TrainingError(str(error)) from error
    return Comparison(data, list(algorithms) or list(ALGORITHMS))
