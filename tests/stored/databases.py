"""Databases for the length of a `with` block, beside the usual one and on the same server."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from django.db import connection

# A dump is read with its expressions in other words, so conditions count by their names.
_PARTS = (
    """
    SELECT table_name, column_name, data_type, is_nullable, is_generated, character_maximum_length
    FROM information_schema.columns WHERE table_schema = 'public'
    """,
    """
    SELECT conrelid::regclass::text, conname, contype FROM pg_constraint
    WHERE connamespace = 'public'::regnamespace AND contype <> 'n'
    """,
    "SELECT tablename, indexname FROM pg_indexes WHERE schemaname = 'public'",
)


@contextmanager
def empty_database() -> Iterator[str]:
    """Create an empty database, let Django use it in place of its own, yield its name, and drop it afterwards."""
    usual = str(connection.settings_dict["NAME"])
    name = f"{usual}_stored"
    _administer(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)', f'CREATE DATABASE "{name}"')
    connection.close()
    connection.settings_dict["NAME"] = name
    try:
        yield name
    finally:
        connection.close()
        connection.settings_dict["NAME"] = usual
        _administer(f'DROP DATABASE "{name}" WITH (FORCE)')


@contextmanager
def restored_database(dump: Path) -> Iterator[str]:
    """Do as `empty_database` does, and run the SQL of `dump` in it first."""
    with empty_database() as name:
        with connection.cursor() as cursor:
            cursor.execute(dump.read_text(encoding="utf-8"))
        # A dump leaves its session without a search path.
        connection.close()
        yield name


def tables() -> set[object]:
    """Return each column, constraint and index."""
    found: set[object] = set()
    with connection.cursor() as cursor:
        for query in _PARTS:
            cursor.execute(query)
            found.update(cursor.fetchall())
    return found


def _administer(*statements: str) -> None:
    with connection._nodb_cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)
