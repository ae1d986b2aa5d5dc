"""Stochastic gradient descent on a factorisation that represents users by the items that they rated.

User u is p_u = |S_u|^-½ Σ_{j ∈ S_u} y_j. At each rating, with e = r - μ - b_u - b_i - q_i·p_u: b_u += γ(e - λb_u), b_i
+= γ(e - λb_i), q_i += γ(e·p_u - λq_i), and every y_j of S_u += γ|S_u|^-½(e·q_i - λp_u), the old values on the right
(Paterek 2007, KDD Cup, "Improving regularized singular value decomposition for collaborative filtering", NSVD1; the
penalty is on p_u).

Updating all of S_u at each rating would cost |S_u| times as much as necessary: together these steps change p_u by
γ(e·q_i - λp_u), like a parameter, and each y_j by |S_u|^-½ times that. So the kernel updates p_u alone during the
ratings of u, and afterwards each y_j once, by |S_u|^-½ times the whole change of p_u. The result is the same.
"""

from typing import NamedTuple

import numba
import numpy as np

from recommender.arrays import BoolArray, Float32Array, Int32Array, Int64Array


class NSVDHistories(NamedTuple):
    """The ratings of each user, a row each.

    `indptr`: (n_users + 1,) int64; `items`: (n,) int32 positions; `values`: (n,) float32 ratings less μ; `speaks`: (n,)
    bool, whether the item is one of S_u.
    """

    indptr: Int64Array
    items: Int32Array
    values: Float32Array
    speaks: BoolArray


class NSVDParameters(NamedTuple):
    """The parameters, changed in place.

    `user_biases`: (n_users,), `item_biases`: (n_items,), `item_factors`: (n_items, k) the q_i, `implicit_factors`:
    (n_items, k) the y_j; all float32.
    """

    user_biases: Float32Array
    item_biases: Float32Array
    item_factors: Float32Array
    implicit_factors: Float32Array


@numba.njit(cache=True, nogil=True)
def run_nsvd_epoch(
    histories: NSVDHistories,
    order: Int64Array,
    parameters: NSVDParameters,
    learning_rate: np.float32,
    regularisation: np.float32,
) -> None:
    """Visit every rating once, user after user in this `order`: (n_users,) int64, on one thread."""
    n_factors = parameters.item_factors.shape[1]
    before, now = np.empty(n_factors, dtype=np.float32), np.empty(n_factors, dtype=np.float32)
    for user in order:
        norm = _sum_implicit(histories, user, parameters.implicit_factors, before)
        now[:] = before
        _visit_user(histories, user, parameters, now, (learning_rate, regularisation))
        for at in range(histories.indptr[user], histories.indptr[user + 1]):
            if histories.speaks[at]:
                implicit = parameters.implicit_factors[histories.items[at]]
                for f in range(n_factors):
                    implicit[f] += norm * (now[f] - before[f])


@numba.njit(cache=True, nogil=True)
def _sum_implicit(
    histories: NSVDHistories, user: int, implicit_factors: Float32Array, sums: Float32Array
) -> np.float32:
    """Write p_u into `sums` and return |S_u|^-½."""
    sums[:] = 0
    n_speaking = 0
    for at in range(histories.indptr[user], histories.indptr[user + 1]):
        if histories.speaks[at]:
            n_speaking += 1
            implicit = implicit_factors[histories.items[at]]
            for f in range(sums.size):
                sums[f] += implicit[f]
    norm = np.float32(1.0 / np.sqrt(max(n_speaking, 1)))
    for f in range(sums.size):
        sums[f] *= norm
    return norm


@numba.njit(cache=True, nogil=True, fastmath={"reassoc", "contract", "nsz"})
def _visit_user(
    histories: NSVDHistories,
    user: int,
    parameters: NSVDParameters,
    user_factors: Float32Array,
    rates: tuple[np.float32, np.float32],
) -> None:
    learning_rate, regularisation = rates
    user_biases, item_biases = parameters.user_biases, parameters.item_biases
    keep = np.float32(1.0) - learning_rate * regularisation
    for at in range(histories.indptr[user], histories.indptr[user + 1]):
        item = histories.items[at]
        q = parameters.item_factors[item]
        product = np.float32(0.0)
        for f in range(user_factors.size):
            product += user_factors[f] * q[f]
        step = learning_rate * (histories.values[at] - user_biases[user] - item_biases[item] - product)
        user_biases[user] = keep * user_biases[user] + step
        item_biases[item] = keep * item_biases[item] + step
        for f in range(user_factors.size):
            was = user_factors[f]
            user_factors[f] = keep * was + step * q[f]
            q[f] = keep * q[f] + step * was
