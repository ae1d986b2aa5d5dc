"""Generating ratings and writing them as CSV, compared with NumPy and pandas, and with Arrow, for the same rows.

    python benchmarks/generate.py                    # 1,000,000 users, 30 of 1,000 movies each: 30 million ratings
    python benchmarks/generate.py --users 100000     # a tenth of them

Each way runs in a separate process to measure its peak memory. `matinee generate` is timed from the start of its
process to the end; compiling its kernels, about ten seconds once per machine, is not counted. The others have an easier
task: NumPy draws movies that need not be distinct per user and stars without structure, and pandas and Arrow write
blocks of a million rows that are in memory already.
"""

import argparse
import multiprocessing
import os
import platform
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from multiprocessing.connection import Connection
from pathlib import Path
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

import harness

BLOCK_USERS = 33_333


def main() -> None:
    options = harness.parser(
        __doc__,
        users=1_000_000,
        movies=1_000,
        per_user=30,
        folder=(Path, "where to write; by default a temporary folder"),
        quick="a hundredth of the users",
    ).parse_args()
    if options.quick:
        options.users //= 100
    n_ratings = options.users * options.per_user
    print(f"{n_ratings:,} ratings, {os.cpu_count()} cores, {platform.machine()}")
    with tempfile.TemporaryDirectory(dir=options.folder) as name:
        csv, parquet = Path(name) / "ratings.csv", Path(name) / "ratings.parquet"
        generate(csv, argparse.Namespace(users=100, movies=options.movies, per_user=1))
        ours = measure("matinee generate", generate, csv, options)
        with csv.open("rb") as file:
            assert sum(part.count(b"\n") for part in iter(lambda: file.read(1 << 20), b"")) == n_ratings + 1
        measure("matinee generate, Parquet", generate, parquet, options)
        for label, write in (("NumPy, to_csv of pandas", pandas_write), ("NumPy, write_csv of Arrow", arrow_write)):
            seconds = measure(label, write, csv, options)
            print(f"{'':<26}{seconds / ours:6.1f} times as long as matinee generate")


Write: TypeAlias = Callable[[Path, argparse.Namespace], None]


def measure(label: str, write: Write, path: Path, options: argparse.Namespace) -> float:
    """Write a file in a separate process and return the seconds."""
    here, there = multiprocessing.Pipe()
    process = multiprocessing.get_context("spawn").Process(target=child, args=(write, path, options, there))
    process.start()
    seconds, mebibytes = here.recv()
    process.join()
    print(f"{label:<26}{seconds:6.1f} s   peak {mebibytes:5.0f} MiB   {path.stat().st_size / 1e6:6.1f} MB written")
    return float(seconds)


def child(write: Write, path: Path, options: argparse.Namespace, result: Connection) -> None:
    started = time.perf_counter()
    write(path, options)
    seconds = time.perf_counter() - started
    peak = max(resource.getrusage(who).ru_maxrss for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    result.send((seconds, peak / 1024))


def generate(path: Path, options: argparse.Namespace) -> None:
    sizes = ["--users", str(options.users), "--movies", str(options.movies), "--per-user", str(options.per_user)]
    command = [sys.executable, "-m", "recommender", "generate", *sizes, "--out", str(path)]
    subprocess.run(
        command, check=True, stdout=subprocess.DEVNULL, env={**os.environ, "PYTHONPATH": str(harness.SOURCES)}
    )


def block(first: int, options: argparse.Namespace) -> dict[str, npt.NDArray[np.generic]]:
    """Return the columns of the ratings of a block of users."""
    rng = np.random.default_rng(first)
    n_users = min(BLOCK_USERS, options.users - first)
    n = n_users * options.per_user
    return {
        "userId": np.repeat(np.arange(first + 1, first + 1 + n_users), options.per_user),
        "movieId": rng.integers(1, options.movies, n, endpoint=True),
        "rating": rng.integers(1, 10, n, endpoint=True) / 2,
    }


def pandas_write(path: Path, options: argparse.Namespace) -> None:
    import pandas as pd  # noqa: PLC0415 - in the process that needs it.

    with path.open("w") as file:
        for first in range(0, options.users, BLOCK_USERS):
            pd.DataFrame(block(first, options)).to_csv(file, index=False, header=first == 0)


def arrow_write(path: Path, options: argparse.Namespace) -> None:
    import pyarrow as pa  # noqa: PLC0415 - in the process that needs it.
    import pyarrow.csv  # noqa: PLC0415

    with path.open("wb") as file:
        for first in range(0, options.users, BLOCK_USERS):
            table = pa.table(block(first, options))
            pyarrow.csv.write_csv(table, file, pyarrow.csv.WriteOptions(include_header=first == 0))


if __name__ == "__main__":
    main()
