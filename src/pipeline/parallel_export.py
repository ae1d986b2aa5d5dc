"""Reading a large table in parts, by several sessions at once that share one snapshot."""

import contextlib
import io
import json
import subprocess
import sys
import threading
from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import IO, cast

from django.db import OperationalError, connection
from django.db.backends.utils import CursorWrapper

from pipeline.export_worker import SIZE_BYTES
from postgres.copy import copy_out_csv

# A part is what lies in so many pages: some half a million ratings, twenty megabytes as CSV.
PART_PAGES = 4096
# The fourth core makes Parquet of what they read.
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


def parts_read(queries: Sequence[str]) -> Iterator[bytes | memoryview]:
    """Yield what each query gives as CSV, in their order, all as of one moment; call it inside a transaction.

    A single query is read by the present session, which sees what its transaction has written; of several, the next
    few are read meanwhile by processes with sessions of their own.

    Raises:
        OperationalError: one of them could not go on.

    """
    if len(queries) == 1:
        yield _csv(queries[0])
        return
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_export_snapshot()")
        (snapshot,) = cursor.fetchone()
    with contextlib.ExitStack() as ended, ThreadPoolExecutor(_SESSIONS, "export") as pool:
        readers = _Readers(snapshot, ended)
        ahead: deque[Future[bytes]] = deque()
        try:
            for query in queries:
                ahead.append(pool.submit(readers.csv, query))
                if len(ahead) > _SESSIONS:
                    yield ahead.popleft().result()
            while ahead:
                yield ahead.popleft().result()
        finally:
            pool.shutdown(wait=False, cancel_futures=True)
            readers.stop()


class _Readers:
    """A process with a session of its own for each thread that asks, all of which see what ``snapshot`` saw."""

    def __init__(self, snapshot: str, ended: contextlib.ExitStack) -> None:
        """Remember how to start them, and leave it to ``ended`` to see that they are gone."""
        parameters = connection.get_connection_params()
        plain = {name: value for name, value in parameters.items() if isinstance(value, str | int)}
        self._start = {"connect": plain, "snapshot": snapshot}
        self._mine = threading.local()
        self._all: list[_Reader] = []
        self._ended = ended

    def csv(self, query: str) -> bytes:
        """Return the rows of a query."""
        if not hasattr(self._mine, "reader"):
            self._mine.reader = _Reader(self._start)
            self._ended.callback(self._mine.reader.end)
            self._all.append(self._mine.reader)
        return cast("_Reader", self._mine.reader).csv(query)

    def stop(self) -> None:
        """Let none of them go on with what nobody waits for."""
        for reader in self._all:
            reader.stop()


class _Reader:
    """One process of `export_worker`."""

    def __init__(self, start: object) -> None:
        # Without -P, modules in the program's folder would take the place of those of Python itself.
        command = [sys.executable, "-P", str(Path(__file__).with_name("export_worker.py"))]
        pipe = subprocess.PIPE
        self._process = subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=pipe)
        self._tell(start)

    def csv(self, query: str) -> bytes:
        """Return the rows of a query; OperationalError where the database refuses."""
        self._tell(query)
        answers = cast("IO[bytes]", self._process.stdout)
        size = answers.read(SIZE_BYTES)
        n_bytes = int.from_bytes(size, "big")
        text = answers.read(n_bytes)
        if len(size) < SIZE_BYTES or len(text) < n_bytes:
            raise OperationalError(cast("IO[bytes]", self._process.stderr).read().decode(errors="replace").strip())
        return text

    def stop(self) -> None:
        """Stop whatever it does."""
        self._process.kill()

    def end(self) -> None:
        """See that it is gone."""
        self._process.kill()
        self._process.communicate()

    def _tell(self, order: object) -> None:
        orders = cast("IO[bytes]", self._process.stdin)
        # A reader that has ended says why where its answer is looked for.
        with contextlib.suppress(BrokenPipeError):
            orders.write(json.dumps(order).encode() + b"\n")
            orders.flush()


def _csv(query: str) -> memoryview:
    received = io.BytesIO()
    with connection.cursor() as cursor:
        copy_out_csv(cursor, query, received)
    return received.getbuffer()
