"""Ratings as arrays in canonical order, with the vocabularies that map positions to ids."""

from dataclasses import dataclass

import numpy as np

from recommender.arrays import (
    AnyArray,
    BoolArray,
    Float32Array,
    IdsLike,
    Int32Array,
    Int64Array,
    ValuesLike,
    check_ids,
    check_integers,
    check_shape,
)
from recommender.data.rows import Rows
from recommender.data.vocabulary import Vocabulary
from recommender.errors import DataError
from recommender.rating_scale import RATING_SCALE

# Order is checked this many ratings at a time, so that it needs no memory of their number.
_CHUNK = 1 << 20


@dataclass(frozen=True, eq=False)
class Ratings:
    """All ratings of a data set, ordered by user position, then item position; at most one per pair.

    `user_positions`, `item_positions`: (n,) int32; `values`: (n,) float32 stars in 0.5…5.0;
    `times`: (n,) int64 Unix seconds, or None where unknown. Every vocabulary entry has at least one rating.
    The canonical order makes training independent of the order of rows in a file or a query.
    Build it with `from_arrays`, which checks everything.
    """

    user_positions: Int32Array
    item_positions: Int32Array
    values: Float32Array
    users: Vocabulary
    items: Vocabulary
    times: Int64Array | None = None

    @classmethod
    def from_arrays(
        cls, user_ids: IdsLike, item_ids: IdsLike, values: ValuesLike, times: IdsLike | None = None
    ) -> "Ratings":
        """Return checked and ordered ratings from parallel arrays (n,) of ids, stars and Unix seconds.

        DataError for arrays of unequal length, no ratings at all, a value that is not finite or outside 0.5…5.0,
        or a pair of user and item that occurs twice.
        """
        users_of = check_integers(user_ids, "user_ids")
        items_of = check_integers(item_ids, "item_ids")
        stars = check_values(values)
        seconds = None if times is None else check_ids(times, "times")
        for array, name in ((items_of, "item_ids"), (stars, "values"), (seconds, "times")):
            if array is not None:
                check_shape(array, users_of.shape, name)
        if not users_of.size:
            raise DataError("There are no ratings: at least one is needed.")
        users, user_positions = Vocabulary.factorize(users_of)
        items, item_positions = Vocabulary.factorize(items_of)
        if not _is_ordered(user_positions, item_positions):
            pairs = user_positions * np.int64(len(items)) + item_positions
            order = np.argsort(pairs, kind="stable")
            _check_distinct(pairs[order], users, items)
            user_positions, item_positions, stars = user_positions[order], item_positions[order], stars[order]
            seconds = None if seconds is None else seconds[order]
        return cls(user_positions, item_positions, stars, users, items, seconds)

    def __len__(self) -> int:
        return int(self.values.size)

    @property
    def user_ids(self) -> Int64Array:
        """The user id of each rating: (n,) int64."""
        return self.users.ids[self.user_positions]

    @property
    def item_ids(self) -> Int64Array:
        """The item id of each rating: (n,) int64."""
        return self.items.ids[self.item_positions]

    @property
    def global_mean(self) -> float:
        """μ, the mean of all values, summed in float64."""
        return float(np.mean(self.values, dtype=np.float64))

    def by_user(self) -> Rows:
        """Return the item positions that each user rated, one row per user; they share memory with the ratings."""
        return Rows.of_sorted(self.user_positions, self.item_positions, n_rows=len(self.users))

    def select(self, mask: BoolArray) -> "Ratings":
        """Return the ratings where `mask` (n,) is true, with vocabularies of only their own users and items.

        DataError if the mask has another shape or selects nothing.
        """
        check_shape(mask, self.values.shape, "mask")
        if not mask.any():
            raise DataError("The selection holds no ratings: at least one is needed.")
        user_positions, users = _compact(self.user_positions[mask], self.users)
        item_positions, items = _compact(self.item_positions[mask], self.items)
        times = None if self.times is None else self.times[mask]
        return Ratings(user_positions, item_positions, self.values[mask], users, items, times)


def _is_ordered(users: Int32Array, items: Int32Array) -> bool:
    """Return whether the pairs of positions ascend strictly, by user and then by item."""
    for start in range(0, users.size, _CHUNK):
        of, at = users[start : start + _CHUNK + 1], items[start : start + _CHUNK + 1]
        if not ((of[1:] > of[:-1]) | ((of[1:] == of[:-1]) & (at[1:] > at[:-1]))).all():
            return False
    return True


def _compact(positions: Int32Array, vocabulary: Vocabulary) -> tuple[Int32Array, Vocabulary]:
    """Return the positions and the vocabulary without the ids at which no position points; order is kept."""
    used = np.zeros(len(vocabulary), dtype=np.bool_)
    used[positions] = True
    renumbered = np.cumsum(used, dtype=np.int32) - np.int32(1)
    return renumbered[positions], Vocabulary(vocabulary.ids[used])


def find_off_scale(values: AnyArray) -> int | None:
    """Return the place of the first of `values` (n,) that is not a number inside the rating scale, or None."""
    low, high = RATING_SCALE
    within = (values >= low) & (values <= high)
    return None if within.all() else int(np.argmin(within))


def check_values(values: ValuesLike) -> Float32Array:
    """Return `values` as stars, (n,) float32; DataError for the first that is not a number inside the scale."""
    array = np.asarray(values)
    if array.ndim != 1 or (array.size and array.dtype.kind not in "fiu"):
        raise DataError(f"values must be one-dimensional numbers, got {array.dtype} of shape {array.shape}.")
    at = find_off_scale(array)
    if at is not None:
        low, high = RATING_SCALE
        raise DataError(f"values[{at}] is {array[at]}: a rating must be a number from {low} to {high}.")
    return array.astype(np.float32)


def _check_distinct(sorted_pairs: Int64Array, users: Vocabulary, items: Vocabulary) -> None:
    repeated = np.flatnonzero(sorted_pairs[1:] == sorted_pairs[:-1])
    if not repeated.size:
        return
    user, item = divmod(int(sorted_pairs[repeated[0]]), len(items))
    raise DataError(
        f"User {users.ids[user]} rated item {items.ids[item]} twice ({repeated.size} such repetitions): "
        "keep one rating per user and item."
    )
