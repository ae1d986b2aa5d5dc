"""The n best items of each user from full rows of scores, in one pass and without a mask per user."""

import numba
import numpy as np

from recommender.arrays import BoolArray, Float32Array, Int32Array, Int64Array
from recommender.data.rows import Rows
from recommender.kernels.topk import select_largest, sort_key, unpack_item, unpack_score

# This many scores at a time are compared with the lowest score of the list.
_STRIDE = 128


def topk_dense(scores: Float32Array, allowed: BoolArray, exclude: Rows, n: int) -> tuple[Int32Array, Float32Array]:
    """Return the n best items of each row of `scores` (b, n_items) float32, finite, by score, equal ones by ascending
    item.

    `allowed`: (n_items,) bool; `exclude`: b rows of items never to list. Gives items (b, n) int32 padded with -1 and
    scores (b, n) float32 padded with NaN, as `topk_plain` does.
    """
    items = np.full((scores.shape[0], n), -1, dtype=np.int32)
    best = np.full((scores.shape[0], n), np.nan, dtype=np.float32)
    _fill(np.ascontiguousarray(scores), np.ascontiguousarray(allowed), exclude, items, best)
    return items, best


@numba.njit(cache=True, nogil=True)
def _collect(scores: Float32Array, allowed: BoolArray, rated: Int32Array, keys: Int64Array, n: int) -> int:
    """Collect the `n` best, and possibly others, in `keys` and return their number."""
    seen, filled = 0, 0
    floor = np.float32(-np.inf)
    for start in range(0, scores.size, _STRIDE):
        if not _any_enters(scores[start : start + _STRIDE], floor):
            continue
        for item in range(start, min(start + _STRIDE, scores.size)):
            if scores[item] < floor or not allowed[item]:
                continue
            while seen < rated.size and rated[seen] < item:
                seen += 1
            if seen < rated.size and rated[seen] == item:
                continue
            keys[filled] = sort_key(scores[item], item)
            filled += 1
            if filled == keys.size:
                floor = unpack_score(select_largest(keys, n))
                filled = n
    return filled


@numba.njit(cache=True, nogil=True)
def _any_enters(scores: Float32Array, floor: np.float32) -> bool:
    enters = False
    for column in range(scores.size):
        enters |= scores[column] >= floor
    return enters


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
        filled = _collect(scores[user], allowed, rated, keys, n)
        if filled > n:
            select_largest(keys[:filled], n)
            filled = n
        ranked = np.sort(keys[:filled])
        for rank in range(min(n, filled)):
            key = ranked[filled - 1 - rank]
            items[user, rank] = unpack_item(key)
            best[user, rank] = unpack_score(key)
