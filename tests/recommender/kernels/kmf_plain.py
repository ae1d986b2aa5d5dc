"""The plain twin of `kernels.kmf`: the same batches in the same order, in NumPy alone."""

import numpy as np
from tests.recommender.kernels.batches_plain import collect_batch

from recommender.arrays import Int32Array, Int64Array
from recommender.kernels.batches import Examples, Weights
from recommender.kernels.kmf import ROUNDING, RMSprop


def run_kmf_epoch_plain(
    examples: Examples, order: Int64Array, users: Weights, items: Weights, settings: RMSprop
) -> None:
    """Learn from every rating once, batch after batch."""
    for start in range(0, order.size, settings.batch_size):
        batch = order[start : start + settings.batch_size]
        rows, columns = examples.users[batch], examples.items[batch]
        p, q = users.values[rows], items.values[columns]
        x = settings.offset + p[:, -1] + q[:, -1] + (p[:, :-1] * q[:, :-1]).sum(axis=1)
        share = 1 / (1 + np.exp(-x))
        error = examples.values[batch] - settings.low - settings.width * share
        collect_batch(users, items, rows, columns, -error * share * (1 - share))
        _update_rows(users, rows, settings)
        _update_rows(items, columns, settings)


def _update_rows(weights: Weights, positions: Int32Array, settings: RMSprop) -> None:
    rows = np.unique(positions)
    gradients = weights.gradients[rows] + settings.regularisation * weights.counts[rows, None] * weights.values[rows]
    weights.moments[rows] = settings.decay * weights.moments[rows] + (1 - settings.decay) * gradients**2
    weights.values[rows] -= settings.rate * gradients / (np.sqrt(weights.moments[rows]) + ROUNDING)
    weights.gradients[rows] = 0
    weights.counts[rows] = 0
