"""Looking for better hyper-parameters of an algorithm, among ratings that no gate will ask about."""

from collections.abc import Mapping

from pipeline.catalogue import catalogue_read
from pipeline.progress import progress_shown
from recommender.algorithms import Setting, algorithm_named
from recommender.data.ratings import Ratings
from recommender.evaluation.search import Search, SearchResult, measure_of, tuning_split


def settings_search(
    *, algorithm: str, fixed: Mapping[str, Setting], ratings: Ratings, n_trials: int, seed: int
) -> SearchResult:
    """Try ``n_trials`` settings of an algorithm besides its defaults, for what ``fixed`` leaves open.

    Raises:
        RecommenderError: there is nothing to tune, too little to measure on, or no training came to an end.

    """
    catalogue = catalogue_read() if algorithm_named(algorithm).needs_catalogue else None
    search = Search(algorithm, n_trials=n_trials, seed=seed, fixed=fixed, catalogue=catalogue)
    split = tuning_split(ratings, measure_of(algorithm), seed=seed)
    with progress_shown(f"searching settings of {algorithm}", total=None, unit="trainings") as advance:
        return search.run(split, lambda _trial: advance(1))
