"""Similarity of items: cosines of dense or sparse vectors, and nearest neighbours."""

from dataclasses import dataclass
from typing import Protocol, Self

import numpy as np

from recommender.arrays import BoolArray, Float32Array, Float64Array, Int32Array, Int64Array
from recommender.data.rows import Rows
from recommender.topk import select_topk

# The number of items that are compared with all others at a time.
_BLOCK = 256


class ItemCosines(Protocol):
    """Cosines of n_items items."""

    @property
    def comparable(self) -> BoolArray:
        """Which items have a vector other than zero: (n_items,) bool."""
        ...

    def to_items(self, items: Int64Array) -> Float32Array:
        """Return the cosines of the items at these positions, (b,), with all items: (b, n_items) float32."""
        ...


@dataclass(frozen=True, eq=False)
class DenseCosines:
    """`unit`: (n_items, d) float32 vectors of length 1 or 0."""

    unit: Float32Array
    comparable: BoolArray

    @classmethod
    def of(cls, vectors: Float32Array) -> Self:
        """Return the cosines of vectors of any length."""
        lengths = np.linalg.norm(vectors, axis=1)
        return cls(unit_rows(vectors), lengths > 0)

    def to_items(self, items: Int64Array) -> Float32Array:
        """Return the cosines of the items at these positions, (b,), with all items: (b, n_items) float32."""
        cosines: Float32Array = self.unit[items] @ self.unit.T
        return cosines


def nearest_neighbours(cosines: ItemCosines, items: Int64Array, n: int) -> tuple[Int32Array, Float32Array]:
    """Return the `n` nearest neighbours of the items at the positions `items` (m,), all of them comparable.

    Positions (m, n) int32 padded with -1, and cosines (m, n) float32 padded with NaN, best first.
    """
    found = np.empty((items.size, n), dtype=np.int32), np.empty((items.size, n), dtype=np.float32)
    for start in range(0, items.size, _BLOCK):
        block = slice(start, start + _BLOCK)
        itself = Rows(np.arange(items[block].size + 1), items[block].astype(np.int32))
        found[0][block], found[1][block] = select_topk(cosines.to_items(items[block]), cosines.comparable, itself, n)
    return found


def unit_rows(vectors: Float32Array | Float64Array) -> Float32Array:
    """Divide each row by its length; rows of zeros stay."""
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    return (vectors / np.where(lengths > 0, lengths, 1)).astype(np.float32)
