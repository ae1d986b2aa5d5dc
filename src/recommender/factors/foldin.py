"""Fitting one user's bias and factors while the items stay as they are."""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from recommender.arrays import Float32Array, Float64Array
from recommender.errors import ConfigError


class UserParameters(NamedTuple):
    """b_u and p_u of one user. `bias`: stars; `factors`: (k,) float32."""

    bias: float
    factors: Float32Array


@dataclass(frozen=True)
class FoldInPenalty:
    """The regularisation of a folded-in user: with n ratings, α = `constant` + `per_rating` · n.

    ConfigError unless both are finite, `constant` is above 0 and `per_rating` is 0 or more.
    """

    constant: float
    per_rating: float

    def __post_init__(self) -> None:
        if not (0 < self.constant < np.inf and 0 <= self.per_rating < np.inf):
            raise ConfigError(f"{self}: the constant must be above 0, the part per rating 0 or more, both finite.")

    @classmethod
    def of_sgd(cls, *, learning_rate: float, regularisation: float, n_epochs: float) -> "FoldInPenalty":
        """Return the penalty whose exact solution resembles the result of T epochs of stochastic gradient descent.

        SGD subtracts γλ·parameter at each of a user's n ratings, hence λ·n. It also stops early: along a direction of
        curvature s it covers 1 - exp(-γTs) of the distance. For small s, ridge regression with the constant 1 / (γT)
        covers about as much, s / (s + 1/(γT)). Without that constant the closed form fits the noise in the factors.
        """
        return cls(constant=1.0 / (learning_rate * n_epochs), per_rating=regularisation)

    def strength(self, n_ratings: int) -> float:
        """Return α for a user of `n_ratings` ratings."""
        return self.constant + self.per_rating * n_ratings


def ridge_fold_in(item_factors: Float32Array, residuals: Float64Array, strength: float) -> UserParameters:
    """Minimise Σ_i (e_i - b_u - q_i·p_u)² + α(b_u² + ‖p_u‖²) over b_u and p_u together, exactly.

    `item_factors`: (n, k), the q_i of the n rated items; `residuals`: (n,) e_i = r_ui - μ - b_i; `strength`: α > 0.
    No ratings give zeros. Ridge regression with the column of ones for the bias (Hoerl and Kennard 1970, eq. 2.1);
    solved in the smaller of the two spaces, ratings or factors: O(min(n, k)³ + n·k·min(n, k)).
    """
    n, k = item_factors.shape
    design = np.ones((n, k + 1))
    design[:, 1:] = item_factors
    solution = solve_ridge(design, residuals, strength)
    return UserParameters(bias=float(solution[0]), factors=solution[1:].astype(np.float32))


def solve_ridge(design: Float64Array, residuals: Float64Array, strength: float) -> Float64Array:
    """Minimise ‖residuals - design·x‖² + α‖x‖² over x: (d,) float64, for a `design` of (n, d) and α = `strength`.

    With α = σ², x is also the mean of x ~ Normal(0, 1) given `residuals` = design·x + noise of the variance σ².
    """
    n, d = design.shape
    if n <= d:
        gram = design @ design.T
        gram.flat[:: n + 1] += strength
        return np.asarray(design.T @ np.linalg.solve(gram, residuals), dtype=np.float64)
    gram = design.T @ design
    gram.flat[:: d + 1] += strength
    return np.asarray(np.linalg.solve(gram, design.T @ residuals), dtype=np.float64)
