"""PostgreSQL's advisory locks: for a transaction, or for a session of their own."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import datetime

from django.db import DatabaseError, connection
from django.db.backends.base.base import BaseDatabaseWrapper

_HOLDER_SINCE = """
SELECT activity.backend_start
FROM pg_locks held JOIN pg_stat_activity activity USING (pid)
WHERE held.locktype = 'advisory' AND held.granted AND held.objsubid = 2
  AND held.database = (SELECT oid FROM pg_database WHERE datname = current_database())
  AND held.classid = %s AND held.objid = %s
"""


def transaction_lock(name: str) -> None:
    """Wait until no other transaction holds the lock ``name``, then hold it to the end of this one."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtext(%s))", [name])


@contextmanager
def session_lock(namespace: int, number: int) -> Iterator[datetime | None]:
    """Hold a lock for the length of a ``with`` block and yield ``None``, or yield since when another session holds it.

    The lock belongs to a database session of its own. It ends with this process, however that ends, and outlives a
    reconnect of the session that does the work. ``namespace`` separates locks of different purposes.
    """
    session = connection.copy()
    try:
        if not _try_lock(session, namespace, number):
            # A holder that left in between was there until just now.
            yield _holder_since(session, namespace, number) or datetime.now().astimezone()
            return
        try:
            yield None
        finally:
            _unlock(session, namespace, number)
    finally:
        session.close()


def session_lock_is_held(namespace: int, number: int) -> bool:
    """Tell whether any session holds the lock."""
    return _holder_since(connection, namespace, number) is not None


def _try_lock(session: BaseDatabaseWrapper, namespace: int, number: int) -> bool:
    with session.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s, %s)", [namespace, number])
        return bool(cursor.fetchone()[0])


def _unlock(session: BaseDatabaseWrapper, namespace: int, number: int) -> None:
    """Release the lock at once: the server takes a moment to notice that a session was closed."""
    with suppress(DatabaseError), session.cursor() as cursor:
        # A lost session has lost its lock, too.
        cursor.execute("SELECT pg_advisory_unlock(%s, %s)", [namespace, number])


def _holder_since(session: BaseDatabaseWrapper, namespace: int, number: int) -> datetime | None:
    with session.cursor() as cursor:
        cursor.execute(_HOLDER_SINCE, [namespace, number])
        row = cursor.fetchone()
    return row[0] if row else None
