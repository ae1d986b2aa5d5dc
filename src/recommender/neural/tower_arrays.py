"""The trained towers of `neuralcf` as arrays: they are stored and evaluated without PyTorch."""

from typing import NamedTuple

import numpy as np

from recommender.arrays import Float32Array, Float64Array, Int64Array


class Towers(NamedTuple):
    """The trained towers: f_u = W₂·relu(W₁·m_u + b₁), where m_u is the mean of a user's `input_factors`, and f_i.

    `input_factors`: (n_items, k); `hidden_weights`: (h, k), W₁; `hidden_biases`: (h,), b₁; `output_weights`: (k, h),
    W₂; `tower_factors`: (n_items, k), f_i. All float32.
    """

    input_factors: Float32Array
    hidden_weights: Float32Array
    hidden_biases: Float32Array
    output_weights: Float32Array
    tower_factors: Float32Array

    def user_factors(self, liked: Int64Array) -> Float32Array:
        """Return f_u of a user who liked the items at these positions: (k,) float32, zeros for none."""
        if not liked.size:
            return np.zeros(self.tower_factors.shape[1], dtype=np.float32)
        mean: Float64Array = self.input_factors[liked].mean(axis=0, dtype=np.float64)
        hidden: Float64Array = np.maximum(self.hidden_weights.astype(np.float64) @ mean + self.hidden_biases, 0)
        factors: Float64Array = self.output_weights.astype(np.float64) @ hidden
        return factors.astype(np.float32)
