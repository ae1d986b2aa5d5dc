"""The contract of all algorithms: an estimator is fitted to ratings and returns a `Model`.

Callers use ids; algorithms use positions. A model is immutable and may be shared by threads. It answers for the users
that it was trained on, by id, and for any other user, by the state that `fold_in` fits to their ratings. Functions that
work with any model are in `recommendations`, `explanation` and `persistence`.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Sequence
from typing import Any, ClassVar, Generic, NamedTuple, Protocol, TypeAlias, TypeVar

import numpy as np

from recommender.arrays import BoolArray, Float32Array, IdsLike, Int64Array, ValuesLike, check_ids, check_shape
from recommender.data.ratings import Ratings, check_values
from recommender.data.rows import Rows
from recommender.data.vocabulary import Vocabulary
from recommender.errors import DataError
from recommender.rating_scale import RATING_SCALE
from recommender.similarity import DenseCosines, ItemCosines, nearest_neighbours
from recommender.topk import RecommendationBatch, TopItems, select_topk

# The numbers of pairs that are predicted, and of users whose items are scored, at a time.
_CHUNK = 1 << 14
_BLOCK_USERS = 256

U = TypeVar("U")
"""The state of one user in a model."""


class Interval(NamedTuple):
    """80 % prediction intervals. `low`, `high`: (n,) float32 stars, NaN where unknown."""

    low: Float32Array
    high: Float32Array


class BatchRequest(NamedTuple, Generic[U]):
    """A checked request for the lists of many users; see `recommend_batches`. `allowed`: (n_items,) bool."""

    users: Int64Array | Sequence[U]
    n: int
    exclude: Rows
    allowed: BoolArray
    block_items: int


class Model(ABC, Generic[U]):
    """A trained model: a frozen dataclass whose fields are stored as they are.

    `kind`: its name in a stored manifest; `users`, `items`: the vocabularies of its training data; `rating_scale`:
    lowest and highest rating. `predict` returns stars. The `score` ranks recommendations, in a unit that depends on the
    model; for models that rank by stars it is the stars before clipping.
    """

    kind: ClassVar[str]

    users: Vocabulary
    items: Vocabulary
    rating_scale: tuple[float, float] = RATING_SCALE

    # Each algorithm provides these. Positions are those of known users and items.

    @abstractmethod
    def _rate_pairs(self, users: Int64Array, items: Int64Array) -> Float32Array:
        """Return stars, not clipped, for pairs of positions: (n,) float32."""

    @abstractmethod
    def _fallback_stars(self, users: Int64Array, items: Int64Array) -> Float32Array:
        """Return stars for pairs of positions of which either or both may be -1: (n,) float32, never NaN."""

    @abstractmethod
    def user_state(self, position: int) -> U:
        """Return the state of the user at a position, as trained."""

    @abstractmethod
    def _fold_in(self, positions: Int64Array, values: Float32Array, times: Int64Array | None) -> U:
        """Return the state of a user with these ratings of distinct items, ascending by position; there may be none."""

    @abstractmethod
    def _rate_items(self, user: U) -> Float32Array:
        """Return stars, not clipped, of a user for every item: (n_items,) float32."""

    # Algorithms that do not rank by stars also provide `_score_pairs` and `score_items`; others may provide the rest.

    def _score_pairs(self, users: Int64Array, items: Int64Array) -> Float32Array:
        return self._rate_pairs(users, items)

    def score_items(self, user: U) -> Float32Array:
        """Return the score of every item for a user: (n_items,) float32, by item position."""
        return self._rate_items(user)

    def _score_users(self, users: Int64Array) -> Float32Array:
        """Return `score_items` of the users at these positions, a row each: (b, n_items) float32."""
        return np.stack([self.score_items(self.user_state(int(position))) for position in users])

    def _rate_some(self, user: U, positions: Int64Array) -> Float32Array:
        """Return stars, not clipped, of a user for the items at some positions: (n,) float32."""
        return self._rate_items(user)[positions]

    def _item_vectors(self) -> Float32Array | None:
        """Return (n_items, d) float32 whose cosines are the similarity of items; None for a model without."""
        return None

    def _item_cosines(self) -> ItemCosines | None:
        """Return the similarity of items: by default, of `_item_vectors`."""
        vectors = self._item_vectors()
        return None if vectors is None else DenseCosines.of(vectors)

    def select_batches(self, request: BatchRequest[U]) -> Iterator[RecommendationBatch]:
        """Yield the lists of `recommend_batches`, which checks the request."""
        users, n, exclude, allowed, _ = request
        for start in range(0, len(users), _BLOCK_USERS):
            block = users[start : start + _BLOCK_USERS]
            if isinstance(block, np.ndarray):
                scores = self._score_users(block)
            else:
                scores = np.stack([self.score_items(user) for user in block])
            yield RecommendationBatch(start, *select_topk(scores, allowed, exclude.slice(start, start + len(block)), n))

    # Every model has these.

    @classmethod
    def ranks_by_stars(cls) -> bool:
        """Return whether the `score` is the predicted stars before clipping."""
        return cls._score_pairs is Model._score_pairs and cls.score_items is Model.score_items

    def predict(self, user_ids: IdsLike, item_ids: IdsLike) -> Float32Array:
        """Return r̂ for each pair, clipped to the rating scale: (n,) float32, NaN for an unknown user or item."""
        return self.clip(self._map_pairs(self._rate_pairs, user_ids, item_ids))

    def score(self, user_ids: IdsLike, item_ids: IdsLike) -> Float32Array:
        """Return the score of each pair: (n,) float32, NaN for an unknown user or item."""
        return self._map_pairs(self._score_pairs, user_ids, item_ids)

    def fallback(self, user_ids: IdsLike, item_ids: IdsLike) -> Float32Array:
        """Return the best guess for pairs that are not both known, clipped: (n,) float32, never NaN."""
        return self.clip(self._fallback_stars(*self.positions(user_ids, item_ids)))

    def interval(self, user_ids: IdsLike, item_ids: IdsLike) -> Interval:
        """Return the 80 % prediction interval of each pair; NaN for unknown pairs and from models without intervals."""
        users, _ = self.positions(user_ids, item_ids)
        unknown = np.full(users.shape, np.nan, dtype=np.float32)
        return Interval(unknown, unknown.copy())

    def fold_in(self, item_ids: IdsLike, values: ValuesLike, times: IdsLike | None = None) -> U:
        """Return the state of a new user, or of a known user with other ratings; the items stay as they are.

        `item_ids`: (n,), each at most once; `values`: (n,) stars; `times`: (n,) Unix seconds, for models that use
        them. Unknown items are ignored; with none left, the result is the average user. DataError for bad ratings.
        """
        stars = check_values(values)
        positions = self.items.positions(item_ids)
        check_shape(stars, positions.shape, "values")
        seconds = None if times is None else check_ids(times, "times")
        if seconds is not None:
            check_shape(seconds, positions.shape, "times")
        known = np.flatnonzero(positions >= 0)
        known = known[np.argsort(positions[known], kind="stable")]
        positions, stars = positions[known], stars[known]
        if (positions[1:] == positions[:-1]).any():
            raise DataError("An item is rated twice: keep one rating per item.")
        return self._fold_in(positions, stars, None if seconds is None else seconds[known])

    def rate_items(self, user: U) -> Float32Array:
        """Return r̂ of a user for every item, clipped: (n_items,) float32, by item position."""
        return self.clip(self._rate_items(user))

    def rate_some(self, user: U, positions: Int64Array) -> Float32Array:
        """Return `rate_items` at some positions: (n,) float32. Faster than all of it."""
        return self.clip(self._rate_some(user, positions))

    def similar_items(self, item_ids: IdsLike, n: int) -> TopItems:
        """Return the `n` nearest neighbours of each item by cosine, without itself; padding if there are fewer."""
        wanted = self.items.positions(item_ids)
        found = TopItems.empty(wanted.size, n)
        cosines = self._item_cosines()
        if cosines is None:
            return found
        known = np.flatnonzero((wanted >= 0) & cosines.comparable[wanted])
        items, found.scores[known] = nearest_neighbours(cosines, wanted[known], n)
        found.item_ids[known] = np.where(items >= 0, self.items.ids[items], -1)
        return found

    def clip(self, scores: Float32Array) -> Float32Array:
        """Return `scores` (any shape) as stars: limited to the rating scale; NaN stays."""
        low, high = self.rating_scale
        return np.clip(scores, np.float32(low), np.float32(high))

    def positions(self, user_ids: IdsLike, item_ids: IdsLike) -> tuple[Int64Array, Int64Array]:
        """Return the positions of each pair, -1 where unknown; DataError for arrays of different lengths."""
        users, items = self.users.positions(user_ids), self.items.positions(item_ids)
        check_shape(items, users.shape, "item_ids")
        return users, items

    def _map_pairs(
        self, values_of: Callable[[Int64Array, Int64Array], Float32Array], user_ids: IdsLike, item_ids: IdsLike
    ) -> Float32Array:
        users, items = self.positions(user_ids, item_ids)
        values = np.full(users.shape, np.nan, dtype=np.float32)
        known = np.flatnonzero((users >= 0) & (items >= 0))
        for start in range(0, known.size, _CHUNK):
            part = known[start : start + _CHUNK]
            values[part] = values_of(users[part], items[part])
        return values


AnyModel: TypeAlias = Model[Any]


class Epoch(NamedTuple):
    """Progress of a training: `done` epochs of `total`; `model()` is the model so far, None if there is none yet."""

    done: int
    total: int
    model: Callable[[], AnyModel] | None = None


OnEpoch = Callable[[Epoch], bool | None]
"""Called after each epoch; a true result ends the training there, if the algorithm can be stopped early."""


class Estimator(Protocol):
    """An algorithm with its configuration."""

    def fit(self, ratings: Ratings, on_epoch: OnEpoch | None = None) -> AnyModel:
        """Train on all `ratings`."""
        ...


def predict_or_fallback(model: AnyModel, user_ids: IdsLike, item_ids: IdsLike) -> Float32Array:
    """Return `model.predict`, and `model.fallback` where that is NaN: (n,) float32. All predictions go through this."""
    predicted = model.predict(user_ids, item_ids)
    unknown = np.isnan(predicted)
    if unknown.any():
        predicted[unknown] = model.fallback(np.asarray(user_ids)[unknown], np.asarray(item_ids)[unknown])
    return predicted
