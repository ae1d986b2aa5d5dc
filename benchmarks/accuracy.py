"""Rating accuracy of the algorithms, on the same training ratings, test ratings and machine.

python benchmarks/accuracy.py --ml-1m ratings.csv                 # random 90/10, five seeds
python benchmarks/accuracy.py --ml-100k FOLDER                    # the official u1 … u5
python benchmarks/accuracy.py --ml-1m R.csv --seeds 1 --algorithms bayesian house

Timestamps of ratings are ignored. `surprise-svd-tuned` is surprise's SVD with the settings below, which were chosen
on a tenth of the training ratings.
"""

import sys
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

import numpy as np

import harness
from recommender.algorithms import Setting, make_estimator
from recommender.contract import predict_or_fallback
from recommender.data.ratings import Ratings
from recommender.data.snapshot import read_snapshot
from recommender.data.splits import Split, random_split
from recommender.evaluation.metrics import mae, rmse

PEERS: Mapping[str, tuple[str, Mapping[str, Setting]]] = {
    "bias": ("bias", {}),
    "surprise-svd": ("surprise-svd", {}),
    "surprise-svd-tuned": ("surprise-svd", {"n_factors": 200, "n_epochs": 80, "lr_all": 0.005, "reg_all": 0.06}),
    "surprise-svdpp": ("surprise-svdpp", {}),
    "svd": ("svd", {}),
    "nsvd": ("nsvd", {}),
    "kmf": ("kmf", {}),
    "bayesian": ("bayesian", {}),
    "house": ("house", {}),
}


def main() -> None:
    parser = harness.parser(
        __doc__,
        ml_1m=(Path, "a CSV of userId, movieId, rating"),
        ml_100k=(Path, "the folder of u1.base … u5.test"),
        seeds=5,
    )
    parser.add_argument("--algorithms", nargs="+", choices=PEERS, default=[name for name in PEERS if "pp" not in name])
    options = parser.parse_args()
    if options.ml_1m:
        compare(options.algorithms, random_splits(options.ml_1m, options.seeds))
    if options.ml_100k:
        compare(options.algorithms, official_splits(options.ml_100k))


def random_splits(path: Path, n_seeds: int) -> Iterator[Split]:
    read = read_snapshot(path)
    timeless = Ratings.from_arrays(read.user_ids, read.item_ids, read.values)
    for seed in range(n_seeds):
        yield random_split(timeless, test_fraction=0.1, seed=seed)


def official_splits(folder: Path) -> Iterator[Split]:
    for fold in range(1, 6):
        parts = [np.loadtxt(folder / f"u{fold}.{part}", dtype=np.int64) for part in ("base", "test")]
        yield Split(*(Ratings.from_arrays(part[:, 0], part[:, 1], part[:, 2]) for part in parts))


def compare(names: list[str], splits: Iterator[Split]) -> None:
    figures: dict[str, list[tuple[float, float, float]]] = {name: [] for name in names}
    for fold, split in enumerate(splits):
        for name in names:
            figures[name].append(measure(name, split, seed=fold))
            print(f"  split {fold}  {name:<20} RMSE {figures[name][-1][0]:.4f}", file=sys.stderr)
    print(f"{'':<20}{'RMSE':>8}{'MAE':>8}{'seconds':>9}   RMSE of each split")
    for name, rows in figures.items():
        error, absolute, seconds = np.mean(rows, axis=0)
        each = " ".join(f"{row[0]:.4f}" for row in rows)
        print(f"{name:<20}{error:>8.4f}{absolute:>8.4f}{seconds:>9.1f}   {each}")


def measure(name: str, split: Split, seed: int) -> tuple[float, float, float]:
    algorithm, settings = PEERS[name]
    started = time.perf_counter()
    model = make_estimator(algorithm, settings, seed=seed).fit(split.train)
    seconds = time.perf_counter() - started
    predicted = predict_or_fallback(model, split.test.user_ids, split.test.item_ids)
    return rmse(split.test.values, predicted), mae(split.test.values, predicted), seconds


if __name__ == "__main__":
    main()
