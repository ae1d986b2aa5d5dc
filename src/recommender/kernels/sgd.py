"""Stochastic gradient descent on a biased factorisation, by blocks of users and items that no two threads share.

At each rating, with e = r - μ - b_u - b_i - q_i·p_u: b_u += γ(e - λb_u), b_i += γ(e - λb_i), p_u += γ(e·q_i - λp_u),
q_i += γ(e·p_u - λq_i), the old values on the right (Koren, Bell, Volinsky 2009, p. 45).

Users and items are divided into stripes. Blocks on one diagonal of the grid of stripes have different users and
different items, so threads need no lock to work on them at the same time, and the result does not depend on the number
of threads (Gemulla, Nijkamp, Haas, Sismanis 2011, KDD, "Large-Scale Matrix Factorization with Distributed Stochastic
Gradient Momentum", algorithm 2).
"""

from typing import NamedTuple

import numba
import numpy as np

from recommender.arrays import Float32Array, Int32Array, Int64Array


class Grid(NamedTuple):
    """Ratings in the order of training, block by block; a block is one stripe of users times one of items.

    `bounds`: (s·s + 1,) int64, block b = user stripe · s + item stripe holds ratings bounds[b] … bounds[b + 1] - 1;
    `users`, `items`: (n,) int32 positions; `values`: (n,) float32 ratings less μ.
    """

    bounds: Int64Array
    users: Int32Array
    items: Int32Array
    values: Float32Array


class SGDParameters(NamedTuple):
    """The parameters, changed in place.

    `user_biases`: (n_users,), `item_biases`: (n_items,), `user_factors`: (n_users, k), `item_factors`: (n_items, k);
    all float32.
    """

    user_biases: Float32Array
    item_biases: Float32Array
    user_factors: Float32Array
    item_factors: Float32Array


@numba.njit(cache=True, nogil=True, parallel=True)
def run_sgd_epoch(
    grid: Grid, diagonals: Int64Array, parameters: SGDParameters, learning_rate: np.float32, regularisation: np.float32
) -> None:
    """Visit every rating once, diagonal by diagonal of the grid, with the blocks of a diagonal in parallel.

    `diagonals`: (s,) int64, their order; diagonal d holds the blocks of user stripe g and item stripe (g + d) mod s.
    """
    n_stripes = diagonals.size
    for diagonal in diagonals:
        for stripe in numba.prange(n_stripes):
            run_sgd_block(
                grid, stripe * n_stripes + (stripe + diagonal) % n_stripes, parameters, learning_rate, regularisation
            )


@numba.njit(cache=True, nogil=True, fastmath={"reassoc", "contract", "nsz"})
def run_sgd_block(
    grid: Grid, block: int, parameters: SGDParameters, learning_rate: np.float32, regularisation: np.float32
) -> None:
    """Visit the ratings of one block, in their order."""
    user_biases, item_biases = parameters.user_biases, parameters.item_biases
    keep = np.float32(1.0) - learning_rate * regularisation
    for at in range(grid.bounds[block], grid.bounds[block + 1]):
        user, item = grid.users[at], grid.items[at]
        p, q = parameters.user_factors[user], parameters.item_factors[item]
        product = np.float32(0.0)
        for f in range(p.size):
            product += p[f] * q[f]
        step = learning_rate * (grid.values[at] - user_biases[user] - item_biases[item] - product)
        user_biases[user] = keep * user_biases[user] + step
        item_biases[item] = keep * item_biases[item] + step
        for f in range(p.size):
            before = p[f]
            p[f] = keep * before + step * q[f]
            q[f] = keep * q[f] + step * before
