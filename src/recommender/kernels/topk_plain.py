"""The plain twin of `kernels.topk`: the same lists from full rows of scores, in NumPy alone."""

import numpy as np

from recommender.arrays import BoolArray, Float32Array, Int32Array


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
