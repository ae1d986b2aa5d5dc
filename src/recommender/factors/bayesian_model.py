"""The posterior mean of a factorisation as a factor model with a fold-in."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from recommender.arrays import Float32Array, Float64Array, Int64Array, check_finite, check_shape
from recommender.errors import DataError
from recommender.factors.foldin import UserParameters, solve_ridge
from recommender.factors.model import FactorModel


@dataclass(frozen=True, eq=False, kw_only=True)
class BayesianModel(FactorModel):
    """A factor model whose users have a normal prior around a sum over the set of their rated items.

    `implicit_factors`: (n_items, k) float32 ỹ_j; `prior_mean`: (k,) float32 m; `mean_factors`: (k,) float32 q̄. A user
    who rated I_u has p_u ~ Normal(m + |I_u|^-½ Σ_{j ∈ I_u} ỹ_j, 1) and b_u = p_u·q̄; a rating differs from μ + b_i +
    p_u·(q_i + q̄) by noise of the variance `fold_in_penalty.constant`.
    """

    kind: ClassVar[str] = "bayesian"

    implicit_factors: Float32Array
    prior_mean: Float32Array
    mean_factors: Float32Array

    def __post_init__(self) -> None:
        super().__post_init__()
        check_shape(self.implicit_factors, self.item_factors.shape, "implicit_factors")
        for name in ("implicit_factors", "prior_mean", "mean_factors"):
            array = getattr(self, name)
            if array.dtype != np.float32:
                raise DataError(f"{name} must be float32, got {array.dtype}.")
            check_finite(array, name)
        check_shape(self.prior_mean, (self.n_factors,), "prior_mean")
        check_shape(self.mean_factors, (self.n_factors,), "mean_factors")

    def _fold_in(self, positions: Int64Array, values: Float32Array, times: Int64Array | None) -> UserParameters:  # noqa: ARG002 - the model knows no time.
        """Return the mean of p_u given these ratings: Bayesian linear regression (Bishop 2006, eq. 3.50-3.51)."""
        if not positions.size:
            return UserParameters(0.0, np.zeros(self.n_factors, dtype=np.float32))
        expected = self.prior_mean + self.implicit_factors[positions].sum(axis=0, dtype=np.float64) / (
            positions.size**0.5
        )
        design = (self.item_factors[positions] + self.mean_factors).astype(np.float64)
        residuals = values - self.global_mean - self.item_biases[positions].astype(np.float64) - design @ expected
        factors = expected + solve_ridge(design, residuals, self.fold_in_penalty.constant)
        return UserParameters(float(factors @ self.mean_factors), factors.astype(np.float32))

    def rate_positions(self, user: UserParameters, positions: Int64Array) -> Float64Array:
        """Return the unclipped stars of one user for the items at these positions: (n,) float64."""
        products = self.item_factors[positions].astype(np.float64) @ user.factors
        stars: Float64Array = self.global_mean + user.bias + self.item_biases[positions] + products
        return stars

    def rate_users(self, users: Int64Array) -> Float32Array:
        """Return the unclipped stars of the users at these positions for every item: (m, n_items)."""
        biases = self.item_biases + np.float32(self.global_mean)
        return self.user_factors[users] @ self.item_factors.T + (self.user_biases[users][:, None] + biases)
