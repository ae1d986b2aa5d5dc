"""Building the next version of a table beside it and switching to it, so that readers see the old or the new one."""

from collections.abc import Callable, Sequence

from django.db import transaction
from django.db.backends.utils import CursorWrapper

from postgres.errors import TableSwitchError
from postgres.tables import LockAttempts, NextTable, foreign_keys, next_indexes, next_table_rename, table_lock

LOCK_ATTEMPTS = LockAttempts(total=60, timeout="30ms", patient_from=20)
# A tenth of PostgreSQL's default, because queries find rows of such tables by their keys.
_STATISTICS = 10

_BUILT = "SELECT relname FROM pg_index JOIN pg_class ON pg_class.oid = indexrelid WHERE indrelid = %s::regclass"
_SCALARS = """
SELECT attname FROM pg_attribute JOIN pg_type ON pg_type.oid = atttypid
WHERE attrelid = %s::regclass AND attnum > 0 AND NOT attisdropped AND typcategory <> 'A' ORDER BY attnum
"""
# What a rebuilt table would lose: foreign keys of other tables, triggers, and identity or serial columns.
_UNSUPPORTED = """
SELECT 'foreign key ' || conname FROM pg_constraint WHERE confrelid = %(table)s::regclass AND contype = 'f'
UNION ALL
SELECT 'trigger ' || tgname FROM pg_trigger WHERE tgrelid = %(table)s::regclass AND NOT tgisinternal
UNION ALL
SELECT 'numbered column ' || attname FROM pg_attribute
LEFT JOIN pg_attrdef ON adrelid = attrelid AND adnum = attnum
WHERE attrelid = %(table)s::regclass AND (attidentity <> '' OR pg_get_expr(adbin, adrelid) LIKE 'nextval(%%')
"""


def next_table_create(cursor: CursorWrapper, table: str, *, name: str | None = None) -> NextTable:
    """Create an empty copy of ``table``, without indexes and keys, inside the caller's transaction.

    It replaces a table of the same name that a crash has left. Pass a ``name`` of its own if other processes fill it.

    Raises:
        TableSwitchError: something depends on the table that a copy cannot take over.

    """
    cursor.execute(_UNSUPPORTED, {"table": table})
    if found := [row[0] for row in cursor.fetchall()]:
        message = f"Table {table} cannot be rebuilt beside itself, because it has: {', '.join(found)}."
        raise TableSwitchError(message)
    name = name or f"{table}_next"
    next_table_drop(cursor, NextTable(table, name))
    old_table_drop(cursor, table)
    cursor.execute(
        f'CREATE TABLE "{name}" (LIKE "{table}" '
        "INCLUDING DEFAULTS INCLUDING CONSTRAINTS INCLUDING GENERATED INCLUDING STORAGE INCLUDING COMMENTS)"
    )
    return NextTable(table=table, name=name)


def next_table_drop(cursor: CursorWrapper, next_table: NextTable) -> None:
    """Remove a next table that will not be used."""
    cursor.execute(f'DROP TABLE IF EXISTS "{next_table.name}"')


def old_table_drop(cursor: CursorWrapper, table: str) -> None:
    """Remove the previous version, which a switch has put aside; readers do not wait for it."""
    cursor.execute(f'DROP TABLE IF EXISTS "{_old_name(table)}"')


def next_table_index(cursor: CursorWrapper, next_table: NextTable) -> None:
    """Build the indexes that the filled next table lacks, then collect the planner's statistics.

    The switch does this, too. Commit it beforehand, so that readers do not wait until the indexes are on the disk.
    """
    cursor.execute(_BUILT, [next_table.name])
    built = {name for (name,) in cursor.fetchall()}
    missing = [index.statement for index in next_indexes(cursor, next_table) if index.temporary not in built]
    if not missing:
        return
    for statement in missing:
        cursor.execute(statement)
    _analyse(cursor, next_table)


def next_table_switch(cursor: CursorWrapper, next_table: NextTable, *, carry_over: Callable[[], None]) -> None:
    """Lock everyone out for a moment, let ``carry_over`` copy what changed meanwhile, and swap the names.

    Readers see the new table when the caller's transaction commits. Its foreign keys hold for new rows from then on;
    `table_keys_validate` checks the others, and `old_table_drop` removes the old table. Readers wait for neither of
    them, nor for the disk: if a crash undoes the switch, both tables are as they were before.

    Raises:
        TableSwitchError: the table was in use for too long.

    """
    next_table_index(cursor, next_table)
    indexes = next_indexes(cursor, next_table)
    table_lock(cursor, next_table.table, LOCK_ATTEMPTS)
    carry_over()
    keys = foreign_keys(cursor, next_table.table)
    # Deferred checks of earlier statements in this transaction would prevent altering the table.
    cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
    cursor.execute("SET LOCAL synchronous_commit TO off")
    _put_aside(cursor, next_table.table, [index.final for index in indexes], [name for name, _ in keys])
    next_table_rename(cursor, next_table, indexes, keys)


def _old_name(table: str) -> str:
    return f"{table}_before"


def _put_aside(cursor: CursorWrapper, table: str, indexes: Sequence[str], keys: Sequence[str]) -> None:
    """Rename the table and its indexes, and drop its foreign keys, so that its rows hold nothing in other tables."""
    for name in keys:
        cursor.execute(f'ALTER TABLE "{table}" DROP CONSTRAINT "{name}"')
    for number, name in enumerate(indexes):
        cursor.execute(f'ALTER INDEX "{name}" RENAME TO "{_old_name(table)}_{number}"')
    cursor.execute(f'ALTER TABLE "{table}" RENAME TO "{_old_name(table)}"')


def _analyse(cursor: CursorWrapper, next_table: NextTable) -> None:
    """Collect statistics of all columns but arrays, which take the longest and which no query filters by."""
    cursor.execute(_SCALARS, [next_table.name])
    names = ", ".join(f'"{name}"' for (name,) in cursor.fetchall())
    with transaction.atomic():
        cursor.execute(f"SET LOCAL default_statistics_target TO {_STATISTICS}")
        cursor.execute(f'ANALYZE "{next_table.name}" ({names})')
        cursor.execute("SET LOCAL default_statistics_target TO DEFAULT")
