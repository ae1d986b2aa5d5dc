"""Looking for better hyper-parameters of an algorithm, among ratings that no gate will ask about."""

from collections.abc import Mapping

from pipeline.catalogue import catalogue_from_database
from pipeline.progress import show_progress
from recommender.algorithms import Setting, get_algorithm
from recommender.data.ratings import Ratings
from recommender.evaluation.search import Search, SearchResult, measure_of, tuning_split


def settings_search(
    *, algorithm: str, fixed: Mapping[str, Setting], ratings: Ratings, n_trials: int, seed: int
) -> SearchResult:
    """Try ``n_trials`` settings of an algorithm besides its defaults, for what ``fixed`` leaves open.

    Raises:
        RecommenderError: there is nothing to tune, too little to measure on, or no training came to an end.

    """
    catalogue = catalogue_from_database() if get_algorithm(algorithm).needs_catalogue else None
    search = Search(algorithm, n_trials=n_trials, seed=seed, fixed=fixed, catalogue=catalogue)
    split = tuning_split(ratings, measure_of(algorithm), seed=seed)
    with show_progress(f"searching settings of {algorithm}", total=None, unit="trainings") as advance:
        return search.run(split, lambda _trial: advance(1))
