"""The candidate items in tiles, in an order that fills lists early and lets most users stop early."""

from typing import NamedTuple

import numpy as np

from recommender.arrays import BoolArray, Float32Array, Float64Array, Int32Array, Int64Array, readonly_view
from recommender.data.rows import Rows
from recommender.factors.factorisation import Factorisation


class Tile(NamedTuple):
    """Items that are scored at once, and bounds of the scores of these and all later ones.

    `first`: the rank of the first one; `factors`: (t, k) float32; `highest`: the largest b_i + c‖q_i‖ from here on, for
    the c of `CandidateTiles`; `norms`: the smallest and the largest ‖q_i‖ from here on.
    """

    first: int
    factors: Float32Array
    highest: float
    norms: tuple[float, float]


class CandidateTiles(NamedTuple):
    """The m candidate items by b_i + c‖q_i‖, descending, which is about their highest possible score.

    `order`: (m,) int32, their positions; `ranks`: (n_items,) int64, the rank of each item in `order`, m for the others;
    `biases`: (m,) float32; `tiles`: the same items in parts; `usual_norm`: c, about the mean ‖p_u‖.
    """

    order: Int32Array
    ranks: Int64Array
    biases: Float32Array
    tiles: list[Tile]
    usual_norm: float

    @classmethod
    def of(cls, model: Factorisation, allowed: BoolArray, usual_norm: float, width: int) -> "CandidateTiles":
        """Return the items of `model` that are `allowed`, (n_items,), in tiles of `width`."""
        item_norms = norms(model.item_factors)
        heights = model.item_biases + usual_norm * item_norms
        descending = np.argsort(-heights, kind="stable")
        order = descending[allowed[descending]].astype(np.int32)
        ranks = np.full(allowed.size, order.size, dtype=np.int64)
        ranks[order] = np.arange(order.size)
        factors = readonly_view(model.item_factors[order])
        least = np.minimum.accumulate(item_norms[order][::-1])[::-1]
        largest = np.maximum.accumulate(item_norms[order][::-1])[::-1]
        tiles = [
            Tile(first, factors[first : first + width], heights[order[first]], (least[first], largest[first]))
            for first in range(0, order.size, width)
        ]
        return cls(readonly_view(order), ranks, readonly_view(model.item_biases[order]), tiles, usual_norm)

    def ranks_of(self, rated: Rows) -> Int64Array:
        """Return the ranks of the items of each row, ascending in each."""
        beyond = self.order.size + 1
        rows = np.repeat(np.arange(rated.n_rows) * beyond, np.diff(rated.indptr))
        return np.sort(rows + self.ranks[rated.indices]) - rows

    def bounds(self, tile: Tile, user_norms: Float64Array) -> Float64Array:
        """Return upper bounds of b_i + p_u·q_i from `tile` on, for users with these ‖p_u‖: same shape.

        By Cauchy and Schwarz, b_i + p_u·q_i ≤ b_i + ‖p_u‖‖q_i‖ = (b_i + c‖q_i‖) + (‖p_u‖ - c)‖q_i‖.
        """
        excess = user_norms - self.usual_norm
        least, largest = tile.norms
        return np.asarray(tile.highest + np.maximum(excess * least, excess * largest))


def norms(factors: Float32Array) -> Float64Array:
    """Return the length of each row of factors (n, k): (n,) float64."""
    return np.asarray(np.sqrt(np.einsum("nk,nk->n", factors, factors, dtype=np.float64)))
