"""The stages of the pipeline, each of which runs at most once at a time in the whole installation."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import datetime

from django.db import DatabaseError, connection, models
from django.db.backends.base.base import BaseDatabaseWrapper

from pipeline.errors import StageBusyError

# The first of an advisory lock's two numbers: it keeps our locks apart from anyone else's in the same database.
STAGE_LOCKS = 0x4D61_7401
RUN_LOCKS = 0x4D61_7402


class Stage(models.TextChoices):
    """What the pipeline does, in order."""

    EXPORT_RATINGS = "export ratings", "export ratings"
    EXPORT_MOVIES = "export movies", "export movies"
    TRAIN = "train", "train the model"
    SUGGEST = "suggest", "write suggestions"


_LOCK_NUMBERS = {stage: number for number, stage in enumerate(Stage, start=1)}
_HOLDER_SINCE = """
SELECT activity.backend_start
FROM pg_locks held JOIN pg_stat_activity activity USING (pid)
WHERE held.locktype = 'advisory' AND held.granted AND held.objsubid = 2
  AND held.database = (SELECT oid FROM pg_database WHERE datname = current_database())
  AND held.classid = %s AND held.objid = %s
"""


@contextmanager
def stage_lock(stage: Stage) -> Iterator[None]:
    """Hold a stage for the length of a ``with`` block.

    The lock belongs to a database session of its own, so it goes when the process does, however that ends, and it
    outlives a reconnect of the session that does the work.

    Raises:
        StageBusyError: another process holds the stage.

    """
    with _session_lock(STAGE_LOCKS, _LOCK_NUMBERS[stage]) as holder_since:
        if holder_since is not None:
            message = f"Already running: “{stage.label}” (since {holder_since:%Y-%m-%d %H:%M:%S %Z}). Wait for its end."
            raise StageBusyError(message)
        yield


@contextmanager
def run_lock(run_id: int) -> Iterator[None]:
    """Show, for the length of a ``with`` block, that a worker is busy with the pipeline run ``run_id``."""
    with _session_lock(RUN_LOCKS, run_id):
        yield


def run_lock_is_held(run_id: int) -> bool:
    """Whether some live process is busy with the pipeline run ``run_id``."""
    return _holder_since(connection, RUN_LOCKS, run_id) is not None


@contextmanager
def _session_lock(namespace: int, number: int) -> Iterator[datetime | None]:
    """Take the lock and yield ``None``, or yield since when somebody else has had it."""
    session = connection.copy()
    try:
        if not _lock_taken(session, namespace, number):
            yield _holder_known(session, namespace, number)
            return
        try:
            yield None
        finally:
            _lock_released(session, namespace, number)
    finally:
        session.close()


def _lock_taken(session: BaseDatabaseWrapper, namespace: int, number: int) -> bool:
    with session.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s, %s)", [namespace, number])
        return bool(cursor.fetchone()[0])


def _lock_released(session: BaseDatabaseWrapper, namespace: int, number: int) -> None:
    """Give the lock back now: the server takes a moment to notice that a session was closed."""
    with suppress(DatabaseError), session.cursor() as cursor:
        # A session that was lost meanwhile has lost its lock, too.
        cursor.execute("SELECT pg_advisory_unlock(%s, %s)", [namespace, number])


def _holder_known(session: BaseDatabaseWrapper, namespace: int, number: int) -> datetime:
    # A holder that left in between was there until just now.
    return _holder_since(session, namespace, number) or datetime.now().astimezone()


def _holder_since(session: BaseDatabaseWrapper, namespace: int, number: int) -> datetime | None:
    with session.cursor() as cursor:
        cursor.execute(_HOLDER_SINCE, [namespace, number])
        row = cursor.fetchone()
    return row[0] if row else None
