"""Ratings and their raters: staged block by block with COPY, then merged in pieces of bounded size."""

from collections.abc import Iterator

import numpy as np
from django.db.backends.utils import CursorWrapper

from accounts.services.crowd import crowd_users_insert
from importing.datasets.dataset import Dataset, Int64s, RatingBlock
from importing.import_report import ImportReport
from importing.loading.movie_load import MovieKeys
from importing.loading.rating_rules import RatingRules, repeated_ratings_query
from postgres.copy import copy_in_arrays

# A statement's foreign key checks queue up in memory until it ends, and until then Ctrl-C is not heard; so a statement
# inserts this many pages of ratings at a time, some 120 to the page.
_PAGES_AT_A_TIME = 1024
_LINES_AT_A_TIME = 10_000
_STAGE = """
CREATE TEMPORARY TABLE import_rating (
    crowd_key bigint NOT NULL, movie_id integer NOT NULL, value real NOT NULL, seconds bigint NOT NULL,
    line bigint NOT NULL
) ON COMMIT DROP
"""
_COLUMNS = ("crowd_key", "movie_id", "value", "seconds", "line")
_REPEATED = "CREATE TEMPORARY TABLE import_repeated ON COMMIT DROP AS " + repeated_ratings_query(
    "import_rating", user="crowd_key", time="seconds", line="line"
)
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


class RatingMerge:
    """The ratings of one data set on their way into the database."""

    def __init__(self, cursor: CursorWrapper, *, dataset: Dataset, movies: MovieKeys, report: ImportReport) -> None:
        """Make the temporary tables."""
        self._cursor = cursor
        self._dataset = dataset
        self._rules = RatingRules(movies, report)
        self._tally = self._rules.tally
        # Whether the ratings were compared with those of an earlier import.
        self._compared = False
        # While users and films only ascend, no user can have rated a film twice.
        self._may_repeat = not movies.injective
        self._last = (-1, -1)
        cursor.execute(_STAGE)
        cursor.execute(_USERS)

    def fill(self, blocks: Iterator[RatingBlock]) -> None:
        """Read all ratings; those of unknown films and those given again later are left out."""
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
        """Write what is new or different and return how many raters are new."""
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

    def rated_movies(self) -> list[int]:
        """Return the primary keys of the films whose figures have changed."""
        if not self._tally.changed:
            return []
        self._cursor.execute(_RATED_CHANGES if self._compared else _RATED_FRESH)
        return [pk for (pk,) in self._cursor.fetchall()]

    def _add(self, block: RatingBlock) -> Int64s:
        pks = self._rules.find_movies(block)
        known = pks >= 0
        self._order_watch(block)
        kept = block if known.all() else block.keep(known)
        arrays = (kept.users, pks[known].astype(np.int32), kept.values, kept.times, kept.lines)
        copy_in_arrays(self._cursor, "import_rating", _COLUMNS, [dict(zip(_COLUMNS, arrays, strict=True))])
        return kept.users

    def _order_watch(self, block: RatingBlock) -> None:
        if self._may_repeat or not len(block):
            return
        users = np.concatenate(([self._last[0]], block.users))
        movies = np.concatenate(([self._last[1]], block.movies))
        same, ascends = np.diff(users) == 0, np.diff(movies) > 0
        self._may_repeat = bool(np.any((np.diff(users) < 0) | (same & ~ascends)))
        self._last = (int(users[-1]), int(movies[-1]))

    def _repeated_drop(self) -> None:
        self._cursor.execute(_REPEATED)
        self._cursor.execute("DELETE FROM import_rating USING import_repeated WHERE import_rating.ctid = place")
        self._rules.drop_repeated(self._repeated_lines())

    def _repeated_lines(self) -> Iterator[int]:
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
        """Run an insertion over a temporary table piece by piece and return how many ratings it added."""
        self._cursor.execute("SELECT pg_relation_size(%s::regclass) / current_setting('block_size')::int", [table])
        pages = self._cursor.fetchone()[0]
        added: int = 0
        for page in range(0, pages, _PAGES_AT_A_TIME):
            self._cursor.execute(statement, [f"({page},0)", f"({page + _PAGES_AT_A_TIME},0)"])
            added += self._cursor.rowcount
        return added
