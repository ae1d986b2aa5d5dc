"""The keyword soup: what each item is about, as a sparse vector of words with length 1."""

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Self

import numpy as np

from recommender.arrays import AnyArray, BoolArray, Float32Array, Float64Array, Int32Array, Int64Array, shape_checked
from recommender.data.catalogue import Catalogue
from recommender.data.rows import Rows
from recommender.errors import DataError

if TYPE_CHECKING:
    from scipy.sparse import csr_array

# Profiles are compared with all items this many at a time, each a dense row over all words.
_BLOCK_PROFILES = 32
# A sum of vectors as much shorter than their lengths together is nothing but rounding.
_CANCELLED = 1e-6
# Fewer than these, such as the one of a web request, are compared without loading scipy.
_SPARSE_FROM = 8


@dataclass(frozen=True, eq=False)
class Soup:
    """Sparse rows over `n_words` words, one per item: `indptr`, (n_items + 1,) int64; `words`, (n,) int32; `weights`,
    (n,) float32. A row has length 1, or no words at all. Build it with `of`.
    """

    indptr: Int64Array
    words: Int32Array
    weights: Float32Array
    n_words: int

    def __post_init__(self) -> None:
        Rows(self.indptr, self.words).checked(n_rows=self.n_items, n_items=self.n_words)
        shape_checked(self.weights, self.words.shape, "weights")
        if not np.isfinite(self.weights).all():
            raise DataError("The weights of words must be finite.")

    @classmethod
    def of(cls, catalogue: Catalogue, *, rare_words: float) -> Self:
        """The soup of all words of a catalogue.

        A word weighs its count times idf^`rare_words`, with idf = 1 + ln((1 + n_items) / (1 + items with the word));
        at 0, the count alone.
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
        """How many items there are, those without words included."""
        return int(self.indptr.size - 1)

    @property
    def comparable(self) -> BoolArray:
        """Which items have words: (n_items,) bool."""
        has_words: BoolArray = np.diff(self.indptr) > 0
        return has_words

    def profile(self, items: Int64Array, weights: Float32Array) -> Float64Array:
        """Σ_j w_j v_j over some items, scaled to length 1: (n_words,) float64; zeros where nothing is left of it."""
        indptr, entries = Rows(self.indptr, self.words).entries(items)
        shares = self.weights[entries] * np.repeat(weights.astype(np.float64), np.diff(indptr))
        sums = np.bincount(self.words[entries], weights=shares, minlength=self.n_words)
        length = np.sqrt((sums**2).sum())
        return sums / length if length > _CANCELLED * np.abs(weights).sum() else np.zeros(self.n_words)

    def to_profile(self, profile: Float64Array) -> Float32Array:
        """Cosines of a profile of length 1, (n_words,), with all items: (n_items,) float32."""
        sums = np.bincount(self._row_of, weights=self.weights * profile[self.words], minlength=self.n_items)
        return _cosines(sums)

    def to_profile_at(self, profile: Float64Array, items: Int64Array) -> Float32Array:
        """As `to_profile`, with the items at these positions only: (m,) float32."""
        indptr, entries = Rows(self.indptr, self.words).entries(items)
        row_of = np.repeat(np.arange(items.size), np.diff(indptr))
        shares: Float64Array = self.weights[entries] * profile[self.words[entries]]
        return _cosines(np.bincount(row_of, weights=shares, minlength=items.size))

    def to_sums(self, items: Rows, weights: Float32Array) -> Float32Array:
        """As `to_profile` of each row's `profile`, for b rows of items, `weights` along them: (b, n_items) float32."""
        if items.n_rows < _SPARSE_FROM:
            ends = items.indptr
            rows = [slice(ends[row], ends[row + 1]) for row in range(items.n_rows)]
            profiles = [self.profile(items.indices[row].astype(np.int64), weights[row]) for row in rows]
            return np.stack([self.to_profile(profile) for profile in profiles])
        from scipy.sparse import csr_array  # noqa: PLC0415 - requests for one user do without.

        shape = (items.n_rows, self.n_items)
        sums = csr_array((weights.astype(np.float64), items.indices, items.indptr), shape=shape) @ self._vectors
        lengths = np.sqrt((sums**2).sum(axis=1))
        sizes = np.bincount(np.repeat(np.arange(items.n_rows), np.diff(items.indptr)), np.abs(weights), items.n_rows)
        scales = np.where(lengths > _CANCELLED * sizes, 1 / np.where(lengths > 0, lengths, 1), 0.0)
        return self._to_rows(sums, scales)

    def to_items(self, items: Int64Array) -> Float32Array:
        """Cosines of the items at these positions, (b,), with all items: (b, n_items) float32."""
        alone = Rows(np.arange(items.size + 1), items.astype(np.int32))
        return self.to_sums(alone, np.ones(items.size, dtype=np.float32))

    def _to_rows(self, rows: "csr_array", scales: Float64Array) -> Float32Array:
        """Cosines of sparse rows over the words, once each is multiplied by its scale, with all items."""
        cosines = np.empty((scales.size, self.n_items), dtype=np.float32)
        for start in range(0, scales.size, _BLOCK_PROFILES):
            part = slice(start, start + _BLOCK_PROFILES)
            profiles = rows[part].toarray() * scales[part, None]
            cosines[part] = _cosines((self._vectors @ profiles.T).T)
        return cosines

    @cached_property
    def _row_of(self) -> Int64Array:
        return np.repeat(np.arange(self.n_items), np.diff(self.indptr))

    @cached_property
    def _vectors(self) -> "csr_array":
        from scipy.sparse import csr_array  # noqa: PLC0415 - requests for one user do without.

        shape = (self.n_items, self.n_words)
        return csr_array((self.weights.astype(np.float64), self.words, self.indptr), shape=shape)


def _cosines(sums: AnyArray) -> Float32Array:
    """Products of vectors of length 1, which rounding may have made a little longer."""
    return np.clip(sums, -1.0, 1.0).astype(np.float32)
