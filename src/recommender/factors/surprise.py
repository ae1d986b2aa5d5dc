"""scikit-surprise's SVD, trained by the library itself on arrays; its factors are read out.

Model and update: Koren, Bell, Volinsky, "Matrix Factorization Techniques for Recommender Systems" (2009), eq. 4-5; the
symbols are those of docs/notation.md.
"""

import math
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import chain
from typing import TYPE_CHECKING, ClassVar

import numpy as np
import surprise

from recommender.arrays import Float32Array, Float64Array
from recommender.config import require, require_count, require_not_negative, require_positive, require_seed
from recommender.contract import Epoch, OnEpoch
from recommender.data.ratings import RATING_SCALE, Ratings
from recommender.errors import DivergedError
from recommender.factors.foldin import FoldInPenalty
from recommender.factors.model import FactorModel
from recommender.search_space import Floats, Ints, SearchSpace

if TYPE_CHECKING:
    from recommender.factors.surprise_svdpp import SurpriseSVDppConfig

# Ratings become Python objects this many at a time while surprise iterates over them.
_CHUNK = 1 << 14


@dataclass(frozen=True)
class SurpriseSVDConfig:
    """Hyper-parameters of `surprise.SVD`, with its defaults; ConfigError for a value outside its range.

    `lr_all` is γ and `reg_all` is λ, for every kind of parameter; factors start as Normal(init_mean, init_std_dev²).
    """

    n_factors: int = 100
    n_epochs: int = 20
    lr_all: float = 0.005
    reg_all: float = 0.02
    init_mean: float = 0.0
    init_std_dev: float = 0.1
    seed: int = 0

    space: ClassVar[SearchSpace] = {
        "n_factors": Ints(8, 200, log=True),
        "n_epochs": Ints(5, 80, log=True),
        "lr_all": Floats(0.002, 0.02, log=True),
        "reg_all": Floats(0.01, 0.2, log=True),
    }

    def __post_init__(self) -> None:
        require_count("n_factors", self.n_factors)
        require_count("n_epochs", self.n_epochs)
        require_positive("lr_all", self.lr_all)
        require_not_negative("reg_all", self.reg_all)
        require(math.isfinite(self.init_mean), "init_mean", self.init_mean, "a finite number")
        require_not_negative("init_std_dev", self.init_std_dev)
        require_seed(self.seed)


@dataclass(frozen=True)
class SurpriseSVD:
    """The estimator: `SurpriseSVD(config).fit(ratings)` gives a `FactorModel`."""

    config: SurpriseSVDConfig = SurpriseSVDConfig()

    def fit(self, ratings: Ratings, on_epoch: OnEpoch | None = None) -> FactorModel:
        """Train on all `ratings`; `on_epoch` hears of each pass over them; the model as it is now is not to be had.

        Costs about n_epochs · n_ratings · n_factors multiplications on one core. Raises DivergedError when the factors
        leave the finite numbers. An interrupt stops it within a few thousand ratings.
        """
        algorithm, passes = self._algorithm(), PassCounter(self.config.n_epochs, on_epoch)
        algorithm.fit(ArrayTrainset(ratings, passes))
        learnt = (algorithm.bu, algorithm.bi, algorithm.pu, algorithm.qi)
        user_biases, item_biases, user_factors, item_factors = check_factors(learnt, self.config)
        return FactorModel(
            users=ratings.users,
            items=ratings.items,
            global_mean=ratings.global_mean,
            user_biases=user_biases,
            item_biases=item_biases,
            user_factors=user_factors,
            item_factors=item_factors,
            fold_in_penalty=FoldInPenalty.of_sgd(
                learning_rate=self.config.lr_all, regularisation=self.config.reg_all, n_epochs=passes.done
            ),
        )

    def _algorithm(self) -> "surprise.SVD":
        config = self.config
        return surprise.SVD(
            n_factors=config.n_factors,
            n_epochs=config.n_epochs,
            lr_all=config.lr_all,
            reg_all=config.reg_all,
            init_mean=config.init_mean,
            init_std_dev=config.init_std_dev,
            random_state=config.seed,
        )


def check_factors(
    learnt: Sequence[Float64Array], config: "SurpriseSVDConfig | SurpriseSVDppConfig"
) -> list[Float32Array]:
    """What the library learnt, in float32; DivergedError unless it is finite with room for sums and products."""
    if not all(np.abs(array).max() < np.sqrt(np.finfo(np.float32).max) for array in learnt):
        raise DivergedError(
            f"Training diverged with lr_all={config.lr_all} and reg_all={config.reg_all}: lower lr_all."
        )
    return [array.astype(np.float32) for array in learnt]


@dataclass
class PassCounter:
    """Counts finished passes over the ratings: surprise makes exactly one per epoch."""

    n_epochs: int
    on_epoch: OnEpoch | None
    done: int = 0
    ended: bool = False

    def pass_ended(self) -> None:
        """Count one more, and hear whether it was the last to learn from."""
        self.done += 1
        if self.on_epoch is not None:
            self.ended = bool(self.on_epoch(Epoch(self.done, self.n_epochs)))


class ArrayTrainset(surprise.Trainset):  # type: ignore[misc]  # surprise ships no types.
    """A surprise Trainset over arrays: inner ids are vocabulary positions, and no row tuples are kept.

    An ordinary Trainset holds two lists of Python tuples per rating, some 200 bytes; this one holds nothing but the
    `Ratings`. The dictionaries that other algorithms of surprise ask for (`ur`, `ir`, raw to inner ids) are made then.
    The base class's constructor is not called on purpose: all it does is store those dictionaries.
    """

    rating_scale = RATING_SCALE

    def __init__(self, ratings: Ratings, passes: PassCounter | None = None) -> None:
        self.ratings = ratings
        self.n_users = len(ratings.users)
        self.n_items = len(ratings.items)
        self.n_ratings = len(ratings)
        self._passes = passes
        self._inner2raw_id_users = None
        self._inner2raw_id_items = None

    @cached_property
    def global_mean(self) -> float:
        """μ of the ratings."""
        return self.ratings.global_mean

    def knows_user(self, uid: object) -> bool:
        """Whether `uid` is an inner user id; every user of the ratings has rated."""
        return isinstance(uid, int) and 0 <= uid < self.n_users

    def knows_item(self, iid: object) -> bool:
        """Whether `iid` is an inner item id; every item of the ratings was rated."""
        return isinstance(iid, int) and 0 <= iid < self.n_items

    def all_ratings(self) -> Iterator[tuple[int, int, float]]:
        """All (inner user, inner item, value), user by user, converted a chunk at a time."""
        if self._passes is not None and self._passes.ended:
            # The library cannot be told to stop, but an empty pass teaches nothing.
            return iter(())
        return chain.from_iterable(self._chunks())

    def _chunks(self) -> Iterator[Iterator[tuple[int, int, float]]]:
        ratings = self.ratings
        for start in range(0, self.n_ratings, _CHUNK):
            part = slice(start, start + _CHUNK)
            yield zip(
                ratings.user_positions[part].tolist(),
                ratings.item_positions[part].tolist(),
                ratings.values[part].tolist(),
                strict=True,
            )
        if self._passes is not None:
            self._passes.pass_ended()

    @cached_property
    def ur(self) -> dict[int, list[tuple[int, float]]]:
        """The (inner item, value) pairs of each inner user."""
        rows: defaultdict[int, list[tuple[int, float]]] = defaultdict(list)
        for user, item, value in ArrayTrainset(self.ratings).all_ratings():
            rows[user].append((item, value))
        return rows

    @cached_property
    def ir(self) -> dict[int, list[tuple[int, float]]]:
        """The (inner user, value) pairs of each inner item."""
        rows: defaultdict[int, list[tuple[int, float]]] = defaultdict(list)
        for user, item, value in ArrayTrainset(self.ratings).all_ratings():
            rows[item].append((user, value))
        return rows

    @property
    def _raw2inner_id_users(self) -> dict[int, int]:
        return self.ratings.users.as_dict

    @property
    def _raw2inner_id_items(self) -> dict[int, int]:
        return self.ratings.items.as_dict
