"""The mean of many low-rank products as one low-rank product, such as the posterior mean of a factorisation.

The rank of the mean of M_s = A_s B_sᵀ over samples s may be as high as the sum of theirs, but a few directions contain
nearly all of it. Two random projections of the sum suffice to find them (Tropp, Yurtsever, Udell, Cevher 2017,
"Practical Sketching Algorithms for Low-Rank Matrix Approximation", algorithms 4 and 7).
"""

from typing import NamedTuple, Self

import numpy as np

from recommender.arrays import Float32Array, Float64Array


class LowRank(NamedTuple):
    """M ≈ `left` · `right`ᵀ. `left`: (m, r), `right`: (n, r) float64 with orthonormal columns, strongest first."""

    left: Float64Array
    right: Float64Array


class ProductMean:
    """The running mean of products (m, k) · (n, k)ᵀ, approximated by factors of a small rank.

    Memory: about 7·rank·(m + n) float32. `merge` adds means of the same shape, rank and seed.
    """

    def __init__(self, n_left: int, n_right: int, *, rank: int, seed: int) -> None:
        self._shape = (n_left, n_right)
        self.rank = min(rank, n_left, n_right)
        self._seed = seed
        width = min(2 * self.rank + 1, n_left, n_right)
        height = min(2 * width + 1, n_left)
        random = np.random.default_rng(seed)
        self._from_right = random.standard_normal((n_right, width), dtype=np.float32)
        self._from_left = random.standard_normal((height, n_left), dtype=np.float32)
        self._range = np.zeros((n_left, width), dtype=np.float32)
        self._corange = np.zeros((height, n_right), dtype=np.float32)
        self.count = 0

    def add(self, left: Float32Array, right: Float32Array) -> None:
        """Add `left` · `right`ᵀ to the mean: (m, k) and (n, k) float32."""
        self._range += left @ (right.T @ self._from_right)
        self._corange += (self._from_left @ left) @ right.T
        self.count += 1

    def clear(self) -> None:
        """Remove all values."""
        self._range[:] = 0
        self._corange[:] = 0
        self.count = 0

    def low_rank(self) -> LowRank:
        """Return the mean in its `rank` strongest directions; `add` must have been called."""
        basis, _ = np.linalg.qr(self._range.astype(np.float64))
        # Least squares, then a singular value decomposition, both after QR, so that LAPACK iterates on small matrices.
        orthogonal, triangle = np.linalg.qr(self._from_left @ basis)
        inner = np.linalg.solve(triangle, orthogonal.T @ self._corange / self.count)
        rows, narrow = np.linalg.qr(inner.T)
        left, strengths, right = np.linalg.svd(narrow.T)
        kept = slice(0, self.rank)
        return LowRank(left=basis @ (left[:, kept] * strengths[kept]), right=rows @ right[kept].T)

    @classmethod
    def merge(cls, parts: list[Self]) -> Self:
        """Return the mean of all products that were added to `parts`."""
        first = parts[0]
        whole = cls(*first._shape, rank=first.rank, seed=first._seed)  # noqa: SLF001 - its own class.
        for part in parts:
            whole._range += part._range  # noqa: SLF001
            whole._corange += part._corange  # noqa: SLF001
            whole.count += part.count
        return whole
