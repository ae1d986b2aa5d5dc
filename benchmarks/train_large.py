"""Training from a snapshot at full size: seconds, ratings per second, peak memory and the speed-up by cores.

    python benchmarks/train_large.py                                      # svd on 1, 2 and 4 threads, als: 26,024,289
    python benchmarks/train_large.py --algorithms surprise-svd            # the library's own SVD takes minutes
    python benchmarks/train_large.py --ratings 100000000 --users 480000 --movies 18000
    python benchmarks/train_large.py --snapshot ratings.parquet           # of an export, instead of one made up
    python benchmarks/train_large.py --quick                              # a million ratings

Each training is a separate process: it reads the snapshot, orders and checks the ratings, and trains on all of them.
The bound of reading is Arrow alone with the same file. Compilation, some seconds once per machine, comes first.
"""

import argparse
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import harness

HERE = Path(__file__).resolve().parent
ALGORITHMS = ("svd", "als", "surprise-svd")
CHECKS = 200_000


def main() -> None:
    parser = harness.parser(
        __doc__,
        ratings=26_024_289,
        users=270_896,
        movies=45_000,
        snapshot=Path,
        factors=100,
        epochs=20,
        threads=([1, 2, 4], "of svd"),
        quick="a million ratings, 5 epochs",
    )
    parser.add_argument("--algorithms", nargs="+", choices=ALGORITHMS, default=["svd", "als"])
    parser.add_argument("--alone", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.quick:
        options.ratings, options.users, options.movies, options.epochs = 1_000_000, 10_400, 9_000, 5
    if options.alone:
        train(options)
    elif options.snapshot:
        measure_all(options, options.snapshot)
    else:
        with tempfile.TemporaryDirectory() as name:
            sizes = ["--ratings", options.ratings, "--users", options.users, "--movies", options.movies, "--snapshot"]
            subprocess.run([sys.executable, HERE / "full_size_data.py", name, *map(str, sizes)], check=True)
            measure_all(options, Path(name) / "ratings.parquet")


def measure_all(options: argparse.Namespace, snapshot: Path) -> None:
    """Train in one process after the other and print the speed-up by threads."""
    print(f"k = {options.factors}, {options.epochs} epochs, {os.cpu_count()} cores", flush=True)
    seconds: dict[int, float] = {}
    for algorithm in options.algorithms:
        for threads in options.threads if algorithm == "svd" else [os.cpu_count() or 1]:
            taken = alone(options, snapshot, algorithm, threads)
            if algorithm == "svd":
                seconds[threads] = taken
    for threads in options.threads[1:] if "svd" in options.algorithms else []:
        first = options.threads[0]
        print(f"svd on {threads} threads: {seconds[first] / seconds[threads]:.2f} times as fast as on {first}")


def alone(options: argparse.Namespace, snapshot: Path, algorithm: str, threads: int) -> float:
    """Train in a separate process, print its output and return the seconds of the training."""
    sizes = ["--factors", options.factors, "--epochs", options.epochs, "--threads", threads, "--snapshot", snapshot]
    command = [sys.executable, __file__, "--alone", algorithm, *map(str, sizes)]
    environment = {**os.environ, "PYTHONPATH": str(harness.SOURCES)}
    done = subprocess.run(command, env=environment, stdout=subprocess.PIPE, text=True, check=True)
    *lines, seconds = done.stdout.splitlines()
    print("\n".join(lines), flush=True)
    return float(seconds)


def train(options: argparse.Namespace) -> None:
    """Read, train and print the times; the last line is the seconds of the training."""
    import numpy as np  # noqa: PLC0415  # Only the processes that are measured load what they need.
    import pyarrow.parquet as arrow_parquet  # noqa: PLC0415

    from recommender.algorithms import make_estimator  # noqa: PLC0415
    from recommender.contract import predict_or_fallback  # noqa: PLC0415
    from recommender.data.ratings import Ratings  # noqa: PLC0415
    from recommender.data.snapshot import read_snapshot  # noqa: PLC0415
    from recommender.evaluation.metrics import rmse  # noqa: PLC0415

    settings = {"n_factors": options.factors, "n_epochs": options.epochs}
    if options.alone == "svd":
        settings["n_threads"] = options.threads[0]
    estimator = make_estimator(options.alone, settings, seed=0)
    few = Ratings.from_arrays(np.arange(20) // 4, np.arange(20) % 4, np.arange(20) % 10 / 2 + 0.5)
    make_estimator(options.alone, {**settings, "n_epochs": 1}, seed=0).fit(few)
    began = time.perf_counter()
    ratings = read_snapshot(options.snapshot)
    read = time.perf_counter()
    print(f"{options.alone}, {options.threads[0]} threads, {len(ratings):,} ratings")
    print_step("read and ordered", read - began, len(ratings))
    model = estimator.fit(ratings)
    seconds = time.perf_counter() - read
    print_step("trained", seconds, len(ratings) * options.epochs)
    rows = np.random.default_rng(0).choice(len(ratings), min(CHECKS, len(ratings)), replace=False)
    users, items = ratings.users.ids[ratings.user_positions[rows]], ratings.items.ids[ratings.item_positions[rows]]
    print(f"  RMSE of what it learnt from {rmse(ratings.values[rows], predict_or_fallback(model, users, items)):.4f}")
    began_bound = time.perf_counter()
    arrow_parquet.read_table(options.snapshot)
    print(f"  reading is at {(time.perf_counter() - began_bound) / (read - began):.0%} of Arrow alone")
    print(seconds)


def print_step(what: str, seconds: float, visits: int) -> None:
    peak = harness.peak_megabytes()
    print(f"  {what:<18} {seconds:7.1f} s  {visits / seconds:14,.0f} ratings/s  peak so far {peak:7,.0f} MiB")


if __name__ == "__main__":
    main()
