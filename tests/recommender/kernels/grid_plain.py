"""The plain twin of `kernels.grid`."""

import numpy as np

from recommender.kernels.grid import Columns, Deal
from recommender.kernels.sgd import Grid


def fill_grid_plain(ratings: Columns, users: Deal, items: Deal, mean: np.float32, n_stripes: int) -> Grid:
    """The grid by a stable sort of the blocks' numbers."""
    blocks = users.stripes[ratings.users].astype(np.int64) * n_stripes + items.stripes[ratings.items]
    order = np.argsort(blocks, kind="stable")
    bounds = np.zeros(n_stripes * n_stripes + 1, dtype=np.int64)
    np.cumsum(np.bincount(blocks, minlength=n_stripes * n_stripes), out=bounds[1:])
    return Grid(
        bounds, users.numbers[ratings.users[order]], items.numbers[ratings.items[order]], ratings.values[order] - mean
    )
