"""Time and memory of Surprise's SVD on arrays and on its own row tuples, beyond the ratings themselves.

    python benchmarks/train_surprise.py                  # 1,000,000 random ratings of 10,000 users on 4,000 items
    python benchmarks/train_surprise.py --ratings R.csv  # a file with userId, movieId and rating; also prints its RMSE

Each way runs in a separate process to measure its peak memory.
"""

import argparse
import gc
import multiprocessing
import threading
import time
from pathlib import Path
from typing import Self

import numpy as np
import psutil

import harness
from recommender.data.ratings import Ratings
from recommender.data.splits import random_split
from recommender.evaluation.holdout import evaluate_folds, evaluate_split
from recommender.factors.surprise import SurpriseSVD, SurpriseSVDConfig


def main() -> None:
    options = harness.parser(
        __doc__, ratings=Path, epochs=20, factors=100, seeds=12, quick="2 epochs, 2 seeds"
    ).parse_args()
    if options.quick:
        options.epochs = options.seeds = 2
    processes = multiprocessing.get_context("spawn")
    for name, way in (("arrays", on_arrays), ("row tuples", on_row_tuples)):
        with processes.Pool(1) as pool:
            n_ratings, seconds, megabytes = pool.apply(way, (options,))
        print(f"{name:<12}{n_ratings:,} ratings, {options.epochs} epochs  {seconds:6.2f} s  {megabytes:6.0f} MB more")
    if options.ratings:
        estimator, ratings = SurpriseSVD(make_config(options)), load_ratings(options)
        print("a tenth held out", evaluate_split(estimator, random_split(ratings, test_fraction=0.1, seed=0)))
        tenths = [
            evaluate_split(estimator, random_split(ratings, test_fraction=0.1, seed=seed))["rmse"]
            for seed in range(options.seeds)
        ]
        print(f"RMSE over {options.seeds} seeds: mean {np.mean(tenths):.4f}, standard deviation {np.std(tenths):.4f}")
        print("ten folds", evaluate_folds(estimator, ratings))


def make_config(options: argparse.Namespace) -> SurpriseSVDConfig:
    return SurpriseSVDConfig(n_factors=options.factors, n_epochs=options.epochs)


def load_ratings(options: argparse.Namespace) -> Ratings:
    ratings: Ratings = harness.read_ratings(options.ratings, users=10_000, items=4_000, n=1_000_000)
    return ratings


def on_arrays(options: argparse.Namespace) -> tuple[int, float, float]:
    ratings = load_ratings(options)
    with Cost() as cost:
        SurpriseSVD(make_config(options)).fit(ratings)
    return len(ratings), cost.seconds, cost.megabytes


def on_row_tuples(options: argparse.Namespace) -> tuple[int, float, float]:
    import pandas as pd  # noqa: PLC0415 - only this way needs them.
    import surprise  # noqa: PLC0415

    ratings = load_ratings(options)
    columns = {"user": ratings.user_ids, "item": ratings.item_ids, "rating": ratings.values}  # noqa: PD011 - not pandas.
    with Cost() as cost:
        data = surprise.Dataset.load_from_df(pd.DataFrame(columns), surprise.Reader(rating_scale=(0.5, 5.0)))
        algorithm = surprise.SVD(n_factors=options.factors, n_epochs=options.epochs, random_state=0)
        algorithm.fit(data.build_full_trainset())
    return len(ratings), cost.seconds, cost.megabytes


class Cost:
    """Yield the seconds of a block and the rise of its memory, sampled every few milliseconds."""

    def __enter__(self) -> Self:
        gc.collect()
        self._before = self._peak = psutil.Process().memory_info().rss
        self._ended = threading.Event()
        self._watcher = threading.Thread(target=self._watch)
        self._watcher.start()
        self._started = time.perf_counter()
        return self

    def __exit__(self, *_: object) -> None:
        self.seconds = time.perf_counter() - self._started
        self._ended.set()
        self._watcher.join()
        self.megabytes = (self._peak - self._before) / 2**20

    def _watch(self) -> None:
        while not self._ended.wait(0.005):
            self._peak = max(self._peak, psutil.Process().memory_info().rss)


if __name__ == "__main__":
    main()
