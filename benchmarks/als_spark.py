"""Compares training of als by the library on this machine and by Spark's ALS, on the same generated ratings.

    python benchmarks/als_spark.py                          # 1 and 3 million ratings, 64 factors, 5 alternations
    python benchmarks/als_spark.py --ratings 10000000       # another size; several may be named

Users rate 100 films each, out of 20,000. Both begin with a Parquet snapshot and end with a model in memory, including
its stars. Spark runs on this machine alone (local[*]), and its seconds include its start. `per rating` is the cost of
one alternation per rating on one core, from the two largest sizes of the run, without fixed costs. Memory is the peak
of all processes, including Java's heap. The bound is the library on as many cores.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import psutil

import harness
from recommender.data.synthetic import write_synthetic
from recommender.data.synthetic_model import SyntheticConfig

PER_USER = 100
SECONDS_BETWEEN_LOOKS = 0.05
FIT = """
import json, sys, time
from pathlib import Path
from recommender.data.snapshot import read_snapshot
from recommender.factors.als import ALS, ALSConfig
from recommender.factors.als_spark import SparkPlace
request = json.loads(sys.argv[1])
began = time.perf_counter()
ratings = read_snapshot(Path(request["path"]))
place = SparkPlace("local[*]", snapshot=Path(request["path"]))
ALS(ALSConfig(**request["config"]), place).fit(ratings)
print(time.perf_counter() - began)
"""


def main() -> None:
    options = parse()
    n_cores = len(os.sched_getaffinity(0))
    print(f"k = {options.factors}, {options.epochs} alternations, {n_cores} cores")
    seconds: dict[str, list[tuple[int, float]]] = {"implicit": [], "spark": []}
    with tempfile.TemporaryDirectory(prefix="matinee-als-spark-") as folder:
        for n_ratings, path in snapshots(Path(folder), sorted(options.ratings)):
            for engine, runs in seconds.items():
                runs.append((n_ratings, fit(engine, n_ratings, path, options)))
            ratio = seconds["spark"][-1][1] / seconds["implicit"][-1][1]
            print(f"spark takes {ratio:.1f} times as long as the library")
    for engine, runs in seconds.items():
        if len(runs) > 1:
            (few, few_seconds), (many, many_seconds) = runs[-2:]
            each = (many_seconds - few_seconds) * n_cores / (many - few) / options.epochs
            print(f"{engine:9} per rating and alternation, one core: {each * 1e6:.2f} µs")


def parse() -> argparse.Namespace:
    options: argparse.Namespace = harness.parser(
        __doc__, ratings=[1_000_000, 3_000_000], factors=64, epochs=5, memory=("6g", "memory of Spark's Java process")
    ).parse_args()
    return options


def snapshots(folder: Path, sizes: list[int]) -> Iterator[tuple[int, Path]]:
    for n_ratings in sizes:
        path = folder / "ratings.parquet"
        n_users = n_ratings // PER_USER
        write_synthetic(SyntheticConfig(n_users=n_users, n_items=20_000, per_user=PER_USER), path)
        print(
            f"{n_users * PER_USER:,} ratings take {path.stat().st_size / n_users / PER_USER:.1f} bytes each as Parquet"
        )
        yield n_users * PER_USER, path


def fit(engine: str, n_ratings: int, path: Path, options: argparse.Namespace) -> float:
    config = {"n_factors": options.factors, "n_epochs": options.epochs, "engine": engine, "device": "cpu"}
    arguments = f"--driver-memory {options.memory} pyspark-shell"
    process = psutil.Popen(
        [sys.executable, "-c", FIT, json.dumps({"path": str(path), "config": config})],
        env={**os.environ, "PYTHONPATH": str(harness.SOURCES), "PYSPARK_SUBMIT_ARGS": arguments},
        stdout=subprocess.PIPE,
        text=True,
    )
    memory = 0
    while process.poll() is None:
        memory = max(memory, resident(process))
        time.sleep(SECONDS_BETWEEN_LOOKS)
    if process.returncode:
        raise SystemExit(f"{engine} failed.")
    seconds = float(process.stdout.read())
    speed = f"{seconds:7.1f} s {n_ratings / seconds:11,.0f} a second"
    print(f"{engine:9} {n_ratings:>12,} ratings {speed} {memory >> 20:7,} MiB")
    return seconds


def resident(process: psutil.Process) -> int:
    """Return the bytes in memory of a process and all below it."""
    total = 0
    for each in (process, *process.children(recursive=True)):
        with suppress(psutil.NoSuchProcess):
            total += each.memory_info().rss
    return total


if __name__ == "__main__":
    main()
