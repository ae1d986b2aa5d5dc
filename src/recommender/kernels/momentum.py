"""Gradient descent with momentum on small batches, for a biased factorisation and for NSVD.

A step follows g, the gradient of Σ e² + λ(b_u² + b_i² + ‖p_u‖² + ‖q_i‖²) over the ratings of its batch, with e = r - μ
- b_u - b_i - q_i·p_u: v = mv + g, θ -= γv for each parameter θ of a user or item that occurs there (Polyak 1964, "Some
methods of speeding up the convergence of iteration methods"; Bottou, Curtis, Nocedal 2018, eq. 7.1). In NSVD p_u is
|S_u|^-½ Σ_{j ∈ S_u} y_j (see `kernels.nsvd`), and the steps change the y_j.
"""

from typing import NamedTuple

import numba
import numpy as np

from recommender.arrays import Float32Array, Int32Array, Int64Array
from recommender.data.rows import Rows
from recommender.kernels.batches import Examples, Weights, collect, linear


class Momentum(NamedTuple):
    """The settings of gradient descent: γ, m and λ."""

    rate: np.float32
    momentum: np.float32
    regularisation: np.float32


@numba.njit(cache=True, nogil=True, error_model="numpy")
def run_svd_steps(examples: Examples, batches: Int64Array, users: Weights, items: Weights, settings: Momentum) -> float:
    """Make a step for each row of `batches`, (n_steps, batch_size) int64 indices of examples; values are less μ.

    Returns the RMSE on the last batch before its step.
    """
    squares = 0.0
    for step in range(batches.shape[0]):
        batch = batches[step]
        squares = _add_gradients(examples, batch, users, items)
        _update_rows(users, examples.users, batch, settings)
        _update_rows(items, examples.items, batch, settings)
    return float(np.sqrt(squares / batches.shape[1]))


@numba.njit(cache=True, nogil=True, error_model="numpy")
def run_nsvd_steps(
    examples: Examples, batches: Int64Array, sides: tuple[Weights, Weights, Weights], speaking: Rows, settings: Momentum
) -> float:
    """Make the same steps for NSVD. `sides`: users, items, implicit factors; `speaking`: S_u, a row per user.

    Only the biases of users are parameters; their factors hold the present p_u.
    """
    users, items, implicit = sides
    squares = 0.0
    for step in range(batches.shape[0]):
        batch = batches[step]
        for at in batch:
            _sum_implicit(speaking, examples.users[at], implicit.values, users.values)
        squares = _add_gradients(examples, batch, users, items)
        for at in batch:
            _share_gradient(speaking, examples.users[at], users, implicit, settings)
        for item in range(implicit.counts.size):
            _update_row_once(implicit, item, np.float32(0.0), settings)
        _update_rows(items, examples.items, batch, settings)
    return float(np.sqrt(squares / batches.shape[1]))


@numba.njit(cache=True, nogil=True, error_model="numpy")
def _add_gradients(examples: Examples, batch: Int64Array, users: Weights, items: Weights) -> float:
    """Add the batch to the gradients and return its sum of squared errors."""
    squares = 0.0
    for at in batch:
        user, item = examples.users[at], examples.items[at]
        p, q = users.values[user], items.values[item]
        error = examples.values[at] - linear(p, q)
        squares += error * error
        collect(p, q, users.gradients[user], items.gradients[item], np.float32(-2.0) * error)
        users.counts[user] += 1
        items.counts[item] += 1
    return squares


@numba.njit(cache=True, nogil=True, error_model="numpy")
def _update_rows(weights: Weights, positions: Int32Array, batch: Int64Array, settings: Momentum) -> None:
    for at in batch:
        _update_row_once(weights, positions[at], settings.regularisation, settings)


@numba.njit(cache=True, nogil=True, error_model="numpy")
def _update_row_once(weights: Weights, row: int, regularisation: np.float32, settings: Momentum) -> None:
    """Update a row once per batch; λ counts for each of its ratings in the batch."""
    if weights.counts[row]:
        penalty = np.float32(2.0) * regularisation * np.float32(weights.counts[row])
        rates = settings.rate, settings.momentum
        _update_row(weights.values[row], weights.gradients[row], weights.moments[row], penalty, rates)
        weights.counts[row] = 0


@numba.njit(cache=True, nogil=True, fastmath={"reassoc", "contract", "nsz"}, error_model="numpy")
def _update_row(
    values: Float32Array,
    gradients: Float32Array,
    velocities: Float32Array,
    penalty: np.float32,
    rates: tuple[np.float32, np.float32],
) -> None:
    rate, momentum = rates
    for f in range(values.size):
        velocities[f] = momentum * velocities[f] + gradients[f] + penalty * values[f]
        values[f] -= rate * velocities[f]
        gradients[f] = np.float32(0.0)


@numba.njit(cache=True, nogil=True, error_model="numpy")
def _sum_implicit(speaking: Rows, user: int, implicit: Float32Array, factors: Float32Array) -> None:
    """Write p_u into the factors of a user; the bias stays."""
    start, stop = speaking.indptr[user], speaking.indptr[user + 1]
    norm = np.float32(1.0 / np.sqrt(stop - start))
    row, bias = factors[user], factors[user, -1]
    row[:] = 0
    for place in range(start, stop):
        other = speaking.indices[place]
        for f in range(row.size):
            row[f] += implicit[other, f]
    for f in range(row.size):
        row[f] *= norm
    row[-1] = bias


@numba.njit(cache=True, nogil=True, error_model="numpy")
def _share_gradient(speaking: Rows, user: int, users: Weights, implicit: Weights, settings: Momentum) -> None:
    """Pass the gradient of p_u to the y_j that it is the sum of, and update the bias."""
    if not users.counts[user]:
        return
    start, stop = speaking.indptr[user], speaking.indptr[user + 1]
    values, gradients, velocities = users.values[user], users.gradients[user], users.moments[user]
    penalty = np.float32(2.0) * settings.regularisation * np.float32(users.counts[user])
    _update_row(values[-1:], gradients[-1:], velocities[-1:], penalty, (settings.rate, settings.momentum))
    norm = np.float32(1.0 / np.sqrt(stop - start))
    # The bias is no part of p_u; its gradient is zero here.
    for f in range(values.size - 1):
        gradients[f] = norm * (gradients[f] + penalty * values[f])
    for place in range(start, stop):
        other = speaking.indices[place]
        for f in range(gradients.size):
            implicit.gradients[other, f] += gradients[f]
        implicit.counts[other] = 1
    gradients[:] = 0
    users.counts[user] = 0
