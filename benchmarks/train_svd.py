"""Compares the compiled SVD kernel with scikit-surprise's SVD: the same model, data and cores.

    python benchmarks/train_svd.py                          # 900,000 random ratings of 6,000 users on 3,700 items
    python benchmarks/train_svd.py --ratings R.csv          # a file with userId, movieId and rating; RMSE, too

Both train on the same nine tenths with the same k, epochs, γ and λ. Surprise starts with a trainset that was built
beforehand from row tuples; the time of our kernel covers everything from the ratings to the model, except compilation,
about ten seconds once per machine.
"""

import argparse
import time
from pathlib import Path

import numpy as np
import pandas as pd
import surprise

import harness
from recommender.contract import predict_or_fallback
from recommender.data.splits import Split, random_split
from recommender.evaluation.metrics import rmse
from recommender.factors.svd import SVD, SVDConfig


def main() -> None:
    options = harness.parser(
        __doc__, ratings=Path, factors=100, epochs=20, seeds=3, threads=[1, 2, 4], quick="2 epochs, 1 seed"
    ).parse_args()
    if options.quick:
        options.epochs, options.seeds = 2, 1
    split = random_split(harness.read_ratings(options.ratings), test_fraction=0.1, seed=0)
    SVD(SVDConfig(n_epochs=1)).fit(split.train)
    theirs = [surprise_run(split, options, seed) for seed in range(options.seeds)]
    seconds = float(np.median([run[0] for run in theirs]))
    print(f"{len(split.train):,} ratings, k = {options.factors}, {options.epochs} epochs, {options.seeds} seeds")
    print(f"surprise.SVD           {seconds:7.2f} s           RMSE {np.mean([run[1] for run in theirs]):.4f}")
    for n_threads in options.threads:
        ours = [our_run(split, options, seed, n_threads) for seed in range(options.seeds)]
        ours_seconds = float(np.median([run[0] for run in ours]))
        print(
            f"svd, {n_threads} thread{'s' if n_threads > 1 else ' '}         {ours_seconds:7.3f} s  "
            f"{seconds / ours_seconds:5.1f} times  RMSE {np.mean([run[1] for run in ours]):.4f}"
        )


def surprise_run(split: Split, options: argparse.Namespace, seed: int) -> tuple[float, float]:
    train, test = split
    columns = {"user": train.user_ids, "item": train.item_ids, "rating": train.values}  # noqa: PD011 - not pandas.
    data = surprise.Dataset.load_from_df(pd.DataFrame(columns), surprise.Reader(rating_scale=(0.5, 5.0)))
    trainset = data.build_full_trainset()
    algorithm = surprise.SVD(n_factors=options.factors, n_epochs=options.epochs, random_state=seed)
    started = time.perf_counter()
    algorithm.fit(trainset)
    seconds = time.perf_counter() - started
    pairs = zip(test.user_ids.tolist(), test.item_ids.tolist(), strict=True)
    return seconds, rmse(test.values, [algorithm.predict(user, item).est for user, item in pairs])


def our_run(split: Split, options: argparse.Namespace, seed: int, n_threads: int) -> tuple[float, float]:
    config = SVDConfig(n_factors=options.factors, n_epochs=options.epochs, seed=seed, n_threads=n_threads)
    started = time.perf_counter()
    model = SVD(config).fit(split.train)
    seconds = time.perf_counter() - started
    return seconds, rmse(split.test.values, predict_or_fallback(model, split.test.user_ids, split.test.item_ids))


if __name__ == "__main__":
    main()
