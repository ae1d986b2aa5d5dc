"""scikit-surprise's SVD++, trained by the library itself on arrays; its factors are read out (see `svdpp_model`)."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import surprise

from recommender.arrays import Float32Array
from recommender.config import require_count, require_not_negative, require_positive, require_seed
from recommender.contract import OnEpoch
from recommender.data.ratings import Ratings
from recommender.factors.foldin import FoldInPenalty
from recommender.factors.surprise import ArrayTrainset, PassCounter, check_factors
from recommender.factors.svdpp_model import SVDppModel
from recommender.search_space import Floats, Ints, SearchSpace


@dataclass(frozen=True)
class SurpriseSVDppConfig:
    """Hyper-parameters of `surprise.SVDpp`, with its defaults; ConfigError for a value outside its range.

    `lr_all` is γ and `reg_all` is λ, for every kind of parameter; factors start as Normal(0, init_std_dev²).
    """

    n_factors: int = 20
    n_epochs: int = 20
    lr_all: float = 0.007
    reg_all: float = 0.02
    init_std_dev: float = 0.1
    seed: int = 0

    space: ClassVar[SearchSpace] = {
        "n_factors": Ints(5, 40, log=True),
        "n_epochs": Ints(5, 40, log=True),
        "lr_all": Floats(0.002, 0.02, log=True),
        "reg_all": Floats(0.01, 0.2, log=True),
    }

    def __post_init__(self) -> None:
        require_count("n_factors", self.n_factors)
        require_count("n_epochs", self.n_epochs)
        require_positive("lr_all", self.lr_all)
        require_not_negative("reg_all", self.reg_all)
        require_not_negative("init_std_dev", self.init_std_dev)
        require_seed(self.seed)


@dataclass(frozen=True)
class SurpriseSVDpp:
    """The estimator: `SurpriseSVDpp(config).fit(ratings)` gives an `SVDppModel`."""

    config: SurpriseSVDppConfig = SurpriseSVDppConfig()

    def fit(self, ratings: Ratings, on_epoch: OnEpoch | None = None) -> SVDppModel:
        """Train on all `ratings`; each costs n_factors times the number of items that its user rated, on one core.

        `on_epoch` hears of each pass; the model as it is now is not to be had. Raises DivergedError.
        """
        config, passes = self.config, PassCounter(self.config.n_epochs, on_epoch)
        algorithm = surprise.SVDpp(
            n_factors=config.n_factors,
            n_epochs=config.n_epochs,
            lr_all=config.lr_all,
            reg_all=config.reg_all,
            init_std_dev=config.init_std_dev,
            random_state=config.seed,
        )
        algorithm.fit(ArrayTrainset(ratings, passes))
        user_biases, item_biases, explicit, item_factors, implicit_factors = check_factors(
            (algorithm.bu, algorithm.bi, algorithm.pu, algorithm.qi, algorithm.yj), config
        )
        return SVDppModel(
            users=ratings.users,
            items=ratings.items,
            global_mean=ratings.global_mean,
            user_biases=user_biases,
            item_biases=item_biases,
            user_factors=explicit + _implicit_sums(ratings, implicit_factors),
            item_factors=item_factors,
            implicit_factors=implicit_factors,
            fold_in_penalty=FoldInPenalty.of_sgd(
                learning_rate=config.lr_all, regularisation=config.reg_all, n_epochs=passes.done
            ),
        )


def _implicit_sums(ratings: Ratings, implicit_factors: Float32Array) -> Float32Array:
    """|N(u)|^-½ Σ_{j ∈ N(u)} y_j of each user: (n_users, k) float32."""
    from scipy.sparse import csr_array  # noqa: PLC0415 - only training needs it.

    rated = ratings.by_user()
    weights = np.repeat(np.diff(rated.indptr).astype(np.float64) ** -0.5, np.diff(rated.indptr))
    shape = (len(ratings.users), len(ratings.items))
    sums: Float32Array = (csr_array((weights, rated.indices, rated.indptr), shape=shape) @ implicit_factors).astype(
        np.float32
    )
    return sums
