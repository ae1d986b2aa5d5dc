"""The plain twin of `kernels.momentum`: the same steps, in NumPy alone."""

import numpy as np
from tests.recommender.kernels.batches_plain import collect_batch

from recommender.arrays import Float32Array, Int32Array, Int64Array
from recommender.data.rows import Rows
from recommender.kernels.batches import Examples, Side
from recommender.kernels.momentum import Descent


def svd_steps_plain(examples: Examples, batches: Int64Array, users: Side, items: Side, descent: Descent) -> float:
    """Make a step for each row of `batches`; the RMSE on the last as it was before."""
    error = 0.0
    for batch in batches:
        error = _collected(examples, batch, users, items)
        for side, positions in ((users, examples.users[batch]), (items, examples.items[batch])):
            rows = np.unique(positions)
            side.gradients[rows] += 2 * descent.regularisation * side.counts[rows, None] * side.values[rows]
            _moved(side, rows, descent)
    return error


def nsvd_steps_plain(
    examples: Examples, batches: Int64Array, sides: tuple[Side, Side, Side], speaking: Rows, descent: Descent
) -> float:
    """The same for NSVD."""
    users, items, implicit = sides
    shares = _shares(speaking, len(implicit.values))
    error = 0.0
    for batch in batches:
        rows, columns = np.unique(examples.users[batch]), np.unique(examples.items[batch])
        users.values[rows, :-1] = shares[rows] @ implicit.values[:, :-1]
        error = _collected(examples, batch, users, items)
        for side, touched in ((users, rows), (items, columns)):
            side.gradients[touched] += 2 * descent.regularisation * side.counts[touched, None] * side.values[touched]
        implicit.gradients[:, :-1] = shares[rows].T @ users.gradients[rows, :-1]
        users.gradients[rows, :-1] = 0
        kept = users.values[rows, :-1].copy()
        _moved(users, rows, descent)
        users.values[rows, :-1] = kept
        _moved(items, columns, descent)
        _moved(implicit, np.flatnonzero(shares[rows].any(axis=0)), descent)
    return error


def _shares(speaking: Rows, n_items: int) -> Float32Array:
    """|S_u|^-½ where an item is in S_u, else 0: (n_users, n_items) float32."""
    shares = np.zeros((speaking.n_rows, n_items), dtype=np.float32)
    for user in range(speaking.n_rows):
        items = speaking.slice(user, user + 1).indices
        shares[user, items] = items.size**-0.5
    return shares


def _collected(examples: Examples, batch: Int64Array, users: Side, items: Side) -> float:
    rows, columns = examples.users[batch], examples.items[batch]
    p, q = users.values[rows], items.values[columns]
    errors = examples.values[batch] - p[:, -1] - q[:, -1] - (p[:, :-1] * q[:, :-1]).sum(axis=1)
    collect_batch(users, items, rows, columns, -2 * errors)
    return float(np.sqrt(np.mean(errors**2)))


def _moved(side: Side, rows: Int32Array | Int64Array, descent: Descent) -> None:
    side.moments[rows] = descent.momentum * side.moments[rows] + side.gradients[rows]
    side.values[rows] -= descent.rate * side.moments[rows]
    side.gradients[rows] = 0
    side.counts[rows] = 0
