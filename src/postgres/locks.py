"""Locks that the database keeps for a transaction."""

from django.db import connection


def transaction_lock(name: str) -> None:
    """Wait until no other transaction holds the lock ``name``, then hold it to the end of this one."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtext(%s))", [name])
