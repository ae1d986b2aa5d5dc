"""Item-to-item weights by linear regression of each item on all others: EASE, in its closed form."""

from collections.abc import Iterator

import numpy as np

from recommender.arrays import Float32Array, Float64Array
from recommender.data.rows import Rows

_BLOCK_USERS = 2048


def association_weights(rated: Rows, *, n_items: int, regularisation: float) -> Float32Array:
    """B that minimises ‖X - XB‖² + λ‖B‖² with a zero diagonal: (n_items, n_items) float32.

    X has a one wherever a user, a row of `rated`, has an item. B = I - P / diag(P) with P = (XᵀX + λI)⁻¹
    (Steck 2019, "Embarrassingly Shallow Autoencoders for Sparse Data", eq. 8). Costs n_items³ + n_users · n_items².
    """
    gram: Float64Array = np.zeros((n_items, n_items))
    for block in _dense_blocks(rated, n_items):
        gram += block.T @ block
    gram.flat[:: n_items + 1] += regularisation
    precision = np.linalg.inv(gram)
    weights = precision / -np.diag(precision)
    weights.flat[:: n_items + 1] = 0.0
    return weights.astype(np.float32)


def _dense_blocks(rated: Rows, n_items: int) -> Iterator[Float32Array]:
    for start in range(0, rated.n_rows, _BLOCK_USERS):
        block = rated.slice(start, min(start + _BLOCK_USERS, rated.n_rows))
        dense = np.zeros((block.n_rows, n_items), dtype=np.float32)
        dense[np.repeat(np.arange(block.n_rows), np.diff(block.indptr)), block.indices] = 1.0
        yield dense
