"""Tables: what one has, its lock, its renaming, and the ids that it gives to new rows.

A table switch builds the next version of a table beside it and then swaps the names.
"""

import time
from collections.abc import Sequence
from dataclasses import dataclass

from django.db import OperationalError, connection, transaction
from django.db.backends.utils import CursorWrapper

from postgres.errors import TableSwitchError

# A session that has waited longer than PostgreSQL's deadlock_timeout, one second, makes an automatic vacuum give way.
PATIENT_TIMEOUT = "1500ms"
LONGEST_PAUSE_SECONDS = 1.0
_NOT_VALID = " NOT VALID"

_CONSTRAINTS = """
SELECT conname, contype, pg_get_constraintdef(oid) FROM pg_constraint
WHERE conrelid = %s::regclass AND contype IN ('p', 'u', 'x', 'f') ORDER BY conname
"""
_INDEXES = """
SELECT relname, pg_get_indexdef(indexrelid), indisunique
FROM pg_index JOIN pg_class ON pg_class.oid = indexrelid
WHERE indrelid = %s::regclass AND NOT EXISTS (SELECT FROM pg_constraint WHERE conindid = indexrelid AND contype <> 'f')
ORDER BY relname
"""
_UNCHECKED = """
SELECT conname FROM pg_constraint
WHERE conrelid = %s::regclass AND contype = 'f' AND NOT convalidated ORDER BY conname
"""
_REFERENCED = """
SELECT DISTINCT confrelid::regclass::text FROM pg_constraint
WHERE conrelid = %s::regclass AND contype = 'f' ORDER BY 1
"""


@dataclass(frozen=True)
class NextTable:
    """The next version of ``table``, which is built under ``name`` and which no reader uses before the switch."""

    table: str
    name: str


@dataclass(frozen=True)
class NextIndex:
    """An index of the next table: its ``temporary`` name, its ``final`` name, and the ``statement`` that builds it."""

    temporary: str
    final: str
    statement: str


@dataclass(frozen=True)
class LockAttempts:
    """How to wait for a lock: ``total`` attempts of ``timeout``, from number ``patient_from`` on of `PATIENT_TIMEOUT`.

    Readers queue behind a waiting lock, so many short attempts disturb them less than a long one.
    """

    total: int
    timeout: str
    patient_from: int


def next_indexes(cursor: CursorWrapper, next_table: NextTable) -> list[NextIndex]:
    """Return an index of the next table for each index of the present one, keys first."""
    indexes: list[NextIndex] = []
    cursor.execute(_CONSTRAINTS, [next_table.table])
    for final, kind, definition in cursor.fetchall():
        if kind == "f":
            continue
        temporary = f"{next_table.name}_{len(indexes)}"
        statement = f'ALTER TABLE "{next_table.name}" ADD CONSTRAINT "{temporary}" {definition}'
        indexes.append(NextIndex(temporary, final, statement))
    cursor.execute(_INDEXES, [next_table.table])
    for final, definition, is_unique in cursor.fetchall():
        temporary = f"{next_table.name}_{len(indexes)}"
        unique = "UNIQUE" if is_unique else ""
        _, _, method_and_columns = definition.partition(" USING ")
        statement = f'CREATE {unique} INDEX "{temporary}" ON "{next_table.name}" USING {method_and_columns}'
        indexes.append(NextIndex(temporary, final, statement))
    return indexes


def foreign_keys(cursor: CursorWrapper, table: str) -> list[tuple[str, str]]:
    """Return the name and the definition of each foreign key of ``table``."""
    cursor.execute(_CONSTRAINTS, [table])
    return [(name, definition) for name, kind, definition in cursor.fetchall() if kind == "f"]


def next_table_rename(
    cursor: CursorWrapper, next_table: NextTable, indexes: Sequence[NextIndex], keys: Sequence[tuple[str, str]]
) -> None:
    """Give the next table and its indexes their final names, which are free, and its foreign ``keys``.

    The keys hold for new rows at once; `table_keys_validate` checks the rows that are already there.
    """
    cursor.execute(f'ALTER TABLE "{next_table.name}" RENAME TO "{next_table.table}"')
    for index in indexes:
        cursor.execute(f'ALTER INDEX "{index.temporary}" RENAME TO "{index.final}"')
    for name, definition in keys:
        rule = definition.removesuffix(_NOT_VALID)
        cursor.execute(f'ALTER TABLE "{next_table.table}" ADD CONSTRAINT "{name}" {rule}{_NOT_VALID}')


def table_keys_validate(cursor: CursorWrapper, table: str) -> None:
    """Check the foreign keys that a switch left unchecked; neither readers nor writers wait for it."""
    cursor.execute(_UNCHECKED, [table])
    for (name,) in cursor.fetchall():
        cursor.execute(f'ALTER TABLE "{table}" VALIDATE CONSTRAINT "{name}"')


def table_lock(cursor: CursorWrapper, table: str, attempts: LockAttempts) -> None:
    """Lock everyone out of the table and the tables that it refers to until the transaction ends.

    The switch needs both sides: it drops and adds foreign keys.

    Raises:
        TableSwitchError: the table was in use for too long.

    """
    cursor.execute(_REFERENCED, [table])
    # Referenced tables come first, because a session that writes a row here has already locked the row it refers to.
    tables = ", ".join([*(name for (name,) in cursor.fetchall()), table])
    for attempt in range(1, attempts.total + 1):
        timeout = attempts.timeout if attempt < attempts.patient_from else PATIENT_TIMEOUT
        try:
            with transaction.atomic():
                cursor.execute(f"SET LOCAL lock_timeout TO '{timeout}'")
                cursor.execute(f"LOCK TABLE {tables} IN ACCESS EXCLUSIVE MODE")
                # Only a vacuum can still hold what else the switch locks, such as TOAST; it gives way in a second.
                cursor.execute("SET LOCAL lock_timeout TO DEFAULT")
        except OperationalError as error:
            if cursor.connection.closed:
                raise
            if attempt == attempts.total:
                message = f"Table {table} was in use for too long; the old rows stay. Run this again later."
                raise TableSwitchError(message) from error
            time.sleep(min(0.1 * attempt, LONGEST_PAUSE_SECONDS))
        else:
            return


def number_reserve(table: str) -> int:
    """Reserve and return the next ``id`` of ``table``."""
    with connection.cursor() as cursor:
        return numbers_reserve(cursor, table, count=1)[0]


def numbers_reserve(cursor: CursorWrapper, table: str, *, count: int) -> list[int]:
    """Reserve and return the next ``count`` values for the column ``id`` of ``table``."""
    cursor.execute("SELECT nextval(pg_get_serial_sequence(%s, 'id')) FROM generate_series(1, %s)", [table, count])
    return [number for (number,) in cursor.fetchall()]


def sequence_name(cursor: CursorWrapper, table: str) -> str:
    """Return the name, with its schema, of the sequence that numbers the column ``id`` of ``table``."""
    cursor.execute("SELECT pg_get_serial_sequence(%s, 'id')", [table])
    name: str = cursor.fetchone()[0]
    return name
