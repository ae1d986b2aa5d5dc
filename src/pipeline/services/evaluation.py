"""Measuring an algorithm on a temporal holdout, and searching for better hyper-parameters on its past."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager

from pipeline.training_data import TrainingData
from recommender.algorithms import Setting
from recommender.contract import Epoch
from recommender.evaluation.search import Search, SearchResult, measure_of, tuning_split
from recommender.evaluation.temporal_holdout import Performance, evaluate_temporal_holdout
from recommender.progress import show_progress


def algorithm_evaluate(algorithm: str, config: Mapping[str, Setting], data: TrainingData) -> Performance:
    """Train an algorithm on the past part of the holdout and test it on the later part, with a progress bar.

    Raises:
        RecommenderError: the configuration or the ratings do not allow it.

    """
    holdout, estimator = data.holdout, data.estimator(algorithm, config)
    with epoch_progress(f"evaluating {algorithm}", config) as on_epoch:
        return evaluate_temporal_holdout(estimator, holdout, on_epoch)


def settings_search(*, algorithm: str, fixed: Mapping[str, Setting], data: TrainingData, n_trials: int) -> SearchResult:
    """Try ``n_trials`` settings of an algorithm besides its defaults, for what ``fixed`` leaves open.

    The search sees the past part of the holdout alone, never the ratings that the gate tests on.

    Raises:
        RecommenderError: there is nothing to tune, there are too few ratings, or every training failed.

    """
    catalogue = data.catalogue_for(algorithm)
    search = Search(algorithm, n_trials=n_trials, seed=data.seed, fixed=fixed, catalogue=catalogue)
    split = tuning_split(data.holdout.train, measure_of(algorithm), seed=data.seed)
    with show_progress(f"searching settings of {algorithm}", total=None, unit="trainings") as advance:
        return search.run(split, lambda _trial: advance(1))


@contextmanager
def epoch_progress(label: str, config: Mapping[str, Setting]) -> Iterator[Callable[[Epoch], None]]:
    """Yield a function for an estimator to call after each epoch."""
    n_epochs = config.get("n_epochs")
    total = int(n_epochs) if isinstance(n_epochs, int) else None
    with show_progress(label, total=total, unit="epochs") as advance:
        yield lambda _epoch: advance(1)
