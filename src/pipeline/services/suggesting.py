"""Writing all suggestion lists, in blocks of users, to a second table that then replaces the first."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import NamedTuple

import numpy as np
from django.db import DatabaseError, connection, transaction
from django.db.backends.utils import CursorWrapper

from movies.live import LiveModel, live_model
from movies.services.suggestions import UserRatings, suggestion_lists_choose, users_fold_in
from pipeline.errors import NoLiveModelError
from pipeline.list_columns import list_columns
from pipeline.selectors import (
    ListLimits,
    RatersToServe,
    changes_settled_at,
    clock_now,
    movies_by_popularity,
    raters_select,
)
from pipeline.services.refreshes import refresh_abandon
from pipeline.stage_locks import Stage, stage_lock
from pipeline.suggestion_table import (
    lists_merge,
    lists_settle,
    lists_switch,
    lists_without_ratings_remove,
    lists_write_beside,
)
from postgres.copy import Columns, copy_out_arrays
from postgres.table_switch import next_table_drop
from postgres.tables import NextTable
from recommender.arrays import BoolArray, Int32Array, Int64Array
from recommender.contract import AnyModel
from recommender.data.rows import Rows
from recommender.factors.batch_topk import prepare_topk
from recommender.progress import show_progress
from recommender.threads import map_ahead

# A block has at most this many users and hardly more ratings than these. Two blocks are in memory at once.
BLOCK_USERS = 8192
BLOCK_RATINGS = 1 << 20
# Smaller tiles of movies cost more time in calls than they save in memory.
SMALLEST_TILE = 512
# Up to this ratio of new lists to kept lists, replacing rows costs less than writing the whole table.
_MAX_IN_PLACE = 0.1
_POSTGRES_EPOCH = datetime(2000, 1, 1, tzinfo=UTC)

# One row per user, by an index-only scan. Transferring one row per rating would cost more than finding it.
_RATED = """
SELECT user_id, string_agg(int4send(movie_id), ''::bytea) FROM (
  SELECT user_id, movie_id FROM movies_rating WHERE user_id = ANY(%s) ORDER BY user_id, movie_id) rated
GROUP BY user_id ORDER BY user_id
"""
_RATINGS = """
SELECT user_id, movie_id, value, floor(extract(epoch FROM created_at))::bigint AS time
FROM movies_rating WHERE user_id = ANY(%s) ORDER BY user_id, movie_id
"""


@dataclass(frozen=True)
class SuggestionReport:
    """How many users got new lists, how many kept theirs, and the model of the new lists."""

    refreshed: int
    reused: int
    model_version_id: int


@dataclass(frozen=True)
class RefreshJob:
    """What the lists of all blocks have in common.

    ``candidates``: (n_items,) bool, the movies that may be suggested; ``maximum``: movies per list; ``tile``: movies to
    score at once; ``settled_at``: the lists contain every rating changed before this time.
    """

    live: LiveModel
    candidates: BoolArray
    maximum: int
    tile: int
    settled_at: datetime


@dataclass(frozen=True)
class RefreshPlan:
    """One refresh: the job, its users, and ``began_at``. Lists that others write after that time stay."""

    job: RefreshJob
    raters: RatersToServe
    began_at: datetime

    @property
    def report(self) -> SuggestionReport:
        """The report of the finished refresh."""
        return SuggestionReport(self.raters.stale.user_ids.size, self.raters.reused.size, self.job.live.version_id)


def suggestion_lists_refresh(
    *, start: int = 0, block_movies: int = 50, maximum: int = 250, reuse_days: int = 7
) -> SuggestionReport:
    """Write the suggestion list of every user with ratings. Readers see all old lists, then all new ones.

    1. Abandon an unfinished shared refresh.
    2. Plan: the live model, the movies to suggest, the users who need a new list and those who keep theirs.
    3. Read the ratings of one block of users after another, and choose their lists.
    4. If few lists change, replace those rows. Otherwise write all lists to a second table and switch the tables.

    ``start``: how many of the most-rated movies to skip; ``block_movies``: the least number of movies to score at once,
    which affects memory and speed alone; ``maximum``: movies per user; ``reuse_days``: users keep lists of the live
    model that are younger, match these limits and are newer than their ratings. Lists are exact, in the model's order,
    with the predicted stars of each movie.

    Raises:
        NoLiveModelError: no model is live, or the live one cannot be read.
        TableSwitchError: the table was in use for too long; the old suggestions stay.
        StageBusyError: a refresh is running elsewhere.

    """
    with stage_lock(Stage.SUGGEST):
        refresh_abandon()
        with transaction.atomic(), connection.cursor() as cursor:
            plan = refresh_plan(cursor, start=start, block_movies=block_movies, maximum=maximum, reuse_days=reuse_days)
            next_table = _lists_write(cursor, plan)
        if next_table is not None:
            _lists_switch(next_table, plan.began_at)
    return plan.report


def refresh_plan(cursor: CursorWrapper, *, start: int, block_movies: int, maximum: int, reuse_days: int) -> RefreshPlan:
    """Return which users get a list of which movies; the arguments are those of `suggestion_lists_refresh`.

    Raises:
        NoLiveModelError: no model is live, or the live one cannot be read.

    """
    live = live_model()
    if live is None:
        raise NoLiveModelError("There is no usable live model: run trainsurprisemodel first.")
    # In this order, so that no list of this refresh counts as newer than it.
    settled_at, began_at = changes_settled_at(), clock_now()
    movie_ids = movies_by_popularity(cursor)
    candidates = np.isin(live.model.items.ids, movie_ids[start:])
    limits = ListLimits(int(candidates.sum()), movie_ids[:start], maximum, reuse_days)
    raters = raters_select(cursor, live, limits)
    job = RefreshJob(live, candidates, maximum, max(block_movies, SMALLEST_TILE), settled_at)
    return RefreshPlan(job, raters, began_at)


def _lists_write(cursor: CursorWrapper, plan: RefreshPlan) -> NextTable | None:
    """Write the lists of a refresh, and return the table to switch to unless they were replaced in place."""
    stale, reused = plan.raters.stale, plan.raters.reused
    if stale.user_ids.size <= _MAX_IN_PLACE * reused.size:
        if stale.user_ids.size:
            lists_merge(cursor, _blocks_score(cursor, plan), plan.began_at)
        lists_without_ratings_remove(cursor)
        return None
    return lists_write_beside(cursor, _blocks_score(cursor, plan), kept=reused)


def _lists_switch(next_table: NextTable, began_at: datetime) -> None:
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            lists_switch(cursor, next_table, began_at)
    except BaseException:
        # If the database fails here, too, the next refresh drops the table.
        with suppress(DatabaseError), connection.cursor() as cursor:
            next_table_drop(cursor, next_table)
        raise
    lists_settle(began_at)


class RaterBlock(NamedTuple):
    """A block of users and their current ratings.

    ``positions``: (n,) int64, their positions in the model, -1 if unknown; ``rated``: n rows of positions of rated
    movies; ``refitted``: (m,) int64 indices of the users to fold in; ``ratings``: their ratings, ordered by user.
    """

    user_ids: Int32Array
    positions: Int64Array
    rated: Rows
    refitted: Int64Array
    ratings: Columns


def _blocks_score(cursor: CursorWrapper, plan: RefreshPlan) -> Iterator[list[Columns]]:
    """Yield the rows of one block of users after another, with a progress bar.

    While one block is scored, the database reads the ratings of the next and writes the lists of the one before.
    """
    stale, job = plan.raters.stale, plan.job
    with (
        show_progress("writing suggestions", total=stale.user_ids.size, unit="users") as advance,
        ThreadPoolExecutor(1, "scoring") as scorer,
    ):
        scorer.submit(prepare_topk)
        blocks = (
            read_block(cursor, job.live.model, users.user_ids, users.changed)
            for users in stale.blocks(BLOCK_USERS, BLOCK_RATINGS)
        )
        for lists in map_ahead(scorer, partial(block_score, job), blocks, ahead=1):
            yield lists
            advance(sum(part["user_id"].size for part in lists))


def read_block(cursor: CursorWrapper, model: AnyModel, user_ids: Int32Array, changed: BoolArray) -> RaterBlock:
    """Read the current ratings of some users.

    ``user_ids``: (n,) ascending; ``changed``: (n,), whether their ratings have changed since the training. These users
    and those whom the model does not know are folded in.
    """
    positions = model.users.positions(user_ids)
    refitted = np.flatnonzero((positions < 0) | changed)
    dtypes = {"user_id": np.int32, "movie_id": np.int32, "value": np.float32, "time": np.int64}
    ratings = copy_out_arrays(cursor, _RATINGS, [user_ids[refitted].tolist()], dtypes)
    return RaterBlock(user_ids, positions, _read_rated_movies(cursor, model, user_ids), refitted, ratings)


def _read_rated_movies(cursor: CursorWrapper, model: AnyModel, user_ids: Int32Array) -> Rows:
    """Return n rows of positions of the movies that each user has rated, without movies unknown to the model."""
    cursor.execute(_RATED, [user_ids.tolist()])
    fetched = cursor.fetchall()
    movie_ids = np.frombuffer(b"".join(ids for _, ids in fetched), dtype=">i4").astype(np.int32)
    rows = np.searchsorted(user_ids, np.array([user_id for user_id, _ in fetched], dtype=np.int32))
    row_of = np.repeat(rows, [len(ids) // movie_ids.itemsize for _, ids in fetched])
    positions = model.items.positions(movie_ids)
    known = positions >= 0
    return Rows.of_sorted(row_of[known], positions[known].astype(np.int32), n_rows=user_ids.size)


def block_score(job: RefreshJob, block: RaterBlock) -> list[Columns]:
    """Return the rows of a block of users, in groups whose lists have the same length."""
    trained = np.delete(np.arange(block.user_ids.size), block.refitted)
    folded_in = users_fold_in(job.live.model, _ratings_by_user(block))
    return [
        *_list_columns(job, block, trained, block.positions[trained]),
        *_list_columns(job, block, block.refitted, folded_in),
    ]


def _ratings_by_user(block: RaterBlock) -> list[UserRatings]:
    """Return the ratings of each user to fold in."""
    ratings, user_ids = block.ratings, block.user_ids[block.refitted]
    begins, ends = (np.searchsorted(ratings["user_id"], user_ids, side=side) for side in ("left", "right"))
    return [
        UserRatings(*(ratings[name][begin:end] for name in ("movie_id", "value", "time")))
        for begin, end in zip(begins, ends, strict=True)
    ]


def _list_columns(
    job: RefreshJob, block: RaterBlock, rows: Int64Array, users: Int64Array | list[object]
) -> Iterator[Columns]:
    """Yield the lists of the users at ``rows``, whose positions or parameters are ``users``."""
    model = job.live.model
    stamp = (job.settled_at - _POSTGRES_EPOCH) // timedelta(microseconds=1)
    batches = suggestion_lists_choose(
        model,
        users,
        n=job.maximum,
        rated=block.rated.take(rows),
        candidates=job.candidates,
        block_items=job.tile,
    )
    for batch in batches:
        yield from list_columns(
            {"user_id": block.user_ids[rows[batch.start : batch.start + len(batch.items)]]},
            model.items.ids[batch.items].astype(np.int32),
            batch.stars,
            lengths=np.count_nonzero(batch.items >= 0, axis=1),
            constants={"model_version_id": job.live.version_id, "created_at": stamp},
        )
