"""The best of scores that are all there, as those of a few users for every item."""

import numpy as np

from recommender.arrays import BoolArray, Float32Array, Int32Array
from recommender.data.rows import Rows
from recommender.kernels.topk_plain import topk_plain

# Fewer rows than these, such as the one of a web request, are answered without loading compiled kernels.
_COMPILED_FROM = 64


def select_topk(scores: Float32Array, allowed: BoolArray, exclude: Rows, n: int) -> tuple[Int32Array, Float32Array]:
    """The `n` best of each row of `scores` (b, n_items): places (b, n) int32 padded with -1, their scores with NaN.

    `allowed`: (n_items,); `exclude`: b rows of places that do not count either. Equal scores stand by ascending place.
    """
    if len(scores) >= _COMPILED_FROM:
        from recommender.kernels.topk_dense import topk_dense  # noqa: PLC0415 - numba takes half a second to load.

        return topk_dense(scores, allowed, exclude, n)
    free = np.broadcast_to(allowed, scores.shape).copy()
    free[np.repeat(np.arange(len(scores)), np.diff(exclude.indptr)), exclude.indices] = False
    return topk_plain(scores, free, n)
