"""Reading a large table in parts, by several sessions at once that share one snapshot."""

import io
import threading
from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor

from django.db import connection
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.utils import CursorWrapper

from pipeline.copy import copy_out_csv

# A part is what lies in so many pages: some half a million ratings, twenty megabytes as CSV.
PART_PAGES = 4096
# The driver hands over each row by itself, one thread at a time, so that more would mostly wait for one another.
_SESSIONS = 3
# Where parts begin is told well enough by the users on so many pages of the table.
_SAMPLED_PAGES = 1000
_PAGES = "SELECT pg_relation_size(%s) / current_setting('block_size')::int"
_SAMPLE = 'SELECT "{column}" FROM "{table}" TABLESAMPLE SYSTEM (%s) ORDER BY 1'


def part_conditions(cursor: CursorWrapper, *, table: str, column: str) -> list[str]:
    """Return conditions on an integer column that divide a table's rows, in ascending order, into parts of one size.

    Rows of one value stay together. A small table has one part, as has one whose pages hold too few values.
    """
    cursor.execute(_PAGES, [table])
    pages: int = cursor.fetchone()[0]
    if pages <= PART_PAGES:
        return ["true"]
    cursor.execute(_SAMPLE.format(table=table, column=column), [min(100.0, 100 * _SAMPLED_PAGES / pages)])
    values = [value for (value,) in cursor.fetchall()]
    n_parts = -(-pages // PART_PAGES)
    cuts = sorted({values[len(values) * part // n_parts] for part in range(1, n_parts)}) if values else []
    begins = ["true", *(f'"{column}" >= {cut}' for cut in cuts)]
    ends = [*(f'"{column}" < {cut}' for cut in cuts), "true"]
    return [f"{begin} AND {end}" for begin, end in zip(begins, ends, strict=True)]


def parts_read(queries: Sequence[str]) -> Iterator[memoryview]:
    """Yield what each query gives as CSV, in their order, all as of one moment; call it inside a transaction.

    A single query is read by the present session, which sees what its transaction has written; of several, the next
    few are read meanwhile by sessions of their own.
    """
    if len(queries) == 1:
        yield _csv(connection, queries[0])
        return
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_export_snapshot()")
        (snapshot,) = cursor.fetchone()
    sessions = _Sessions(snapshot)
    with ThreadPoolExecutor(_SESSIONS, "export") as readers:
        ahead: deque[Future[memoryview]] = deque()
        try:
            for query in queries:
                ahead.append(readers.submit(sessions.csv, query))
                if len(ahead) > _SESSIONS:
                    yield ahead.popleft().result()
            while ahead:
                yield ahead.popleft().result()
        finally:
            readers.shutdown(cancel_futures=True)
            sessions.close()


class _Sessions:
    """A session for each thread that asks, all of which see what ``snapshot`` saw."""

    def __init__(self, snapshot: str) -> None:
        self._snapshot = snapshot
        self._mine = threading.local()
        self._all: list[BaseDatabaseWrapper] = []

    def csv(self, query: str) -> memoryview:
        """Return the rows of a query."""
        if not hasattr(self._mine, "session"):
            self._mine.session = self._opened()
        return _csv(self._mine.session, query)

    def close(self) -> None:
        """End all sessions."""
        for session in self._all:
            session.close()

    def _opened(self) -> BaseDatabaseWrapper:
        session = connection.copy()
        # It is closed by the thread that waits for all.
        session.inc_thread_sharing()
        self._all.append(session)
        with session.cursor() as cursor:
            cursor.execute("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
            cursor.execute("SET TRANSACTION SNAPSHOT %s", [self._snapshot])
        return session


def _csv(session: BaseDatabaseWrapper, query: str) -> memoryview:
    received = io.BytesIO()
    with session.cursor() as cursor:
        copy_out_csv(cursor, query, received)
    return received.getbuffer()
