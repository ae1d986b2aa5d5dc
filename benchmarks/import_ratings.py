"""Rows per second and peak memory of ``importdataset`` beside a bare COPY of the same file.

Run from the project's root: ``PYTHONPATH=src python benchmarks/import_ratings.py --ratings 3000000``. It makes a
MovieLens-like data set in a temporary folder and a scratch database on the configured server, and removes both.
"""

import argparse
import os
import platform
import resource
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import django
import numpy as np
import pyarrow as pa
import pyarrow.csv as arrow_csv

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
RATINGS_PER_USER = 96
BLOCK_USERS = 10_000
FIRST_SECOND = 1_000_000_000


def dataset_write(folder: Path, *, ratings: int, films: int, seed: int) -> None:
    """Write movies.csv and ratings.csv: each user rates films at random, in the order of their ids."""
    with (folder / "movies.csv").open("w", encoding="utf-8") as handle:
        handle.write("movieId,title,genres\n")
        handle.writelines(f"{film},Film {film} ({1950 + film % 70}),Drama|Comedy\n" for film in range(1, films + 1))
    random = np.random.default_rng(seed)
    with (folder / "ratings.csv").open("wb") as handle:
        handle.write(b"userId,movieId,rating,timestamp\n")
        for first in range(0, ratings, BLOCK_USERS * RATINGS_PER_USER):
            count = min(BLOCK_USERS * RATINGS_PER_USER, ratings - first)
            users = np.arange(first, first + count) // RATINGS_PER_USER + 1
            keys = users * (films + 1) + 1 + (films * random.random(count) ** 2).astype(np.int64)
            keys = np.unique(keys)
            columns = {
                "userId": keys // (films + 1),
                "movieId": keys % (films + 1),
                "rating": random.integers(1, 11, len(keys)) / 2,
                "timestamp": FIRST_SECOND + random.integers(0, 500_000_000, len(keys)),
            }
            arrow_csv.write_csv(pa.table(columns), handle, arrow_csv.WriteOptions(include_header=False))


def bare_copy(path: Path) -> int:
    """COPY the file into a table without index or constraint and return the number of rows."""
    from django.db import connection  # noqa: PLC0415  # Django is set up by then.

    with connection.cursor() as cursor, path.open("rb") as handle:
        cursor.execute('CREATE TABLE bare ("userId" int, "movieId" int, rating real, "timestamp" bigint)')
        cursor.copy_expert("COPY bare FROM STDIN (FORMAT csv, HEADER)", handle)
        rows: int = cursor.rowcount
        cursor.execute("DROP TABLE bare")
    return rows


def timed(name: str, rows: int, work: Callable[[], object]) -> float:
    """Run ``work`` and print its speed and the highest memory of this process so far."""
    start = time.perf_counter()
    work()
    seconds = time.perf_counter() - start
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"{name:<22} {seconds:8.1f} s  {rows / seconds:12,.0f} rows/s  peak {peak:6.0f} MiB")
    return seconds


def main() -> None:
    """Measure."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--ratings", type=int, default=3_000_000)
    parser.add_argument("--films", type=int, default=45_000)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    django.setup()
    from django.db import connection  # noqa: PLC0415  # Needs Django set up.

    from movies.services.imports import dataset_import  # noqa: PLC0415  # Needs Django set up.

    connection.creation.create_test_db(verbosity=0, autoclobber=True, serialize=False)
    try:
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            dataset_write(folder, ratings=options.ratings, films=options.films, seed=options.seed)
            path = folder / "ratings.csv"
            with path.open("rb") as handle:
                rows = sum(block.count(b"\n") for block in iter(lambda: handle.read(1 << 20), b"")) - 1
            print(f"{rows:,} ratings, {path.stat().st_size / 1e6:.0f} MB, {os.cpu_count()} cores, {platform.machine()}")
            timed("bare COPY", rows, lambda: bare_copy(path))
            timed("import", rows, lambda: dataset_import(path=folder))
            timed("import again", rows, lambda: dataset_import(path=folder))
    finally:
        connection.creation.destroy_test_db(connection.settings_dict["NAME"], verbosity=0)


if __name__ == "__main__":
    main()
