"""Building a new table of ratings beside the present one, for a large first import."""

from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor

import numpy as np
import numpy.typing as npt
from django.db.backends.utils import CursorWrapper

from accounts.services.crowd import crowd_users_insert
from importing.datasets.dataset import Dataset, Float32s, Int64s, RatingBlock
from importing.errors import DatasetError
from importing.import_report import ImportReport
from importing.loading.movie_load import MovieKeys
from importing.loading.rating_merge import RatingRules, repeated_ratings_query
from importing.loading.rating_table import (
    NEXT,
    rating_table_create,
    rating_table_index,
    rating_table_lock,
    rating_table_switch,
)
from postgres.copy import Columns, copy_in_arrays
from postgres.prefetch import prefetch
from postgres.tables import numbers_reserve

_BLOCKS_AHEAD = 2
# PostgreSQL counts microseconds from 2000-01-01.
_EPOCH_2000 = 946_684_800
_MICROSECONDS = 1_000_000
_USERS = "CREATE TEMPORARY TABLE import_user (crowd_key bigint NOT NULL, user_id integer NOT NULL) ON COMMIT DROP"
_USERS_NEW = """
SELECT user_id AS id, crowd_key, '' AS first_name, '' AS last_name, now() AS ratings_changed_at FROM import_user
"""
_FIGURES = """
CREATE TEMPORARY TABLE import_figure (movie_id integer NOT NULL, n bigint NOT NULL, stars double precision NOT NULL)
ON COMMIT DROP
"""
_FIGURES_ADD = """
UPDATE movies_movie SET ratings_count = ratings_count + n, ratings_sum = ratings_sum + stars,
    ratings_refreshed_at = now()
FROM import_figure WHERE id = movie_id AND movie_id {whose} (SELECT movie_id FROM import_film WHERE is_new)
"""
_MOVIES_GONE = """
SELECT EXISTS (SELECT FROM import_figure WHERE NOT EXISTS (SELECT FROM movies_movie WHERE id = movie_id))
"""
_REPEATED_DELETE = f"""
DELETE FROM {NEXT} USING ({repeated_ratings_query(NEXT, user="user_id", time="created_at", line="id")}) repeated
WHERE {NEXT}.ctid = place
RETURNING id, movie_id, value
"""  # noqa: S608 - constants.


class RatingTableBuild:
    """Ratings of one data set, copied into a new table that replaces the present one."""

    def __init__(self, cursor: CursorWrapper, *, dataset: Dataset, movies: MovieKeys, report: ImportReport) -> None:
        """Create the tables."""
        self._cursor = cursor
        self._dataset = dataset
        self._rules = RatingRules(movies, report)
        self._last_before = rating_table_create(cursor)
        # The id of a rating is this plus its line, so each follows from the other.
        self._base = self._last_before
        self._last_used = self._base
        # Ratings of the last user, of whom the next block may hold more.
        self._last_user_blocks: list[RatingBlock] = []
        self._ascends = True
        # This thread copies a block while the next one is prepared.
        self._copier = ThreadPoolExecutor(1, "ratings")
        self._copying: Future[None] | None = None
        self._users = _Users(cursor)
        self._totals = _RatingTotals(movies)
        cursor.execute(_USERS)
        cursor.execute(_FIGURES)

    def fill(self, blocks: Iterator[RatingBlock]) -> None:
        """Copy all ratings but those of unknown films and those that a later one replaces."""
        with self._copier:
            for block in prefetch(blocks, depth=_BLOCKS_AHEAD):
                self._rules.count(block)
                if len(block):
                    self._add_whole_users(block)
            if self._last_user_blocks:
                self._add(RatingBlock.join(self._last_user_blocks))
            self._wait_for_copy()
        self._rules.check()
        if not self._ascends:
            self._repeated_drop()

    def merge(self) -> int:
        """Put the table in place of the present one and return the number of new crowd users."""
        cursor = self._cursor
        users: Columns = {"crowd_key": self._users.keys, "user_id": self._users.pks.astype(np.int32)}
        copy_in_arrays(cursor, "import_user", list(users), [users])
        crowd_users_insert(cursor, source=self._dataset.name, users=_USERS_NEW)
        self._totals.write(cursor)
        # No other session sees the new films yet, so they are counted before the lock.
        cursor.execute(_FIGURES_ADD.format(whose="IN"))
        indexes = rating_table_index(cursor)
        cursor.execute("ANALYZE movies_movie; ANALYZE accounts_user")
        rating_table_lock(cursor)
        cursor.execute(_MOVIES_GONE)
        if cursor.fetchone()[0]:
            message = "Films of this data set were removed in the meantime. Nothing was imported: run it again."
            raise DatasetError(message)
        rating_table_switch(cursor, indexes=indexes, last_before=self._last_before, last_used=self._last_used)
        cursor.execute(_FIGURES_ADD.format(whose="NOT IN"))
        self._rules.tally.imported = self._totals.total
        return len(self._users.keys)

    def find_rated_movies(self) -> list[int]:
        """Return no film, because `merge` has updated their counts and sums."""
        return []

    def _add_whole_users(self, block: RatingBlock) -> None:
        """Add all ratings but the last user's while users ascend, and whole blocks after that."""
        joined = RatingBlock.join([*self._last_user_blocks, block])
        self._last_user_blocks = []
        self._ascends = self._ascends and not (np.diff(joined.users) < 0).any()
        if not self._ascends:
            self._add(joined)
            return
        cut = np.searchsorted(joined.users, joined.users[-1])
        rows = np.arange(len(joined))
        self._last_user_blocks = [joined.keep(rows >= cut)]
        if cut:
            self._add(joined.keep(rows < cut))

    def _add(self, block: RatingBlock) -> None:
        movies = self._rules.find_movies(block)
        self._wait_for_copy()
        users = self._users.find_pks(block.users)
        chosen = self._select_latest(block, users, movies, np.flatnonzero(movies >= 0))
        if not len(chosen):
            return
        ids = self._base + block.lines[chosen]
        self._last_used = max(self._last_used, int(ids.max()))
        rows: Columns = {
            "id": ids,
            "user_id": users[chosen].astype(np.int32),
            "movie_id": movies[chosen].astype(np.int32),
            "value": block.values[chosen],
            "created_at": (block.times[chosen] - _EPOCH_2000) * _MICROSECONDS,
        }
        self._copying = self._copier.submit(copy_in_arrays, self._cursor, NEXT, list(rows), [rows], freeze=True)
        self._totals.add(movies[chosen], block.values[chosen], sign=1)

    def _wait_for_copy(self) -> None:
        """Wait until the last block is copied and the cursor is free."""
        if self._copying is not None:
            copying, self._copying = self._copying, None
            copying.result()

    def _select_latest(self, block: RatingBlock, users: Int64s, movies: Int64s, rows: npt.NDArray[np.intp]) -> Int64s:
        """Return the ``rows`` that count, ordered by user and film; report the others as repeated."""
        pairs = (users[rows] << 32) + movies[rows]
        if (np.diff(pairs) > 0).all():
            return rows
        order = np.argsort(pairs, kind="stable")
        if not np.diff(pairs[order]).all():
            order = np.lexsort((block.lines[rows], block.times[rows], pairs))
        counts = np.append(np.diff(pairs[order]) > 0, values=True)[: len(rows)]
        self._rules.drop_repeated(np.sort(block.lines[rows[order[~counts]]]).tolist())
        latest: Int64s = rows[order[counts]]
        return latest

    def _repeated_drop(self) -> None:
        """Remove ratings that a later one in another block replaces."""
        self._cursor.execute(_REPEATED_DELETE)
        if not (rows := self._cursor.fetchall()):
            return
        ids, movies, values = (np.array(column) for column in zip(*rows, strict=True))
        self._totals.add(movies.astype(np.int64), values.astype(np.float32), sign=-1)
        self._rules.drop_repeated((np.sort(ids) - self._base).tolist())


class _Users:
    """The new crowd users: ``keys`` of the data set, ascending, and their ``pks``, both (n,)."""

    def __init__(self, cursor: CursorWrapper) -> None:
        self._cursor = cursor
        self.keys: Int64s = np.empty(0, dtype=np.int64)
        self.pks: Int64s = np.empty(0, dtype=np.int64)

    def find_pks(self, keys: Int64s) -> Int64s:
        """Return the primary key of each user, shape (n,); reserve one for each new user."""
        # Most ratings of a user follow one another, so there are far fewer runs to look up than ratings.
        starts = np.flatnonzero(np.diff(keys, prepend=keys[:1] - 1))
        runs = keys[starts]
        self._assign_pks(np.setdiff1d(runs, self.keys))
        pks = self.pks[np.searchsorted(self.keys, runs)]
        return np.repeat(pks, np.diff(starts, append=len(keys)))

    def _assign_pks(self, new: Int64s) -> None:
        if not len(new):
            return
        numbers = np.array(numbers_reserve(self._cursor, "accounts_user", count=len(new)), dtype=np.int64)
        keys, pks = np.concatenate([self.keys, new]), np.concatenate([self.pks, numbers])
        order = np.argsort(keys, kind="stable")
        self.keys, self.pks = keys[order], pks[order]


class _RatingTotals:
    """The number and the sum of new ratings of each film; sums of half stars are exact."""

    def __init__(self, movies: MovieKeys) -> None:
        self._pks = np.unique(movies.pks)
        self._counts = np.zeros(len(self._pks), dtype=np.int64)
        self._stars = np.zeros(len(self._pks), dtype=np.float64)

    @property
    def total(self) -> int:
        """The number of ratings."""
        return int(self._counts.sum())

    def add(self, pks: Int64s, values: Float32s, *, sign: int) -> None:
        """Add ratings of films, or remove them with ``sign`` -1."""
        indices = np.searchsorted(self._pks, pks)
        self._counts += sign * np.bincount(indices, minlength=len(self._pks))
        self._stars += sign * np.bincount(indices, weights=values, minlength=len(self._pks))

    def write(self, cursor: CursorWrapper) -> None:
        """Copy the films with new ratings to the temporary table."""
        gains = self._counts > 0
        rows: Columns = {
            "movie_id": self._pks[gains].astype(np.int32),
            "n": self._counts[gains],
            "stars": self._stars[gains],
        }
        copy_in_arrays(cursor, "import_figure", list(rows), [rows])
