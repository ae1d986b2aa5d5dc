"""Ways to set ratings apart for testing."""

import math
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from recommender.arrays import IdsLike, Int64Array, check_shape
from recommender.data.ratings import Ratings
from recommender.errors import ConfigError, DataError


class Split(NamedTuple):
    """Two disjoint parts of one data set, each with vocabularies of what it holds itself."""

    train: Ratings
    test: Ratings


def sample_users(ratings: Ratings, *, ratings_at_most: int, rng: np.random.Generator) -> Ratings:
    """All ratings of so many users, drawn one by one, as hold about `ratings_at_most`; `ratings` if there are no more.

    DataError when nobody is drawn.
    """
    if len(ratings) <= ratings_at_most:
        return ratings
    drawn = rng.random(len(ratings.users)) < ratings_at_most / len(ratings)
    return ratings.select(drawn[ratings.user_positions])


def random_split(ratings: Ratings, *, test_fraction: float, seed: int) -> Split:
    """Draw `round(test_fraction · n)` ratings (at least one, never all) uniformly for testing."""
    n_test = _n_test(ratings, test_fraction)
    test = np.zeros(len(ratings), dtype=np.bool_)
    test[np.random.default_rng(seed).choice(len(ratings), size=n_test, replace=False)] = True
    return Split(train=ratings.select(~test), test=ratings.select(test))


def time_split(ratings: Ratings, *, test_fraction: float) -> Split:
    """Set the newest `round(test_fraction · n)` ratings apart for testing, so that a model is asked about its future.

    Ratings of the boundary second all stay in the training part unless that would leave nothing to test; DataError
    when the ratings carry no times or all carry the same.
    """
    n_test = _n_test(ratings, test_fraction)
    if ratings.times is None:
        raise DataError("A time split needs the time of every rating, and these ratings have none: use random_split.")
    boundary = np.partition(ratings.times, len(ratings) - n_test - 1)[len(ratings) - n_test - 1]
    test = ratings.times > boundary
    if not test.any():
        test = ratings.times == boundary
    if test.all():
        raise DataError("All ratings carry the same time, so none is newer than another: use random_split.")
    return Split(train=ratings.select(~test), test=ratings.select(test))


def last_out_split(ratings: Ratings) -> Split:
    """Set the last rating of each user apart, by time and then by ascending item id: the highest of the latest second.

    Users with a single rating stay in the training part whole. DataError when the ratings carry no times, or when
    nobody has two.
    """
    if ratings.times is None:
        raise DataError("The last rating of a user is told by times, and these ratings have none: use one_out_split.")
    return _one_out(ratings, ratings.times)


def one_out_split(ratings: Ratings, *, seed: int) -> Split:
    """As `last_out_split` for ratings without times: one rating of each user who has two or more, drawn by `seed`."""
    return _one_out(ratings, np.random.default_rng(seed).permutation(len(ratings)))


def _one_out(ratings: Ratings, order: Int64Array) -> Split:
    """Set apart, of each user with two ratings or more, the one that is last in `order` (n,), then by item."""
    ends = ratings.by_user().indptr[1:] - 1
    has_two = np.diff(ratings.by_user().indptr) > 1
    if not has_two.any():
        raise DataError("Nobody has two ratings, one to learn from and one to ask about: more are needed.")
    # Ratings of one user ascend by item already, and a stable sort keeps that among equals.
    by_user = np.lexsort((order, ratings.user_positions))
    test = np.zeros(len(ratings), dtype=np.bool_)
    test[by_user[ends[has_two]]] = True
    return Split(train=ratings.select(~test), test=ratings.select(test))


def train_without(train: Ratings, user_ids: IdsLike, item_ids: IdsLike) -> Ratings:
    """`train` without the ratings of these pairs (n,), so that nothing is learnt from what is asked about afterwards.

    DataError for arrays of different lengths, or when nothing would be left.
    """
    users, items = train.users.positions(user_ids), train.items.positions(item_ids)
    check_shape(items, users.shape, "item_ids")
    known = (users >= 0) & (items >= 0)
    asked = users[known] * len(train.items) + items[known]
    kept = ~np.isin(train.user_positions.astype(np.int64) * len(train.items) + train.item_positions, asked)
    if kept.all():
        return train
    if not kept.any():
        raise DataError("All ratings to learn from are asked about afterwards: keep some that are not.")
    return train.select(kept)


def fold_splits(ratings: Ratings, *, n_folds: int, seed: int) -> Iterator[Split]:
    """Cut the ratings at random into `n_folds` equal parts; each is the test part of one split, the rest its training.

    ConfigError unless there are at least two folds and no more than ratings. Splits are made one at a time.
    """
    if not 2 <= n_folds <= len(ratings):  # noqa: PLR2004 - a split has two parts.
        raise ConfigError(f"n_folds is {n_folds}: it must be from 2 to the number of ratings, {len(ratings)}.")
    fold_of = np.random.default_rng(seed).permutation(len(ratings)) % n_folds
    for fold in range(n_folds):
        test = fold_of == fold
        yield Split(train=ratings.select(~test), test=ratings.select(test))


def _n_test(ratings: Ratings, test_fraction: float) -> int:
    if not (math.isfinite(test_fraction) and 0 < test_fraction < 1):
        raise ConfigError(f"test_fraction is {test_fraction}: it must lie between 0 and 1, both excluded.")
    if len(ratings) < 2:  # noqa: PLR2004 - a split has two parts.
        raise DataError("One rating alone cannot be split into training and test: at least two are needed.")
    return min(max(round(test_fraction * len(ratings)), 1), len(ratings) - 1)
