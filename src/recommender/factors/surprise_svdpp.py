"""scikit-surprise's SVD++, trained by the library on arrays (see `svdpp_model`)."""

from dataclasses import dataclass

import numpy as np
import surprise

from recommender.arrays import Float32Array
from recommender.config import count, not_negative, positive, random_seed
from recommender.contract import OnEpoch
from recommender.data.ratings import Ratings
from recommender.factors.surprise_trainset import SurpriseConfig, fit_on_arrays
from recommender.factors.svdpp_model import SVDppModel
from recommender.search_space import Floats, Ints


@dataclass(frozen=True)
class SurpriseSVDppConfig(SurpriseConfig):
    """Hyper-parameters of `surprise.SVDpp`, with its defaults; factors start as Normal(0, init_std_dev²)."""

    n_factors: int = count(20, search=Ints(5, 40, log=True))
    n_epochs: int = count(20, search=Ints(5, 40, log=True))
    lr_all: float = positive(0.007, search=Floats(0.002, 0.02, log=True))
    init_std_dev: float = not_negative(0.1)
    seed: int = random_seed()


@dataclass(frozen=True)
class SurpriseSVDpp:
    """The estimator: `SurpriseSVDpp(config).fit(ratings)` returns an `SVDppModel`."""

    config: SurpriseSVDppConfig = SurpriseSVDppConfig()

    def fit(self, ratings: Ratings, on_epoch: OnEpoch | None = None) -> SVDppModel:
        """Train on all `ratings`; each costs n_factors times the number of its user's ratings, on one core.

        Reports and errors are those of `fit_on_arrays`.
        """
        algorithm = surprise.SVDpp(**self.config.library_arguments())
        parameters, penalty = fit_on_arrays(algorithm, ("bu", "bi", "pu", "qi", "yj"), ratings, self.config, on_epoch)
        user_biases, item_biases, explicit, item_factors, implicit_factors = parameters
        return SVDppModel(
            users=ratings.users,
            items=ratings.items,
            global_mean=ratings.global_mean,
            user_biases=user_biases,
            item_biases=item_biases,
            user_factors=explicit + _implicit_sums(ratings, implicit_factors),
            item_factors=item_factors,
            implicit_factors=implicit_factors,
            fold_in_penalty=penalty,
        )


def _implicit_sums(ratings: Ratings, implicit_factors: Float32Array) -> Float32Array:
    """Return |N(u)|^-½ Σ_{j ∈ N(u)} y_j of each user: (n_users, k) float32."""
    from scipy.sparse import csr_array  # noqa: PLC0415 - only training needs it.

    rated = ratings.by_user()
    weights = np.repeat(np.diff(rated.indptr).astype(np.float64) ** -0.5, np.diff(rated.indptr))
    shape = (len(ratings.users), len(ratings.items))
    sums: Float32Array = (csr_array((weights, rated.indices, rated.indptr), shape=shape) @ implicit_factors).astype(
        np.float32
    )
    return sums
