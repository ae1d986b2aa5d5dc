"""SVD and NSVD by gradient descent with momentum on small random batches, for the command `svd`.

The same models as `svd` and `nsvd`, trained the way neural networks are; see `kernels.momentum`.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import NamedTuple

import numpy as np

from recommender.arrays import Float32Array
from recommender.config import Config, choice, count, fraction, not_negative, positive, random_seed
from recommender.data.ratings import Ratings
from recommender.data.rows import Rows
from recommender.factors.divergence import check_divergence
from recommender.factors.foldin import FoldInPenalty
from recommender.factors.model import FactorModel
from recommender.factors.nsvd_model import SIZES, NSVDModel, item_counts, select_history, user_factors_from_histories

MODELS = ("svd", "nsvd")


@dataclass(frozen=True)
class MiniBatchConfig(Config):
    """Hyper-parameters; ConfigError for a value outside its range.

    `model`: one of `MODELS`; `size`: for nsvd, as in `NSVDConfig`; `learning_rate` is γ, `momentum` is m,
    `regularisation` is λ; factors start as Normal(0, init_std_dev²).
    """

    model: str = choice("svd", MODELS)
    size: str = choice("mean", SIZES)
    n_factors: int = count(12)
    batch_size: int = count(700)
    n_steps: int = count(7000)
    learning_rate: float = positive(0.001)
    momentum: float = fraction(0.926)
    regularisation: float = not_negative(0.0003)
    init_std_dev: float = not_negative(0.02)
    seed: int = random_seed()


class StepReport(NamedTuple):
    """`step`: the latest, from 0; `batch_error`: RMSE on its batch before the step; `model`: after it."""

    step: int
    batch_error: float
    model: FactorModel


def train_minibatch(ratings: Ratings, config: MiniBatchConfig, *, every: int = 1000) -> Iterator[StepReport]:
    """Train on random batches of `ratings`; report after steps 0, `every`, 2 · `every`… and the last.

    A step costs batch_size · n_factors · 10 operations on one core; for nsvd, about as many more for each item of a
    history. Raises DivergedError when the parameters grow without bound.
    """
    training = _Training(ratings, config)
    ends = [*range(0, config.n_steps - 1, every), config.n_steps - 1]
    for before, end in pairwise([-1, *ends]):
        error = training.step(end - before)
        yield StepReport(end, error, training.model(end + 1))


class _Training:
    """The training ratings and the present parameters."""

    def __init__(self, ratings: Ratings, config: MiniBatchConfig) -> None:
        from recommender.kernels.batches import Examples, Weights  # noqa: PLC0415 - numba takes half a second to load.

        self.ratings, self.config = ratings, config
        self.rng = np.random.default_rng(config.seed)
        residuals = ratings.values - np.float32(ratings.global_mean)
        self.examples = Examples(ratings.user_positions, ratings.item_positions, residuals)
        self.speaking, self.history_length = select_history(ratings, config.size)
        n_users, n_items = len(ratings.users), len(ratings.items)
        self.users, self.items, self.implicit = (
            Weights.of(self._random_factors(n)) for n in (n_users, n_items, n_items)
        )

    def step(self, n_steps: int) -> float:
        """Make so many steps and return the RMSE on the last batch, before its step."""
        from recommender.kernels.momentum import Momentum, run_nsvd_steps, run_svd_steps  # noqa: PLC0415 - as above.

        config, (users, items, implicit) = self.config, (self.users, self.items, self.implicit)
        batches = self.rng.integers(len(self.ratings), size=(n_steps, config.batch_size))
        settings = Momentum(
            *(np.float32(each) for each in (config.learning_rate, config.momentum, config.regularisation))
        )
        if config.model == "nsvd":
            mine, theirs = self.ratings.user_positions[self.speaking], self.ratings.item_positions[self.speaking]
            rows = Rows.of_sorted(mine, theirs, n_rows=len(self.ratings.users))
            error: float = run_nsvd_steps(self.examples, batches, (users, items, implicit), rows, settings)
        else:
            error = run_svd_steps(self.examples, batches, users, items, settings)
        check_divergence((users.values, items.values, implicit.values), config)
        return error

    def model(self, n_steps: int) -> FactorModel:
        """Return a model with a copy of the parameters after so many steps."""
        config, ratings = self.config, self.ratings
        plain = FactorModel(
            users=ratings.users,
            items=ratings.items,
            global_mean=ratings.global_mean,
            user_biases=self.users.biases(),
            item_biases=self.items.biases(),
            user_factors=self.users.factors(config.n_factors),
            item_factors=self.items.factors(config.n_factors),
            fold_in_penalty=self._penalty(n_steps),
        )
        return self._nsvd(plain) if config.model == "nsvd" else plain

    def _nsvd(self, plain: FactorModel) -> NSVDModel:
        implicit_factors = self.implicit.factors(self.config.n_factors)
        return NSVDModel(
            users=plain.users,
            items=plain.items,
            global_mean=plain.global_mean,
            user_biases=plain.user_biases,
            item_biases=plain.item_biases,
            user_factors=user_factors_from_histories(self.ratings, self.speaking, implicit_factors),
            item_factors=plain.item_factors,
            implicit_factors=implicit_factors,
            item_counts=item_counts(self.ratings),
            history_length=self.history_length,
            fold_in_penalty=plain.fold_in_penalty,
        )

    def _penalty(self, n_steps: int) -> FoldInPenalty:
        """Return the penalty. `of_sgd` counts half the gradient, and momentum counts each step 1 / (1 - m) times."""
        config = self.config
        return FoldInPenalty.of_sgd(
            learning_rate=2 * config.learning_rate / (1 - config.momentum),
            regularisation=config.regularisation,
            n_epochs=n_steps * config.batch_size / len(self.ratings),
        )

    def _random_factors(self, n: int) -> Float32Array:
        factors = self.rng.standard_normal((n, self.config.n_factors), dtype=np.float32)
        return factors * np.float32(self.config.init_std_dev)
