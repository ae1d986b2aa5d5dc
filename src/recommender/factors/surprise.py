"""scikit-surprise's SVD, trained by the library on arrays.

Model and update: Koren, Bell, Volinsky, "Matrix Factorization Techniques for Recommender Systems" (2009), eq. 4-5; the
symbols are those of docs/notation.md.
"""

import math
from dataclasses import dataclass

import surprise

from recommender.config import checked, not_negative, random_seed
from recommender.contract import OnEpoch
from recommender.data.ratings import Ratings
from recommender.factors.model import FactorModel
from recommender.factors.surprise_trainset import SurpriseConfig, fit_on_arrays


@dataclass(frozen=True)
class SurpriseSVDConfig(SurpriseConfig):
    """Hyper-parameters of `surprise.SVD`, with its defaults; factors start as Normal(init_mean, init_std_dev²)."""

    init_mean: float = checked(0.0, math.isfinite, "a finite number")
    init_std_dev: float = not_negative(0.1)
    seed: int = random_seed()


@dataclass(frozen=True)
class SurpriseSVD:
    """The estimator: `SurpriseSVD(config).fit(ratings)` returns a `FactorModel`."""

    config: SurpriseSVDConfig = SurpriseSVDConfig()

    def fit(self, ratings: Ratings, on_epoch: OnEpoch | None = None) -> FactorModel:
        """Train on all `ratings`: about n_epochs · n_ratings · n_factors multiplications on one core.

        Reports and errors are those of `fit_on_arrays`.
        """
        algorithm = surprise.SVD(**self.config.library_arguments())
        parameters, penalty = fit_on_arrays(algorithm, ("bu", "bi", "pu", "qi"), ratings, self.config, on_epoch)
        user_biases, item_biases, user_factors, item_factors = parameters
        return FactorModel(
            users=ratings.users,
            items=ratings.items,
            global_mean=ratings.global_mean,
            user_biases=user_biases,
            item_biases=item_biases,
            user_factors=user_factors,
            item_factors=item_factors,
            fold_in_penalty=penalty,
        )
