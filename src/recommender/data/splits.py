"""Splits of ratings into training and test parts."""

import math
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from recommender.arrays import IdsLike, Int64Array, check_shape
from recommender.data.ratings import Ratings
from recommender.errors import ConfigError, DataError


class Split(NamedTuple):
    """Two disjoint parts of one data set, each with vocabularies of only its own users and items."""

    train: Ratings
    test: Ratings


def sample_users(ratings: Ratings, *, ratings_at_most: int, rng: np.random.Generator) -> Ratings:
    """Return all ratings of randomly drawn users, about `ratings_at_most`, or `ratings` if there are no more.

    DataError if no user is drawn.
    """
    if len(ratings) <= ratings_at_most:
        return ratings
    drawn = rng.random(len(ratings.users)) < ratings_at_most / len(ratings)
    return ratings.select(drawn[ratings.user_positions])


def random_split(ratings: Ratings, *, test_fraction: float, seed: int) -> Split:
    """Return a split with `round(test_fraction · n)` ratings (at least one, never all) drawn uniformly for testing."""
    n_test = _n_test(ratings, test_fraction)
    test = np.zeros(len(ratings), dtype=np.bool_)
    test[np.random.default_rng(seed).choice(len(ratings), size=n_test, replace=False)] = True
    return Split(train=ratings.select(~test), test=ratings.select(test))


def time_split(ratings: Ratings, *, test_fraction: float) -> Split:
    """Return a split with the newest `round(test_fraction · n)` ratings for testing.

    Ratings of the boundary second all stay in the training part unless that would leave nothing to test. DataError if
    the ratings have no times, or all have the same.
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
    """Return a split with the last rating of each user for testing: of the latest second, the highest item id.

    Users with a single rating stay in the training part. DataError if the ratings have no times, or no user has two.
    """
    if ratings.times is None:
        raise DataError("The last rating of a user needs times, and these ratings have none: use one_out_split.")
    return _one_out(ratings, ratings.times)


def one_out_split(ratings: Ratings, *, seed: int) -> Split:
    """Return a split as `last_out_split` does for ratings without times: one rating of each user, drawn by `seed`."""
    return _one_out(ratings, np.random.default_rng(seed).permutation(len(ratings)))


def _one_out(ratings: Ratings, order: Int64Array) -> Split:
    """Return a split that tests, for each user with two ratings or more, the last one by `order` (n,), then by item."""
    ends = ratings.by_user().indptr[1:] - 1
    has_two = np.diff(ratings.by_user().indptr) > 1
    if not has_two.any():
        raise DataError("No user has two ratings, one for training and one for testing: more are needed.")
    # Ratings of one user ascend by item already, and a stable sort keeps that among equals.
    by_user = np.lexsort((order, ratings.user_positions))
    test = np.zeros(len(ratings), dtype=np.bool_)
    test[by_user[ends[has_two]]] = True
    return Split(train=ratings.select(~test), test=ratings.select(test))


def exclude_pairs(ratings: Ratings, user_ids: IdsLike, item_ids: IdsLike) -> Ratings:
    """Return `ratings` without those of these pairs (n,), such as the test part of a data set.

    DataError for arrays of different lengths, or if no rating would be left.
    """
    users, items = ratings.users.positions(user_ids), ratings.items.positions(item_ids)
    check_shape(items, users.shape, "item_ids")
    known = (users >= 0) & (items >= 0)
    excluded = users[known] * len(ratings.items) + items[known]
    kept = ~np.isin(ratings.user_positions.astype(np.int64) * len(ratings.items) + ratings.item_positions, excluded)
    if kept.all():
        return ratings
    if not kept.any():
        raise DataError("All training ratings are test ratings, too: keep some that are not.")
    return ratings.select(kept)


def fold_splits(ratings: Ratings, *, n_folds: int, seed: int) -> Iterator[Split]:
    """Yield the splits of `n_folds`-fold cross-validation: each of the equal random parts is the test part once.

    ConfigError unless there are at least two folds and no more than ratings.
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
