"""Lists of movies as columns for COPY."""

from collections.abc import Iterator, Mapping

import numpy as np

from postgres.copy import Columns
from recommender.arrays import AnyArray, Float32Array, Int32Array, Int64Array


def list_columns(
    owners: Mapping[str, AnyArray],
    movie_ids: Int32Array,
    scores: Float32Array,
    *,
    lengths: Int64Array,
    constants: Mapping[str, int],
) -> Iterator[Columns]:
    """Yield the rows in groups whose lists have the same length, so that each column is a plain array.

    ``owners``: the column of (n,) ids that the lists belong to; ``movie_ids``, ``scores``: (n, k), padded to the right;
    ``lengths``: (n,) int64, the length of each list; ``constants``: columns with one value for all rows.
    """
    for length in np.unique(lengths):
        chosen = lengths == length
        yield {
            **{name: ids[chosen] for name, ids in owners.items()},
            "movie_ids": movie_ids[chosen, :length],
            "scores": scores[chosen, :length],
            **{name: np.full(int(chosen.sum()), value, dtype=np.int64) for name, value in constants.items()},
        }
