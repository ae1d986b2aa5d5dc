"""Selection of the top k items, and the lists that result."""

from typing import NamedTuple

import numpy as np

from recommender.arrays import BoolArray, Float32Array, Int32Array, Int64Array, check_shape
from recommender.data.rows import Rows

# Fewer rows than this, such as the one of a web request, are selected without loading compiled kernels.
_COMPILED_FROM = 64


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
        """Return `m` lists that are all padding, of length `n`."""
        return cls(np.full((m, n), -1, dtype=np.int64), np.full((m, n), np.nan, dtype=np.float32))


def check_candidates(candidates: BoolArray | None, n_items: int) -> BoolArray:
    """Return `candidates`, or all items for None; DataError unless its shape is (n_items,)."""
    if candidates is None:
        return np.ones(n_items, dtype=np.bool_)
    check_shape(candidates, (n_items,), "candidates")
    return candidates


def select_topk(scores: Float32Array, allowed: BoolArray, exclude: Rows, n: int) -> tuple[Int32Array, Float32Array]:
    """Return the `n` highest of each row of `scores` (b, n_items): item positions (b, n) int32 padded with -1, and
    scores (b, n) padded with NaN.

    `allowed`: (n_items,); `exclude`: b rows of positions that are not allowed either. Ties go to the lower position.
    """
    if len(scores) >= _COMPILED_FROM:
        from recommender.kernels.topk_dense import topk_dense  # noqa: PLC0415 - numba takes half a second to load.

        return topk_dense(scores, allowed, exclude, n)
    free = np.broadcast_to(allowed, scores.shape).copy()
    free[np.repeat(np.arange(len(scores)), np.diff(exclude.indptr)), exclude.indices] = False
    return topk_plain(scores, free, n)


def topk_plain(scores: Float32Array, allowed: BoolArray, n: int) -> tuple[Int32Array, Float32Array]:
    """Return the n best items of each row of `scores` (b, n_items) float32 where `allowed` (b, n_items) is true.

    Best first, equal scores by ascending item. Gives items (b, n) int32 padded with -1 and scores (b, n) float32 padded
    with NaN.
    """
    items = np.full((scores.shape[0], n), -1, dtype=np.int32)
    best = np.full((scores.shape[0], n), np.nan, dtype=np.float32)
    for row in range(scores.shape[0]):
        candidates = np.flatnonzero(allowed[row])
        ranked = candidates[np.argsort(-scores[row, candidates], kind="stable")][:n]
        items[row, : ranked.size] = ranked
        best[row, : ranked.size] = scores[row, ranked]
    return items, best
