"""Merging ratings into the present table: stage them by COPY, then insert and update in statements of bounded size.

Only the ratings of films in the data set count, and of a user's ratings of one film only the latest.
"""

from collections.abc import Iterable, Iterator

import numpy as np
from django.db.backends.utils import CursorWrapper

from accounts.services.crowd import crowd_users_insert
from importing.datasets.dataset import Dataset, Int64s, Kind, RatingBlock, Reason, Skip
from importing.import_report import ImportReport
from importing.loading.movie_load import MovieKeys
from postgres.copy import copy_in_arrays

# Foreign key checks queue up in memory until a statement ends, and Ctrl-C waits for them. So a statement inserts this
# many pages of ratings at a time, about 120 to the page.
_PAGES_AT_A_TIME = 1024
_LINES_AT_A_TIME = 10_000
_STAGE = """
CREATE TEMPORARY TABLE import_rating (
    crowd_key bigint NOT NULL, movie_id integer NOT NULL, value real NOT NULL, seconds bigint NOT NULL,
    line bigint NOT NULL
) ON COMMIT DROP
"""
_COLUMNS = ("crowd_key", "movie_id", "value", "seconds", "line")
_USERS = "CREATE TEMPORARY TABLE import_user (crowd_key bigint PRIMARY KEY, user_id integer) ON COMMIT DROP"
_USERS_FIND = """
UPDATE import_user SET user_id = rater.id FROM accounts_user rater
WHERE rater.kind = 'crowd' AND rater.crowd_source = %s AND rater.crowd_key = import_user.crowd_key
"""
_USERS_NEW = """
SELECT user_id AS id, crowd_key, '' AS first_name, '' AS last_name, now() AS ratings_changed_at
FROM import_user WHERE user_id IS NULL
"""
_CHANGES = """
CREATE TEMPORARY TABLE import_rating_change ON COMMIT DROP AS
SELECT rater.user_id, stage.movie_id, stage.value, stage.seconds, known.id AS rating_id
FROM import_rating stage
JOIN import_user rater USING (crowd_key)
LEFT JOIN movies_rating known ON known.user_id = rater.user_id AND known.movie_id = stage.movie_id
WHERE known.id IS NULL OR known.value <> stage.value OR known.created_at <> to_timestamp(stage.seconds)
"""
_INSERT_FRESH = """
INSERT INTO movies_rating (user_id, movie_id, value, created_at)
SELECT rater.user_id, stage.movie_id, stage.value, to_timestamp(stage.seconds)
FROM import_rating stage JOIN import_user rater USING (crowd_key)
WHERE stage.ctid >= %s::tid AND stage.ctid < %s::tid
"""
_INSERT_CHANGES = """
INSERT INTO movies_rating (user_id, movie_id, value, created_at)
SELECT user_id, movie_id, value, to_timestamp(seconds) FROM import_rating_change change
WHERE rating_id IS NULL AND change.ctid >= %s::tid AND change.ctid < %s::tid
"""
_UPDATE_CHANGES = """
UPDATE movies_rating known SET value = change.value, created_at = to_timestamp(change.seconds)
FROM import_rating_change change WHERE known.id = change.rating_id
"""
_RATED_FRESH = "SELECT DISTINCT movie_id FROM import_rating ORDER BY movie_id"
_RATED_CHANGES = "SELECT DISTINCT movie_id FROM import_rating_change ORDER BY movie_id"
_USERS_TOUCH = """
UPDATE accounts_user SET ratings_changed_at = now()
WHERE id IN (SELECT user_id FROM import_rating_change)
"""


class RatingRules:
    """Count the ratings of one data set and report those that do not count."""

    def __init__(self, movies: MovieKeys, report: ImportReport) -> None:
        """Prepare for the first block."""
        self.tally = report.tallies[Kind.RATINGS]
        self._movies = movies
        self._report = report
        self._file = ""

    def count(self, block: RatingBlock) -> None:
        """Count the rows of a block as read and its unusable rows as skipped."""
        self._file = block.file
        self.tally.read += len(block)
        self._report.skip(block.skips)

    def check(self) -> None:
        """Raise a ``DatasetError`` if too many rows are bad."""
        self._report.check(Kind.RATINGS)

    def find_movies(self, block: RatingBlock) -> Int64s:
        """Return the primary key of each rating's film, shape (n,); report films that are not in the data set as -1."""
        pks = self._movies.find_pks(block.movies)
        self._report.drop(
            Skip(Kind.RATINGS, block.file, int(block.lines[row]), Reason.UNKNOWN_MOVIE, f"film {block.movies[row]}")
            for row in np.flatnonzero(pks < 0)
        )
        return pks

    def drop_repeated(self, lines: Iterable[int]) -> None:
        """Report the ratings on these lines as repeated."""
        self._report.drop(Skip(Kind.RATINGS, self._file, line, Reason.DUPLICATE_RATING) for line in lines)


def repeated_ratings_query(table: str, *, user: str, time: str, line: str) -> str:
    """Return a query for the ``place`` (ctid) and ``line`` of each rating in ``table`` that a later one replaces.

    Of two ratings at the same second, the one further down in the file counts. ``user``, ``time`` and ``line`` are the
    names of columns.
    """
    return f"""
        SELECT place, line FROM (
            SELECT ctid AS place, {line} AS line,
                row_number() OVER (PARTITION BY {user}, movie_id ORDER BY {time} DESC, {line} DESC) AS rank
            FROM {table}
        ) ranked WHERE rank > 1
    """  # noqa: S608 - constants of the callers.


class RatingMerge:
    """Ratings of one data set, merged into the present table of ratings."""

    def __init__(self, cursor: CursorWrapper, *, dataset: Dataset, movies: MovieKeys, report: ImportReport) -> None:
        """Create the temporary tables."""
        self._cursor = cursor
        self._dataset = dataset
        self._rules = RatingRules(movies, report)
        self._tally = self._rules.tally
        # Whether the database had ratings of this data set.
        self._compared = False
        # While users and films ascend, no rating is repeated.
        self._may_repeat = not movies.injective
        self._last = (-1, -1)
        cursor.execute(_STAGE)
        cursor.execute(_USERS)

    def fill(self, blocks: Iterator[RatingBlock]) -> None:
        """Stage all ratings but those of unknown films and those that a later one replaces."""
        users: list[Int64s] = []
        for block in blocks:
            self._rules.count(block)
            users.append(np.unique(self._add(block)))
        self._rules.check()
        if not users:
            return
        keys = np.unique(np.concatenate(users))
        copy_in_arrays(self._cursor, "import_user", ["crowd_key"], [{"crowd_key": keys}])
        if self._may_repeat:
            self._repeated_drop()
        self._cursor.execute("ANALYZE import_rating; ANALYZE import_user")

    def merge(self) -> int:
        """Insert and update ratings and return the number of new crowd users."""
        if not self._tally.read:
            return 0
        cursor, source = self._cursor, self._dataset.name
        cursor.execute("SELECT count(*) FROM import_rating")
        staged = cursor.fetchone()[0]
        cursor.execute(_USERS_FIND, [source])
        is_fresh = cursor.rowcount == 0
        new_users = crowd_users_insert(cursor, source=source, users=_USERS_NEW)
        if new_users:
            cursor.execute(_USERS_FIND, [source])
        if is_fresh:
            self._tally.imported = self._insert("import_rating", _INSERT_FRESH)
        else:
            self._changes_merge()
        self._tally.unchanged = staged - self._tally.changed
        return new_users

    def find_rated_movies(self) -> list[int]:
        """Return the primary keys of the films with new or different ratings."""
        if not self._tally.changed:
            return []
        self._cursor.execute(_RATED_CHANGES if self._compared else _RATED_FRESH)
        return [pk for (pk,) in self._cursor.fetchall()]

    def _add(self, block: RatingBlock) -> Int64s:
        pks = self._rules.find_movies(block)
        known = pks >= 0
        self._check_order(block)
        kept = block if known.all() else block.keep(known)
        arrays = (kept.users, pks[known].astype(np.int32), kept.values, kept.times, kept.lines)
        copy_in_arrays(self._cursor, "import_rating", _COLUMNS, [dict(zip(_COLUMNS, arrays, strict=True))])
        return kept.users

    def _check_order(self, block: RatingBlock) -> None:
        if self._may_repeat or not len(block):
            return
        users = np.concatenate(([self._last[0]], block.users))
        movies = np.concatenate(([self._last[1]], block.movies))
        same, ascends = np.diff(users) == 0, np.diff(movies) > 0
        self._may_repeat = bool(np.any((np.diff(users) < 0) | (same & ~ascends)))
        self._last = (int(users[-1]), int(movies[-1]))

    def _repeated_drop(self) -> None:
        query = repeated_ratings_query("import_rating", user="crowd_key", time="seconds", line="line")
        self._cursor.execute(f"CREATE TEMPORARY TABLE import_repeated ON COMMIT DROP AS {query}")
        self._cursor.execute("DELETE FROM import_rating USING import_repeated WHERE import_rating.ctid = place")
        self._rules.drop_repeated(self._fetch_repeated_lines())

    def _fetch_repeated_lines(self) -> Iterator[int]:
        self._cursor.execute("DECLARE import_repeated_lines CURSOR FOR SELECT line FROM import_repeated ORDER BY line")
        while True:
            self._cursor.execute(f"FETCH {_LINES_AT_A_TIME} FROM import_repeated_lines")
            lines = self._cursor.fetchall()
            if not lines:
                break
            yield from (line for (line,) in lines)
        self._cursor.execute("CLOSE import_repeated_lines")

    def _changes_merge(self) -> None:
        self._compared = True
        self._cursor.execute(_CHANGES)
        self._cursor.execute(_UPDATE_CHANGES)
        self._tally.updated = self._cursor.rowcount
        self._tally.imported = self._insert("import_rating_change", _INSERT_CHANGES)
        if self._tally.changed:
            self._cursor.execute(_USERS_TOUCH)

    def _insert(self, table: str, statement: str) -> int:
        """Run ``statement`` over the pages of a temporary table and return the number of ratings that it inserted."""
        self._cursor.execute("SELECT pg_relation_size(%s::regclass) / current_setting('block_size')::int", [table])
        pages = self._cursor.fetchone()[0]
        added: int = 0
        for page in range(0, pages, _PAGES_AT_A_TIME):
            self._cursor.execute(statement, [f"({page},0)", f"({page + _PAGES_AT_A_TIME},0)"])
            added += self._cursor.rowcount
        return added
