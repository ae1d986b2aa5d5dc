"""Skip-gram with negative sampling over sequences of items, on one thread; equal seeds give equal vectors.

For each item and each neighbour within a window, minimises -log s(v·c) - Σ log s(-v·x) over sampled items' contexts x
(Mikolov, Sutskever, Chen, Corrado, Dean 2013, NIPS, eq. 4), where s is the logistic function, by stochastic gradient
descent.
"""

from typing import NamedTuple

import numba
import numpy as np

from recommender.arrays import Float32Array, Int32Array, Int64Array
from recommender.data.rows import Rows

# Constants of a linear congruential generator modulo 2⁶⁴ (Knuth, "The Art of Computer Programming" vol. 2, 3.3.4).
_MULTIPLIER = np.uint64(6364136223846793005)
_INCREMENT = np.uint64(1442695040888963407)
_SHIFT = np.uint64(33)
# The logistic function of numbers beyond this is 0 or 1 in float32.
_LARGEST = np.float32(16.0)


class Sampling(NamedTuple):
    """`window`: the largest distance of neighbours; `n_negatives`: items drawn against each neighbour; `noise`: (m,)
    int32, items in proportion to the probability of a draw.
    """

    window: int
    n_negatives: int
    noise: Int32Array


@numba.njit(cache=True, nogil=True)
def run_skipgram_epoch(
    sequences: Rows,
    sampling: Sampling,
    vectors: tuple[Float32Array, Float32Array],
    learning_rate: np.float32,
    state: np.uint64,
) -> np.uint64:
    """Train on all sequences once and return the state of the random numbers.

    `sequences`: items in order, a row each; `vectors`: of the items and of their contexts, both (n_items, k) float32,
    changed in place; `state`: of the random numbers.
    """
    for row in range(sequences.indptr.size - 1):
        items = sequences.indices[sequences.indptr[row] : sequences.indptr[row + 1]]
        for at in range(items.size):
            state = state * _MULTIPLIER + _INCREMENT
            reach = 1 + int((state >> _SHIFT) % np.uint64(sampling.window))
            for near in range(max(0, at - reach), min(items.size, at + reach + 1)):
                if near != at:
                    state = _pair((items[at], items[near]), sampling, vectors, learning_rate, state)
    return state


@numba.njit(cache=True, nogil=True, fastmath={"reassoc", "contract"})
def _pair(
    pair: tuple[np.int32, np.int32],
    sampling: Sampling,
    vectors: tuple[Float32Array, Float32Array],
    learning_rate: np.float32,
    state: np.uint64,
) -> np.uint64:
    noise, neighbour = sampling.noise, pair[1]
    vector = vectors[0][pair[0]]
    change = np.zeros(vector.size, dtype=np.float32)
    for draw in range(sampling.n_negatives + 1):
        other, label = neighbour, np.float32(1.0)
        if draw:
            state = state * _MULTIPLIER + _INCREMENT
            other, label = noise[int((state >> _SHIFT) % np.uint64(noise.size))], np.float32(0.0)
            if other == neighbour:
                continue
        context = vectors[1][other]
        product = np.float32(0.0)
        for f in range(vector.size):
            product += vector[f] * context[f]
        product = min(max(product, -_LARGEST), _LARGEST)
        step = learning_rate * (label - np.float32(1.0) / (np.float32(1.0) + np.exp(-product)))
        for f in range(vector.size):
            change[f] += step * context[f]
            context[f] += step * vector[f]
    vector += change
    return state


def noise_table(counts: Int64Array, *, size: int = 1 << 20) -> Int32Array:
    """Return items in proportion to their counts^¾ (Mikolov et al. 2013, section 2.2): (size,) int32."""
    weights = counts.astype(np.float64) ** 0.75
    bounds = np.cumsum(weights) / weights.sum()
    return np.searchsorted(bounds, (np.arange(size) + 0.5) / size).astype(np.int32)
