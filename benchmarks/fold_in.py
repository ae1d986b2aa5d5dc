"""How long folding one person in takes, and how its accuracy compares with training on that person.

python benchmarks/fold_in.py                  # time at 100 factors and 200 ratings
python benchmarks/fold_in.py --ratings R.csv  # accuracy, too: a fifth of the users kept from training
"""

import argparse
import sys
import time
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1] / "src"))

from recommender.data.ratings import Ratings
from recommender.data.snapshot import ratings_read
from recommender.data.splits import random_split
from recommender.data.vocabulary import Vocabulary
from recommender.evaluation.metrics import rmse
from recommender.factors.foldin import FoldInPenalty
from recommender.factors.model import FactorModel
from recommender.factors.surprise import SurpriseSVD


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--ratings", type=Path)
    parser.add_argument("--factors", type=int, default=100)
    options = parser.parse_args()
    for n_ratings in (5, 50, 200, 1000):
        microseconds = fold_in_microseconds(options.factors, n_ratings)
        print(f"{options.factors} factors, {n_ratings:>4} ratings  {microseconds:6.0f} µs (median)")
    if options.ratings:
        compare(ratings_read(options.ratings))


def fold_in_microseconds(n_factors: int, n_ratings: int, n_items: int = 9000, repeat: int = 200) -> float:
    rng = np.random.default_rng(0)
    model = FactorModel(
        users=Vocabulary(np.arange(1)),
        items=Vocabulary(np.arange(n_items)),
        global_mean=3.5,
        user_biases=np.zeros(1, np.float32),
        item_biases=rng.standard_normal(n_items, dtype=np.float32) * np.float32(0.4),
        user_factors=np.zeros((1, n_factors), np.float32),
        item_factors=rng.standard_normal((n_items, n_factors), dtype=np.float32) * np.float32(0.12),
        fold_in_penalty=FoldInPenalty(constant=10.0, per_rating=0.02),
    )
    items, values = rng.choice(n_items, n_ratings, replace=False), rng.integers(1, 11, n_ratings) / 2
    times = []
    for _ in range(repeat):
        started = time.perf_counter()
        model.fold_in(items, values)
        times.append(time.perf_counter() - started)
    return float(np.median(times)) * 1e6


def compare(ratings: Ratings) -> None:
    """RMSE on the same held-out ratings of users who were trained on, and of the same users folded in."""
    train, test = random_split(ratings, test_fraction=0.2, seed=1)
    newcomers = np.random.default_rng(3).choice(train.users.ids, len(train.users) // 5, replace=False)
    trained = SurpriseSVD().fit(train)
    without = SurpriseSVD().fit(train.select(~np.isin(train.user_ids, newcomers)))
    rows, own_items, own_values = train.by_user(), train.item_ids, train.values
    folded = np.full(len(test), np.nan)
    for user in np.intersect1d(newcomers, test.users.ids):
        position = train.users.positions([user])[0]
        own = slice(rows.indptr[position], rows.indptr[position + 1])
        scores = without.clip(without.score_items(without.fold_in(own_items[own], own_values[own])))
        mine = np.flatnonzero(test.user_ids == user)
        items = without.items.positions(test.item_ids[mine])
        folded[mine[items >= 0]] = scores[items[items >= 0]]
    both = ~np.isnan(folded)
    retrained = trained.predict(test.user_ids[both], test.item_ids[both])
    print(f"{np.count_nonzero(both):,} held-out ratings of {newcomers.size} users")
    print(f"RMSE  trained on them {rmse(test.values[both], retrained):.4f}", end="  ")
    print(f"folded in {rmse(test.values[both], folded[both]):.4f}")


if __name__ == "__main__":
    main()
