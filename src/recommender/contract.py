"""The contract of all algorithms: an estimator is fitted to ratings and returns a `Model`.

Callers use ids; algorithms use positions. A model is immutable and may be shared by threads. It answers for the users
that it was trained on, by id, and for any other user, by the state that `fold_in` fits to their ratings.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Sequence
from typing import Any, ClassVar, Generic, NamedTuple, Protocol, TypeAlias, TypeVar

import numpy as np

from recommender.arrays import (
    BoolArray,
    Float32Array,
    IdsLike,
    Int64Array,
    ValuesLike,
    check_ids,
    check_shape,
)
from recommender.data.ratings import Ratings, check_values
from recommender.data.rows import Rows
from recommender.data.vocabulary import Vocabulary
from recommender.errors import ConfigError, DataError
from recommender.rating_scale import RATING_SCALE
from recommender.recommendations import RecommendationBatch, TopItems
from recommender.similarity import DenseCosines, ItemCosines, nearest_neighbours
from recommender.topk import select_topk

# Pairs predicted, and users whose every item is scored, at a time.
_CHUNK = 1 << 14
_BLOCK_USERS = 256

U = TypeVar("U")
"""The state of one user in a model."""


class Interval(NamedTuple):
    """Where the true rating lies in 80 of 100 cases. `low`, `high`: (n,) float32 stars, NaN where not known."""

    low: Float32Array
    high: Float32Array


class Model(ABC, Generic[U]):
    """A trained model.

    `users`, `items`: the vocabularies of its training data; `rating_scale`: lowest and highest rating. `predict` gives
    stars. Recommendations are ranked by the `score`, which has a unit of the model's own; for models that rank by stars
    it is the stars before clipping.
    """

    kind: ClassVar[str]
    """Names the class in a stored model's manifest."""
    """The arrays that a stored model consists of."""

    users: Vocabulary
    items: Vocabulary
    rating_scale: tuple[float, float] = RATING_SCALE

    # What each algorithm provides, on positions that are known to exist.

    @abstractmethod
    def _rate_pairs(self, users: Int64Array, items: Int64Array) -> Float32Array:
        """Stars, not clipped, for pairs of positions: (n,) float32."""

    @abstractmethod
    def _fallback_stars(self, users: Int64Array, items: Int64Array) -> Float32Array:
        """Stars for pairs of positions of which either or both may be -1: (n,) float32, never NaN."""

    @abstractmethod
    def parameters_at(self, position: int) -> U:
        """The parameters of the user at a position."""

    @abstractmethod
    def _fold_in(self, positions: Int64Array, values: Float32Array, times: Int64Array | None) -> U:
        """The parameters of someone with these ratings, of distinct known items, ascending by position; maybe none."""

    @abstractmethod
    def _rate_items(self, user: U) -> Float32Array:
        """Stars, not clipped, of one person for every item: (n_items,) float32."""

    # What algorithms may provide in a faster way.

    def _rate_some(self, user: U, positions: Int64Array) -> Float32Array:
        """Stars, not clipped, of one person for the items at some positions: (n,) float32."""
        return self._rate_items(user)[positions]

    # What algorithms that rank by something else than stars provide, too.

    def _score_pairs(self, users: Int64Array, items: Int64Array) -> Float32Array:
        return self._rate_pairs(users, items)

    def score_items(self, user: U) -> Float32Array:
        """What one person's suggestions are ranked by, for every item: (n_items,) float32, by item position."""
        return self._rate_items(user)

    def _score_users(self, users: Int64Array) -> Float32Array:
        """`score_items` of the users at these positions, a row each: (b, n_items) float32."""
        return np.stack([self.score_items(self.parameters_at(int(position))) for position in users])

    def _item_vectors(self) -> Float32Array | None:
        """(n_items, d) float32 whose cosines tell how alike two items are; None where nothing does."""
        return None

    def _item_cosines(self) -> ItemCosines | None:
        """How alike items are: of `_item_vectors`, unless an algorithm knows it in another form."""
        vectors = self._item_vectors()
        return None if vectors is None else DenseCosines.of(vectors)

    # What everybody may call.

    @property
    def ranks_by_stars(self) -> bool:
        """Whether the `score` is the predicted stars before clipping, and no order of the model's own."""
        return self.orders_by_stars()

    @classmethod
    def orders_by_stars(cls) -> bool:
        """`ranks_by_stars` of all models of a class."""
        return cls._score_pairs is Model._score_pairs and cls.score_items is Model.score_items

    def predict(self, user_ids: IdsLike, item_ids: IdsLike) -> Float32Array:
        """r̂ for each pair, clipped to the rating scale: (n,) float32, NaN where the user or the item is unknown."""
        return self.clip(self._of_pairs(self._rate_pairs, user_ids, item_ids))

    def score(self, user_ids: IdsLike, item_ids: IdsLike) -> Float32Array:
        """What suggestions are ranked by, for each pair: (n,) float32, NaN where the user or the item is unknown."""
        return self._of_pairs(self._score_pairs, user_ids, item_ids)

    def fallback(self, user_ids: IdsLike, item_ids: IdsLike) -> Float32Array:
        """The best guess without knowing both sides, clipped: (n,) float32, never NaN."""
        return self.clip(self._fallback_stars(*self.positions(user_ids, item_ids)))

    def interval(self, user_ids: IdsLike, item_ids: IdsLike) -> Interval:
        """Where the true rating of each pair lies in 80 of 100 cases; NaN from models that do not know."""
        users, _ = self.positions(user_ids, item_ids)
        unknown = np.full(users.shape, np.nan, dtype=np.float32)
        return Interval(unknown, unknown.copy())

    def recommend(
        self, user_ids: IdsLike, n: int, *, exclude: Rows | None = None, candidates: BoolArray | None = None
    ) -> TopItems:
        """The `n` best items of each user: those with the highest `score`, equal ones by ascending id.

        `user_ids`: (m,); `exclude`: m rows of item positions never to suggest; `candidates`: (n_items,) bool, the only
        items to suggest. A user who is unknown, or has fewer than `n` items left, has a padded list.
        """
        wanted = self.users.positions(user_ids)
        known = np.flatnonzero(wanted >= 0)
        rated = Rows.empty(n_rows=wanted.size) if exclude is None else exclude
        rated.check(n_rows=wanted.size, n_items=len(self.items))
        found = TopItems.empty(wanted.size, n)
        for block in self.recommend_batches(wanted[known], n=n, exclude=rated.take(known), candidates=candidates):
            rows = known[block.start : block.start + len(block.items)]
            found.item_ids[rows] = np.where(block.items >= 0, self.items.ids[block.items], -1)
            found.scores[rows] = block.scores
        return found

    def recommend_batches(
        self,
        users: Int64Array | Sequence[U],
        *,
        n: int,
        exclude: Rows | None = None,
        candidates: BoolArray | None = None,
        block_items: int = 2048,
    ) -> Iterator[RecommendationBatch]:
        """As `recommend`, but for user positions or for people by their parameters, in bounded memory, as it comes.

        `block_items`: how many items to score at once, where an algorithm can; memory and speed, never the result.
        """
        if n < 1:
            raise ConfigError(f"n is {n}: it must be at least 1.")
        rated = Rows.empty(n_rows=len(users)) if exclude is None else exclude
        rated.check(n_rows=len(users), n_items=len(self.items))
        return self._recommend_batches(users, n, rated, self.check_candidates(candidates), block_items)

    def _recommend_batches(
        self,
        users: Int64Array | Sequence[U],
        n: int,
        exclude: Rows,
        allowed: BoolArray,
        block_items: int,  # noqa: ARG002 - for algorithms that work by tiles.
    ) -> Iterator[RecommendationBatch]:
        for start in range(0, len(users), _BLOCK_USERS):
            block = users[start : start + _BLOCK_USERS]
            if isinstance(block, np.ndarray):
                scores = self._score_users(block)
            else:
                scores = np.stack([self.score_items(user) for user in block])
            yield RecommendationBatch(start, *select_topk(scores, allowed, exclude.slice(start, start + len(block)), n))

    def fold_in(self, item_ids: IdsLike, values: ValuesLike, times: IdsLike | None = None) -> U:
        """The parameters of someone unseen, or of someone afresh, from their ratings; the items stay as they are.

        `item_ids`: (n,), each at most once; `values`: (n,) stars; `times`: (n,) Unix seconds, for models that care.
        Items that the model does not know say nothing and are left out; with none left the user is the average one.
        DataError for a value that is no rating.
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

    def parameters_of(self, user_id: int) -> U | None:
        """The trained parameters of a user, or None for one the model does not know."""
        position = int(self.users.positions([user_id])[0])
        return None if position < 0 else self.parameters_at(position)

    def rate_items(self, user: U) -> Float32Array:
        """r̂ of one person for every item, clipped: (n_items,) float32, by item position."""
        return self.clip(self._rate_items(user))

    def rate_some(self, user: U, positions: Int64Array) -> Float32Array:
        """`rate_items` of one person at some positions: (n,) float32, for less than all would take."""
        return self.clip(self._rate_some(user, positions))

    def similar_items(self, item_ids: IdsLike, n: int) -> TopItems:
        """The `n` items most alike each of `item_ids`, itself excluded, by cosine; a padded list where none is."""
        wanted = self.items.positions(item_ids)
        found = TopItems.empty(wanted.size, n)
        alike = self._item_cosines()
        if alike is None:
            return found
        known = np.flatnonzero((wanted >= 0) & alike.comparable[wanted])
        items, found.scores[known] = nearest_neighbours(alike, wanted[known], n)
        found.item_ids[known] = np.where(items >= 0, self.items.ids[items], -1)
        return found

    def clip(self, scores: Float32Array) -> Float32Array:
        """`scores` (any shape) as stars: limited to the rating scale; NaN stays."""
        low, high = self.rating_scale
        return np.clip(scores, np.float32(low), np.float32(high))

    def positions(self, user_ids: IdsLike, item_ids: IdsLike) -> tuple[Int64Array, Int64Array]:
        """Positions of each pair, -1 where unknown; DataError for arrays of different lengths."""
        users, items = self.users.positions(user_ids), self.items.positions(item_ids)
        check_shape(items, users.shape, "item_ids")
        return users, items

    def check_candidates(self, candidates: BoolArray | None) -> BoolArray:
        """`candidates` themselves, all items for None; DataError for another shape."""
        if candidates is None:
            return np.ones(len(self.items), dtype=np.bool_)
        check_shape(candidates, (len(self.items),), "candidates")
        return candidates

    def _of_pairs(
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
    """News from a training: `done` epochs of `total`; `model()` is the model as it is now, None where there is none."""

    done: int
    total: int
    model: Callable[[], AnyModel] | None = None


OnEpoch = Callable[[Epoch], bool | None]
"""Called after each epoch; a true answer ends the training there, where the algorithm can be ended."""


class Estimator(Protocol):
    """An algorithm with its configuration."""

    def fit(self, ratings: Ratings, on_epoch: OnEpoch | None = None) -> AnyModel:
        """The model of all `ratings`."""
        ...


def predict_or_fallback(model: AnyModel, user_ids: IdsLike, item_ids: IdsLike) -> Float32Array:
    """`model.predict`, with `model.fallback` where that is NaN: (n,) float32. The one place that decides this."""
    predicted = model.predict(user_ids, item_ids)
    unknown = np.isnan(predicted)
    if unknown.any():
        predicted[unknown] = model.fallback(np.asarray(user_ids)[unknown], np.asarray(item_ids)[unknown])
    return predicted
