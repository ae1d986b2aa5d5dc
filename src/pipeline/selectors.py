"""Queries of the stages: which users need new lists, the most-rated movies, and times of the database server."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

import numpy as np
from django.db import connection
from django.db.backends.utils import CursorWrapper

from movies.live import LiveModel
from postgres.copy import copy_out_arrays
from recommender.arrays import BoolArray, Int32Array

# A transaction that has written may hold ratings that others cannot see yet. None is older than the transaction.
_SETTLED = """
SELECT least(clock_timestamp(), min(xact_start)) FROM pg_stat_activity
WHERE datname = current_database() AND backend_xid IS NOT NULL AND pid <> pg_backend_pid()
"""
# ``fresh``: whether a refresh would write the same list again, if it is long enough.
_LISTS = """
SELECT account.id, coalesce(account.ratings_changed_at >= %(trained_until)s, false)::int,
  coalesce(list.model_version_id = %(version)s
    AND list.created_at > clock_timestamp() - make_interval(days => %(days)s)
    AND (account.ratings_changed_at < list.created_at) IS NOT FALSE
    AND NOT list.movie_ids && %(skipped)s::int[], false)::int,
  coalesce(cardinality(list.movie_ids), 0)
FROM accounts_user account LEFT JOIN movies_suggestionlist list ON list.user_id = account.id
ORDER BY account.id
"""
_COUNTS = "SELECT user_id, count(*)::int FROM movies_rating {chosen} GROUP BY user_id ORDER BY user_id"
# Above this fraction of the users, counting the ratings of all users is faster.
_MAX_COUNTED_SINGLY = 0.1
# PostgreSQL's intervals have a limit above this.
_A_CENTURY_OF_DAYS = 36_525


@dataclass(frozen=True)
class Raters:
    """Users with ratings, ascending.

    ``user_ids``, ``n_ratings``: (n,) int32; ``changed``: (n,) bool, whether their ratings have changed since the export
    that the model was trained on.
    """

    user_ids: Int32Array
    n_ratings: Int32Array
    changed: BoolArray

    def blocks(self, n_users: int, n_ratings: int) -> Iterator["Raters"]:
        """Yield the users in blocks of at most ``n_users`` users and hardly more than ``n_ratings`` ratings."""
        block_of = np.arange(self.user_ids.size) // n_users + np.cumsum(self.n_ratings, dtype=np.int64) // n_ratings
        ends = [*np.flatnonzero(np.diff(block_of)) + 1, self.user_ids.size]
        begin = 0
        for end in ends:
            yield self.take(slice(begin, end))
            begin = end

    def take(self, chosen: slice | BoolArray) -> "Raters":
        """Return some of the users."""
        return Raters(self.user_ids[chosen], self.n_ratings[chosen], self.changed[chosen])


@dataclass(frozen=True)
class RatersToServe:
    """``stale``: the users who need a new list; ``reused``: (m,) ids of the users who keep theirs."""

    stale: Raters
    reused: Int32Array


@dataclass(frozen=True)
class ListLimits:
    """The limits of a refresh, which decide whether a present list can stay.

    ``n_candidates``: how many movies may be suggested; ``skipped``: (m,) int32, movies that may not; ``maximum``:
    movies per user; ``reuse_days``: the age at which a list is written again.
    """

    n_candidates: int
    skipped: Int32Array
    maximum: int
    reuse_days: int

    def complete(self, lengths: Int32Array, n_ratings: Int32Array) -> BoolArray:
        """Return which lists, (m,) bool, are as long as possible, by their lengths and the users' numbers of ratings.

        Users who have rated much have shorter lists. How many of their ratings are of candidates is unknown here, so a
        list counts as complete from the least possible length on.
        """
        maximum = min(self.maximum, self.n_candidates)
        return np.asarray((np.minimum(maximum, self.n_candidates - n_ratings) <= lengths) & (lengths <= maximum))


def changes_settled_at() -> datetime:
    """Return a time before which every change is committed, so that queries from now on see all of them."""
    return _query_time(_SETTLED)


def clock_now() -> datetime:
    """Return the time by the database server's clock, which all hosts share."""
    return _query_time("SELECT clock_timestamp()")


def movies_by_popularity(cursor: CursorWrapper) -> Int32Array:
    """Return the ids of all movies, the most-rated first: (n,) int32."""
    query = "SELECT id FROM movies_movie ORDER BY ratings_count DESC, id"
    return copy_out_arrays(cursor, query, [], {"id": np.int32})["id"]


def raters_select(cursor: CursorWrapper, live: LiveModel, limits: ListLimits) -> RatersToServe:
    """Return all users with ratings, divided by whether they need a new list."""
    parameters = {
        "trained_until": live.trained_until,
        "version": live.version_id,
        "days": min(limits.reuse_days, _A_CENTURY_OF_DAYS),
        "skipped": limits.skipped.tolist(),
    }
    names = ("user_id", "changed", "fresh", "length")
    lists = copy_out_arrays(cursor, _LISTS, parameters, dict.fromkeys(names, np.int32))
    fresh, length = lists["fresh"].astype(np.bool_), lists["length"]
    # Whether a shorter list is complete depends on how many movies the user has not rated.
    reusable = fresh & (length == limits.maximum)
    user_ids, n_ratings = _ratings_count(cursor, lists["user_id"], ~reusable)
    rows = np.searchsorted(lists["user_id"], user_ids)
    reusable[rows] = fresh[rows] & limits.complete(length[rows], n_ratings)
    stale = Raters(user_ids, n_ratings, lists["changed"][rows].astype(np.bool_)).take(~reusable[rows])
    return RatersToServe(stale=stale, reused=lists["user_id"][reusable])


def _ratings_count(cursor: CursorWrapper, user_ids: Int32Array, chosen: BoolArray) -> tuple[Int32Array, Int32Array]:
    """Return the ids of the chosen users who have ratings, and their numbers of ratings."""
    few = np.count_nonzero(chosen) <= _MAX_COUNTED_SINGLY * chosen.size
    query = _COUNTS.format(chosen="WHERE user_id = ANY(%s)" if few else "")
    parameters = [user_ids[chosen].tolist()] if few else []
    counts = copy_out_arrays(cursor, query, parameters, {"user_id": np.int32, "n_ratings": np.int32})
    wanted = np.isin(counts["user_id"], user_ids[chosen], assume_unique=True)
    return counts["user_id"][wanted], counts["n_ratings"][wanted]


def _query_time(query: str) -> datetime:
    with connection.cursor() as cursor:
        cursor.execute(query)
        time: datetime = cursor.fetchone()[0]
    return time
