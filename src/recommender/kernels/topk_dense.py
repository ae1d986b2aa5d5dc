"""The n best items of each user from full rows of scores: as `topk_plain`, in one pass and without a mask per user."""

import numba
import numpy as np

from recommender.arrays import BoolArray, Float32Array, Int32Array
from recommender.data.rows import Rows
from recommender.kernels.topk import key_item, key_of, key_score


def topk_dense(scores: Float32Array, allowed: BoolArray, exclude: Rows, n: int) -> tuple[Int32Array, Float32Array]:
    """The n best items of each row of `scores` (b, n_items) float32, finite, by score, equal ones by ascending item.

    `allowed`: (n_items,) bool; `exclude`: b rows of items never to list. Gives items (b, n) int32 padded with -1 and
    scores (b, n) float32 padded with NaN, as `topk_plain` does.
    """
    items = np.full((scores.shape[0], n), -1, dtype=np.int32)
    best = np.full((scores.shape[0], n), np.nan, dtype=np.float32)
    _fill(np.ascontiguousarray(scores), np.ascontiguousarray(allowed), exclude, items, best)
    return items, best


@numba.njit(cache=True, nogil=True)
def _fill(
    scores: Float32Array,
    allowed: BoolArray,
    exclude: Rows,
    items: Int32Array,
    best: Float32Array,
) -> None:
    n = items.shape[1]
    keys = np.empty(2 * n + 64, dtype=np.int64)
    for user in range(scores.shape[0]):
        rated = exclude.indices[exclude.indptr[user] : exclude.indptr[user + 1]]
        seen, filled = 0, 0
        floor = np.float32(-np.inf)
        for item in range(scores.shape[1]):
            score = scores[user, item]
            if score < floor or not allowed[item]:
                continue
            while seen < rated.size and rated[seen] < item:
                seen += 1
            if seen < rated.size and rated[seen] == item:
                continue
            keys[filled] = key_of(score, item)
            filled += 1
            if filled == keys.size:
                keys[:] = np.partition(keys, keys.size - n)
                keys[:n] = keys[keys.size - n :].copy()
                floor = key_score(keys[:n].min())
                filled = n
        ranked = np.sort(keys[:filled])
        for rank in range(min(n, filled)):
            key = ranked[filled - 1 - rank]
            items[user, rank] = key_item(key)
            best[user, rank] = key_score(key)
