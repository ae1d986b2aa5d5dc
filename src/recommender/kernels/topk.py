"""The n best items of each user, exactly, from blocks of approximate scores.

A float32 matrix product is fast, but its last bits depend on the shapes of its blocks. So its scores only decide what
is worth a second look: whatever comes within the rounding error of the n-th best so far is scored again in float64, one
dot product at a time, rounded once to float32, and ranked by that, equal scores by ascending item position. Results
thus do not depend on block sizes, on threads, or on which other users are scored along.
"""

from typing import NamedTuple

import numba
import numpy as np

from recommender.arrays import BoolArray, Float32Array, Float64Array, Int32Array, Int64Array

# Score and item are packed into one integer, so that ranking is sorting: the score's bits, made to sort as integers,
# above the item's distance from the largest int32, which lets lower items win ties.
_ITEM_BITS = 32
_LARGEST_ITEM = np.int64(2**31 - 1)
_MAGNITUDE = np.int32(2**31 - 1)
_SIGN_SHIFT = np.int32(31)


class TopState(NamedTuple):
    """What is known of a block of b users after some tiles of items.

    `keys`: (b, capacity) int64, first `exact[u]` packed (score, item) pairs, then items that await their exact score;
    `filled`, `exact`: (b,) int64; `thresholds`: (b,) float64, the n-th best exact score, -inf before there are n;
    `seen`: (b,) int64, how many of the user's rated items lie before the next tile.
    """

    keys: Int64Array
    filled: Int64Array
    exact: Int64Array
    thresholds: Float64Array
    seen: Int64Array


class Block(NamedTuple):
    """A block of b users and all items, as the kernels read them.

    `offsets`: (b,) float64 μ + b_u; `factors`: (b, k) float32; `errors`: (b,) float64, bound on the error of an
    approximate score; `indptr`, `indices`: rated items of each user; `item_biases`: (n_items,) float32;
    `item_factors`: (n_items, k) float32; `allowed`: (n_items,) bool, items that may be suggested at all.
    """

    offsets: Float64Array
    factors: Float32Array
    errors: Float64Array
    indptr: Int64Array
    indices: Int32Array
    item_biases: Float32Array
    item_factors: Float32Array
    allowed: BoolArray


def top_state(n_users: int, n: int) -> TopState:
    """The state before the first tile, for lists of `n` items."""
    return TopState(
        keys=np.empty((n_users, 2 * n + 64), dtype=np.int64),
        filled=np.zeros(n_users, dtype=np.int64),
        exact=np.zeros(n_users, dtype=np.int64),
        thresholds=np.full(n_users, -np.inf),
        seen=np.zeros(n_users, dtype=np.int64),
    )


@numba.njit(cache=True, nogil=True, fastmath={"reassoc", "contract"})
def _dot(left: Float32Array, right: Float32Array) -> float:
    total = 0.0
    for f in range(left.size):
        total += np.float64(left[f]) * np.float64(right[f])
    return total


@numba.njit(cache=True, nogil=True)
def _flipped(bits: np.int32) -> np.int32:
    """The bits of a float32 as an integer of the same order, and back: negative numbers count down from -1."""
    return np.int32(bits ^ ((bits >> _SIGN_SHIFT) & _MAGNITUDE))


@numba.njit(cache=True, nogil=True)
def _packed(score: np.float32, item: int) -> np.int64:
    # Adding zero turns -0.0 into 0.0, which equals it but has other bits.
    bits = np.float32(score + np.float32(0.0)).view(np.int32)
    return (np.int64(_flipped(bits)) << _ITEM_BITS) | (_LARGEST_ITEM - item)


@numba.njit(cache=True, nogil=True)
def _score_of(key: np.int64) -> np.float32:
    return np.int32(_flipped(np.int32(key >> _ITEM_BITS))).view(np.float32)


@numba.njit(cache=True, nogil=True)
def _item_of(key: np.int64) -> np.int64:
    return _LARGEST_ITEM - (key & np.int64(0xFFFFFFFF))


@numba.njit(cache=True, nogil=True)
def _settle(block: Block, state: TopState, user: int, n: int) -> None:
    """Score the waiting items exactly and keep the n best of the user, in any order."""
    keys = state.keys[user]
    filled = state.filled[user]
    for at in range(state.exact[user], filled):
        item = keys[at]
        product = _dot(block.factors[user], block.item_factors[item])
        score = np.float32(block.offsets[user] + np.float64(block.item_biases[item]) + product)
        keys[at] = _packed(score, item)
    if filled >= n:
        keys[:filled] = np.partition(keys[:filled], filled - n)
        keys[:n] = keys[filled - n : filled].copy()
        filled = n
        state.thresholds[user] = _score_of(keys[:n].min())
    state.filled[user] = filled
    state.exact[user] = filled


@numba.njit(cache=True, nogil=True)
def topk_update(block: Block, products: Float32Array, first_item: int, state: TopState, n: int) -> None:
    """Take in one tile: `products` (b, t) float32, p_u·q_i for the items first_item … first_item + t - 1."""
    capacity = state.keys.shape[1]
    for user in range(products.shape[0]):
        rated = block.indices[block.indptr[user] : block.indptr[user + 1]]
        seen = state.seen[user]
        floor = np.float32(state.thresholds[user] - block.errors[user] - block.offsets[user])
        filled = state.filled[user]
        for column in range(products.shape[1]):
            item = first_item + column
            if products[user, column] + block.item_biases[item] < floor or not block.allowed[item]:
                continue
            while seen < rated.size and rated[seen] < item:
                seen += 1
            if seen < rated.size and rated[seen] == item:
                continue
            state.keys[user, filled] = item
            filled += 1
            if filled == capacity:
                state.filled[user] = filled
                _settle(block, state, user, n)
                filled = state.filled[user]
                floor = np.float32(state.thresholds[user] - block.errors[user] - block.offsets[user])
        state.filled[user] = filled
        state.seen[user] = seen


@numba.njit(cache=True, nogil=True)
def topk_finish(block: Block, state: TopState, n: int, items: Int32Array, scores: Float32Array) -> None:
    """Write each user's list, best first, over the start of its row in `items` int32 and `scores` float32."""
    for user in range(items.shape[0]):
        _settle(block, state, user, n)
        filled = state.filled[user]
        ranked = np.sort(state.keys[user, :filled])
        for rank in range(filled):
            key = ranked[filled - 1 - rank]
            items[user, rank] = _item_of(key)
            scores[user, rank] = _score_of(key)
