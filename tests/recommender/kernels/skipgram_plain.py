"""The plain twin of `kernels.skipgram`: the same updates in the same order, in NumPy alone."""

import numpy as np

from recommender.arrays import Float32Array
from recommender.data.rows import Rows
from recommender.kernels.skipgram import Sampling

_MULTIPLIER, _INCREMENT, _MODULUS = 6364136223846793005, 1442695040888963407, 1 << 64


def run_skipgram_epoch_plain(
    sequences: Rows,
    sampling: Sampling,
    vectors: tuple[Float32Array, Float32Array],
    learning_rate: float,
    state: int,
) -> int:
    """Go through all sequences once and return the state of the generator."""
    for row in range(sequences.n_rows):
        items = sequences.indices[sequences.indptr[row] : sequences.indptr[row + 1]]
        for at, item in enumerate(items):
            state = _next(state)
            reach = 1 + (state >> 33) % sampling.window
            for near in range(max(0, at - reach), min(items.size, at + reach + 1)):
                if near == at:
                    continue
                others, labels = [items[near]], [1.0]
                for _ in range(sampling.n_negatives):
                    state = _next(state)
                    drawn = sampling.noise[(state >> 33) % sampling.noise.size]
                    if drawn != items[near]:
                        others.append(drawn)
                        labels.append(0.0)
                _pair(item, others, labels, vectors, learning_rate)
    return state


def _pair(
    item: np.int32,
    others: list[np.int32],
    labels: list[float],
    vectors: tuple[Float32Array, Float32Array],
    learning_rate: float,
) -> None:
    vector, contexts = vectors[0][item], vectors[1]
    change = np.zeros_like(vector)
    for other, label in zip(others, labels, strict=True):
        product = np.clip(vector @ contexts[other], -16, 16)
        step = np.float32(learning_rate * (label - 1 / (1 + np.exp(-product))))
        change += step * contexts[other]
        contexts[other] += step * vector
    vector += change


def _next(state: int) -> int:
    return (state * _MULTIPLIER + _INCREMENT) % _MODULUS
