"""The table of suggestion lists: replaced by a second table if many lists change, updated in place if few do."""

from collections.abc import Iterable
from datetime import datetime

from django.db import connection
from django.db.backends.utils import CursorWrapper

from movies.services.suggestions import replace_on_conflict
from postgres.copy import Columns, copy_in_arrays
from postgres.table_switch import (
    next_table_create,
    next_table_index,
    next_table_switch,
    old_table_drop,
)
from postgres.tables import NextTable, table_keys_validate
from recommender.arrays import Int32Array

TABLE = "movies_suggestionlist"
COLUMNS = ("user_id", "movie_ids", "scores", "model_version_id", "created_at")

_KEEP = "INSERT INTO {next_table} SELECT * FROM movies_suggestionlist WHERE user_id = ANY(%s)"
# Users who rated during the refresh have newer lists. Readers wait for this statement, so it uses an index.
_CARRY_OVER = replace_on_conflict("INSERT INTO {next_table} SELECT * FROM movies_suggestionlist WHERE created_at > %s")
_CREATE_TEMPORARY = "CREATE TEMPORARY TABLE list_made (LIKE movies_suggestionlist)"
# Users who are being deleted, or who have no ratings any more, get no list.
_MERGE = replace_on_conflict(
    """
INSERT INTO movies_suggestionlist AS list
SELECT made.* FROM list_made made JOIN accounts_user account ON account.id = made.user_id
WHERE EXISTS (SELECT FROM movies_rating WHERE user_id = made.user_id) ORDER BY made.user_id
FOR KEY SHARE OF account SKIP LOCKED
""",
    where="WHERE list.created_at <= %s",
)
# A SELECT of its own, because PostgreSQL runs it in parallel and a DELETE it does not.
_UNRATED = """
SELECT user_id FROM movies_suggestionlist list WHERE NOT EXISTS (SELECT FROM movies_rating WHERE user_id = list.user_id)
"""
_REMOVE_UNRATED = """
DELETE FROM movies_suggestionlist list
WHERE user_id = ANY(%s) AND NOT EXISTS (SELECT FROM movies_rating WHERE user_id = list.user_id)
"""
# Only users who lost their account or their ratings after the refresh began. Newer lists stay.
_REMOVE_GONE = """
DELETE FROM movies_suggestionlist list WHERE created_at <= %(began_at)s AND user_id IN (
  SELECT made.user_id FROM movies_suggestionlist made LEFT JOIN accounts_user account ON account.id = made.user_id
  WHERE account.id IS NULL
  UNION ALL
  SELECT account.id FROM accounts_user account
  LEFT JOIN LATERAL (SELECT id FROM movies_rating WHERE user_id = account.id LIMIT 1) rating ON true
  WHERE account.ratings_changed_at >= %(began_at)s AND rating.id IS NULL)
"""


def lists_write_beside(cursor: CursorWrapper, blocks: Iterable[list[Columns]], *, kept: Int32Array) -> NextTable:
    """Write blocks of lists to a second table, with the present lists of the users ``kept``, and return it.

    The caller commits before it switches the tables, so that no reader waits while the server writes to disk.
    """
    next_table = next_table_create(cursor, TABLE)
    for lists in blocks:
        copy_in_arrays(cursor, next_table.name, COLUMNS, lists, freeze=True)
    lists_keep(cursor, next_table, kept)
    next_table_index(cursor, next_table)
    return next_table


def lists_keep(cursor: CursorWrapper, next_table: NextTable, user_ids: Int32Array) -> None:
    """Copy the present lists of some users to the next table."""
    cursor.execute(_KEEP.format(next_table=next_table.name), [user_ids.tolist()])


def lists_switch(cursor: CursorWrapper, next_table: NextTable, began_at: datetime) -> None:
    """Replace the table by the next one, after copying the lists that others have written since the refresh began.

    Readers wait until the caller's transaction ends, so it should do nothing else. Call `lists_settle` after it.

    Raises:
        TableSwitchError: the table was in use for too long; the old lists stay.

    """

    def carry_over() -> None:
        cursor.execute(_CARRY_OVER.format(next_table=next_table.name), [began_at])

    next_table_switch(cursor, next_table, carry_over=carry_over)


def lists_settle(began_at: datetime) -> None:
    """Drop the old table, delete lists of users without ratings, and validate the foreign keys. Readers do not wait."""
    with connection.cursor() as cursor:
        old_table_drop(cursor, TABLE)
        cursor.execute(_REMOVE_GONE, {"began_at": began_at})
        table_keys_validate(cursor, TABLE)


def lists_merge(cursor: CursorWrapper, blocks: Iterable[list[Columns]], began_at: datetime) -> None:
    """Replace the lists of some users in place. Lists that others have written since ``began_at`` stay.

    Readers never wait, and see all new lists when the caller's transaction ends.
    """
    cursor.execute(_CREATE_TEMPORARY)
    for lists in blocks:
        copy_in_arrays(cursor, "list_made", COLUMNS, lists)
    cursor.execute(_MERGE, [began_at])
    cursor.execute("DROP TABLE list_made")


def lists_without_ratings_remove(cursor: CursorWrapper) -> None:
    """Delete the lists of users who have no ratings any more."""
    cursor.execute(_UNRATED)
    if unrated := [user_id for (user_id,) in cursor.fetchall()]:
        cursor.execute(_REMOVE_UNRATED, [unrated])
