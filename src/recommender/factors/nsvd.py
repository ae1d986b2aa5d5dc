"""NSVD: a factorisation that represents users by the items that they rated, trained by a compiled kernel.

Model, objective and update: Paterek 2007, KDD Cup, "Improving regularized singular value decomposition for
collaborative filtering" (NSVD1); see `kernels.nsvd` for the steps and `nsvd_model` for the histories. The only
parameter of a user is the bias.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from recommender.arrays import BoolArray, Float32Array
from recommender.config import Config, choice, count, not_negative, positive, random_seed
from recommender.contract import OnEpoch
from recommender.data.ratings import Ratings
from recommender.epochs import each_epoch
from recommender.factors.divergence import check_divergence
from recommender.factors.foldin import FoldInPenalty
from recommender.factors.nsvd_model import (
    SIZES,
    NSVDModel,
    item_counts,
    select_history,
    user_factors_from_histories,
)
from recommender.search_space import Choices, Floats, Ints

if TYPE_CHECKING:
    from recommender.kernels.nsvd import NSVDParameters


@dataclass(frozen=True)
class NSVDConfig(Config):
    """Hyper-parameters; ConfigError for a value outside its range.

    `size`: the largest number of items in a user's history, the `max`, `mean` or `min` number of ratings of a user;
    `learning_rate` is γ and `regularisation` is λ, for every kind of parameter; factors start as Normal(0,
    init_std_dev²).
    """

    n_factors: int = count(40, search=Ints(8, 150, log=True))
    n_epochs: int = count(20, search=Ints(5, 50, log=True))
    learning_rate: float = positive(0.01, search=Floats(0.003, 0.02, log=True))
    regularisation: float = not_negative(0.03, search=Floats(0.01, 0.1, log=True))
    size: str = choice("max", SIZES, search=Choices(("max", "mean")))
    init_std_dev: float = not_negative(0.05)
    seed: int = random_seed()


@dataclass(frozen=True)
class NSVD:
    """The estimator: `NSVD(config).fit(ratings)` returns an `NSVDModel`."""

    config: NSVDConfig = NSVDConfig()

    def fit(self, ratings: Ratings, on_epoch: OnEpoch | None = None) -> NSVDModel:
        """Train on all `ratings`, on one core: about n_epochs · n_ratings · n_factors · 8 operations.

        Raises DivergedError when the factors grow without bound; an interrupt stops it after the current epoch.
        """
        from recommender.kernels.nsvd import NSVDHistories, run_nsvd_epoch  # noqa: PLC0415 - numba takes half a second to load.

        config, rows = self.config, ratings.by_user()
        speaking, history_length = select_history(ratings, config.size)
        histories = NSVDHistories(rows.indptr, rows.indices, ratings.values - np.float32(ratings.global_mean), speaking)
        rng = np.random.default_rng(config.seed)
        parameters = _initial_parameters(ratings, config, rng)
        rates = np.float32(config.learning_rate), np.float32(config.regularisation)

        def model() -> NSVDModel:
            return self._model(ratings, parameters, speaking, history_length, done)

        done = 0
        for done in each_epoch(config.n_epochs, on_epoch, model):  # noqa: B007 - `model` reads it.
            run_nsvd_epoch(histories, rng.permutation(len(ratings.users)), parameters, *rates)
            check_divergence(parameters, config)
        return model()

    def _model(
        self,
        ratings: Ratings,
        parameters: "NSVDParameters",
        speaking: BoolArray,
        history_length: int,
        epochs_done: int,
    ) -> NSVDModel:
        return NSVDModel(
            users=ratings.users,
            items=ratings.items,
            global_mean=ratings.global_mean,
            user_biases=parameters.user_biases.copy(),
            item_biases=parameters.item_biases.copy(),
            user_factors=user_factors_from_histories(ratings, speaking, parameters.implicit_factors),
            item_factors=parameters.item_factors.copy(),
            implicit_factors=parameters.implicit_factors.copy(),
            item_counts=item_counts(ratings),
            history_length=history_length,
            fold_in_penalty=FoldInPenalty.of_sgd(
                learning_rate=self.config.learning_rate,
                regularisation=self.config.regularisation,
                n_epochs=epochs_done,
            ),
        )


def _initial_parameters(ratings: Ratings, config: NSVDConfig, rng: np.random.Generator) -> "NSVDParameters":
    from recommender.kernels.nsvd import NSVDParameters  # noqa: PLC0415 - numba takes half a second to load.

    def random_factors() -> Float32Array:
        factors = rng.standard_normal((len(ratings.items), config.n_factors), dtype=np.float32)
        return factors * np.float32(config.init_std_dev)

    return NSVDParameters(
        np.zeros(len(ratings.users), dtype=np.float32),
        np.zeros(len(ratings.items), dtype=np.float32),
        random_factors(),
        random_factors(),
    )
