"""The prior distribution of user factors, estimated from the posteriors of trained users."""

from typing import NamedTuple

import numpy as np

from recommender.arrays import Float64Array
from recommender.factors.gibbs_chain import RatingRows

# This many users determine a covariance of k numbers well; more would only take longer.
_MOST_USERS = 2000
_ITERATIONS = 4
# Relative to the mean variance; keeps the covariance positive definite.
_LEAST_VARIANCE = 1e-4
_TINY = 1e-12


class UserPrior(NamedTuple):
    """p ~ Normal(`mean`, `root` · `root`ᵀ). `mean`: (k,), `root`: (k, k) lower triangular, float64."""

    mean: Float64Array
    root: Float64Array


class Evidence(NamedTuple):
    """Ratings `rows`, each Normal(item_means_i + q_i·(expected_u + p_u), noise_variance).

    `item_means`: (n_items,), `item_factors`: (n_items, k) the q_i, `expected`: (n_users, k), all float64.
    """

    rows: RatingRows
    item_means: Float64Array
    item_factors: Float64Array
    expected: Float64Array
    noise_variance: float

    def of_user(self, user: int) -> tuple[Float64Array, Float64Array]:
        """Return the precision, (k, k), and precision-weighted mean, (k,), of p_u by the user's ratings alone."""
        rated = slice(self.rows.items.indptr[user], self.rows.items.indptr[user + 1])
        items = self.rows.items.indices[rated]
        design = self.item_factors[items]
        residuals = self.rows.values[rated] - self.item_means[items] - design @ self.expected[user]
        return design.T @ design / self.noise_variance, design.T @ residuals / self.noise_variance


def user_prior(users: Float64Array, evidence: Evidence) -> UserPrior:
    """Return the prior of greatest likelihood for the ratings, by expectation maximisation from the spread of `users`.

    `users`: (n_users, k), the estimated factors. Each step computes the posterior of some users under the prior and
    takes the mean and covariance of these posteriors as the next prior (Dempster, Laird, Rubin 1977; for linear
    regression Bishop 2006, section 9.3.4). At most 2,000 users count, evenly drawn.
    """
    chosen = np.unique(np.linspace(0, len(users) - 1, _MOST_USERS).astype(np.int64))
    facts = [evidence.of_user(int(user)) for user in chosen]
    mean = users.mean(axis=0)
    spread = _spread(users - mean, np.zeros((users.shape[1], users.shape[1])))
    for _ in range(_ITERATIONS):
        precision = np.linalg.inv(spread)
        means, covariances = np.empty((chosen.size, users.shape[1])), np.zeros_like(spread)
        for row, (information, pull) in enumerate(facts):
            covariance = np.linalg.inv(precision + information)
            means[row] = covariance @ (pull + precision @ mean)
            covariances += covariance
        mean = means.mean(axis=0)
        spread = _spread(means - mean, covariances)
    return UserPrior(mean, np.asarray(np.linalg.cholesky(spread), dtype=np.float64))


def _spread(deviations: Float64Array, covariances: Float64Array) -> Float64Array:
    spread: Float64Array = (deviations.T @ deviations + covariances) / len(deviations)
    spread.flat[:: len(spread) + 1] += _LEAST_VARIANCE * np.trace(spread) / len(spread) + _TINY
    return spread
