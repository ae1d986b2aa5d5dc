"""Training of scikit-surprise's algorithms on arrays, shared by their estimators."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from functools import cached_property
from itertools import chain
from typing import Any

import numpy as np
import surprise

from recommender.arrays import Float32Array
from recommender.config import Config, count, not_negative, positive
from recommender.contract import Epoch, OnEpoch
from recommender.data.ratings import Ratings
from recommender.errors import DivergedError
from recommender.factors.foldin import FoldInPenalty
from recommender.rating_scale import RATING_SCALE
from recommender.search_space import Floats, Ints

# Ratings become Python objects this many at a time while surprise iterates over them.
_CHUNK = 1 << 14


@dataclass(frozen=True)
class SurpriseConfig(Config):
    """Hyper-parameters of both algorithms: `lr_all` is γ and `reg_all` is λ, for every kind of parameter."""

    n_factors: int = count(100, search=Ints(8, 200, log=True))
    n_epochs: int = count(20, search=Ints(5, 80, log=True))
    lr_all: float = positive(0.005, search=Floats(0.002, 0.02, log=True))
    reg_all: float = not_negative(0.02, search=Floats(0.01, 0.2, log=True))

    def library_arguments(self) -> dict[str, Any]:
        """Return the arguments of the library's algorithm."""
        arguments = asdict(self)
        arguments["random_state"] = arguments.pop("seed")
        return arguments


def fit_on_arrays(
    algorithm: Any, names: Sequence[str], ratings: Ratings, config: SurpriseConfig, on_epoch: OnEpoch | None
) -> tuple[list[Float32Array], FoldInPenalty]:
    """Train an algorithm of the library; return its attributes `names` in float32, and the fold-in penalty.

    `on_epoch` is called after each pass over the ratings, without a model, which the library does not expose.
    DivergedError unless all parameters are finite, with room for sums and products. An interrupt takes effect within a
    few thousand ratings.
    """
    passes = PassCounter(config.n_epochs, on_epoch)
    algorithm.fit(ArrayTrainset(ratings, passes))
    parameters = [getattr(algorithm, name) for name in names]
    if not all(np.abs(array).max() < np.sqrt(np.finfo(np.float32).max) for array in parameters):
        raise DivergedError(
            f"Training diverged with lr_all={config.lr_all} and reg_all={config.reg_all}: lower lr_all."
        )
    penalty = FoldInPenalty.of_sgd(learning_rate=config.lr_all, regularisation=config.reg_all, n_epochs=passes.done)
    return [array.astype(np.float32) for array in parameters], penalty


@dataclass
class PassCounter:
    """Counts finished passes over the ratings: surprise makes exactly one per epoch."""

    n_epochs: int
    on_epoch: OnEpoch | None
    done: int = 0
    ended: bool = False

    def end_pass(self) -> None:
        """Count one more and report it; a true answer ends the training."""
        self.done += 1
        if self.on_epoch is not None:
            self.ended = bool(self.on_epoch(Epoch(self.done, self.n_epochs)))


class ArrayTrainset(surprise.Trainset):  # type: ignore[misc]  # surprise ships no types.
    """A surprise Trainset over arrays, for SVD and SVD++; inner ids are vocabulary positions.

    An ordinary Trainset has two lists of Python tuples per rating, about 200 bytes; this one keeps the `Ratings`. Only
    SVD++ reads `ur`, which is built on demand. The constructor of the base class only stores such dictionaries, so it
    is not called.
    """

    rating_scale = RATING_SCALE

    def __init__(self, ratings: Ratings, passes: PassCounter | None = None) -> None:
        self.ratings = ratings
        self.n_users = len(ratings.users)
        self.n_items = len(ratings.items)
        self.n_ratings = len(ratings)
        self._passes = passes

    @cached_property
    def global_mean(self) -> float:
        """μ of the ratings."""
        return self.ratings.global_mean

    def all_ratings(self) -> Iterator[tuple[int, int, float]]:
        """Yield all (inner user, inner item, value), user by user, converted a chunk at a time."""
        if self._passes is not None and self._passes.ended:
            # The library cannot be stopped, but an empty pass changes nothing.
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
            self._passes.end_pass()

    @cached_property
    def ur(self) -> dict[int, list[tuple[int, float]]]:
        """The (inner item, value) pairs of each inner user."""
        rows: defaultdict[int, list[tuple[int, float]]] = defaultdict(list)
        for user, item, value in ArrayTrainset(self.ratings).all_ratings():
            rows[user].append((item, value))
        return rows
