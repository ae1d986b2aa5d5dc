"""RMSprop on small batches for a factorisation whose ratings are bounded by the logistic function.

With x = μ + b_u + b_i + p_u·q_i and s = σ(x), the rating is lo + w·s, w = hi - lo, and e = r - lo - w·s. A batch moves
each parameter θ that occurs in it along g = Σ over its ratings there of (-e·s(1 - s)·∂x/∂θ + λθ), half the gradient of
Σ e²/w + λθ²: v = ρv + (1 - ρ)g², θ -= γg/√v (Rendle, Schmidt-Thieme 2008, RecSys, the logistic kernel; Tieleman, Hinton
2012, "Lecture 6.5: RMSprop"). Each v counts only the batches in which its user or item occurs.
"""

from typing import NamedTuple

import numba
import numpy as np

from recommender.arrays import Float32Array, Int32Array, Int64Array
from recommender.kernels.batches import Examples, Weights, collect, linear

ROUNDING = np.float32(1e-8)
"""Added to √v, which may be zero."""


class RMSprop(NamedTuple):
    """The settings of RMSprop, float32 values. `offset`: μ; `low`, `width`: lo and w; `rate`: γ; `decay`: ρ."""

    batch_size: int
    offset: np.float32
    low: np.float32
    width: np.float32
    rate: np.float32
    regularisation: np.float32
    decay: np.float32


@numba.njit(cache=True, nogil=True, error_model="numpy")
def run_kmf_epoch(examples: Examples, order: Int64Array, users: Weights, items: Weights, settings: RMSprop) -> None:
    """Visit every rating once, batch after batch in this `order`: (n,) int64, on one thread."""
    one = np.float32(1.0)
    for start in range(0, order.size, settings.batch_size):
        batch = order[start : start + settings.batch_size]
        for at in batch:
            user, item = examples.users[at], examples.items[at]
            p, q = users.values[user], items.values[item]
            share = one / (one + np.exp(-settings.offset - linear(p, q)))
            error = examples.values[at] - settings.low - settings.width * share
            collect(p, q, users.gradients[user], items.gradients[item], -error * share * (one - share))
            users.counts[user] += 1
            items.counts[item] += 1
        _update_rows(users, examples.users, batch, settings)
        _update_rows(items, examples.items, batch, settings)


@numba.njit(cache=True, nogil=True, error_model="numpy")
def _update_rows(weights: Weights, positions: Int32Array, batch: Int64Array, settings: RMSprop) -> None:
    for at in batch:
        row = positions[at]
        if weights.counts[row]:
            penalty = settings.regularisation * np.float32(weights.counts[row])
            rates = (settings.rate, settings.decay)
            _update_row(weights.values[row], weights.gradients[row], weights.moments[row], penalty, rates)
            weights.counts[row] = 0


@numba.njit(cache=True, nogil=True, fastmath={"reassoc", "contract", "nsz"}, error_model="numpy")
def _update_row(
    values: Float32Array,
    gradients: Float32Array,
    squares: Float32Array,
    penalty: np.float32,
    rates: tuple[np.float32, np.float32],
) -> None:
    rate, decay = rates
    for f in range(values.size):
        gradient = gradients[f] + penalty * values[f]
        squares[f] = decay * squares[f] + (np.float32(1.0) - decay) * gradient * gradient
        values[f] -= rate * gradient / (np.sqrt(squares[f]) + ROUNDING)
        gradients[f] = np.float32(0.0)
