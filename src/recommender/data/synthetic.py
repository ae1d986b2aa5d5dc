"""Synthetic ratings in any number, for experiments, benchmarks and tests of scale.

They resemble real ones: a few films have most of the ratings, users and films have biases, and latent factors describe
preferences, so that every model can learn from them. Uniform ratings are pure chance instead.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np

from recommender.config import require
from recommender.data.atomic_file import atomic_file
from recommender.data.ratings import Ratings
from recommender.data.synthetic_model import SyntheticBlock, SyntheticConfig, make_synthetic_items, star_distribution

SUFFIXES = (".csv", ".parquet")
# Ratings in memory at once, unless a single user has more.
_BLOCK_RATINGS = 1 << 20

OnRows = Callable[[int], None]
"""Called with the number of ratings written since the last call."""


def synthetic_blocks(config: SyntheticConfig) -> Iterator[SyntheticBlock]:
    """Yield the ratings, users ascending, in blocks of about a million; each block is overwritten by the next."""
    from recommender.kernels.synthetic import fill_synthetic_rows  # noqa: PLC0415 - numba takes long to load.

    items, distribution = make_synthetic_items(config), star_distribution(config)
    n_block = min(config.n_users, max(1, _BLOCK_RATINGS // config.per_user))
    drawn = np.empty((n_block, config.per_user), dtype=np.int32)
    halves = np.empty(drawn.shape, dtype=np.uint8)
    times = np.empty((n_block, config.per_user if config.timed else 0), dtype=np.int64)
    for first in range(0, config.n_users, n_block):
        n = min(n_block, config.n_users - first)
        block = SyntheticBlock(first, drawn[:n], halves[:n], times[:n])
        fill_synthetic_rows(np.uint64(config.seed), items, distribution, block)
        yield block


def synthetic_ratings(config: SyntheticConfig) -> Ratings:
    """Return all ratings in memory."""
    blocks = [block.columns() for block in synthetic_blocks(config)]
    columns = [np.concatenate([block[name] for block in blocks]) for name in blocks[0]]
    return Ratings.from_arrays(*columns)


def write_synthetic(config: SyntheticConfig, path: Path, on_rows: OnRows | None = None) -> None:
    """Write the ratings as `path`, `.csv` or `.parquet`, completely or not at all, in bounded memory.

    The columns are `userId,movieId,rating` and, if ratings have times, `timestamp` in Unix seconds. ConfigError for
    another suffix, DataError if `path` cannot be a file, OSError if it cannot be written.
    """
    require(path.suffix in SUFFIXES, "the file's ending", repr(path.suffix), " or ".join(SUFFIXES))
    open_writer = _open_csv if path.suffix == ".csv" else _open_parquet
    with atomic_file(path) as beside, open_writer(beside, config) as write:
        for block in synthetic_blocks(config):
            write(block)
            if on_rows is not None:
                on_rows(block.drawn.size)


@contextmanager
def _open_csv(path: Path, config: SyntheticConfig) -> Iterator[Callable[[SyntheticBlock], None]]:
    from recommender.kernels.rating_lines import line_bytes, write_rating_lines  # noqa: PLC0415 - see synthetic_blocks.

    longest, text = line_bytes(config.n_users, config.n_items), np.empty(0, dtype=np.uint8)
    with path.open("wb", buffering=0) as file:
        file.write(b"userId,movieId,rating,timestamp\n" if config.timed else b"userId,movieId,rating\n")

        def write(block: SyntheticBlock) -> None:
            nonlocal text
            if text.size < block.drawn.size * longest:
                text = np.empty(block.drawn.size * longest, dtype=np.uint8)
            rest = text[: write_rating_lines(block, text)].data
            while rest:
                rest = rest[file.write(rest) :]

        yield write


@contextmanager
def _open_parquet(path: Path, config: SyntheticConfig) -> Iterator[Callable[[SyntheticBlock], None]]:
    import pyarrow as pa  # noqa: PLC0415 - takes long to load, and CSV does not need it.
    import pyarrow.parquet  # noqa: PLC0415

    fields = [("userId", pa.int64()), ("movieId", pa.int64()), ("rating", pa.float32())]
    schema = pa.schema([*fields, ("timestamp", pa.int64())] if config.timed else fields)
    with pyarrow.parquet.ParquetWriter(path, schema) as file:

        def write(block: SyntheticBlock) -> None:
            file.write_table(pa.table(block.columns(), schema))

        yield write
