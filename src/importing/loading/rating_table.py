"""The table of ratings, rebuilt beside the present one and switched to in a moment."""

from django.db.backends.utils import CursorWrapper

from importing.errors import DatasetError
from postgres.errors import TableSwitchError
from postgres.tables import (
    LockAttempts,
    NextIndex,
    NextTable,
    foreign_keys,
    next_indexes,
    next_table_rename,
    sequence_name,
    table_lock,
)

TABLE = "movies_rating"
NEXT = f"{TABLE}_next"
_NEXT_TABLE = NextTable(TABLE, NEXT)
_CREATE = """
CREATE TABLE movies_rating_next (LIKE movies_rating
    INCLUDING DEFAULTS INCLUDING CONSTRAINTS INCLUDING IDENTITY INCLUDING STORAGE INCLUDING COMMENTS)
"""
# Ids given since the import began may also be the import's own, so these ratings get new ones. Nothing refers to them.
_CARRY_OVER = """
INSERT INTO movies_rating_next (id, user_id, movie_id, value, created_at)
SELECT CASE WHEN id > %s THEN nextval(pg_get_serial_sequence('movies_rating_next', 'id')) ELSE id END,
    user_id, movie_id, value, created_at
FROM movies_rating ORDER BY id
"""
_LAST_NUMBER = "SELECT coalesce(pg_sequence_last_value(pg_get_serial_sequence('movies_rating', 'id')), 0)"
_NEXT_NUMBER = "SELECT setval(pg_get_serial_sequence('movies_rating_next', 'id'), greatest(%s, 1))"
_LOCK_ATTEMPTS = LockAttempts(total=40, timeout="300ms", patient_from=5)


def rating_table_create(cursor: CursorWrapper) -> int:
    """Create an empty copy without keys and indexes, named `NEXT`, and return the last id that ratings have used.

    It vanishes with the transaction unless `rating_table_switch` follows.
    """
    cursor.execute(_CREATE)
    cursor.execute(_LAST_NUMBER)
    last: int = cursor.fetchone()[0]
    return last


def rating_table_index(cursor: CursorWrapper) -> list[NextIndex]:
    """Build the indexes of the next table and return them."""
    indexes = next_indexes(cursor, _NEXT_TABLE)
    for index in indexes:
        cursor.execute(index.statement)
    cursor.execute(f"ANALYZE {NEXT}")
    return indexes


def rating_table_lock(cursor: CursorWrapper) -> None:
    """Lock everyone out of the ratings, their users and their films until the transaction ends.

    Raises:
        DatasetError: they were in use for too long.

    """
    try:
        table_lock(cursor, TABLE, _LOCK_ATTEMPTS)
    except TableSwitchError as error:
        message = "The ratings were in use for too long. Nothing was imported: run it again later."
        raise DatasetError(message) from error


def rating_table_switch(cursor: CursorWrapper, *, indexes: list[NextIndex], last_before: int, last_used: int) -> None:
    """Copy the ratings of the old table and put the next one in its place; call `rating_table_lock` before.

    ``last_before`` is the last id that was in use when the next table was created, ``last_used`` the last that it uses.
    The foreign keys are left to `postgres.tables.table_keys_validate`, which needs no lock.
    """
    cursor.execute(_NEXT_NUMBER, [last_used])
    cursor.execute(_CARRY_OVER, [last_before])
    keys = foreign_keys(cursor, TABLE)
    sequence, next_sequence = sequence_name(cursor, TABLE), sequence_name(cursor, NEXT)
    # Deferred checks would prevent dropping the table.
    cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
    cursor.execute(f"DROP TABLE {TABLE}")
    cursor.execute(f'ALTER SEQUENCE {next_sequence} RENAME TO "{sequence.rpartition(".")[2]}"')
    next_table_rename(cursor, _NEXT_TABLE, indexes, keys)
