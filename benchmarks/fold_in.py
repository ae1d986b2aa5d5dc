"""Time to fold in one user, and its accuracy compared with a full retraining that includes the user.

python benchmarks/fold_in.py                                      # time, at 100 factors
python benchmarks/fold_in.py --ratings R.csv                      # accuracy, too
python benchmarks/fold_in.py --ratings R.csv --algorithms kmf --seeds 5

One user in twenty is left out of the training. Each is folded in with nine tenths of their ratings, and the rest is
predicted: by this model, and by a model that was trained on everything except that rest.
"""

import argparse
import time
from pathlib import Path
from typing import NamedTuple

import numpy as np

import harness
from recommender.algorithms import ALGORITHMS, make_estimator
from recommender.contract import AnyModel
from recommender.data.ratings import Ratings
from recommender.data.snapshot import read_snapshot
from recommender.evaluation.metrics import rmse

FACTORISATIONS = ("svd", "nsvd", "kmf")


class Parts(NamedTuple):
    """`base`: ratings of the other users; `own`: the ratings to fold in; `test`: the other ratings of these users."""

    base: Ratings
    own: Ratings
    test: Ratings
    all_but_test: Ratings


def main() -> None:
    parser = harness.parser(
        __doc__,
        ratings=(Path, "a CSV of userId, movieId, rating"),
        factors=(100, "for the timing; the accuracy is that of each algorithm's defaults"),
        seeds=3,
    )
    parser.add_argument("--algorithms", nargs="+", choices=list(ALGORITHMS), default=list(FACTORISATIONS))
    options = parser.parse_args()
    for name in (name for name in options.algorithms if name in FACTORISATIONS):
        print_times(name, options.factors)
    if options.ratings:
        read = read_snapshot(options.ratings)
        print_accuracy(Ratings.from_arrays(read.user_ids, read.item_ids, read.values), options)


def print_times(name: str, n_factors: int) -> None:
    model = make_estimator(name, {"n_factors": n_factors, "n_epochs": 2}).fit(
        harness.read_ratings(None, users=2_000, items=4_000, n=200_000)
    )
    for n_ratings in (5, 50, 200, 1000):
        microseconds = fold_in_microseconds(model, n_ratings)
        print(f"{name:<6}{n_factors} factors, {n_ratings:>4} ratings  {microseconds:6.0f} µs (median)")


def fold_in_microseconds(model: AnyModel, n_ratings: int, repeat: int = 200) -> float:
    rng = np.random.default_rng(0)
    items, values = rng.choice(model.items.ids, n_ratings, replace=False), rng.integers(1, 11, n_ratings) / 2
    times = []
    for _ in range(repeat):
        started = time.perf_counter()
        model.fold_in(items, values)
        times.append(time.perf_counter() - started)
    return float(np.median(times)) * 1e6


def print_accuracy(ratings: Ratings, options: argparse.Namespace) -> None:
    print(f"{'':<14}{'retrained':>10}{'folded in':>10}{'difference':>11}   of each seed")
    for name in options.algorithms:
        figures = np.array([compare(name, split_users(ratings, seed), seed) for seed in range(options.seeds)])
        retrained, folded = figures.mean(axis=0)
        each = " ".join(f"{after - before:+.4f}" for before, after in figures)
        print(f"{name:<14}{retrained:>10.4f}{folded:>10.4f}{folded - retrained:>+11.4f}   {each}")


def split_users(ratings: Ratings, seed: int) -> Parts:
    rng = np.random.default_rng(seed)
    newcomers = rng.choice(ratings.users.ids, max(len(ratings.users) // 20, 1), replace=False)
    new = np.isin(ratings.user_ids, newcomers)
    tested = new & (rng.random(len(ratings)) < 0.1)
    return Parts(*(ratings.select(mask) for mask in (~new, new & ~tested, tested, ~tested)))


def compare(name: str, parts: Parts, seed: int) -> tuple[float, float]:
    """RMSE of the full retrain and of the fold-in, on the ratings of films that both know."""
    retrained = make_estimator(name, seed=seed).fit(parts.all_but_test)
    predicted = retrained.predict(parts.test.user_ids, parts.test.item_ids)
    folded = folded_in(make_estimator(name, seed=seed).fit(parts.base), parts)
    both = ~(np.isnan(predicted) | np.isnan(folded))
    return rmse(parts.test.values[both], predicted[both]), rmse(parts.test.values[both], folded[both])


def folded_in(model: AnyModel, parts: Parts) -> np.ndarray:
    predicted = np.full(len(parts.test), np.nan, dtype=np.float32)
    positions = model.items.positions(parts.test.item_ids)
    for user in np.intersect1d(parts.own.users.ids, parts.test.users.ids).tolist():
        mine, asked = parts.own.user_ids == user, (parts.test.user_ids == user) & (positions >= 0)
        stars = model.rate_items(model.fold_in(parts.own.item_ids[mine], parts.own.values[mine]))
        predicted[asked] = stars[positions[asked]]
    return predicted


if __name__ == "__main__":
    main()
