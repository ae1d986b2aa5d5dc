"""Sorting ratings into the order of training: by the blocks of a grid of user and item stripes, for `kernels.sgd`.

A first pass counts the ratings of each block in each of several parts, so that a second pass can write all parts at the
same time. The plain twin is in the tests.
"""

from typing import NamedTuple

import numba
import numpy as np

from recommender.arrays import Float32Array, Int32Array, UInt8Array
from recommender.kernels.sgd import Grid

_PARTS = 16


class Columns(NamedTuple):
    """Ratings, each of (n,): `users`, `items` int32 positions, `values` float32 stars."""

    users: Int32Array
    items: Int32Array
    values: Float32Array


class Deal(NamedTuple):
    """The stripe, (n,) uint8, and the new number, (n,) int32, of each of n users or items."""

    stripes: UInt8Array
    numbers: Int32Array


@numba.njit(cache=True, nogil=True, parallel=True)
def fill_grid(ratings: Columns, users: Deal, items: Deal, mean: np.float32, n_stripes: int) -> Grid:
    """Return the grid of `ratings` with new numbers and values less `mean`; blocks keep the order of ratings."""
    n, n_blocks = ratings.values.size, n_stripes * n_stripes
    places = np.zeros((_PARTS, n_blocks), dtype=np.int64)
    for part in numba.prange(_PARTS):
        for at in range(part * n // _PARTS, (part + 1) * n // _PARTS):
            places[part, _block(ratings, users, items, at, n_stripes)] += 1
    bounds = np.zeros(n_blocks + 1, dtype=np.int64)
    begin = 0
    for block in range(n_blocks):
        for part in range(_PARTS):
            held, places[part, block] = places[part, block], begin
            begin += held
        bounds[block + 1] = begin
    put_users, put_items, put_values = np.empty(n, np.int32), np.empty(n, np.int32), np.empty(n, np.float32)
    for part in numba.prange(_PARTS):
        for at in range(part * n // _PARTS, (part + 1) * n // _PARTS):
            block = _block(ratings, users, items, at, n_stripes)
            place = places[part, block]
            places[part, block] = place + 1
            put_users[place] = users.numbers[ratings.users[at]]
            put_items[place] = items.numbers[ratings.items[at]]
            put_values[place] = ratings.values[at] - mean
    return Grid(bounds, put_users, put_items, put_values)


@numba.njit(cache=True, nogil=True)
def _block(ratings: Columns, users: Deal, items: Deal, at: int, n_stripes: int) -> int:
    return int(users.stripes[ratings.users[at]]) * n_stripes + int(items.stripes[ratings.items[at]])
