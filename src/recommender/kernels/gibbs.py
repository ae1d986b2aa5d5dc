"""The inner loops of Gibbs sampling: draw one factor of one side of a factorisation, given all others.

A side is the users or the items; the values of the other side for the same factor are its partners. The value of a
member of a side is its own value plus the sum of the values of its linked things, divided by the root of their number:
for a user the rated items, for an item the users who rated it. The loops update residuals instead of predictions, so a
factor costs a few passes over the ratings (Rendle 2012, "Factorization Machines with libFM", section 3.3).

`residuals` (n,) float32 are those of the ratings in `rows`, one row of items per user. Twins: `gibbs_plain`.
"""

import numba

from recommender.arrays import Float32Array
from recommender.data.rows import Rows
from recommender.kernels.gibbs_plain import Draw, Moments

_FAST = {"reassoc", "contract"}


@numba.njit(cache=True, nogil=True, fastmath=_FAST)
def row_statistics(rows: Rows, residuals: Float32Array, partners: Float32Array, moments: Moments) -> None:
    """Fill `moments` with Σ q_i² and Σ q_i e_ui over each user's ratings, q being `partners`."""
    for row in range(rows.indptr.size - 1):
        squares, products = 0.0, 0.0
        for at in range(rows.indptr[row], rows.indptr[row + 1]):
            partner = partners[rows.indices[at]]
            squares += partner * partner
            products += partner * residuals[at]
        moments.curvature[row] = squares
        moments.slope[row] = products


@numba.njit(cache=True, nogil=True, fastmath=_FAST)
def column_statistics(rows: Rows, residuals: Float32Array, partners: Float32Array, moments: Moments) -> None:
    """Fill `moments` with Σ p_u² and Σ p_u e_ui over each item's ratings, p being `partners`."""
    moments.curvature[:] = 0
    moments.slope[:] = 0
    for row in range(rows.indptr.size - 1):
        partner = partners[row]
        square = partner * partner
        for at in range(rows.indptr[row], rows.indptr[row + 1]):
            item = rows.indices[at]
            moments.curvature[item] += square
            moments.slope[item] += partner * residuals[at]


@numba.njit(cache=True, nogil=True, fastmath=_FAST)
def subtract_rows(rows: Rows, residuals: Float32Array, partners: Float32Array, steps: Float32Array) -> None:
    """Subtract the users' `steps` times the items' `partners` from the residuals."""
    for row in range(rows.indptr.size - 1):
        step = steps[row]
        for at in range(rows.indptr[row], rows.indptr[row + 1]):
            residuals[at] -= step * partners[rows.indices[at]]


@numba.njit(cache=True, nogil=True, fastmath=_FAST)
def draw(
    request: Draw,
    own: Float32Array,
    implicit: Float32Array,
    moments: Moments,
    steps: Float32Array,
) -> None:
    """Draw `own` and then, one after the other, `implicit` anew; `steps` receives the change of each member.

    Each is drawn from its normal distribution given all others (see `gibbs_plain.draw`). Updates `moments`, too.
    """
    noise, curvature, slope = request.noise_precision, moments.curvature, moments.slope
    for member in range(own.size):
        precision = noise * curvature[member] + request.own_precision
        pull = noise * (slope[member] + curvature[member] * own[member]) + request.own_precision * request.own_mean
        value = pull / precision + request.own_normals[member] / precision**0.5
        steps[member] = value - own[member]
        slope[member] -= curvature[member] * steps[member]
        own[member] = value
    for linked in range(implicit.size):
        first, last = request.sets.indptr[linked], request.sets.indptr[linked + 1]
        squares, products = 0.0, 0.0
        for at in range(first, last):
            member = request.sets.indices[at]
            weight = request.weights[member]
            squares += weight * weight * curvature[member]
            products += weight * slope[member]
        precision = noise * squares + request.implicit_precision
        pull = noise * (products + squares * implicit[linked]) + request.implicit_precision * request.implicit_mean
        value = pull / precision + request.implicit_normals[linked] / precision**0.5
        step = value - implicit[linked]
        for at in range(first, last):
            member = request.sets.indices[at]
            moved = request.weights[member] * step
            slope[member] -= curvature[member] * moved
            steps[member] += moved
        implicit[linked] = value


@numba.njit(cache=True, nogil=True, fastmath=_FAST)
def subtract_columns(rows: Rows, residuals: Float32Array, partners: Float32Array, steps: Float32Array) -> None:
    """Subtract the items' `steps` times the users' `partners` from the residuals."""
    for row in range(rows.indptr.size - 1):
        partner = partners[row]
        for at in range(rows.indptr[row], rows.indptr[row + 1]):
            residuals[at] -= partner * steps[rows.indices[at]]
