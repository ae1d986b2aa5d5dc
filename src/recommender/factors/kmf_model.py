"""Kernel matrix factorisation: r̂_ui = lo + (hi - lo)·σ(x_ui), x_ui = μ + b_u + b_i + q_i·p_u, σ the logistic function.

Rendle, Schmidt-Thieme 2008, RecSys, "Online-updating regularized kernel matrix factorization models for large-scale
recommender systems", doi 10.1145/1454008.1454047, r̂ = a + c·K(p_u, q_i) with the logistic kernel K.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar, NamedTuple

import numpy as np

from recommender.arrays import Float32Array, Float64Array, Int64Array
from recommender.contract import BatchRequest
from recommender.factors.foldin import UserParameters
from recommender.factors.model import FactorModel
from recommender.topk import RecommendationBatch

# Four or five Gauss-Newton steps reach the minimum; smaller steps than this do not change a hundredth of a star.
_MOST_STEPS = 12
_MOST_HALVINGS = 20
_SMALL_STEP = 1e-3


@dataclass(frozen=True, eq=False, kw_only=True)
class KMFModel(FactorModel):
    """A factor model of x: `global_mean`, biases and factors are in units of x, and stars are lo + (hi - lo)·σ(x).

    `fold_in` is the online update: it fits a user's bias and factors to all their ratings, with the items fixed, in
    about a millisecond. Call it after new ratings; the result replaces the state of a trained user.
    """

    kind: ClassVar[str] = "kmf"

    def stars(self, x: Float32Array | Float64Array) -> Float32Array:
        """Return lo + (hi - lo)·σ(x), of x in any shape."""
        low, high = self.rating_scale
        return (low + (high - low) * logistic(x.astype(np.float64))).astype(np.float32)

    def _rate_pairs(self, users: Int64Array, items: Int64Array) -> Float32Array:
        return self.stars(super()._rate_pairs(users, items))

    def _fallback_stars(self, users: Int64Array, items: Int64Array) -> Float32Array:
        return self.stars(super()._fallback_stars(users, items))

    def _rate_items(self, user: UserParameters) -> Float32Array:
        return self.stars(super()._rate_items(user))

    def _rate_some(self, user: UserParameters, positions: Int64Array) -> Float32Array:
        return self.stars(super()._rate_some(user, positions))

    def _fold_in(self, positions: Int64Array, values: Float32Array, times: Int64Array | None) -> UserParameters:  # noqa: ARG002 - the model knows no time.
        low, high = self.rating_scale
        design = np.ones((positions.size, self.n_factors + 1))
        design[:, 1:] = self.item_factors[positions]
        ratings = BoundedRatings(
            design=design,
            offsets=self.global_mean + self.item_biases[positions].astype(np.float64),
            shares=(values.astype(np.float64) - low) / (high - low),
            width=high - low,
            strength=self.fold_in_penalty.strength(positions.size),
        )
        solution = fit_bounded(ratings)
        return UserParameters(bias=float(solution[0]), factors=solution[1:].astype(np.float32))

    def select_batches(self, request: BatchRequest[UserParameters]) -> Iterator[RecommendationBatch]:
        """Rank by x, which gives the same order as the stars."""
        for block in super().select_batches(request):
            yield block._replace(scores=self.stars(block.scores))


class BoundedRatings(NamedTuple):
    """The ratings of one user, as shares of the scale: share = σ(offset + design·θ) + noise.

    `design`: (n, d), `offsets`, `shares`: (n,), all float64; `width`: hi - lo; `strength`: α > 0.
    """

    design: Float64Array
    offsets: Float64Array
    shares: Float64Array
    width: float
    strength: float

    # Products with vectors avoid BLAS, whose threads would cost more time than they save.

    def predict(self, solution: Float64Array) -> Float64Array:
        """Return the shares that θ predicts: (n,)."""
        return logistic(self.offsets + np.einsum("nd,d->n", self.design, solution))

    def loss(self, solution: Float64Array, predicted: Float64Array) -> float:
        """Return Σ (r - r̂)²/(hi - lo) + α‖θ‖²."""
        errors = self.shares - predicted
        return float(self.width * (errors @ errors) + self.strength * (solution @ solution))

    def step(self, solution: Float64Array, predicted: Float64Array) -> Float64Array:
        """Return the Gauss-Newton step from θ (Nocedal, Wright 2006, eq. 10.23), solved in the smaller space."""
        slopes = np.sqrt(self.width) * predicted * (1 - predicted)
        rows = slopes[:, None] * self.design
        rest = np.sqrt(self.width) * (self.shares - predicted) + np.einsum("nd,d->n", rows, solution)
        n, d = rows.shape
        if n <= d:
            gram = rows @ rows.T
            gram.flat[:: n + 1] += self.strength
            return np.asarray(np.einsum("nd,n->d", rows, np.linalg.solve(gram, rest)) - solution, dtype=np.float64)
        gram = rows.T @ rows
        gram.flat[:: d + 1] += self.strength
        return np.asarray(np.linalg.solve(gram, np.einsum("nd,n->d", rows, rest)) - solution, dtype=np.float64)


def fit_bounded(ratings: BoundedRatings) -> Float64Array:
    """Return the θ, (d,), of least loss, from zero by Gauss-Newton steps, each halved until the loss falls."""
    solution = np.zeros(ratings.design.shape[1])
    predicted = ratings.predict(solution)
    loss = ratings.loss(solution, predicted)
    for _ in range(_MOST_STEPS):
        step = ratings.step(solution, predicted)
        for _ in range(_MOST_HALVINGS):
            predicted = ratings.predict(solution + step)
            if ratings.loss(solution + step, predicted) <= loss:
                break
            step /= 2
        solution = solution + step
        loss = ratings.loss(solution, predicted)
        if np.abs(step).max() < _SMALL_STEP:
            break
    return solution


def logistic(x: Float64Array) -> Float64Array:
    """Return σ(x) = 1 / (1 + exp(-x)), of x in any shape, without overflow."""
    return 0.5 + 0.5 * np.tanh(0.5 * x)
