"""The plain twin of `kernels.sgd`: the same updates in the same order, in NumPy alone."""

import numpy as np

from recommender.arrays import Int64Array
from recommender.kernels.sgd import Grid, SGDParameters


def run_sgd_epoch_plain(
    grid: Grid, diagonals: Int64Array, parameters: SGDParameters, learning_rate: np.float32, regularisation: np.float32
) -> None:
    """Visit every rating once, one after the other."""
    n_stripes = diagonals.size
    for diagonal in diagonals:
        for stripe in range(n_stripes):
            block = stripe * n_stripes + (stripe + diagonal) % n_stripes
            for at in range(grid.bounds[block], grid.bounds[block + 1]):
                _visit(grid, at, parameters, learning_rate, regularisation)


def _visit(
    grid: Grid, at: int, parameters: SGDParameters, learning_rate: np.float32, regularisation: np.float32
) -> None:
    user, item = grid.users[at], grid.items[at]
    p, q = parameters.user_factors[user].copy(), parameters.item_factors[item].copy()
    b_u, b_i = parameters.user_biases[user], parameters.item_biases[item]
    error = grid.values[at] - b_u - b_i - p @ q
    parameters.user_biases[user] += learning_rate * (error - regularisation * b_u)
    parameters.item_biases[item] += learning_rate * (error - regularisation * b_i)
    parameters.user_factors[user] += learning_rate * (error * q - regularisation * p)
    parameters.item_factors[item] += learning_rate * (error * p - regularisation * q)
