"""Numbers of rows that are not there yet, for folders named before their row is written."""

from django.db import connection


def number_reserve(table: str) -> int:
    """Return the next ``id`` of ``table``; nobody else gets it."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT nextval(pg_get_serial_sequence(%s, 'id'))", [table])
        return int(cursor.fetchone()[0])
