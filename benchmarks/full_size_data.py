"""Generates a data set in the form and size of Kaggle's The Movies Dataset, for the benchmarks at full size.

    python benchmarks/full_size_data.py FOLDER                       # 26,024,289 ratings, 270,896 users, 45,000 films
    python benchmarks/full_size_data.py                              # the same, without keeping it, to measure the time
    python benchmarks/full_size_data.py FOLDER --ratings 2000000 --users 20000
    python benchmarks/full_size_data.py FOLDER --ratings 100000000 --users 480000 --movies 18000 --snapshot

The files are those that `importdataset` reads: `movies_metadata.csv`, `links.csv` and `ratings.csv`, users and films
ascending, as in the original. Some users rate thousands of films and most a few, some films have very many ratings and
most a few, and stars follow biases, latent factors and noise. `--snapshot` writes `ratings.parquet` instead, in the
form of an export, to measure the training alone. The same seed gives the same files.
"""

import argparse
import resource
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple, TypeVar

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.csv as arrow_csv
import pyarrow.parquet as arrow_parquet

import harness

BLOCK_RATINGS = 1_000_000
THREADS = 4
N_FACTORS = 8
# The logarithms of the numbers of ratings by user and by film are normal, with the spread of the original.
USER_SPREAD, MOVIE_SPREAD = 1.4, 2.2
FIRST_SECOND, LAST_SECOND = 820_454_400, 1_501_632_000
# The MovieLens id of a film differs from its TMDB id, and both have gaps.
MOVIE_STRIDE, TMDB_STRIDE = 3, 7
GENRES = "[{'id': 18, 'name': 'Drama'}, {'id': 35, 'name': 'Comedy'}]"
Encoded = TypeVar("Encoded")
HALVES = np.array([f"{half / 2:.1f}" for half in range(11)])


class Block(NamedTuple):
    """Ratings of consecutive users: positions of users and films, stars times two, Unix seconds."""

    users: npt.NDArray[np.int64]
    movies: npt.NDArray[np.int64]
    halves: npt.NDArray[np.int64]
    times: npt.NDArray[np.int64]


@dataclass(frozen=True)
class World:
    """The numbers of ratings of users and films, and the parameters of the stars."""

    seed: int
    counts: npt.NDArray[np.int64]
    starts: npt.NDArray[np.int64]
    popularity: npt.NDArray[np.float64]
    user_biases: npt.NDArray[np.float32]
    movie_biases: npt.NDArray[np.float32]
    user_factors: npt.NDArray[np.float32]
    movie_factors: npt.NDArray[np.float32]

    @classmethod
    def of(cls, *, ratings: int, users: int, movies: int, seed: int) -> "World":
        """Draw the parameters; `ratings` must be from `users` to a third of all pairs."""
        rng = np.random.default_rng(seed)
        weights = np.exp(MOVIE_SPREAD * rng.standard_normal(movies))
        return cls(
            seed=seed,
            counts=draw_counts(ratings, users, movies // 3, rng),
            starts=rng.integers(FIRST_SECOND, LAST_SECOND - 30 * 86_400, users),
            popularity=np.cumsum(weights) / weights.sum(),
            user_biases=rng.normal(0, 0.4, users).astype(np.float32),
            movie_biases=rng.normal(0, 0.45, movies).astype(np.float32),
            user_factors=rng.normal(0, 0.42, (users, N_FACTORS)).astype(np.float32),
            movie_factors=rng.normal(0, 0.42, (movies, N_FACTORS)).astype(np.float32),
        )

    def block(self, first: int, last: int) -> Block:
        """Make the ratings of the users `first`…`last - 1`."""
        rng = np.random.default_rng([self.seed, first])
        users, movies = self._pairs(first, last, rng)
        interactions = np.einsum("nk,nk->n", self.user_factors[users], self.movie_factors[movies])
        stars = 3.45 + self.user_biases[users] + self.movie_biases[movies] + interactions
        stars += rng.normal(0, 0.7, len(users)).astype(np.float32)
        halves = np.clip(np.rint(2 * stars), 1, 10).astype(np.int64)
        # Half of the users give all ratings in a day, as new users do; the others take a month.
        spans = np.where(np.arange(first, last) % 2, 86_400, 30 * 86_400)[users - first]
        return Block(users, movies, halves, self.starts[users] + (spans * rng.random(len(users))).astype(np.int64))

    def _pairs(
        self, first: int, last: int, rng: np.random.Generator
    ) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
        """Draw the distinct films of each user by popularity, and uniformly when these run out."""
        counts, n_movies = self.counts[first:last], self.popularity.size
        keys = np.empty(0, dtype=np.int64)
        missing, popular = counts, True
        while missing.any():
            drawn = np.repeat(np.arange(last - first), missing + missing // 2 + 2 * (missing > 0))
            at = rng.random(drawn.size)
            movies = np.searchsorted(self.popularity, at) if popular else (at * n_movies).astype(np.int64)
            keys = np.unique(np.concatenate([keys, drawn * n_movies + movies.clip(max=n_movies - 1)]))
            missing = np.maximum(counts - np.bincount(keys // n_movies, minlength=last - first), 0)
            popular = False
        # Too many are reduced at random: each user keeps the first in a random order.
        shuffled = np.sort((keys // n_movies << 44) + (rng.integers(0, 1 << 20, keys.size) << 24) + keys % n_movies)
        owners = shuffled >> 44
        starts = np.searchsorted(owners, np.arange(last - first))
        kept = np.arange(keys.size) - starts[owners] < counts[owners]
        keys = np.sort(owners[kept] * n_movies + (shuffled[kept] & (1 << 24) - 1))
        return keys // n_movies + first, keys % n_movies

    def blocks(self, encode: Callable[[Block], Encoded]) -> Iterator[Encoded]:
        """Make and encode all ratings, users ascending, a few blocks ahead."""
        ends = np.cumsum(self.counts)
        cuts = np.searchsorted(ends, np.arange(BLOCK_RATINGS, ends[-1], BLOCK_RATINGS)) + 1
        bounds = np.unique([0, *cuts, self.counts.size]).tolist()
        ahead: list[Future[Encoded]] = []
        with ThreadPoolExecutor(THREADS) as pool:
            for first, last in pairwise(bounds):
                ahead.append(pool.submit(lambda first, last: encode(self.block(first, last)), first, last))
                if len(ahead) > THREADS:
                    yield ahead.pop(0).result()
            for future in ahead:
                yield future.result()


def draw_counts(ratings: int, users: int, most: int, rng: np.random.Generator) -> npt.NDArray[np.int64]:
    """Return the number of ratings of each user, (users,), from 1 to `most`, which add up to `ratings`."""
    weights = np.exp(USER_SPREAD * rng.standard_normal(users))
    scale = ratings / weights.sum()
    for _ in range(50):
        scale *= ratings / np.clip(scale * weights, 1, most).sum()
    counts: npt.NDArray[np.int64] = np.clip(scale * weights, 1, most).astype(np.int64)
    while rest := ratings - int(counts.sum()):
        open_ones = np.flatnonzero(counts < most if rest > 0 else counts > 1)
        counts[rng.permutation(open_ones)[: abs(rest)]] += np.sign(rest)
    return counts


def movies_write(folder: Path, movies: int) -> None:
    """Write the metadata and the links."""
    with (folder / "movies_metadata.csv").open("w", encoding="utf-8") as handle:
        handle.write("id,imdb_id,title,original_title,genres,release_date,runtime,overview,poster_path\n")
        handle.writelines(
            f'{TMDB_STRIDE * movie + 1},tt{movie + 1:07d},Film {movie},Film {movie},"{GENRES}",'
            f"{1950 + movie % 70}-05-01,{80 + movie % 60}.0,What happens in film {movie}.,/film{movie}.jpg\n"
            for movie in range(movies)
        )
    with (folder / "links.csv").open("w", encoding="utf-8") as handle:
        handle.write("movieId,imdbId,tmdbId\n")
        handle.writelines(
            f"{MOVIE_STRIDE * movie + 1},{movie + 1:07d},{TMDB_STRIDE * movie + 1}\n" for movie in range(movies)
        )


def ratings_csv_write(path: Path, world: World) -> None:
    """Write the ratings in the original's form."""
    with path.open("wb") as handle:
        handle.write(b"userId,movieId,rating,timestamp\n")
        for text in world.blocks(csv_text):
            handle.write(text)


def csv_text(block: Block) -> memoryview:
    columns = {
        "userId": block.users + 1,
        "movieId": MOVIE_STRIDE * block.movies + 1,
        "rating": HALVES[block.halves],
        "timestamp": block.times,
    }
    text = pa.BufferOutputStream()
    arrow_csv.write_csv(pa.table(columns), text, arrow_csv.WriteOptions(include_header=False, quoting_style="none"))
    return memoryview(text.getvalue())


def snapshot_write(path: Path, world: World) -> None:
    """Write the ratings in the form of an export."""
    schema = pa.schema(
        {"userId": pa.int32(), "movieId": pa.int32(), "rating": pa.float32(), "createdAt": pa.timestamp("us", "UTC")}
    )

    def table(block: Block) -> pa.Table:
        times = pa.array(block.times * 1_000_000).cast(pa.timestamp("us", "UTC"))
        columns = [block.users + 1, block.movies + 1, block.halves / 2]
        arrays = [pa.array(column).cast(field.type) for column, field in zip(columns, schema, strict=False)]
        return pa.table([*arrays, times], schema=schema)

    with arrow_parquet.ParquetWriter(path, schema) as writer:
        for rows in world.blocks(table):
            writer.write_table(rows)


def dataset_write(
    folder: Path, *, ratings: int, users: int, movies: int, seed: int = 1, as_snapshot: bool = False
) -> None:
    """Write the files into `folder`."""
    world = World.of(ratings=ratings, users=users, movies=movies, seed=seed)
    folder.mkdir(parents=True, exist_ok=True)
    if not as_snapshot:
        movies_write(folder, movies)
        ratings_csv_write(folder / "ratings.csv", world)
    else:
        snapshot_write(folder / "ratings.parquet", world)


def count_users(options: argparse.Namespace) -> int:
    """Return the number of users, by default one for each 96 ratings."""
    return int(options.users or max(round(options.ratings * 270_896 / 26_024_289), 1))


def main() -> None:
    parser = harness.parser(
        __doc__,
        ratings=26_024_289,
        users=(int, "270,896 for 26,024,289 ratings, and in proportion"),
        movies=45_000,
        seed=1,
        snapshot=(False, "write only a snapshot of the ratings"),
    )
    parser.add_argument("folder", type=Path, nargs="?")
    options = parser.parse_args()
    if options.folder:
        time_write(options.folder, options)
        return
    with tempfile.TemporaryDirectory() as name:
        time_write(Path(name), options)


def time_write(folder: Path, options: argparse.Namespace) -> None:
    started = time.perf_counter()
    dataset_write(
        folder,
        ratings=options.ratings,
        users=count_users(options),
        movies=options.movies,
        seed=options.seed,
        as_snapshot=options.snapshot,
    )
    seconds, size = time.perf_counter() - started, sum(path.stat().st_size for path in folder.iterdir())
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(
        f"{options.ratings:,} ratings of {count_users(options):,} users: {size / 1e6:,.0f} MB in {seconds:.1f} s, "
        f"peak {peak:,.0f} MiB"
    )


if __name__ == "__main__":
    main()
