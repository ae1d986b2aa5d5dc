"""The plain twin of `kernels.gibbs`, and the arguments of both."""

from typing import NamedTuple

import numpy as np

from recommender.arrays import Float32Array, Int32Array, Int64Array
from recommender.data.rows import Rows


class Moments(NamedTuple):
    """Sums over the residuals of one factor of m members. `curvature`: (m,) Σc²; `slope`: (m,) Σce, both float32."""

    curvature: Float32Array
    slope: Float32Array


class Draw(NamedTuple):
    """The arguments, besides the values, of a draw of one factor of a side of m members, linked with l things.

    `sets`: a row for each thing, the members that are linked with it; `weights`: (m,) float32, the weight of each
    member's set, n^-½; `noise_precision`: of a rating; `own_…`, `implicit_…`: mean and precision of the priors;
    `own_normals` (m,), `implicit_normals` (l,): float32 standard normal numbers.
    """

    sets: Rows
    weights: Float32Array
    noise_precision: float
    own_precision: float
    own_mean: float
    implicit_precision: float
    implicit_mean: float
    own_normals: Float32Array
    implicit_normals: Float32Array


def row_statistics(rows: Rows, residuals: Float32Array, partners: Float32Array, moments: Moments) -> None:
    """Fill `moments` with Σ q_i² and Σ q_i e_ui over each user's ratings, q being `partners`."""
    _sum_into(moments, _users(rows), partners[rows.indices], residuals)


def column_statistics(rows: Rows, residuals: Float32Array, partners: Float32Array, moments: Moments) -> None:
    """Fill `moments` with Σ p_u² and Σ p_u e_ui over each item's ratings, p being `partners`."""
    _sum_into(moments, rows.indices, partners[_users(rows)], residuals)


def subtract_rows(rows: Rows, residuals: Float32Array, partners: Float32Array, steps: Float32Array) -> None:
    """Subtract the users' `steps` times the items' `partners` from the residuals."""
    residuals -= steps[_users(rows)] * partners[rows.indices]


def subtract_columns(rows: Rows, residuals: Float32Array, partners: Float32Array, steps: Float32Array) -> None:
    """Subtract the items' `steps` times the users' `partners` from the residuals."""
    residuals -= partners[_users(rows)] * steps[rows.indices]


def draw(
    request: Draw,
    own: Float32Array,
    implicit: Float32Array,
    moments: Moments,
    steps: Float32Array,
) -> None:
    """Draw `own` and then, one after the other, `implicit` anew; `steps` receives the change of each member.

    Given the others, a value x with coefficient c in the residuals e, Σc² = `curvature` and Σce = `slope`, is normal
    with precision τ = α·Σc² + λ and mean (α(Σce + Σc²·x) + λμ) / τ, α being the precision of a rating, μ and λ the
    prior's mean and precision (Rendle 2012, section 3.3). Updates `moments`, too.
    """
    noise, curvature, slope = request.noise_precision, moments.curvature, moments.slope
    precision = noise * curvature + request.own_precision
    pull = noise * (slope + curvature * own) + request.own_precision * request.own_mean
    steps[:] = pull / precision + request.own_normals / np.sqrt(precision) - own
    own += steps
    slope -= curvature * steps
    for linked in range(implicit.size):
        members = request.sets.indices[request.sets.indptr[linked] : request.sets.indptr[linked + 1]]
        weights = request.weights[members]
        squares = float(weights**2 @ curvature[members])
        tau = noise * squares + request.implicit_precision
        gain = noise * (float(weights @ slope[members]) + squares * implicit[linked])
        mean = (gain + request.implicit_precision * request.implicit_mean) / tau
        step = np.float32(mean + request.implicit_normals[linked] / tau**0.5 - implicit[linked])
        implicit[linked] += step
        slope[members] -= curvature[members] * weights * step
        steps[members] += weights * step


def _users(rows: Rows) -> Int64Array:
    return np.repeat(np.arange(rows.n_rows), np.diff(rows.indptr))


def _sum_into(
    moments: Moments, members: Int32Array | Int64Array, partners: Float32Array, residuals: Float32Array
) -> None:
    size, weights = moments.slope.size, partners.astype(np.float64)
    moments.curvature[:] = np.bincount(members, weights**2, minlength=size)
    moments.slope[:] = np.bincount(members, weights * residuals, minlength=size)
