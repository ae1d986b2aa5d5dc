"""Bayesian SVD++ "flipped": the mean prediction over many draws of all parameters from their posterior.

Model and sampler: `factors.gibbs_chain`. The regularisation is drawn with the factors and needs no tuning.
"""

import os
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np

from recommender.arrays import Float64Array
from recommender.config import Config, checked, count, positive, random_seed, require, thread_count
from recommender.contract import OnEpoch
from recommender.data.ratings import Ratings
from recommender.epochs import each_epoch
from recommender.factors.averaging import ProductMean
from recommender.factors.bayesian_model import BayesianModel
from recommender.factors.foldin import FoldInPenalty
from recommender.factors.gibbs_chain import GibbsChain, RatingRows
from recommender.factors.user_prior import Evidence, UserPrior, user_prior
from recommender.search_space import Ints


@dataclass(frozen=True)
class BayesianConfig(Config):
    """Hyper-parameters; ConfigError for a value outside its range.

    `n_factors`: k of each draw; `n_sweeps`: the number of times that each chain draws all parameters; `n_burn_in`: the
    number of first sweeps that do not count, in which the chain forgets its start; `n_chains`: independent chains, a
    thread each, whose means are averaged; `n_components`: factors of the model of the mean; `init_std_dev`: of the
    start; `n_threads`: None for one per core. Threads change the time, never the result.
    """

    n_factors: int = count(32, search=Ints(8, 64, log=True))
    n_sweeps: int = count(90)
    n_burn_in: int = checked(25, lambda value: value >= 0, "at least 0")
    n_chains: int = count(4)
    n_components: int = count(64, search=Ints(32, 128, log=True))
    init_std_dev: float = positive(0.1)
    n_threads: int | None = thread_count()
    seed: int = random_seed()

    def __post_init__(self) -> None:
        super().__post_init__()
        require(self.n_burn_in < self.n_sweeps, "n_burn_in", self.n_burn_in, f"from 0 to {self.n_sweeps - 1}")


@dataclass(frozen=True)
class Bayesian:
    """The estimator: `Bayesian(config).fit(ratings)` returns a `BayesianModel`."""

    config: BayesianConfig = BayesianConfig()

    def fit(self, ratings: Ratings, on_epoch: OnEpoch | None = None) -> BayesianModel:
        """Sample the posterior of all `ratings`; an epoch is one sweep of every chain.

        Each sweep costs about 10 passes over the ratings for each factor, on one core per chain; each chain keeps 4
        bytes per rating and about 30 · n_components · (n_users + n_items).
        """
        from threadpoolctl import threadpool_limits  # noqa: PLC0415 - only training needs it.

        config = self.config
        posterior = _Posterior(ratings, config)
        threads = min(config.n_chains, config.n_threads or os.cpu_count() or 1)
        with threadpool_limits(1, user_api="blas"), ThreadPoolExecutor(threads, "gibbs") as pool:
            for _ in each_epoch(config.n_sweeps, on_epoch, posterior.model):
                list(pool.map(_Draws.sweep, posterior.chains))
        return posterior.model()


class _Draws:
    """A chain and the sums of its draws; during the burn-in only the latest draw counts."""

    def __init__(self, rows: RatingRows, config: BayesianConfig, chain: int) -> None:
        n_users, n_items = rows.items.n_rows, rows.raters.n_rows
        self._chain = GibbsChain(
            rows, n_factors=config.n_factors, init_std_dev=config.init_std_dev, seed=(config.seed, chain)
        )
        self._burn_in = config.n_burn_in
        self._swept = 0
        self.products = ProductMean(n_users + n_items, n_items, rank=config.n_components, seed=config.seed)
        self.item_means: Float64Array = np.zeros(n_items)
        self.noise_variance = 0.0

    def sweep(self) -> None:
        self._chain.sweep()
        self._swept += 1
        if self._swept <= self._burn_in + 1:
            self.products.clear()
            self.item_means[:] = self.noise_variance = 0.0
        users, items, varying = self._chain.users, self._chain.items, slice(0, self._chain.n_factors + 1)
        # Users and, for the fold-in of others, the implicit factors of items.
        left = np.concatenate([users.effective[varying], users.implicit[varying]], axis=1)
        self.products.add(left.T, items.effective[varying].T)
        self.item_means += self._chain.mean + items.effective[-1]
        self.noise_variance += 1.0 / self._chain.noise_precision


class _Posterior:
    """All chains, and the model of their mean."""

    def __init__(self, ratings: Ratings, config: BayesianConfig) -> None:
        self._ratings = ratings
        self._rows = RatingRows.of(ratings)
        self.chains = [_Draws(self._rows, config, chain) for chain in range(config.n_chains)]

    def model(self) -> BayesianModel:
        products = ProductMean.merge([chain.products for chain in self.chains])
        item_means = np.sum([chain.item_means for chain in self.chains], axis=0) / products.count
        noise_variance = sum(chain.noise_variance for chain in self.chains) / products.count
        mean, n_users = products.low_rank(), len(self._ratings.users)
        users, implicit = mean.left[:n_users], mean.left[n_users:]
        expected = self._implicit_part(implicit)
        evidence = Evidence(self._rows, item_means, mean.right, expected, noise_variance)
        prior = user_prior(users - expected, evidence)
        return self._standardise(users, implicit, evidence, prior)

    def _implicit_part(self, implicit: Float64Array) -> Float64Array:
        """Return |I_u|^-½ Σ_{j ∈ I_u} y_j of each user: (n_users, r)."""
        from scipy.sparse import csr_array  # noqa: PLC0415 - only training needs it.

        rated = self._rows.items
        counts = np.diff(rated.indptr)
        weights = np.repeat(counts**-0.5, counts)
        shape = (counts.size, len(self._ratings.items))
        sums: Float64Array = csr_array((weights, rated.indices, rated.indptr), shape=shape) @ implicit
        return sums

    def _standardise(
        self, users: Float64Array, implicit: Float64Array, evidence: Evidence, prior: UserPrior
    ) -> BayesianModel:
        """Return the same predictions in factors whose prior distribution over users is standard normal.

        The common part of all users goes to the items' biases, the average over rated items to the user's bias.
        """
        ratings, average = self._ratings, users.mean(axis=0)
        item_factors = evidence.item_factors @ prior.root
        item_biases = evidence.item_means + evidence.item_factors @ average - ratings.global_mean
        into = np.linalg.inv(prior.root).T
        user_factors = (users - average) @ into
        popularity = np.diff(self._rows.raters.indptr) / len(ratings)
        mean_factors = popularity @ item_factors
        return BayesianModel(
            users=ratings.users,
            items=ratings.items,
            global_mean=ratings.global_mean,
            user_biases=(user_factors @ mean_factors).astype(np.float32),
            item_biases=item_biases.astype(np.float32),
            user_factors=user_factors.astype(np.float32),
            item_factors=(item_factors - mean_factors).astype(np.float32),
            implicit_factors=(implicit @ into).astype(np.float32),
            prior_mean=((prior.mean - average) @ into).astype(np.float32),
            mean_factors=mean_factors.astype(np.float32),
            fold_in_penalty=FoldInPenalty(constant=evidence.noise_variance, per_rating=0.0),
            rating_scale=(float(ratings.values.min()), float(ratings.values.max())),
        )
