"""The plain twin of `kernels.tfidf`: one profile at a time, in NumPy alone."""

from typing import NamedTuple

import numpy as np

from recommender.arrays import Float32Array, Float64Array, Int32Array, Int64Array
from recommender.data.rows import Rows

# A sum of vectors that is shorter than their total length by this factor is a rounding error.
CANCELLED = 1e-6


class SparseVectors(NamedTuple):
    """The words of items: `indptr`, (n_items + 1,) int64; `words`, (n,) int32 ascending; `weights`, (n,) float32."""

    indptr: Int64Array
    words: Int32Array
    weights: Float32Array


def profile_plain(vectors: SparseVectors, n_words: int, items: Int64Array, weights: Float32Array) -> Float64Array:
    """Return Σ_j w_j v_j over `items`, scaled to length 1: (n_words,) float64; zeros where nothing is left of it."""
    indptr, entries = Rows(vectors.indptr, vectors.words).entries(items)
    shares = vectors.weights[entries] * np.repeat(weights.astype(np.float64), np.diff(indptr))
    sums = np.bincount(vectors.words[entries], weights=shares, minlength=n_words)
    length = np.sqrt((sums**2).sum())
    return sums / length if length > CANCELLED * np.abs(weights).sum() else np.zeros(n_words)


def cosines_plain(vectors: SparseVectors, profile: Float64Array, row_of: Int64Array) -> Float32Array:
    """Return the products of a profile with each vector, in -1…1: (n_items,) float32. `row_of`: (n,), the item of each
    word.
    """
    sums = np.bincount(row_of, weights=vectors.weights * profile[vectors.words], minlength=vectors.indptr.size - 1)
    return np.clip(sums, -1.0, 1.0).astype(np.float32)


def tfidf_cosines_plain(vectors: SparseVectors, n_words: int, rows: Rows, weights: Float32Array) -> Float32Array:
    """Return the cosines of the profile of each of b rows of items, `weights` along them, with all items: (b, n_items)
    float32.
    """
    n_items = vectors.indptr.size - 1
    row_of = np.repeat(np.arange(n_items), np.diff(vectors.indptr))
    cosines = np.empty((rows.n_rows, n_items), dtype=np.float32)
    for row in range(rows.n_rows):
        own = slice(rows.indptr[row], rows.indptr[row + 1])
        profile = profile_plain(vectors, n_words, rows.indices[own].astype(np.int64), weights[own])
        cosines[row] = cosines_plain(vectors, profile, row_of)
    return cosines
