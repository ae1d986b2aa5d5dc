"""Cosines of many sums of sparse vectors with all vectors, by the postings of their words.

A row visits only the items that share a word with it, so the cost depends on the words in common and not on the number
of pairs. `tfidf_plain` is the plain twin.
"""

from typing import NamedTuple

import numba
import numpy as np

from recommender.arrays import BoolArray, Float32Array, Float64Array, Int32Array, Int64Array, readonly_view
from recommender.data.rows import Rows
from recommender.kernels.tfidf_plain import CANCELLED, SparseVectors


class Postings(NamedTuple):
    """Items by word: `indptr`, (n_words + 1,) int64; `items`, (n,) int32 ascending; `weights`, (n,) float32."""

    indptr: Int64Array
    items: Int32Array
    weights: Float32Array

    @classmethod
    def of(cls, vectors: SparseVectors, n_words: int) -> "Postings":
        """Return the entries of `vectors` by word."""
        order = np.argsort(vectors.words, kind="stable")
        row_of = np.repeat(np.arange(vectors.indptr.size - 1, dtype=np.int32), np.diff(vectors.indptr))
        indptr = np.zeros(n_words + 1, dtype=np.int64)
        np.cumsum(np.bincount(vectors.words, minlength=n_words), out=indptr[1:])
        return cls(indptr, row_of[order], vectors.weights[order])


def tfidf_cosines(vectors: SparseVectors, postings: Postings, rows: Rows, weights: Float32Array) -> Float32Array:
    """Return the cosines of the profile of each of b rows of items, `weights` along them, with all items: (b, n_items)
    float32.
    """
    cosines = np.empty((rows.n_rows, vectors.indptr.size - 1), dtype=np.float32)
    # All arrays are read-only, so that this compiles once for plain and memory-mapped arrays.
    _fill(
        SparseVectors(readonly_view(vectors.indptr), readonly_view(vectors.words), readonly_view(vectors.weights)),
        Postings(readonly_view(postings.indptr), readonly_view(postings.items), readonly_view(postings.weights)),
        Rows(readonly_view(rows.indptr), readonly_view(rows.indices)),
        readonly_view(weights),
        np.zeros(postings.indptr.size - 1),
        cosines,
    )
    return cosines


@numba.njit(cache=True, nogil=True)
def _fill(  # noqa: PLR0917 - compiled code takes no keywords here.
    vectors: SparseVectors,
    postings: Postings,
    rows: Rows,
    weights: Float32Array,
    profile: Float64Array,
    cosines: Float32Array,
) -> None:
    touched = np.zeros(profile.size, dtype=np.bool_)
    words = np.empty(profile.size, dtype=np.int32)
    sums = np.empty(cosines.shape[1], dtype=np.float64)
    for row in range(cosines.shape[0]):
        first, last = rows.indptr[row], rows.indptr[row + 1]
        own = _profile_add(vectors, rows.indices[first:last], weights[first:last], profile, touched, words)
        length = 0.0
        for word in own:
            length += profile[word] ** 2
        length = np.sqrt(length)
        nothing = length <= CANCELLED * np.abs(weights[first:last]).sum()
        sums[:] = 0.0
        for word in own:
            share = 0.0 if nothing else profile[word] / length
            profile[word], touched[word] = 0.0, False
            for at in range(postings.indptr[word], postings.indptr[word + 1]):
                sums[postings.items[at]] += share * np.float64(postings.weights[at])
        for item in range(sums.size):
            cosines[row, item] = np.float32(min(max(sums[item], -1.0), 1.0))


@numba.njit(cache=True, nogil=True)
def _profile_add(  # noqa: PLR0917 - compiled code takes no keywords here.
    vectors: SparseVectors,
    items: Int32Array,
    weights: Float32Array,
    profile: Float64Array,
    touched: BoolArray,
    words: Int32Array,
) -> Int32Array:
    """Add the vectors of some items to `profile` and return its words, ascending."""
    found = 0
    for at in range(items.size):
        for entry in range(vectors.indptr[items[at]], vectors.indptr[items[at] + 1]):
            word = vectors.words[entry]
            if not touched[word]:
                touched[word] = True
                words[found] = word
                found += 1
            profile[word] += np.float64(weights[at]) * np.float64(vectors.weights[entry])
    return np.sort(words[:found])
