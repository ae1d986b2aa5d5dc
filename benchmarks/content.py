"""Rating and ranking accuracy of content-based algorithms, compared with others.

python benchmarks/content.py FOLDER      # Kaggle's The Movies Dataset, with ratings_small.csv

`stars`: RMSE on a random tenth of the ratings, mean of three; fallbacks included. `later`: the test users of
the temporal holdout, as in the release gate: RMSE, and NDCG@10 among all films of the model.
`one person`: milliseconds to rank all films for a user.
"""

import time
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pyarrow.csv

import harness
from recommender.algorithms import ALGORITHMS, Setting, make_estimator
from recommender.contract import AnyModel, Estimator, predict_or_fallback
from recommender.data.catalogue import Catalogue
from recommender.data.catalogue_files import read_catalogue
from recommender.data.ratings import Ratings
from recommender.data.splits import random_split
from recommender.evaluation.metrics import rmse
from recommender.evaluation.temporal_holdout import evaluate_temporal_holdout, make_temporal_holdout

PEERS: tuple[tuple[str, Mapping[str, Setting]], ...] = (
    ("popularity", {}),
    ("bias", {}),
    ("kmf", {}),
    ("keywords", {"rare_words": 0.0}),
    ("keywords", {}),
    ("keywords", {"dislikes": 0.0}),
    ("hybrid", {"rare_words": 0.0}),
    ("hybrid", {}),
)


def main() -> None:
    parser = harness.parser(__doc__, seeds=3)
    parser.add_argument("folder", type=Path)
    options = parser.parse_args()
    catalogue, ratings = read_catalogue(options.folder), small_ratings(options.folder)
    holdout = make_temporal_holdout(ratings)
    print(f"{'':<28}{'stars':>8}{'later':>8}{'NDCG@10':>9}{'one person':>12}")
    for name, settings in PEERS:
        estimator = make_estimator_for(name, settings, catalogue)
        stars = [held_out_rmse(estimator, ratings, seed) for seed in range(options.seeds)]
        later = evaluate_temporal_holdout(estimator, holdout).metrics
        label = " ".join([name, *(f"{key}={value}" for key, value in settings.items())])
        seconds = seconds_for_one(estimator.fit(ratings))
        print(f"{label:<28}{np.mean(stars):>8.4f}{later['rmse']:>8.4f}{later['ndcg@10']:>9.4f}{1e3 * seconds:>9.1f} ms")


def small_ratings(folder: Path) -> Ratings:
    table = pyarrow.csv.read_csv(folder / "ratings_small.csv")
    return Ratings.from_arrays(*(table[name].to_numpy() for name in ("userId", "movieId", "rating", "timestamp")))


def make_estimator_for(name: str, settings: Mapping[str, Setting], catalogue: Catalogue) -> Estimator:
    return make_estimator(name, settings, catalogue=catalogue if ALGORITHMS[name].needs_catalogue else None)


def held_out_rmse(estimator: Estimator, ratings: Ratings, seed: int) -> float:
    split = random_split(ratings, test_fraction=0.1, seed=seed)
    predicted = predict_or_fallback(estimator.fit(split.train), split.test.user_ids, split.test.item_ids)
    return rmse(split.test.values, predicted)


def seconds_for_one(model: AnyModel) -> float:
    people = [model.user_state(position) for position in range(20)]
    model.score_items(people[0])
    started = time.perf_counter()
    for person in people:
        model.score_items(person)
    return (time.perf_counter() - started) / len(people)


if __name__ == "__main__":
    main()
