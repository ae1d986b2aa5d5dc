"""Sparse rows of item positions, such as the rated items of each user."""

from typing import NamedTuple

import numpy as np

from recommender.arrays import IdsLike, Int32Array, Int64Array, check_ids, check_shape
from recommender.errors import DataError


class Rows(NamedTuple):
    """Compressed sparse rows: the items of row `r` are `indices[indptr[r] : indptr[r + 1]]`, ascending.

    `indptr`: (n_rows + 1,) int64; `indices`: (n,) int32 item positions.
    """

    indptr: Int64Array
    indices: Int32Array

    @classmethod
    def of_pairs(cls, rows: IdsLike, item_positions: IdsLike, *, n_rows: int) -> "Rows":
        """Return rows from parallel arrays in any order, without unknown items (position -1) and repetitions.

        DataError if the arrays differ in length or a row number lies outside 0…n_rows-1.
        """
        row_of, item_of = check_ids(rows, "rows"), check_ids(item_positions, "item_positions")
        check_shape(item_of, row_of.shape, "item_positions")
        wrong = (row_of < 0) | (row_of >= n_rows)
        if wrong.any():
            raise DataError(f"Row {row_of[wrong][0]} is outside 0…{n_rows - 1}.")
        known = item_of >= 0
        width = int(item_of.max(initial=0)) + 1
        pairs = np.unique(row_of[known] * width + item_of[known])
        return cls.of_sorted(pairs // width, (pairs % width).astype(np.int32), n_rows=n_rows)

    @classmethod
    def of_sorted(cls, rows: Int64Array | Int32Array, item_positions: Int32Array, *, n_rows: int) -> "Rows":
        """Return rows from pairs that already ascend by row, then item; `item_positions` is not copied."""
        indptr = np.zeros(n_rows + 1, dtype=np.int64)
        np.cumsum(np.bincount(rows, minlength=n_rows), out=indptr[1:])
        return cls(indptr, item_positions)

    @classmethod
    def empty(cls, *, n_rows: int) -> "Rows":
        """Return `n_rows` rows without items."""
        return cls(np.zeros(n_rows + 1, dtype=np.int64), np.empty(0, dtype=np.int32))

    @property
    def n_rows(self) -> int:
        """The number of rows, including empty ones."""
        return int(self.indptr.size - 1)

    def take(self, rows: Int64Array) -> "Rows":
        """Return the given rows, in the given order; row numbers must lie inside 0…n_rows-1."""
        indptr, entries = self.entries(rows)
        return Rows(indptr, self.indices[entries])

    def entries(self, rows: Int64Array) -> tuple[Int64Array, Int64Array]:
        """Return the `indptr` of the given rows, and the places of their entries in `indices` and parallel arrays."""
        lengths = self.indptr[rows + 1] - self.indptr[rows]
        indptr = np.zeros(rows.size + 1, dtype=np.int64)
        np.cumsum(lengths, out=indptr[1:])
        entries: Int64Array = np.arange(indptr[-1]) + np.repeat(self.indptr[rows] - indptr[:-1], lengths)
        return indptr, entries

    def slice(self, start: int, stop: int) -> "Rows":
        """Return rows start…stop-1, which share the indices."""
        indptr = self.indptr[start : stop + 1]
        return Rows(indptr - indptr[0], self.indices[indptr[0] : indptr[-1]])

    def check(self, *, n_rows: int, n_items: int) -> "Rows":
        """Return these rows; DataError unless there are `n_rows`, each ascending strictly inside 0…n_items-1."""
        if self.n_rows != n_rows:
            raise DataError(f"There must be one row of rated items per user: {n_rows} users, {self.n_rows} rows.")
        indices = self.indices
        if self.indptr[0] != 0 or self.indptr[-1] != indices.size or (np.diff(self.indptr) < 0).any():
            raise DataError("indptr must ascend from 0 to the number of indices: build rows with Rows.of_pairs.")
        if indices.size and not 0 <= indices.min() <= indices.max() < n_items:
            raise DataError(f"Rated items must be positions in 0…{n_items - 1}: drop unknown items with Rows.of_pairs.")
        falls = np.flatnonzero(indices[1:] <= indices[:-1]) + 1
        if not np.isin(falls, self.indptr).all():
            raise DataError("The items of a row must ascend without repetition: build rows with Rows.of_pairs.")
        return self
