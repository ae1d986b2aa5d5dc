"""How alike items are: cosines of what a model knows of each, dense or sparse."""

from dataclasses import dataclass
from typing import Protocol, Self

import numpy as np

from recommender.arrays import BoolArray, Float32Array, Float64Array, Int64Array


class ItemCosines(Protocol):
    """Vectors of n_items items, as far as they can be compared."""

    @property
    def comparable(self) -> BoolArray:
        """Which items have a direction at all: (n_items,) bool."""
        ...

    def to_items(self, items: Int64Array) -> Float32Array:
        """Cosines of the items at these positions, (b,), with all items: (b, n_items) float32."""
        ...


@dataclass(frozen=True, eq=False)
class DenseCosines:
    """`unit`: (n_items, d) float32 vectors of length 1, or 0 where there is no direction."""

    unit: Float32Array
    comparable: BoolArray

    @classmethod
    def of(cls, vectors: Float32Array) -> Self:
        """The cosines of vectors of any length."""
        lengths = np.linalg.norm(vectors, axis=1)
        return cls(unit_rows(vectors), lengths > 0)

    def to_items(self, items: Int64Array) -> Float32Array:
        """Cosines of the items at these positions, (b,), with all items: (b, n_items) float32."""
        cosines: Float32Array = self.unit[items] @ self.unit.T
        return cosines


def unit_rows(vectors: Float32Array | Float64Array) -> Float32Array:
    """Each row divided by its length; rows of zeros stay."""
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    return (vectors / np.where(lengths > 0, lengths, 1)).astype(np.float32)
