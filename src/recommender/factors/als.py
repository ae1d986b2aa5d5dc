"""Matrix factorisation of implicit feedback by alternating least squares, trained by the library `implicit`.

Preference p_ui is 1 where u liked i and else 0; confidence c_ui is `alpha` where liked and else 1. Minimises Σ_ui c_ui
(p_ui - x_u·y_i)² + λ(Σ‖x_u‖² + Σ‖y_i‖²) (Hu, Koren, Volinsky 2008, ICDM, eq. 3).
"""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, ClassVar

import numpy as np

from recommender.arrays import Float32Array, Float64Array, Int64Array
from recommender.baselines.bias import BiasModel
from recommender.config import (
    DEVICES,
    Config,
    choice,
    count,
    not_negative,
    positive,
    random_seed,
    require,
    star_threshold,
)
from recommender.contract import Epoch, OnEpoch
from recommender.data.ratings import Ratings
from recommender.epochs import report_only_epoch
from recommender.errors import ConfigError
from recommender.factors.als_spark import SparkPlace, SparkTraining
from recommender.items.implicit_feedback import (
    FactorFeedbackModel,
    fit_bias_model,
    positive_interactions,
)
from recommender.search_space import LIKED_FROM, Floats, Ints

ENGINES = ("implicit", "spark")


@dataclass(frozen=True)
class ALSConfig(Config):
    """Hyper-parameters; ConfigError for a value outside its range.

    `n_factors`: k; `n_epochs`: alternations; `regularisation`: λ; `alpha`: confidence in positive interactions;
    `liked_from`: stars from which a rating is positive; `device`: "cpu", "cuda", or "auto" for CUDA if available;
    `engine`: "implicit", the library, or "spark", Spark MLlib (see `als_spark`), which has no `device` and takes α from
    1 on.
    """

    n_factors: int = count(32, search=Ints(8, 256, log=True))
    n_epochs: int = count(15)
    regularisation: float = not_negative(0.01, search=Floats(0.01, 100.0, log=True))
    alpha: float = positive(40.0, search=Floats(1.0, 100.0, log=True))
    liked_from: float = star_threshold(3.5, search=LIKED_FROM)
    device: str = choice("auto", DEVICES)
    engine: str = choice("implicit", ENGINES)
    seed: int = random_seed()

    def __post_init__(self) -> None:
        super().__post_init__()
        require(self.engine != "spark" or self.alpha >= 1, "alpha", self.alpha, "at least 1 where engine is spark")


@dataclass(frozen=True, eq=False)
class ALSModel(FactorFeedbackModel):
    """`user_factors`: (n_users, k) float32, x; `item_factors`: (n_items, k) float32, y; a user state is an x_u."""

    kind: ClassVar[str] = "als"

    regularisation: float
    alpha: float
    liked_from: float

    @cached_property
    def _gram(self) -> Float64Array:
        """YᵀY + λI: (k, k)."""
        factors = self.item_factors.astype(np.float64)
        gram: Float64Array = factors.T @ factors
        gram.flat[:: gram.shape[0] + 1] += self.regularisation
        return gram

    def _make_profile(self, positions: Int64Array, values: Float32Array, times: Int64Array | None) -> Float32Array:  # noqa: ARG002 - the model knows no time.
        """Return x_u = (YᵀY + Yᵀ(C^u - I)Y + λI)⁻¹ YᵀC^u p(u) (Hu, Koren, Volinsky 2008, eq. 4)."""
        liked = self.item_factors[positions[values >= np.float32(self.liked_from)]].astype(np.float64)
        if not len(liked):
            return np.zeros(self.item_factors.shape[1], dtype=np.float32)
        system = self._gram + (self.alpha - 1) * (liked.T @ liked)
        profile: Float64Array = np.linalg.solve(system, self.alpha * liked.sum(axis=0))
        return profile.astype(np.float32)

    def _score_pairs(self, users: Int64Array, items: Int64Array) -> Float32Array:
        left, right = self.user_factors[users].astype(np.float64), self.item_factors[items].astype(np.float64)
        products: Float64Array = np.einsum("nk,nk->n", left, right)
        return products.astype(np.float32)


@dataclass(frozen=True)
class ALS:
    """The estimator: `ALS(config).fit(ratings)` returns an `ALSModel`.

    `spark`: the place where Spark runs, if that is the engine.
    """

    config: ALSConfig = ALSConfig()
    spark: SparkPlace = field(default=SparkPlace())

    def fit(self, ratings: Ratings, on_epoch: OnEpoch | None = None) -> ALSModel:
        """Train on the positive interactions; each alternation costs n_liked · k² + (n_users + n_items) · k³ at most.

        `on_epoch` is called after each alternation, with Spark after the last one only.
        """
        if self.config.engine == "spark":
            return self._fit_by_spark(ratings, on_epoch)
        # The library loads BLAS, so import it first: threadpoolctl limits loaded libraries only.
        import implicit.als  # noqa: F401, PLC0415 - only training needs it.
        from scipy.sparse import csr_matrix  # noqa: PLC0415
        from threadpoolctl import threadpool_limits  # noqa: PLC0415

        rows = positive_interactions(ratings, self.config.liked_from)
        confident = np.full(rows.indices.size, self.config.alpha, dtype=np.float32)
        shape = (len(ratings.users), len(ratings.items))
        # The library uses threads itself, so more threads in BLAS would slow it down. The biases, a twentieth of the
        # work, are fitted at the same time.
        with threadpool_limits(1, user_api="blas"), ThreadPoolExecutor(1, "stars") as beside:
            stars = beside.submit(fit_bias_model, ratings)
            factors = self._library_model()

            def now() -> ALSModel:
                users, items = _copy_to_host(factors.user_factors), _copy_to_host(factors.item_factors)
                return self._model(ratings, stars.result(), users, items)

            positive = csr_matrix((confident, rows.indices, rows.indptr), shape=shape)
            with suppress(_EndedEarly):
                factors.fit(positive, show_progress=False, callback=_callback(on_epoch, self.config.n_epochs, now))
            return now()

    def _fit_by_spark(self, ratings: Ratings, on_epoch: OnEpoch | None) -> ALSModel:
        users, items = self.config.part(SparkTraining).fit(ratings, self.spark)
        model = self._model(ratings, fit_bias_model(ratings), users, items)
        report_only_epoch(on_epoch, model, n_epochs=self.config.n_epochs)
        return model

    def _model(
        self, ratings: Ratings, stars: BiasModel, user_factors: Float32Array, item_factors: Float32Array
    ) -> ALSModel:
        config = self.config
        return ALSModel(
            ratings.users,
            ratings.items,
            stars,
            user_factors,
            item_factors,
            config.regularisation,
            config.alpha,
            config.liked_from,
        )

    def _library_model(self) -> Any:
        from implicit.als import AlternatingLeastSquares  # noqa: PLC0415 - only training needs it.
        from implicit.gpu import HAS_CUDA  # noqa: PLC0415

        if self.config.device == "cuda" and not HAS_CUDA:
            raise ConfigError("device is cuda, but implicit finds no CUDA here: use auto or cpu.")
        return AlternatingLeastSquares(
            factors=self.config.n_factors,
            regularization=self.config.regularisation,
            iterations=self.config.n_epochs,
            random_state=self.config.seed,
            use_gpu=HAS_CUDA and self.config.device != "cpu",
        )


class _EndedEarly(Exception):  # noqa: N818 - not an error: the only way to stop the library.
    """The caller ended the training."""


def _callback(on_epoch: OnEpoch | None, n_epochs: int, model: Callable[[], ALSModel]) -> Any:
    if on_epoch is None:
        return None

    def report(iteration: int, _seconds: float, _loss: float | None) -> None:
        if on_epoch(Epoch(iteration + 1, n_epochs, model)):
            raise _EndedEarly

    return report


def _copy_to_host(factors: Any) -> Float32Array:
    """Return a copy of the library's factors, which change later."""
    on_host = factors if isinstance(factors, np.ndarray) else factors.to_numpy()
    return np.array(on_host, dtype=np.float32)
