"""Primary keys reserved before their rows are written."""

from django.db import connection
from django.db.backends.utils import CursorWrapper


def number_reserve(table: str) -> int:
    """Return the next ``id`` of ``table``, which nobody else gets."""
    with connection.cursor() as cursor:
        return numbers_reserve(cursor, table, count=1)[0]


def numbers_reserve(cursor: CursorWrapper, table: str, *, count: int) -> list[int]:
    """Return the next ``count`` values for the column ``id`` of ``table``, which nobody else gets."""
    cursor.execute("SELECT nextval(pg_get_serial_sequence(%s, 'id')) FROM generate_series(1, %s)", [table, count])
    return [number for (number,) in cursor.fetchall()]


def sequence_name(cursor: CursorWrapper, table: str) -> str:
    """Return the name, with its schema, of the sequence that numbers the column ``id`` of ``table``."""
    cursor.execute("SELECT pg_get_serial_sequence(%s, 'id')", [table])
    name: str = cursor.fetchone()[0]
    return name
