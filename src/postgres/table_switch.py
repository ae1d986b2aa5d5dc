"""Building the next version of a table beside it and switching to it, so that readers see the old or the new one."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from django.db import OperationalError, transaction
from django.db.backends.utils import CursorWrapper

from pipeline.errors import TableSwitchError

# Readers queue behind a waiting switch, so it waits briefly and often rather than once and for long. Only who waits for
# more than a second (PostgreSQL's deadlock_timeout) makes an automatic vacuum give way: that is for those that stay.
LOCK_TIMEOUT = "30ms"
PATIENT_LOCK_TIMEOUT = "1500ms"
PATIENT_FROM_ATTEMPT = 20
LOCK_ATTEMPTS = 60
LONGEST_PAUSE_SECONDS = 1.0
# A tenth of what PostgreSQL looks at by itself: such tables are asked for rows by their keys.
_STATISTICS = 10

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
_BUILT = "SELECT relname FROM pg_index JOIN pg_class ON pg_class.oid = indexrelid WHERE indrelid = %s::regclass"
_UNCHECKED = """
SELECT conname FROM pg_constraint
WHERE conrelid = %s::regclass AND contype = 'f' AND NOT convalidated ORDER BY conname
"""
_NOT_VALID = " NOT VALID"
_SCALARS = """
SELECT attname FROM pg_attribute JOIN pg_type ON pg_type.oid = atttypid
WHERE attrelid = %s::regclass AND attnum > 0 AND NOT attisdropped AND typcategory <> 'A' ORDER BY attnum
"""
_REFERENCED = """
SELECT DISTINCT confrelid::regclass::text FROM pg_constraint
WHERE conrelid = %s::regclass AND contype = 'f' ORDER BY 1
"""
# What a rebuilt table would lose: keys that point to it, triggers, and columns that number themselves.
_UNSUPPORTED = """
SELECT 'foreign key ' || conname FROM pg_constraint WHERE confrelid = %(table)s::regclass AND contype = 'f'
UNION ALL
SELECT 'trigger ' || tgname FROM pg_trigger WHERE tgrelid = %(table)s::regclass AND NOT tgisinternal
UNION ALL
SELECT 'numbered column ' || attname FROM pg_attribute
LEFT JOIN pg_attrdef ON adrelid = attrelid AND adnum = attnum
WHERE attrelid = %(table)s::regclass AND (attidentity <> '' OR pg_get_expr(adbin, adrelid) LIKE 'nextval(%%')
"""


@dataclass(frozen=True)
class NextTable:
    """The version of ``table`` that is being built, named ``name``; nobody else sees it before the switch."""

    table: str
    name: str


def next_table_create(cursor: CursorWrapper, table: str, *, name: str | None = None) -> NextTable:
    """Create an empty twin of ``table``, without indexes and keys, inside the caller's transaction.

    One of the same name, which a crash has left, makes room. Who has others fill it gives it a ``name`` of its own.

    Raises:
        TableSwitchError: something depends on the table that a twin cannot take over.

    """
    cursor.execute(_UNSUPPORTED, {"table": table})
    if found := [row[0] for row in cursor.fetchall()]:
        message = f"Table {table} cannot be rebuilt beside itself, for it has: {', '.join(found)}."
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
    """Give a twin up."""
    cursor.execute(f'DROP TABLE IF EXISTS "{next_table.name}"')


def old_table_drop(cursor: CursorWrapper, table: str) -> None:
    """Remove the version before the present one, which a switch puts aside; readers do not wait for it."""
    cursor.execute(f'DROP TABLE IF EXISTS "{_aside(table)}"')


def next_table_index(cursor: CursorWrapper, next_table: NextTable) -> None:
    """Build the old table's indexes on the filled twin, unless that is done, and let the planner know its content.

    The switch does it, too; to commit it before spares readers the wait until it is all on the disk.
    """
    cursor.execute(_BUILT, [next_table.name])
    built = {name for (name,) in cursor.fetchall()}
    missing = [statement for temporary, _, statement in _indexes(cursor, next_table) if temporary not in built]
    if not missing:
        return
    for statement in missing:
        cursor.execute(statement)
    _analyse(cursor, next_table)


def next_table_switch(cursor: CursorWrapper, next_table: NextTable, *, carry_over: Callable[[], None]) -> None:
    """Lock everyone out for a moment, let ``carry_over`` bring what changed meanwhile, and swap names.

    Readers see the new table when the caller's transaction commits. Its foreign keys hold for rows from then on; that
    they hold for all, `table_keys_validate` makes sure. The old table is put aside for `old_table_drop`. Readers need
    not wait for either, nor for the disk: should a crash undo the switch, both tables are what they were before.

    Raises:
        TableSwitchError: the table was in use for too long.

    """
    next_table_index(cursor, next_table)
    indexes = _indexes(cursor, next_table)
    _locks_take(cursor, next_table.table)
    carry_over()
    cursor.execute(_CONSTRAINTS, [next_table.table])
    foreign_keys = [(name, definition) for name, kind, definition in cursor.fetchall() if kind == "f"]
    # Checks that earlier statements of this transaction put off would stand in the way of altering the table.
    cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
    cursor.execute("SET LOCAL synchronous_commit TO off")
    _put_aside(cursor, next_table.table, [final for _, final, _ in indexes], [name for name, _ in foreign_keys])
    cursor.execute(f'ALTER TABLE "{next_table.name}" RENAME TO "{next_table.table}"')
    for temporary, final, _ in indexes:
        cursor.execute(f'ALTER INDEX "{temporary}" RENAME TO "{final}"')
    for name, definition in foreign_keys:
        rule = definition.removesuffix(_NOT_VALID)
        cursor.execute(f'ALTER TABLE "{next_table.table}" ADD CONSTRAINT "{name}" {rule}{_NOT_VALID}')


def _aside(table: str) -> str:
    return f"{table}_before"


def _put_aside(cursor: CursorWrapper, table: str, indexes: Sequence[str], foreign_keys: Sequence[str]) -> None:
    """Give the table and its indexes other names, and let its rows hold nothing in other tables any more."""
    for name in foreign_keys:
        cursor.execute(f'ALTER TABLE "{table}" DROP CONSTRAINT "{name}"')
    for number, name in enumerate(indexes):
        cursor.execute(f'ALTER INDEX "{name}" RENAME TO "{_aside(table)}_{number}"')
    cursor.execute(f'ALTER TABLE "{table}" RENAME TO "{_aside(table)}"')


def table_keys_validate(cursor: CursorWrapper, table: str) -> None:
    """Check the foreign keys of a table that was switched to; neither readers nor writers wait for it."""
    cursor.execute(_UNCHECKED, [table])
    for (name,) in cursor.fetchall():
        cursor.execute(f'ALTER TABLE "{table}" VALIDATE CONSTRAINT "{name}"')


def _analyse(cursor: CursorWrapper, next_table: NextTable) -> None:
    """Let the planner know the twin, but for what arrays hold: that takes the longest and no query asks for it."""
    cursor.execute(_SCALARS, [next_table.name])
    names = ", ".join(f'"{name}"' for (name,) in cursor.fetchall())
    with transaction.atomic():
        cursor.execute(f"SET LOCAL default_statistics_target TO {_STATISTICS}")
        cursor.execute(f'ANALYZE "{next_table.name}" ({names})')
        cursor.execute("SET LOCAL default_statistics_target TO DEFAULT")


def _indexes(cursor: CursorWrapper, next_table: NextTable) -> list[tuple[str, str, str]]:
    """Return the twin's name, the final name and the statement that builds it, of each index of the old table."""
    indexes: list[tuple[str, str, str]] = []
    cursor.execute(_CONSTRAINTS, [next_table.table])
    for final, kind, definition in cursor.fetchall():
        if kind == "f":
            continue
        temporary = f"{next_table.name}_{len(indexes)}"
        statement = f'ALTER TABLE "{next_table.name}" ADD CONSTRAINT "{temporary}" {definition}'
        indexes.append((temporary, final, statement))
    cursor.execute(_INDEXES, [next_table.table])
    for final, definition, is_unique in cursor.fetchall():
        temporary = f"{next_table.name}_{len(indexes)}"
        unique = "UNIQUE" if is_unique else ""
        _, _, method_and_columns = definition.partition(" USING ")
        statement = f'CREATE {unique} INDEX "{temporary}" ON "{next_table.name}" USING {method_and_columns}'
        indexes.append((temporary, final, statement))
    return indexes


def _locks_take(cursor: CursorWrapper, table: str) -> None:
    """Lock the table and those that it refers to: dropping and adding foreign keys changes both sides."""
    cursor.execute(_REFERENCED, [table])
    referenced = [row[0] for row in cursor.fetchall()]
    for attempt in range(1, LOCK_ATTEMPTS + 1):
        timeout = LOCK_TIMEOUT if attempt < PATIENT_FROM_ATTEMPT else PATIENT_LOCK_TIMEOUT
        try:
            with transaction.atomic():
                cursor.execute(f"SET LOCAL lock_timeout TO '{timeout}'")
                # Referenced tables first: whoever writes a row here has locked the row that it refers to before.
                cursor.execute(f"LOCK TABLE {', '.join([*referenced, table])} IN ACCESS EXCLUSIVE MODE")
                # What is left to lock, parts of the same tables, a vacuum alone may hold; that gives way in a second.
                cursor.execute("SET LOCAL lock_timeout TO DEFAULT")
        except OperationalError as error:
            if attempt == LOCK_ATTEMPTS:
                message = f"Table {table} was in use for too long; the old rows stay. Run this again later."
                raise TableSwitchError(message) from error
            time.sleep(min(0.1 * attempt, LONGEST_PAUSE_SECONDS))
        else:
            return
