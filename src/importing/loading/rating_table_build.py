"""Ratings by the million from a source that is new: straight into the next table of ratings, beside the present one."""

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
from importing.loading.rating_rules import RatingRules, repeated_ratings_query
from importing.loading.rating_table import (
    NEXT,
    rating_table_create,
    rating_table_index,
    rating_table_lock,
    rating_table_switch,
)
from postgres.copy import Columns, copy_in_arrays
from postgres.prefetch import prefetch
from postgres.sequences import numbers_reserve

# A set whose first block holds so many ratings is worth a table; what the present one holds is carried over while
# everyone waits, a tenth of a second for as many as these.
BULK_FROM = 50_000
CARRIED_AT_MOST = 100_000
_BLOCKS_AHEAD = 2
# PostgreSQL counts microseconds from 2000 on.
_EPOCH_2000 = 946_684_800
_MICROSECONDS = 1_000_000
_IS_NEW = "SELECT NOT EXISTS (SELECT FROM accounts_user WHERE kind = 'crowd' AND crowd_source = %s)"
_PRESENT = "SELECT count(*) FROM (SELECT FROM movies_rating LIMIT %s) present"
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


def bulk_fits(cursor: CursorWrapper, *, dataset: Dataset, first: RatingBlock | None) -> bool:
    """Tell whether a data set's ratings are many, nothing of it is known yet, and there are few ratings before it."""
    if first is None or len(first) < BULK_FROM:
        return False
    cursor.execute(_IS_NEW, [dataset.name])
    is_new: bool = cursor.fetchone()[0]
    cursor.execute(_PRESENT, [CARRIED_AT_MOST + 1])
    present: int = cursor.fetchone()[0]
    return is_new and present <= CARRIED_AT_MOST


class RatingTableBuild:
    """The ratings of one data set on their way into the next table."""

    def __init__(self, cursor: CursorWrapper, *, dataset: Dataset, movies: MovieKeys, report: ImportReport) -> None:
        """Make the tables."""
        self._cursor = cursor
        self._dataset = dataset
        self._rules = RatingRules(movies, report)
        self._last_before = rating_table_create(cursor)
        # A rating's number is this plus its line, so that either tells the other.
        self._base = self._last_before
        self._last_used = self._base
        # The last user's ratings, of whom the next block may hold more.
        self._held: list[RatingBlock] = []
        self._ascends = True
        # The database takes a block while the next is made ready.
        self._sender = ThreadPoolExecutor(1, "ratings")
        self._sending: Future[None] | None = None
        self._users = _Users(cursor)
        self._figures = _Figures(movies)
        cursor.execute(_USERS)
        cursor.execute(_FIGURES)

    def fill(self, blocks: Iterator[RatingBlock]) -> None:
        """Read all ratings; those of unknown films and those given again later are left out."""
        with self._sender:
            for block in prefetch(blocks, depth=_BLOCKS_AHEAD):
                self._rules.count(block)
                if len(block):
                    self._take(block)
            if self._held:
                self._add(RatingBlock.join(self._held))
            self._sent()
        self._rules.check()
        if not self._ascends:
            self._repeated_drop()

    def merge(self) -> int:
        """Put the table in its place and return how many raters are new."""
        cursor = self._cursor
        users: Columns = {"crowd_key": self._users.keys, "user_id": self._users.pks.astype(np.int32)}
        copy_in_arrays(cursor, "import_user", list(users), [users])
        crowd_users_insert(cursor, source=self._dataset.name, users=_USERS_NEW)
        self._figures.write(cursor)
        # Nobody else sees the new films yet, so they are counted before everyone is locked out.
        cursor.execute(_FIGURES_ADD.format(whose="IN"))
        indexes = rating_table_index(cursor)
        cursor.execute("ANALYZE movies_movie; ANALYZE accounts_user")
        rating_table_lock(cursor)
        cursor.execute(_MOVIES_GONE)
        if cursor.fetchone()[0]:
            message = "Somebody removed films of this data set in the meantime. Nothing was imported: run it again."
            raise DatasetError(message)
        rating_table_switch(cursor, indexes=indexes, last_before=self._last_before, last_used=self._last_used)
        cursor.execute(_FIGURES_ADD.format(whose="NOT IN"))
        self._rules.tally.imported = self._figures.total
        return len(self._users.keys)

    def rated_movies(self) -> list[int]:
        """Return no film: their figures have been moved already."""
        return []

    def _take(self, block: RatingBlock) -> None:
        """Add all but the last user's ratings, as long as users only ascend; then every block stands for itself."""
        joined = RatingBlock.join([*self._held, block])
        self._held = []
        self._ascends = self._ascends and not (np.diff(joined.users) < 0).any()
        if not self._ascends:
            self._add(joined)
            return
        cut = np.searchsorted(joined.users, joined.users[-1])
        places = np.arange(len(joined))
        self._held = [joined.keep(places >= cut)]
        if cut:
            self._add(joined.keep(places < cut))

    def _add(self, block: RatingBlock) -> None:
        movies = self._rules.find_movies(block)
        self._sent()
        users = self._users.pks_of(block.users)
        chosen = self._latest(block, users, movies, np.flatnonzero(movies >= 0))
        if not len(chosen):
            return
        numbers = self._base + block.lines[chosen]
        self._last_used = max(self._last_used, int(numbers.max()))
        rows: Columns = {
            "id": numbers,
            "user_id": users[chosen].astype(np.int32),
            "movie_id": movies[chosen].astype(np.int32),
            "value": block.values[chosen],
            "created_at": (block.times[chosen] - _EPOCH_2000) * _MICROSECONDS,
        }
        self._sending = self._sender.submit(copy_in_arrays, self._cursor, NEXT, list(rows), [rows], freeze=True)
        self._figures.add(movies[chosen], block.values[chosen], sign=1)

    def _sent(self) -> None:
        """Wait until the database has what it was sent, and can be asked again."""
        if self._sending is not None:
            sending, self._sending = self._sending, None
            sending.result()

    def _latest(self, block: RatingBlock, users: Int64s, movies: Int64s, rows: npt.NDArray[np.intp]) -> Int64s:
        """Return which of ``rows`` count, ordered by user and film; the others are noted as repeated."""
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
        """Remove ratings that were given again in another block."""
        self._cursor.execute(_REPEATED_DELETE)
        if not (rows := self._cursor.fetchall()):
            return
        numbers, movies, values = (np.array(column) for column in zip(*rows, strict=True))
        self._figures.add(movies.astype(np.int64), values.astype(np.float32), sign=-1)
        self._rules.drop_repeated((np.sort(numbers) - self._base).tolist())


class _Users:
    """The numbers that new raters get: ``keys`` of the data set, ascending, and ``pks`` beside them, both (n,)."""

    def __init__(self, cursor: CursorWrapper) -> None:
        self._cursor = cursor
        self.keys: Int64s = np.empty(0, dtype=np.int64)
        self.pks: Int64s = np.empty(0, dtype=np.int64)

    def pks_of(self, keys: Int64s) -> Int64s:
        """Return the primary key of each rater, who gets one where there was none."""
        # A rater's ratings mostly follow one another, so that there is far less to look up than there are ratings.
        starts = np.flatnonzero(np.diff(keys, prepend=keys[:1] - 1))
        runs = keys[starts]
        self._number(np.setdiff1d(runs, self.keys))
        pks = self.pks[np.searchsorted(self.keys, runs)]
        return np.repeat(pks, np.diff(starts, append=len(keys)))

    def _number(self, new: Int64s) -> None:
        if not len(new):
            return
        numbers = np.array(numbers_reserve(self._cursor, "accounts_user", count=len(new)), dtype=np.int64)
        keys, pks = np.concatenate([self.keys, new]), np.concatenate([self.pks, numbers])
        order = np.argsort(keys, kind="stable")
        self.keys, self.pks = keys[order], pks[order]


class _Figures:
    """How many ratings each film gains, and how many stars in all, which half-stars add up to exactly."""

    def __init__(self, movies: MovieKeys) -> None:
        self._pks = np.unique(movies.pks)
        self._counts = np.zeros(len(self._pks), dtype=np.int64)
        self._stars = np.zeros(len(self._pks), dtype=np.float64)

    @property
    def total(self) -> int:
        """How many ratings there are."""
        return int(self._counts.sum())

    def add(self, pks: Int64s, values: Float32s, *, sign: int) -> None:
        """Add ratings of films, or take them away."""
        places = np.searchsorted(self._pks, pks)
        self._counts += sign * np.bincount(places, minlength=len(self._pks))
        self._stars += sign * np.bincount(places, weights=values, minlength=len(self._pks))

    def write(self, cursor: CursorWrapper) -> None:
        """Write the films that gain anything to their table."""
        gains = self._counts > 0
        rows: Columns = {
            "movie_id": self._pks[gains].astype(np.int32),
            "n": self._counts[gains],
            "stars": self._stars[gains],
        }
        copy_in_arrays(cursor, "import_figure", list(rows), [rows])
