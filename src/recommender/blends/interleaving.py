"""Interleaving of two orders of the same items: take an item from each alternately, without repetition.

An item at place a of the first order and b of the second, counted from 0, comes at turn min(2a, 2b + 1). No two items
come at the same turn. Sorting single integers is several times as fast as sorting by several keys.
"""

import numpy as np

from recommender.arrays import BoolArray, Float32Array, Int64Array

# A key has a bit for the stage and 32 bits of a float above those that break ties, so it has room for 2²⁸ items.
_TIE_BITS = 28
_STAGE = np.int64(1) << 33
_MAGNITUDE = np.int32(2**31 - 1)
_SIGN_SHIFT = np.int32(31)


def interleave(first: Int64Array, second: Int64Array) -> Int64Array:
    """Return the turn of each item, (n,) int64, from its places in two orders of all of them."""
    return np.minimum(2 * first, 2 * second + 1)


def places(order: Int64Array) -> Int64Array:
    """Return the place of each item, from 0, in an order of all of them: (n,) int64."""
    found = np.empty_like(order)
    found[order] = np.arange(order.size)
    return found


def rank_items(values: Float32Array, stage: BoolArray, ties: Int64Array) -> Int64Array:
    """Return `ties` in the order of their items: those in `stage` first, then by `values` descending, then by `ties`.

    `values`: (n,) float32 without NaN; `stage`: (n,) bool; `ties`: (n,) int64, each of 0…n-1 once. With the positions
    0…n-1 for ties, this is the order of the items themselves.
    """
    # Adding zero turns -0.0 into 0.0, which equals it but has other bits.
    bits = (values + np.float32(0)).view(np.int32)
    ascending = (bits ^ ((bits >> _SIGN_SHIFT) & _MAGNITUDE)).astype(np.int64)
    keys = np.where(stage, 0, _STAGE) - ascending
    mask = (np.int64(1) << _TIE_BITS) - 1
    return np.sort((keys << _TIE_BITS) | ties) & mask
