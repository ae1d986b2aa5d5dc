"""The plain twin of `kernels.momentum`: the same steps, in NumPy alone."""

import numpy as np
from tests.recommender.kernels.batches_plain import collect_batch

from recommender.arrays import Float32Array, Int32Array, Int64Array
from recommender.data.rows import Rows
from recommender.kernels.batches import Examples, Weights
from recommender.kernels.momentum import Momentum


def run_svd_steps_plain(
    examples: Examples, batches: Int64Array, users: Weights, items: Weights, settings: Momentum
) -> float:
    """Make a step for each row of `batches`; the RMSE on the last as it was before."""
    error = 0.0
    for batch in batches:
        error = _add_gradients(examples, batch, users, items)
        for weights, positions in ((users, examples.users[batch]), (items, examples.items[batch])):
            rows = np.unique(positions)
            weights.gradients[rows] += 2 * settings.regularisation * weights.counts[rows, None] * weights.values[rows]
            _update_rows(weights, rows, settings)
    return error


def run_nsvd_steps_plain(
    examples: Examples,
    batches: Int64Array,
    sides: tuple[Weights, Weights, Weights],
    speaking: Rows,
    settings: Momentum,
) -> float:
    """The same for NSVD."""
    users, items, implicit = sides
    shares = _shares(speaking, len(implicit.values))
    error = 0.0
    for batch in batches:
        rows, columns = np.unique(examples.users[batch]), np.unique(examples.items[batch])
        users.values[rows, :-1] = shares[rows] @ implicit.values[:, :-1]
        error = _add_gradients(examples, batch, users, items)
        for weights, touched in ((users, rows), (items, columns)):
            weights.gradients[touched] += (
                2 * settings.regularisation * weights.counts[touched, None] * weights.values[touched]
            )
        implicit.gradients[:, :-1] = shares[rows].T @ users.gradients[rows, :-1]
        users.gradients[rows, :-1] = 0
        kept = users.values[rows, :-1].copy()
        _update_rows(users, rows, settings)
        users.values[rows, :-1] = kept
        _update_rows(items, columns, settings)
        _update_rows(implicit, np.flatnonzero(shares[rows].any(axis=0)), settings)
    return error


def _shares(speaking: Rows, n_items: int) -> Float32Array:
    """|S_u|^-½ where an item is in S_u, else 0: (n_users, n_items) float32."""
    shares = np.zeros((speaking.n_rows, n_items), dtype=np.float32)
    for user in range(speaking.n_rows):
        items = speaking.slice(user, user + 1).indices
        shares[user, items] = items.size**-0.5
    return shares


def _add_gradients(examples: Examples, batch: Int64Array, users: Weights, items: Weights) -> float:
    rows, columns = examples.users[batch], examples.items[batch]
    p, q = users.values[rows], items.values[columns]
    errors = examples.values[batch] - p[:, -1] - q[:, -1] - (p[:, :-1] * q[:, :-1]).sum(axis=1)
    collect_batch(users, items, rows, columns, -2 * errors)
    return float(np.sqrt(np.mean(errors**2)))


def _update_rows(weights: Weights, rows: Int32Array | Int64Array, settings: Momentum) -> None:
    weights.moments[rows] = settings.momentum * weights.moments[rows] + weights.gradients[rows]
    weights.values[rows] -= settings.rate * weights.moments[rows]
    weights.gradients[rows] = 0
    weights.counts[rows] = 0
