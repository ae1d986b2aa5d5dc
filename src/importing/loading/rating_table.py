"""The table of ratings, built anew beside the one that people use and put in its place in a moment."""

import time

from django.db import OperationalError, transaction
from django.db.backends.utils import CursorWrapper

from importing.errors import DatasetError

NEXT = "movies_rating_next"
_CREATE = """
CREATE TABLE movies_rating_next (LIKE movies_rating
    INCLUDING DEFAULTS INCLUDING CONSTRAINTS INCLUDING IDENTITY INCLUDING STORAGE INCLUDING COMMENTS)
"""
_KEYS = """
SELECT conname, contype = 'f', pg_get_constraintdef(oid) FROM pg_constraint
WHERE conrelid = 'movies_rating'::regclass AND contype IN ('p', 'u', 'f') ORDER BY conname
"""
_INDEXES = """
SELECT relname, pg_get_indexdef(indexrelid) FROM pg_index JOIN pg_class ON pg_class.oid = indexrelid
WHERE indrelid = 'movies_rating'::regclass
    AND NOT EXISTS (SELECT FROM pg_constraint WHERE conindid = indexrelid AND contype <> 'f')
ORDER BY relname
"""
# Numbers given since the import began may be among the import's own; nothing else knows a rating by its number.
_CARRY_OVER = """
INSERT INTO movies_rating_next (id, user_id, movie_id, value, created_at)
SELECT CASE WHEN id > %s THEN nextval(pg_get_serial_sequence('movies_rating_next', 'id')) ELSE id END,
    user_id, movie_id, value, created_at
FROM movies_rating ORDER BY id
"""
_LAST_NUMBER = "SELECT coalesce(pg_sequence_last_value(pg_get_serial_sequence('movies_rating', 'id')), 0)"
_NEXT_NUMBER = "SELECT setval(pg_get_serial_sequence('movies_rating_next', 'id'), greatest(%s, 1))"
_SEQUENCE = "SELECT pg_get_serial_sequence(%s, 'id')"
# Readers queue behind whoever waits for the lock, so the wait is short and repeated.
_LOCK_TIMEOUT = "300ms"
# Waiting for more than a second (PostgreSQL's deadlock_timeout) makes an automatic vacuum give way.
_PATIENT_LOCK_TIMEOUT = "1500ms"
_PATIENT_FROM_ATTEMPT = 5
_ATTEMPTS = 40
_LONGEST_PAUSE_SECONDS = 1.0
# Referenced tables first, for whoever writes a rating has locked its film before. Keys are dropped from them, too.
_LOCK = "LOCK TABLE accounts_user, movies_movie, movies_rating IN ACCESS EXCLUSIVE MODE"


def rating_table_create(cursor: CursorWrapper) -> int:
    """Make an empty twin without keys and indexes, named `NEXT`, and return the last number that ratings have used.

    It vanishes with the transaction unless `rating_table_switch` follows.
    """
    cursor.execute(_CREATE)
    cursor.execute(_LAST_NUMBER)
    last: int = cursor.fetchone()[0]
    return last


def rating_table_index(cursor: CursorWrapper) -> list[tuple[str, str]]:
    """Give the twin the indexes of the table and return each one's temporary and final name."""
    renamed: list[tuple[str, str]] = []
    cursor.execute(_KEYS)
    for final, is_foreign, definition in cursor.fetchall():
        if not is_foreign:
            cursor.execute(f'ALTER TABLE {NEXT} ADD CONSTRAINT "{NEXT}_{len(renamed)}" {definition}')
            renamed.append((f"{NEXT}_{len(renamed)}", final))
    cursor.execute(_INDEXES)
    for final, definition in cursor.fetchall():
        head, _, tail = definition.partition(" ON ")
        unique = "UNIQUE" if "UNIQUE" in head else ""
        _, _, columns = tail.partition(" USING ")
        cursor.execute(f'CREATE {unique} INDEX "{NEXT}_{len(renamed)}" ON {NEXT} USING {columns}')
        renamed.append((f"{NEXT}_{len(renamed)}", final))
    cursor.execute(f"ANALYZE {NEXT}")
    return renamed


def rating_table_lock(cursor: CursorWrapper) -> None:
    """Lock everyone out of the ratings, their users and their films, until the transaction ends.

    Raises:
        DatasetError: they were in use for too long.

    """
    for attempt in range(1, _ATTEMPTS + 1):
        timeout = _LOCK_TIMEOUT if attempt < _PATIENT_FROM_ATTEMPT else _PATIENT_LOCK_TIMEOUT
        try:
            with transaction.atomic():
                cursor.execute(f"SET LOCAL lock_timeout TO '{timeout}'")
                cursor.execute(_LOCK)
                cursor.execute("SET LOCAL lock_timeout TO DEFAULT")
        except OperationalError as error:
            if cursor.connection.closed or attempt == _ATTEMPTS:
                message = "The ratings were in use for too long. Nothing was imported: run it again later."
                raise DatasetError(message) from error
            time.sleep(min(0.1 * attempt, _LONGEST_PAUSE_SECONDS))
        else:
            return


def rating_table_switch(
    cursor: CursorWrapper, *, renamed: list[tuple[str, str]], last_before: int, last_used: int
) -> None:
    """Bring the ratings of the old table over and put the twin in its place; `rating_table_lock` comes before.

    ``last_before`` is the last number that was in use when the twin was made, ``last_used`` the last that it uses.
    What its foreign keys say is left to `rating_keys_validate`, which needs no lock.
    """
    cursor.execute(_NEXT_NUMBER, [last_used])
    cursor.execute(_CARRY_OVER, [last_before])
    cursor.execute(_KEYS)
    foreign = [(name, definition) for name, is_foreign, definition in cursor.fetchall() if is_foreign]
    cursor.execute(_SEQUENCE, ["movies_rating"])
    (sequence,) = cursor.fetchone()
    cursor.execute(_SEQUENCE, [NEXT])
    (next_sequence,) = cursor.fetchone()
    # Checks that were put off would stand in the way of dropping the table.
    cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
    cursor.execute("DROP TABLE movies_rating")
    cursor.execute(f"ALTER TABLE {NEXT} RENAME TO movies_rating")
    cursor.execute(f'ALTER SEQUENCE {next_sequence} RENAME TO "{sequence.rpartition(".")[2]}"')
    for temporary, final in renamed:
        cursor.execute(f'ALTER INDEX "{temporary}" RENAME TO "{final}"')
    for name, definition in foreign:
        unchecked = definition.removesuffix(" NOT VALID")
        cursor.execute(f'ALTER TABLE movies_rating ADD CONSTRAINT "{name}" {unchecked} NOT VALID')


def rating_keys_validate(cursor: CursorWrapper) -> None:
    """Let the database check the foreign keys that it has taken on trust, while people go on using the table."""
    cursor.execute(
        "SELECT conname FROM pg_constraint WHERE conrelid = 'movies_rating'::regclass AND NOT convalidated ORDER BY 1"
    )
    for (name,) in cursor.fetchall():
        cursor.execute(f'ALTER TABLE movies_rating VALIDATE CONSTRAINT "{name}"')
