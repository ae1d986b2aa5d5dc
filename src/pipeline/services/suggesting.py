"""Writing everyone's suggestions: read in blocks, scored in blocks, written beside, switched at once."""

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
from movies.services.suggestion_lists import UserRatings, suggestion_lists_choose, users_fold_in
from pipeline.errors import NoLiveModelError
from pipeline.list_columns import list_columns
from pipeline.selectors import (
    ListLimits,
    Raters,
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
    lists_of_the_unrated_remove,
    lists_settle,
    lists_switch,
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

# What is in memory at once, twice: this many users, and not many more ratings than these.
BLOCK_USERS = 8192
BLOCK_RATINGS = 1 << 20
# Smaller tiles of movies cost more in calls than they save in memory.
SMALLEST_TILE = 512
# Up to so many new lists for each that stays are written in place; for more it costs less to write the table anew.
_IN_PLACE = 0.1
_POSTGRES_EPOCH = datetime(2000, 1, 1, tzinfo=UTC)

# A row per user, read from the index alone: a row per rating costs more to pass on than to find.
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
    """How many users got new suggestions and how many were left alone, from which model."""

    refreshed: int
    reused: int
    model_version_id: int


@dataclass(frozen=True)
class RefreshJob:
    """How lists are made: the model, which of its movies may be among them, how many, and when ratings were read."""

    live: LiveModel
    candidates: BoolArray
    maximum: int
    tile: int
    settled_at: datetime


@dataclass(frozen=True)
class RefreshPlan:
    """One refresh: how lists are made, whose, and since when others' newer lists win."""

    job: RefreshJob
    raters: RatersToServe
    began_at: datetime

    @property
    def report(self) -> SuggestionReport:
        """What will have been done when it is done."""
        return SuggestionReport(self.raters.stale.user_ids.size, self.raters.reused.size, self.job.live.version_id)


def suggestion_lists_refresh(
    *, start: int = 0, block_movies: int = 50, maximum: int = 250, reuse_days: int = 7
) -> SuggestionReport:
    """Write the suggestions of everyone who has rated anything; readers see all old ones, then all new ones.

    ``start``: how many of the most-rated movies to skip; ``block_movies``: how many movies to score at once, at least
    (memory and speed only, never the result); ``maximum``: movies per user; ``reuse_days``: users are left alone whose
    suggestions come from the live model with these same limits, are younger than this, and whose ratings have not
    changed since. Lists are exact, best first by the model's own order, with the stars expected for each film.

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
    """Read who gets suggestions of which movies from the live model; see `suggestion_lists_refresh`.

    Raises:
        NoLiveModelError: no model is live, or the live one cannot be read.

    """
    live = live_model()
    if live is None:
        raise NoLiveModelError("There is no usable live model: run trainsurprisemodel first.")
    # In this order, so that the lists to be made are none of those made since.
    settled_at, began_at = changes_settled_at(), clock_now()
    movie_ids = movies_by_popularity(cursor)
    candidates = np.isin(live.model.items.ids, movie_ids[start:])
    limits = ListLimits(int(candidates.sum()), movie_ids[:start], maximum, reuse_days)
    raters = raters_select(cursor, live, limits)
    job = RefreshJob(live, candidates, maximum, max(block_movies, SMALLEST_TILE), settled_at)
    return RefreshPlan(job, raters, began_at)


def _lists_write(cursor: CursorWrapper, plan: RefreshPlan) -> NextTable | None:
    """Write what a refresh has to write, and return the table to switch to, if there is one."""
    stale, reused = plan.raters.stale, plan.raters.reused
    if stale.user_ids.size <= _IN_PLACE * reused.size:
        if stale.user_ids.size:
            lists_merge(cursor, _blocks_show(cursor, plan), plan.began_at)
        lists_of_the_unrated_remove(cursor)
        return None
    return lists_write_beside(cursor, _blocks_show(cursor, plan), kept=reused)


def _lists_switch(next_table: NextTable, began_at: datetime) -> None:
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            lists_switch(cursor, next_table, began_at)
    except BaseException:
        # If the database is gone, too, the next refresh does it.
        with suppress(DatabaseError), connection.cursor() as cursor:
            next_table_drop(cursor, next_table)
        raise
    lists_settle(began_at)


def _blocks_show(cursor: CursorWrapper, plan: RefreshPlan) -> Iterator[list[Columns]]:
    stale = plan.raters.stale
    with show_progress("writing suggestions", total=stale.user_ids.size, unit="users") as advance:
        for lists in _blocks_score(cursor, plan.job, stale):
            yield lists
            advance(sum(part["user_id"].size for part in lists))


class RaterBlock(NamedTuple):
    """Some users and what they have rated by now.

    ``positions``: (n,) int64 in the model, -1 unknown; ``rated``: their rated movies, a row each; ``refitted``: (m,)
    int64, the users to fit anew, to ``ratings``, ordered by user.
    """

    user_ids: Int32Array
    positions: Int64Array
    rated: Rows
    refitted: Int64Array
    ratings: Columns


def _blocks_score(cursor: CursorWrapper, job: RefreshJob, stale: Raters) -> Iterator[list[Columns]]:
    """Yield the rows of block after block of users.

    While one block is scored, the database reads the ratings of the next and writes the lists of the one before.
    """
    with ThreadPoolExecutor(1, "scoring") as scorer:
        scorer.submit(prepare_topk)
        blocks = (
            block_read(cursor, job.live.model, users.user_ids, users.changed)
            for users in stale.blocks(BLOCK_USERS, BLOCK_RATINGS)
        )
        yield from map_ahead(scorer, partial(block_lists, job), blocks, ahead=1)


def block_read(cursor: CursorWrapper, model: AnyModel, user_ids: Int32Array, changed: BoolArray) -> RaterBlock:
    """Read what some users, ascending, have rated by now; those are fitted anew who ``changed`` or are unknown."""
    positions = model.users.positions(user_ids)
    refitted = np.flatnonzero((positions < 0) | changed)
    dtypes = {"user_id": np.int32, "movie_id": np.int32, "value": np.float32, "time": np.int64}
    ratings = copy_out_arrays(cursor, _RATINGS, [user_ids[refitted].tolist()], dtypes)
    return RaterBlock(user_ids, positions, _rated_select(cursor, model, user_ids), refitted, ratings)


def _rated_select(cursor: CursorWrapper, model: AnyModel, user_ids: Int32Array) -> Rows:
    """Return the positions of the movies that each user has rated, without those that the model does not know."""
    cursor.execute(_RATED, [user_ids.tolist()])
    found = cursor.fetchall()
    movie_ids = np.frombuffer(b"".join(ids for _, ids in found), dtype=">i4").astype(np.int32)
    rows = np.searchsorted(user_ids, np.array([user_id for user_id, _ in found], dtype=np.int32))
    row_of = np.repeat(rows, [len(ids) // movie_ids.itemsize for _, ids in found])
    positions = model.items.positions(movie_ids)
    known = positions >= 0
    return Rows.of_sorted(row_of[known], positions[known].astype(np.int32), n_rows=user_ids.size)


def block_lists(job: RefreshJob, block: RaterBlock) -> list[Columns]:
    """Return the rows of some users, in parts whose lists have the same length."""
    trained = np.delete(np.arange(block.user_ids.size), block.refitted)
    fitted = users_fold_in(job.live.model, _ratings_by_user(block))
    return [
        *_list_columns(job, block, trained, block.positions[trained]),
        *_list_columns(job, block, block.refitted, fitted),
    ]


def _ratings_by_user(block: RaterBlock) -> list[UserRatings]:
    """Return the ratings of each user to fit anew."""
    ratings, user_ids = block.ratings, block.user_ids[block.refitted]
    begins, ends = (np.searchsorted(ratings["user_id"], user_ids, side=side) for side in ("left", "right"))
    return [
        UserRatings(*(ratings[name][begin:end] for name in ("movie_id", "value", "time")))
        for begin, end in zip(begins, ends, strict=True)
    ]


def _list_columns(
    job: RefreshJob, block: RaterBlock, rows: Int64Array, users: Int64Array | list[object]
) -> Iterator[Columns]:
    """Yield the lists of the users in ``rows``: ``users`` holds their positions or their parameters."""
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
            same={"model_version_id": job.live.version_id, "created_at": stamp},
        )
