"""Common parts of the kernels that train a biased factorisation on small batches of ratings."""

from typing import NamedTuple

import numba
import numpy as np

from recommender.arrays import Float32Array, Int32Array

# The length of a row is a multiple of a vector register's.
_LANES = 8


class Weights(NamedTuple):
    """The parameters of users or of items, a row each, and the state of their training; changed in place.

    `values`: (n, width) float32: factors, then zeros that stay zero, and the bias in the last column; `gradients`: of
    the same shape, the sum over the present batch; `moments`: of the same shape, the memory of the optimiser;
    `counts`: (n,) int32, the ratings in the present batch. `gradients` and `counts` are zero between batches.
    """

    values: Float32Array
    gradients: Float32Array
    moments: Float32Array
    counts: Int32Array

    @classmethod
    def of(cls, factors: Float32Array) -> "Weights":
        """Return rows that start with these factors, (n, k), and no biases."""
        n, k = factors.shape
        values = np.zeros((n, -(-(k + 1) // _LANES) * _LANES), dtype=np.float32)
        values[:, :k] = factors
        return cls(values, np.zeros_like(values), np.zeros_like(values), np.zeros(n, dtype=np.int32))

    def factors(self, k: int) -> Float32Array:
        """Return a copy of the present factors: (n, k)."""
        return np.ascontiguousarray(self.values[:, :k])

    def biases(self) -> Float32Array:
        """Return a copy of the present biases: (n,)."""
        return np.ascontiguousarray(self.values[:, -1])


class Examples(NamedTuple):
    """Training ratings. `users`, `items`: (n,) int32 positions; `values`: (n,) float32."""

    users: Int32Array
    items: Int32Array
    values: Float32Array


@numba.njit(cache=True, nogil=True, fastmath={"reassoc", "contract", "nsz"}, error_model="numpy")
def linear(p: Float32Array, q: Float32Array) -> np.float32:
    """Return b_u + b_i + p_u·q_i, of two rows of values."""
    b_u, b_i = p[-1], q[-1]
    # Loops run over whole rows for vector instructions, so the product of the biases is added and then subtracted.
    product = b_u + b_i - b_u * b_i
    for f in range(p.size):
        product += p[f] * q[f]
    return product  # type: ignore[no-any-return]  # NumPy calls the sum of two float32 anything.


@numba.njit(cache=True, nogil=True, fastmath={"reassoc", "contract", "nsz"}, error_model="numpy")
def collect(p: Float32Array, q: Float32Array, of_p: Float32Array, of_q: Float32Array, slope: np.float32) -> None:
    """Add the part of a rating to the gradients `of_p` and `of_q`; `slope` is ∂loss/∂`linear(p, q)`."""
    of_b_u, of_b_i = of_p[-1] + slope, of_q[-1] + slope
    for f in range(p.size):
        of_p[f] += slope * q[f]
        of_q[f] += slope * p[f]
    of_p[-1], of_q[-1] = of_b_u, of_b_i
