"""The n best items of each user, exactly, from blocks of approximate scores.

A float32 matrix product is fast, but its last bits depend on the shapes of its blocks. So its scores only select
candidates: items within the rounding error of the n-th best so far are scored again in float64, one dot product at a
time, rounded once to float32 and ranked by that score, then by ascending item position. Results do not depend on block
sizes, threads or the other users of a block.
"""

from typing import NamedTuple

import numba
import numpy as np

from recommender.arrays import Float32Array, Float64Array, Int32Array, Int64Array

# A key packs score and item into one integer, so that ranking is sorting. The bits of the score, in the order of
# integers, are above the distance of the item from the largest int32, so that lower items win ties.
_ITEM_BITS = 32
_LARGEST_ITEM = np.int64(2**31 - 1)
_MAGNITUDE = np.int32(2**31 - 1)
_SIGN_SHIFT = np.int32(31)

# This many scores at a time are compared with the floor, and one by one only if one of them reaches it.
_STRIDE = 128


class TopState(NamedTuple):
    """The state of a block of b users after some tiles of items.

    `keys`: (b, capacity) int64, packed (approximate score, item) pairs, which include every item of the exact list;
    `filled`: (b,) int64, the number of keys; `floors`: (b,) float32, approximate scores below which no item can enter;
    `seen`: (b,) int64, the index in the block's `places` of the user's next one; `n`: the length of the lists.
    """

    keys: Int64Array
    filled: Int64Array
    floors: Float32Array
    seen: Int64Array
    n: int


class Block(NamedTuple):
    """A block of b users and all items, as the kernels read them.

    `offsets`: (b,) float64 μ + b_u; `factors`: (b, k) float32; `errors`: (b,) float32, bound on the error of an
    approximate score, which is p_u·q_i + b_i in float32; `item_biases`: (n_items,) float32; `item_factors`: (n_items,
    k) float32; `order`: (m,) int32, candidate items in the order of the tiles; `ordered_biases`: (m,) float32, their
    biases; `indptr`, `places`: the indices in `order` of each user's rated items, ascending.
    """

    offsets: Float64Array
    factors: Float32Array
    errors: Float32Array
    item_biases: Float32Array
    item_factors: Float32Array
    order: Int32Array
    ordered_biases: Float32Array
    indptr: Int64Array
    places: Int64Array


def top_state(block: Block, n: int) -> TopState:
    """Return the state before the first tile, for lists of `n` items."""
    n_users = block.offsets.size
    return TopState(
        keys=np.empty((n_users, 2 * n + 64), dtype=np.int64),
        filled=np.zeros(n_users, dtype=np.int64),
        # Above the score of masked items, below every real score.
        floors=np.full(n_users, np.finfo(np.float32).min, dtype=np.float32),
        seen=block.indptr[:-1].copy(),
        n=n,
    )


@numba.njit(cache=True, nogil=True, fastmath={"reassoc", "contract"})
def _dot(left: Float32Array, right: Float32Array) -> float:
    total = 0.0
    for f in range(left.size):
        total += np.float64(left[f]) * np.float64(right[f])
    return total


@numba.njit(cache=True, nogil=True)
def _flip(bits: np.int32) -> np.int32:
    """Convert the bits of a float32 to an integer of the same order, and back; negative numbers count down from -1."""
    return np.int32(bits ^ ((bits >> _SIGN_SHIFT) & _MAGNITUDE))


@numba.njit(cache=True, nogil=True)
def sort_key(score: np.float32, item: int | np.int64) -> np.int64:
    """Return the integer that sorts as (score, lower items first)."""
    # Adding zero turns -0.0 into 0.0, which equals it but has other bits.
    bits = np.float32(score + np.float32(0.0)).view(np.int32)
    return (np.int64(_flip(bits)) << _ITEM_BITS) | (_LARGEST_ITEM - item)


@numba.njit(cache=True, nogil=True)
def unpack_score(key: np.int64) -> np.float32:
    """Return the score in a key."""
    return np.int32(_flip(np.int32(key >> _ITEM_BITS))).view(np.float32)


@numba.njit(cache=True, nogil=True)
def unpack_item(key: np.int64) -> np.int64:
    """Return the item position in a key."""
    return _LARGEST_ITEM - (key & np.int64(0xFFFFFFFF))


@numba.njit(cache=True, nogil=True)
def _exact_keys(block: Block, user: int, keys: Int64Array) -> Int64Array:
    """Return the same items, packed with their exact scores, in ascending order."""
    exact = np.empty_like(keys)
    for at in range(keys.size):
        item = unpack_item(keys[at])
        product = _dot(block.factors[user], block.item_factors[item])
        exact[at] = sort_key(np.float32(block.offsets[user] + np.float64(block.item_biases[item]) + product), item)
    exact.sort()
    return exact


@numba.njit(cache=True, nogil=True)
def select_largest(keys: Int64Array, n: int) -> np.int64:
    """Move the `n` largest of distinct keys to the front, in any order, and return the smallest of them.

    Quickselect (Hoare 1961) with a partition without branches, which is several times as fast as `np.partition` here.
    """
    low, high = 0, keys.size
    while low < n < high:
        one, two, three = keys[low], keys[(low + high) >> 1], keys[high - 1]
        pivot = max(min(one, two), min(max(one, two), three))
        at, where = low, low
        for index in range(low, high):
            key = keys[index]
            keys[index], keys[at] = keys[at], key
            at += int(key > pivot)
        if at >= n:
            high = at
            continue
        for index in range(at, high):
            if keys[index] == pivot:
                where = index
        keys[where], keys[at] = keys[at], pivot
        low = at + 1
    return np.int64(keys[:n].min())


@numba.njit(cache=True, nogil=True)
def _compact(block: Block, state: TopState, user: int, filled: int) -> int:
    """Drop keys that cannot be among the n best, raise the user's floor and return the number left, below capacity."""
    keys, n = state.keys[user, :filled], state.n
    floor = np.float32(unpack_score(select_largest(keys, n)) - np.float32(2.0) * block.errors[user])
    state.floors[user] = floor
    kept = 0
    for at in range(filled):
        if unpack_score(keys[at]) >= floor:
            keys[kept] = keys[at]
            kept += 1
    if kept > (state.keys.shape[1] + n) // 2:
        # Too many are within the rounding error of one another, so rank them by their exact scores.
        keys[:n] = _exact_keys(block, user, keys[:kept])[kept - n :]
        for at in range(n):
            # Here an approximate score is the exact one less the user's offset.
            keys[at] = sort_key(np.float32(unpack_score(keys[at]) - block.offsets[user]), unpack_item(keys[at]))
        kept = n
    return kept


@numba.njit(cache=True, nogil=True)
def _any_enters(products: Float32Array, biases: Float32Array, floor: np.float32) -> bool:
    """Return whether any score reaches the floor; without a branch, so that the compiler can vectorise it."""
    enters = False
    for column in range(products.size):
        enters |= products[column] + biases[column] >= floor
    return enters


@numba.njit(cache=True, nogil=True)
def topk_update(block: Block, rows: Int64Array, products: Float32Array, first: int, state: TopState) -> None:
    """Process one tile: `products` (r, t) float32, p_u·q_i of the users `rows`, (r,), and order[first : first + t].

    The products of rated items may be overwritten. In most tiles few rows have an item that enters, so one comparison
    is enough for the others.
    """
    biases = block.ordered_biases[first : first + products.shape[1]]
    for row in range(rows.size):
        user = rows[row]
        if _any_enters(products[row], biases, state.floors[user]):
            _mask(block, products[row], first, state, user)
            _collect(block, products[row], first, state, user)


@numba.njit(cache=True, nogil=True)
def _collect(block: Block, products: Float32Array, first: int, state: TopState, user: int) -> None:
    """Keep the items that reach a user's floor."""
    filled, floor = state.filled[user], state.floors[user]
    for start in range(0, products.size, _STRIDE):
        stop = min(start + _STRIDE, products.size)
        biases = block.ordered_biases[first + start : first + stop]
        if not _any_enters(products[start:stop], biases, floor):
            continue
        for column in range(stop - start):
            score = products[start + column] + biases[column]
            if score < floor:
                continue
            state.keys[user, filled] = sort_key(score, block.order[first + start + column])
            filled += 1
            if filled == state.keys.shape[1]:
                filled = _compact(block, state, user, filled)
                floor = state.floors[user]
    state.filled[user] = filled


@numba.njit(cache=True, nogil=True)
def _mask(block: Block, products: Float32Array, first: int, state: TopState, user: int) -> None:
    """Give a user's rated items scores below every floor."""
    seen, end = state.seen[user], block.indptr[user + 1]
    while seen < end and block.places[seen] < first + products.size:
        # Skip the rated items of tiles in which nothing entered.
        if block.places[seen] >= first:
            products[block.places[seen] - first] = -np.inf
        seen += 1
    state.seen[user] = seen


@numba.njit(cache=True, nogil=True)
def topk_finish(block: Block, state: TopState, items: Int32Array, scores: Float32Array) -> None:
    """Write each user's list, best first, over the start of its row in `items` int32 and `scores` float32."""
    for user in range(items.shape[0]):
        filled = state.filled[user]
        if filled > state.n:
            filled = _compact(block, state, user, filled)
        ranked = _exact_keys(block, user, state.keys[user, :filled])
        for rank in range(min(state.n, ranked.size)):
            key = ranked[ranked.size - 1 - rank]
            items[user, rank] = unpack_item(key)
            scores[user, rank] = unpack_score(key)
