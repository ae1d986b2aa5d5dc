"""A Markov chain over the parameters of a factorisation with implicit parts of users and of items.

r̂_ui = μ + P_u·Q_i with P_u = p_u + |I_u|^-½ Σ_{j ∈ I_u} y_j and Q_i = q_i + |U_i|^-½ Σ_{v ∈ U_i} z_v, where a factor
that is 1 for all items represents the users' biases, and one that is 1 for all users the items' biases. This is SVD++
"flipped" (Rendle, Zhang, Koren 2019, "On the Difficulty of Evaluating Baselines"), with each parameter drawn in turn
from its distribution given all others (Rendle 2012, "Factorization Machines with libFM", section 3.3).
"""

from dataclasses import dataclass
from typing import NamedTuple, Self

import numpy as np

from recommender.arrays import Float32Array, Float64Array, Int32Array
from recommender.data.ratings import Ratings
from recommender.data.rows import Rows
from recommender.kernels.gibbs_plain import Draw, Moments

# Residuals are updated in float32 by differences, and recomputed every so many sweeps.
_REFRESH = 10
# Hyper-priors: Gamma(½, ½) on each precision, a mean of Normal(0, 1/λ). They weigh as much as one parameter.
_PRIOR = 1.0


class RatingRows(NamedTuple):
    """Ratings by user, and the users of each item.

    `users`: (n,) int32 and `values`: (n,) float32 of each rating in canonical order; `items`: a row per user, the items
    of these ratings; `raters`: a row per item, its users.
    """

    users: Int32Array
    values: Float32Array
    items: Rows
    raters: Rows

    @classmethod
    def of(cls, ratings: Ratings) -> Self:
        """Return the rows of `ratings`; all but `raters` share their memory."""
        order = np.argsort(ratings.item_positions, kind="stable")
        by_item, raters = ratings.item_positions[order], ratings.user_positions[order]
        return cls(
            users=ratings.user_positions,
            values=ratings.values,
            items=ratings.by_user(),
            raters=Rows.of_sorted(by_item, raters, n_rows=len(ratings.items)),
        )


@dataclass(frozen=True)
class GibbsSide:
    """The parameters of all users, or of all items: m of them, linked with l of the other kind, in K factors.

    `own`: (K, m), p or q; `implicit`: (K, l), y or z; `effective`: (K, m), P or Q; `weights`: (m,), |I_u|^-½ or
    |U_i|^-½; all float32 and changed in place.
    """

    own: Float32Array
    implicit: Float32Array
    effective: Float32Array
    weights: Float32Array


class GibbsChain:
    """One chain: each `sweep` draws every parameter once.

    Factors 0 … k-1 are free; factor k holds the users' biases (1 for each item), factor k+1 the items' (1 for each
    user). `users`, `items`: the sides; `mean`: μ; `noise_precision`: α, of a rating around its prediction.
    """

    def __init__(self, rows: RatingRows, *, n_factors: int, init_std_dev: float, seed: tuple[int, int]) -> None:
        self._rows = rows
        self._random = np.random.default_rng(seed)
        self.n_factors = n_factors
        self.users = self._side(rows.items, rows.raters.n_rows, init_std_dev)
        self.items = self._side(rows.raters, rows.items.n_rows, init_std_dev)
        for side, ones, biases in ((self.users, n_factors + 1, n_factors), (self.items, n_factors, n_factors + 1)):
            side.own[ones] = side.effective[ones] = 1.0
            side.own[biases] = side.effective[biases] = 0.0
        self.mean = float(np.mean(rows.values, dtype=np.float64))
        self.noise_precision = 1.0
        self._sweeps = 0
        self._residuals = self._compute_residuals()

    def sweep(self) -> None:
        """Draw all parameters anew: two passes over the ratings for each side and factor, on one core."""
        self._sweeps += 1
        if self._sweeps % _REFRESH == 0:
            self._residuals = self._compute_residuals()
        self._draw_noise_and_mean()
        order = (self.n_factors, self.n_factors + 1, *range(self.n_factors))
        for factor in order:
            if factor != self.n_factors + 1:
                self._draw_users(factor)
            if factor != self.n_factors:
                self._draw_items(factor)

    def _side(self, links: Rows, n_linked: int, init_std_dev: float) -> GibbsSide:
        width = self.n_factors + 2
        own = self._random.standard_normal((width, links.n_rows), dtype=np.float32) * np.float32(init_std_dev)
        weights = np.maximum(np.diff(links.indptr), 1) ** -0.5
        implicit = np.zeros((width, n_linked), dtype=np.float32)
        return GibbsSide(own, implicit, own.copy(), weights.astype(np.float32))

    def _compute_residuals(self) -> Float32Array:
        residuals = self._rows.values - np.float32(self.mean)
        for users, items in zip(self.users.effective, self.items.effective, strict=True):
            residuals -= users[self._rows.users] * items[self._rows.items.indices]
        return residuals

    def _draw_noise_and_mean(self) -> None:
        n = self._residuals.size
        squares = float(np.dot(self._residuals, self._residuals))
        self.noise_precision = float(self._random.gamma((_PRIOR + n) / 2, 2 / (_PRIOR + squares)))
        step = float(np.mean(self._residuals, dtype=np.float64))
        step += float(self._random.standard_normal()) * (n * self.noise_precision) ** -0.5
        self.mean += step
        self._residuals -= np.float32(step)

    def _draw_users(self, factor: int) -> None:
        from recommender.kernels import gibbs  # noqa: PLC0415 - only training needs numba.

        rows, side, partners = self._rows, self.users, self.items.effective[factor]
        moments, steps = self._moments(side), np.empty(side.own.shape[1], dtype=np.float32)
        gibbs.row_statistics(rows.items, self._residuals, partners, moments)
        request = self._request(side, factor, rows.raters)
        gibbs.draw(request, side.own[factor], side.implicit[factor], moments, steps)
        gibbs.subtract_rows(rows.items, self._residuals, partners, steps)
        side.effective[factor] += steps

    def _draw_items(self, factor: int) -> None:
        from recommender.kernels import gibbs  # noqa: PLC0415 - only training needs numba.

        rows, side, partners = self._rows, self.items, self.users.effective[factor]
        moments, steps = self._moments(side), np.empty(side.own.shape[1], dtype=np.float32)
        gibbs.column_statistics(rows.items, self._residuals, partners, moments)
        request = self._request(side, factor, rows.items)
        gibbs.draw(request, side.own[factor], side.implicit[factor], moments, steps)
        gibbs.subtract_columns(rows.items, self._residuals, partners, steps)
        side.effective[factor] += steps

    @staticmethod
    def _moments(side: GibbsSide) -> Moments:
        return Moments(*(np.empty(side.own.shape[1], dtype=np.float32) for _ in Moments._fields))

    def _request(self, side: GibbsSide, factor: int, sets: Rows) -> Draw:
        own, implicit = side.own[factor], side.implicit[factor]
        own_precision, own_mean = self._hyper_parameters(own)
        implicit_precision, implicit_mean = self._hyper_parameters(implicit)
        return Draw(
            sets=sets,
            weights=side.weights,
            noise_precision=self.noise_precision,
            own_precision=own_precision,
            own_mean=own_mean,
            implicit_precision=implicit_precision,
            implicit_mean=implicit_mean,
            own_normals=self._random.standard_normal(own.size, dtype=np.float32),
            implicit_normals=self._random.standard_normal(implicit.size, dtype=np.float32),
        )

    def _hyper_parameters(self, values: Float32Array) -> tuple[float, float]:
        """Return precision and mean of the normal prior of `values`, drawn given them (Rendle 2012, section 3.3)."""
        n, mean = values.size, float(np.mean(values, dtype=np.float64))
        deviations: Float64Array = values.astype(np.float64) - mean
        spread = float(deviations @ deviations) + n * mean**2 / (n + 1)
        precision = float(self._random.gamma((_PRIOR + n) / 2, 2 / (_PRIOR + spread)))
        centre = n * mean / (n + 1) + float(self._random.standard_normal()) * (precision * (n + 1)) ** -0.5
        return precision, centre
