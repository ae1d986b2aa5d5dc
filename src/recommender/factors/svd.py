"""The biased factorisation of `surprise-svd` by a compiled, parallel kernel, which is many times faster.

Model, objective and update are those of Koren, Bell, Volinsky 2009 (eq. 4, eq. 5, p. 45); see `kernels.sgd` for how
threads share the work. The result depends on the seed and on the ratings, not on the number of threads.
"""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, cast

import numpy as np

from recommender.arrays import Float32Array, Int32Array, Int64Array, UInt8Array
from recommender.config import Config, count, not_negative, positive, random_seed, thread_count
from recommender.contract import OnEpoch
from recommender.data.ratings import Ratings
from recommender.epochs import each_epoch
from recommender.factors.block_schedule import run_scheduled_epoch
from recommender.factors.divergence import check_divergence
from recommender.factors.foldin import FoldInPenalty
from recommender.factors.model import FactorModel
from recommender.search_space import Floats, Ints

if TYPE_CHECKING:
    from recommender.kernels.sgd import Grid, SGDParameters

# Users and items are divided into this many stripes, the largest number of useful threads. It determines the order of
# training, so it is the same on all machines. Block numbers, below its square, fit a byte.
_STRIPES = 16
# Rows of factors start at cache lines and fill whole vector registers.
_LANES, _LINE_BYTES = 8, 64
# The smallest work of a thread in an epoch.
_RATINGS_PER_THREAD = 50_000
# With this many ratings a block takes long enough, a good part of a millisecond, to be scheduled on its own.
_SCHEDULED_FROM = 5_000_000


@dataclass(frozen=True)
class SVDConfig(Config):
    """Hyper-parameters; ConfigError for a value outside its range.

    `learning_rate` is γ and `regularisation` is λ, for every kind of parameter; factors start as Normal(0,
    init_std_dev²). `n_threads`: the largest number to use, None for all cores; it changes only the time.
    """

    n_factors: int = count(100, search=Ints(8, 200, log=True))
    n_epochs: int = count(20, search=Ints(5, 60, log=True))
    learning_rate: float = positive(0.005, search=Floats(0.002, 0.02, log=True))
    regularisation: float = not_negative(0.02, search=Floats(0.01, 0.2, log=True))
    init_std_dev: float = not_negative(0.1)
    n_threads: int | None = thread_count()
    seed: int = random_seed()


@dataclass(frozen=True)
class SVD:
    """The estimator: `SVD(config).fit(ratings)` returns a `FactorModel`."""

    config: SVDConfig = SVDConfig()

    def fit(self, ratings: Ratings, on_epoch: OnEpoch | None = None) -> FactorModel:
        """Train on all `ratings`, of which it keeps one copy (12 bytes each) in the order of training.

        Costs about n_epochs · n_ratings · n_factors · 6 operations. Raises DivergedError when the factors grow without
        bound; an interrupt stops it after the current epoch.
        """
        config = self.config
        rng = np.random.default_rng([config.seed, 1])
        rates = np.float32(config.learning_rate), np.float32(config.regularisation)
        done = 0
        with _threads(config.n_threads, n_ratings=len(ratings)):
            training, epoch = _Training.of(ratings, config), _epoch_function(len(ratings))

            def model() -> FactorModel:
                return training.model(done)

            for done in each_epoch(config.n_epochs, on_epoch, model):  # noqa: B007 - `model` reads it.
                epoch(training.grid, rng.permutation(_STRIPES), training.parameters, *rates)
                check_divergence(training.parameters, config)
            return model()


@dataclass(frozen=True)
class _Training:
    """Ratings and parameters; users and items have new numbers, so that those of a stripe are neighbours in memory."""

    ratings: Ratings
    config: SVDConfig
    users: Int32Array
    items: Int32Array
    grid: "Grid"
    parameters: "SGDParameters"

    @classmethod
    def of(cls, ratings: Ratings, config: SVDConfig) -> "_Training":
        from recommender.kernels.grid import Columns, Deal, fill_grid  # noqa: PLC0415 - numba takes long to load.

        with ThreadPoolExecutor(1, "svd") as beside:
            parameters = beside.submit(_initial_parameters, ratings, config)
            columns = Columns(ratings.user_positions, ratings.item_positions, ratings.values)
            users, items = (
                Deal(stripes, _renumber(stripes))
                for stripes in (
                    _deal(np.diff(ratings.by_user().indptr)),
                    _deal(np.bincount(ratings.item_positions, minlength=len(ratings.items))),
                )
            )
            grid = fill_grid(columns, users, items, np.float32(ratings.global_mean), _STRIPES)
            return cls(ratings, config, users.numbers, items.numbers, grid, parameters.result())

    def model(self, epochs_done: int) -> FactorModel:
        """Return a copy of the present parameters as a model."""
        k = self.config.n_factors
        return FactorModel(
            users=self.ratings.users,
            items=self.ratings.items,
            global_mean=self.ratings.global_mean,
            user_biases=self.parameters.user_biases[self.users],
            item_biases=self.parameters.item_biases[self.items],
            user_factors=np.ascontiguousarray(self.parameters.user_factors[self.users, :k]),
            item_factors=np.ascontiguousarray(self.parameters.item_factors[self.items, :k]),
            fold_in_penalty=FoldInPenalty.of_sgd(
                learning_rate=self.config.learning_rate,
                regularisation=self.config.regularisation,
                n_epochs=epochs_done,
            ),
        )


def _epoch_function(n_ratings: int) -> Callable[..., None]:
    """Return the function for one epoch, chosen by the number of ratings alone, as it may change the last bit."""
    import numba  # noqa: PLC0415 - takes half a second to load.

    from recommender.kernels.sgd import run_sgd_epoch  # noqa: PLC0415

    if n_ratings < _SCHEDULED_FROM:
        return cast("Callable[..., None]", run_sgd_epoch)
    return partial(run_scheduled_epoch, n_threads=numba.get_num_threads())


def _deal(counts: Int64Array) -> UInt8Array:
    """Return a stripe for each of n users or items, (n,), assigned by falling count to balance the stripes."""
    turn = np.arange(counts.size) % (2 * _STRIPES)
    stripes = np.empty(counts.size, dtype=np.uint8)
    stripes[np.argsort(-counts, kind="stable")] = np.minimum(turn, 2 * _STRIPES - 1 - turn)
    return stripes


def _renumber(stripes: UInt8Array) -> Int32Array:
    """Return new numbers, (n,) int32, consecutive within each stripe."""
    numbers = np.empty(stripes.size, dtype=np.int32)
    numbers[np.argsort(stripes, kind="stable")] = np.arange(stripes.size, dtype=np.int32)
    return numbers


def _initial_parameters(ratings: Ratings, config: SVDConfig) -> "SGDParameters":
    from recommender.kernels.sgd import SGDParameters  # noqa: PLC0415 - numba takes half a second to load.

    rng = np.random.default_rng([config.seed, 0])
    return SGDParameters(
        np.zeros(len(ratings.users), dtype=np.float32),
        np.zeros(len(ratings.items), dtype=np.float32),
        _random_factors(rng, len(ratings.users), config),
        _random_factors(rng, len(ratings.items), config),
    )


def _random_factors(rng: np.random.Generator, n: int, config: SVDConfig) -> Float32Array:
    """Return random factors, (n, width) float32: `n_factors` columns, padded with zeros to whole vectors."""
    width = -(-config.n_factors // _LANES) * _LANES
    memory = np.zeros(n * width + _LINE_BYTES // 4, dtype=np.float32)
    start = (-memory.ctypes.data) % _LINE_BYTES // 4
    factors = memory[start : start + n * width].reshape(n, width)
    factors[:, : config.n_factors] = rng.standard_normal((n, config.n_factors), dtype=np.float32)
    factors *= np.float32(config.init_std_dev)
    return factors


@contextmanager
def _threads(wanted: int | None, *, n_ratings: int) -> Iterator[None]:
    """Let compiled loops use up to `wanted` threads inside a `with` block.

    Threads synchronise after each of the `_STRIPES` steps of an epoch. With few ratings in a step they would mostly
    wait for one another; on a busy machine that takes many times longer than a single thread.
    """
    import numba  # noqa: PLC0415 - takes half a second to load.

    before = numba.get_num_threads()
    most = before if wanted is None else min(wanted, numba.config.NUMBA_NUM_THREADS)  # type: ignore[attr-defined]  # Set at run time.
    numba.set_num_threads(min(most, 1 + n_ratings // _RATINGS_PER_THREAD))
    try:
        yield
    finally:
        numba.set_num_threads(before)
