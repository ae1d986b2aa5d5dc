"""The plain twin of `kernels.kmf`: the same batches in the same order, in NumPy alone."""

import numpy as np
from tests.recommender.kernels.batches_plain import collect_batch

from recommender.arrays import Int32Array, Int64Array
from recommender.kernels.batches import Examples, Side
from recommender.kernels.kmf import ROUNDING, Descent


def kmf_epoch_plain(examples: Examples, order: Int64Array, users: Side, items: Side, descent: Descent) -> None:
    """Learn from every rating once, batch after batch."""
    for start in range(0, order.size, descent.batch_size):
        batch = order[start : start + descent.batch_size]
        rows, columns = examples.users[batch], examples.items[batch]
        p, q = users.values[rows], items.values[columns]
        x = descent.offset + p[:, -1] + q[:, -1] + (p[:, :-1] * q[:, :-1]).sum(axis=1)
        share = 1 / (1 + np.exp(-x))
        error = examples.values[batch] - descent.low - descent.width * share
        collect_batch(users, items, rows, columns, -error * share * (1 - share))
        _moved(users, rows, descent)
        _moved(items, columns, descent)


def _moved(side: Side, positions: Int32Array, descent: Descent) -> None:
    rows = np.unique(positions)
    gradients = side.gradients[rows] + descent.regularisation * side.counts[rows, None] * side.values[rows]
    side.moments[rows] = descent.decay * side.moments[rows] + (1 - descent.decay) * gradients**2
    side.values[rows] -= descent.rate * gradients / (np.sqrt(side.moments[rows]) + ROUNDING)
    side.gradients[rows] = 0
    side.counts[rows] = 0
