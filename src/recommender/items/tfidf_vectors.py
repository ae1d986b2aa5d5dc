"""TF-IDF vectors: the words of each item as a sparse vector of length 1."""

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Self

import numpy as np

from recommender.arrays import BoolArray, Float32Array, Float64Array, Int32Array, Int64Array, check_shape
from recommender.data.catalogue import Catalogue
from recommender.data.rows import Rows
from recommender.errors import DataError
from recommender.kernels.tfidf_plain import SparseVectors, cosines_plain, profile_plain, tfidf_cosines_plain

if TYPE_CHECKING:
    from recommender.kernels.tfidf import Postings

# Fewer rows than this, such as the one of a web request, are compared without loading compiled kernels.
_COMPILED_FROM = 64


@dataclass(frozen=True, eq=False)
class TfidfVectors:
    """Sparse rows over `n_words` words, one per item: `indptr`, (n_items + 1,) int64; `words`, (n,) int32; `weights`,
    (n,) float32. A row has length 1, or no words at all. Build it with `of`.
    """

    indptr: Int64Array
    words: Int32Array
    weights: Float32Array
    n_words: int

    def __post_init__(self) -> None:
        Rows(self.indptr, self.words).check(n_rows=self.n_items, n_items=self.n_words)
        check_shape(self.weights, self.words.shape, "weights")
        if not np.isfinite(self.weights).all():
            raise DataError("The weights of words must be finite.")

    @classmethod
    def of(cls, catalogue: Catalogue, *, rare_words: float) -> Self:
        """Return the vectors of all words of a catalogue.

        The weight of a word is its count times idf^`rare_words`, with idf = 1 + ln((1 + n_items) / (1 + items with the
        word)); at 0, the count alone.
        """
        words, rows, counts = catalogue.word_counts()
        n_items, n_words = len(catalogue), max(len(words), 1)
        spread = np.bincount(rows.indices, minlength=n_words)
        idf = 1 + np.log((1 + n_items) / (1 + spread))
        weights: Float64Array = counts * idf[rows.indices] ** rare_words
        row_of = np.repeat(np.arange(n_items), np.diff(rows.indptr))
        lengths = np.sqrt(np.bincount(row_of, weights=weights**2, minlength=n_items))
        return cls(rows.indptr, rows.indices, (weights / lengths[row_of]).astype(np.float32), n_words)

    @property
    def n_items(self) -> int:
        """The number of items, including those without words."""
        return int(self.indptr.size - 1)

    @property
    def comparable(self) -> BoolArray:
        """Which items have words: (n_items,) bool."""
        has_words: BoolArray = np.diff(self.indptr) > 0
        return has_words

    def profile(self, items: Int64Array, weights: Float32Array) -> Float64Array:
        """Return Σ_j w_j v_j over some items, scaled to length 1: (n_words,) float64; zeros for a zero sum."""
        return profile_plain(self._vectors, self.n_words, items, weights)

    def to_profile(self, profile: Float64Array) -> Float32Array:
        """Return the cosines of a profile of length 1, (n_words,), with all items: (n_items,) float32."""
        return cosines_plain(self._vectors, profile, self._row_of)

    def to_profile_at(self, profile: Float64Array, items: Int64Array) -> Float32Array:
        """Return `to_profile` for the items at these positions only: (m,) float32."""
        indptr, entries = Rows(self.indptr, self.words).entries(items)
        some = SparseVectors(indptr, self.words[entries], self.weights[entries])
        return cosines_plain(some, profile, np.repeat(np.arange(items.size), np.diff(indptr)))

    def to_sums(self, items: Rows, weights: Float32Array) -> Float32Array:
        """Return `to_profile` of the profiles of b rows of items, `weights` along them: (b, n_items) float32."""
        if items.n_rows < _COMPILED_FROM:
            return tfidf_cosines_plain(self._vectors, self.n_words, items, weights)
        from recommender.kernels.tfidf import tfidf_cosines  # noqa: PLC0415 - numba takes half a second to load.

        return tfidf_cosines(self._vectors, self._postings, items, weights)

    def to_items(self, items: Int64Array) -> Float32Array:
        """Return the cosines of the items at these positions, (b,), with all items: (b, n_items) float32."""
        alone = Rows(np.arange(items.size + 1), items.astype(np.int32))
        return self.to_sums(alone, np.ones(items.size, dtype=np.float32))

    @property
    def _vectors(self) -> SparseVectors:
        return SparseVectors(self.indptr, self.words, self.weights)

    @cached_property
    def _row_of(self) -> Int64Array:
        return np.repeat(np.arange(self.n_items), np.diff(self.indptr))

    @cached_property
    def _postings(self) -> "Postings":
        from recommender.kernels.tfidf import Postings  # noqa: PLC0415 - see to_sums.

        return Postings.of(self._vectors, self.n_words)
