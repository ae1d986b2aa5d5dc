"""Recommendations as models return them."""

from typing import NamedTuple

import numpy as np

from recommender.arrays import Float32Array, Int32Array, Int64Array


class RecommendationBatch(NamedTuple):
    """The lists of consecutive users of a request.

    `start`: index of the first of them in the request; `items`: (b, n) int32 item positions, best first, padded with
    -1; `scores`: (b, n) float32 unclipped scores, padded with NaN.
    """

    start: int
    items: Int32Array
    scores: Float32Array


class TopItems(NamedTuple):
    """A list per row, best first. `item_ids`: (m, n) int64 padded with -1; `scores`: (m, n) float32 padded with NaN."""

    item_ids: Int64Array
    scores: Float32Array

    @classmethod
    def empty(cls, m: int, n: int) -> "TopItems":
        """`m` lists that are all padding, of length `n`."""
        return cls(np.full((m, n), -1, dtype=np.int64), np.full((m, n), np.nan, dtype=np.float32))
