"""Reads a large table in parts, with several database sessions that share one snapshot."""

import contextlib
import io
import json
import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import IO, cast

from django.db import OperationalError, connection
from django.db.backends.utils import CursorWrapper

from pipeline.export_worker import SIZE_BYTES
from postgres.copy import copy_out_csv
from recommender.threads import map_ahead

# Pages of the table per part: about half a million ratings, or twenty megabytes of CSV.
PART_PAGES = 4096
# A fourth core writes Parquet.
_SESSIONS = 3
# The bounds of the parts are quantiles of a sample of this many pages.
_SAMPLED_PAGES = 1000
_PAGES = "SELECT pg_relation_size(%s) / current_setting('block_size')::int"
_SAMPLE = 'SELECT "{column}" FROM "{table}" TABLESAMPLE SYSTEM (%s) ORDER BY 1'


def part_conditions(cursor: CursorWrapper, *, table: str, column: str) -> list[str]:
    """Return SQL conditions on an integer column that divide a table, in ascending order, into parts of similar size.

    Rows with the same value are in the same part. A small table has one part.
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


def read_parts(queries: Sequence[str]) -> Iterator[bytes | memoryview]:
    """Yield the rows of each query as CSV, in order, all as of one moment. Call it inside a transaction.

    The present session reads a single query, and sees the changes of its own transaction. Processes with their own
    sessions read several queries, some of them ahead.

    Raises:
        OperationalError: the database or one of the processes failed.

    """
    if len(queries) == 1:
        yield _csv(queries[0])
        return
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_export_snapshot()")
        (snapshot,) = cursor.fetchone()
    with contextlib.ExitStack() as exit_stack, ThreadPoolExecutor(_SESSIONS, "export") as pool:
        readers = _Readers(snapshot, exit_stack)
        try:
            yield from map_ahead(pool, readers.csv, queries, ahead=_SESSIONS)
        finally:
            readers.stop()


class _Readers:
    """One process, with its own session, for each thread. All sessions see the database as of ``snapshot``."""

    def __init__(self, snapshot: str, exit_stack: contextlib.ExitStack) -> None:
        """Store the connection parameters. ``exit_stack`` ends the processes."""
        parameters = connection.get_connection_params()
        plain = {name: value for name, value in parameters.items() if isinstance(value, str | int)}
        self._start = {"connect": plain, "snapshot": snapshot}
        self._local = threading.local()
        self._all: list[_Reader] = []
        self._exit_stack = exit_stack

    def csv(self, query: str) -> bytes:
        """Return the rows of a query as CSV, read by the process of this thread."""
        if not hasattr(self._local, "reader"):
            self._local.reader = _Reader(self._start)
            self._exit_stack.callback(self._local.reader.end)
            self._all.append(self._local.reader)
        return cast("_Reader", self._local.reader).csv(query)

    def stop(self) -> None:
        """Stop all processes, whose results are no longer needed."""
        for reader in self._all:
            reader.stop()


class _Reader:
    """One process of `export_worker`."""

    def __init__(self, start: object) -> None:
        # Without -P, modules in the folder of the program would hide modules of the standard library.
        command = [sys.executable, "-P", str(Path(__file__).with_name("export_worker.py"))]
        pipe = subprocess.PIPE
        self._process = subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=pipe)
        self._send(start)

    def csv(self, query: str) -> bytes:
        """Return the rows of a query as CSV; OperationalError if the query or the process fails."""
        self._send(query)
        responses = cast("IO[bytes]", self._process.stdout)
        size = responses.read(SIZE_BYTES)
        n_bytes = int.from_bytes(size, "big")
        text = responses.read(n_bytes)
        if len(size) < SIZE_BYTES or len(text) < n_bytes:
            raise OperationalError(cast("IO[bytes]", self._process.stderr).read().decode(errors="replace").strip())
        return text

    def stop(self) -> None:
        """Kill the process."""
        self._process.kill()

    def end(self) -> None:
        """Kill the process and wait for its end."""
        self._process.kill()
        self._process.communicate()

    def _send(self, request: object) -> None:
        requests = cast("IO[bytes]", self._process.stdin)
        # If the process has ended, reading its response reports why.
        with contextlib.suppress(BrokenPipeError):
            requests.write(json.dumps(request).encode() + b"\n")
            requests.flush()


def _csv(query: str) -> memoryview:
    received = io.BytesIO()
    with connection.cursor() as cursor:
        copy_out_csv(cursor, query, received)
    return received.getbuffer()
