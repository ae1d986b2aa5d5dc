"""SVD++: r̂_ui = μ + b_u + b_i + q_i·(p_u + |N(u)|^-½ Σ_{j ∈ N(u)} y_j) (Koren 2008, KDD, eq. 15)."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from recommender.arrays import Float32Array, Int64Array, check_finite, check_shape
from recommender.errors import DataError
from recommender.factors.foldin import UserParameters, ridge_fold_in
from recommender.factors.model import FactorModel


@dataclass(frozen=True, eq=False, kw_only=True)
class SVDppModel(FactorModel):
    """A factor model whose `user_factors` are p_u plus the implicit part; the fold-in uses y.

    `implicit_factors`: (n_items, k) float32, the y_j.
    """

    kind: ClassVar[str] = "svdpp"

    implicit_factors: Float32Array

    def __post_init__(self) -> None:
        super().__post_init__()
        check_shape(self.implicit_factors, self.item_factors.shape, "implicit_factors")
        if self.implicit_factors.dtype != np.float32:
            raise DataError(f"implicit_factors must be float32, got {self.implicit_factors.dtype}.")
        check_finite(self.implicit_factors, "implicit_factors")

    def _fold_in(self, positions: Int64Array, values: Float32Array, times: Int64Array | None) -> UserParameters:  # noqa: ARG002 - the model knows no time.
        """Return b_u and p_u by ridge regression on the residuals of the implicit part of these ratings."""
        implicit = self.implicit_factors[positions].astype(np.float64).sum(axis=0) / max(positions.size, 1) ** 0.5
        residuals = values.astype(np.float64) - self.global_mean - self.item_biases[positions]
        residuals -= self.item_factors[positions] @ implicit
        explicit = ridge_fold_in(self.item_factors[positions], residuals, self.fold_in_penalty.strength(positions.size))
        return UserParameters(explicit.bias, (explicit.factors + implicit).astype(np.float32))
