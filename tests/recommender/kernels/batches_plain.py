"""The plain twin of `kernels.batches`: the gradients of a whole batch at once, in NumPy alone."""

import numpy as np

from recommender.arrays import Float32Array, Int32Array
from recommender.kernels.batches import Weights


def collect_batch(users: Weights, items: Weights, rows: Int32Array, columns: Int32Array, slopes: Float32Array) -> None:
    """Add the ratings of a batch, (m,) users `rows` by items `columns`, to the gradients and counts of both sides."""
    p, q = users.values[rows].copy(), items.values[columns].copy()
    p[:, -1] = q[:, -1] = 1
    np.add.at(users.gradients, rows, slopes[:, None] * q)
    np.add.at(items.gradients, columns, slopes[:, None] * p)
    np.add.at(users.counts, rows, 1)
    np.add.at(items.counts, columns, 1)
