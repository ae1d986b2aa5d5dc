"""Kernel matrix factorisation: stars bounded by the logistic function, learnt from small batches by RMSprop.

Model and online update: Rendle, Schmidt-Thieme 2008, RecSys, doi 10.1145/1454008.1454047; see `kmf_model`, and
`kernels.kmf` for the objective and the steps.
"""

import math
from dataclasses import dataclass

import numpy as np

from recommender.config import Config, count, fraction, not_negative, positive, random_seed
from recommender.contract import OnEpoch
from recommender.data.ratings import Ratings
from recommender.epochs import each_epoch
from recommender.factors.divergence import check_divergence
from recommender.factors.foldin import FoldInPenalty
from recommender.factors.kmf_model import KMFModel
from recommender.rating_scale import RATING_SCALE
from recommender.search_space import Floats, Ints

# The learning rate falls linearly to this share of its start.
_LAST_RATE = 0.01
# The penalty of a fold-in acts as this many additional ratings, because few ratings are unreliable.
_PRIOR_RATINGS = 50
# Makes the solution unique without regularisation.
_LEAST_PENALTY = 1e-3


@dataclass(frozen=True)
class KMFConfig(Config):
    """Hyper-parameters; ConfigError for a value outside its range.

    `learning_rate` is γ at the start, falling to a hundredth; `regularisation` is λ, for every kind of parameter;
    `decay` is ρ; `batch_size`: ratings in a step; factors start as Normal(0, init_std_dev²).
    """

    n_factors: int = count(40, search=Ints(8, 150, log=True))
    n_epochs: int = count(20, search=Ints(5, 40, log=True))
    learning_rate: float = positive(0.01, search=Floats(0.002, 0.05, log=True))
    regularisation: float = not_negative(0.01, search=Floats(0.003, 0.05, log=True))
    batch_size: int = count(1024, search=Ints(256, 4096, log=True))
    decay: float = fraction(0.9)
    init_std_dev: float = not_negative(0.1)
    seed: int = random_seed()


@dataclass(frozen=True)
class KMF:
    """The estimator: `KMF(config).fit(ratings)` returns a `KMFModel`."""

    config: KMFConfig = KMFConfig()

    def fit(self, ratings: Ratings, on_epoch: OnEpoch | None = None) -> KMFModel:
        """Train on all `ratings`, on one core: about n_epochs · n_ratings · n_factors · 20 operations.

        Raises DivergedError when the parameters grow without bound; an interrupt stops it after the present epoch.
        """
        from recommender.kernels.batches import Examples, Weights  # noqa: PLC0415 - numba takes half a second to load.
        from recommender.kernels.kmf import RMSprop, run_kmf_epoch  # noqa: PLC0415

        config, rng = self.config, np.random.default_rng(self.config.seed)
        examples = Examples(ratings.user_positions, ratings.item_positions, ratings.values)
        spread = np.float32(config.init_std_dev)
        users, items = (
            Weights.of(rng.standard_normal((len(ids), config.n_factors), dtype=np.float32) * spread)
            for ids in (ratings.users, ratings.items)
        )
        low, high = RATING_SCALE
        settings = RMSprop(
            batch_size=config.batch_size,
            offset=np.float32(_log_odds(ratings.global_mean)),
            low=np.float32(low),
            width=np.float32(high - low),
            rate=np.float32(0),
            regularisation=np.float32(config.regularisation),
            decay=np.float32(config.decay),
        )

        def model() -> KMFModel:
            return KMFModel(
                users=ratings.users,
                items=ratings.items,
                global_mean=float(settings.offset),
                user_biases=users.biases(),
                item_biases=items.biases(),
                user_factors=users.factors(config.n_factors),
                item_factors=items.factors(config.n_factors),
                fold_in_penalty=fold_in_penalty(config.regularisation),
            )

        for done in each_epoch(config.n_epochs, on_epoch, model):
            rate = np.float32(config.learning_rate * max(1 - (done - 1) / config.n_epochs, _LAST_RATE))
            run_kmf_epoch(examples, rng.permutation(len(ratings)), users, items, settings._replace(rate=rate))
            check_divergence((users.values, items.values), config)
        return model()


def fold_in_penalty(regularisation: float) -> FoldInPenalty:
    """Return α = λ(n + 50): λ for each rating, as in training, and for 50 additional ones."""
    return FoldInPenalty(constant=max(_PRIOR_RATINGS * regularisation, _LEAST_PENALTY), per_rating=regularisation)


def _log_odds(stars: float) -> float:
    """Return the x at which `stars` are predicted, after clipping to a hundredth from either end of the scale."""
    low, high = RATING_SCALE
    share = min(max((stars - low) / (high - low), 0.01), 0.99)
    return math.log(share / (1 - share))
