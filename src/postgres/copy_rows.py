"""Rows into PostgreSQL by COPY: arrays in the binary form, with no Python object per value, and tuples as CSV."""

import csv
import io
from collections.abc import Iterable, Sequence
from datetime import date

import numpy as np
import numpy.typing as npt
from django.db.backends.utils import CursorWrapper

Cell = int | str | bool | date | tuple[str, ...] | None

# The header is a signature, flags and an empty extension; the trailer is a field count of -1.
_HEADER = b"PGCOPY\n\xff\r\n\0" + bytes(8)
_TRAILER = b"\xff\xff"
_BATCH_ROWS = 10_000


def arrays_copy(
    cursor: CursorWrapper,
    *,
    table: str,
    columns: Sequence[str],
    arrays: Sequence[npt.NDArray[np.generic]],
    freeze: bool = False,
) -> None:
    """Append one row per position of ``arrays``.

    int32, int64, float32 and float64 become integer, bigint, real and double precision; an int64 array also fills a
    timestamp: microseconds since 2000. ``freeze`` spares the rows a later vacuum, which PostgreSQL allows in a table
    made by the same transaction.
    """
    rows = np.empty(len(arrays[0]), dtype=_row_type(arrays))
    rows["fields"] = len(arrays)
    for place, array in enumerate(arrays):
        rows[f"size{place}"] = array.dtype.itemsize
        rows[f"value{place}"] = array
    source = io.BytesIO(b"".join((_HEADER, rows.tobytes(), _TRAILER)))
    options = "FORMAT binary, FREEZE" if freeze else "FORMAT binary"
    _send(cursor, f"COPY {table} ({', '.join(columns)}) FROM STDIN ({options})", source)


def rows_copy(cursor: CursorWrapper, *, table: str, columns: Sequence[str], rows: Iterable[Sequence[Cell]]) -> None:
    """Append ``rows``; ``None``, empty text and empty tuples become null, other tuples become arrays of text."""
    statement = f"COPY {table} ({', '.join(columns)}) FROM STDIN (FORMAT csv)"
    buffer = io.StringIO()
    writer = csv.writer(buffer)
    for number, row in enumerate(rows, start=1):
        writer.writerow([_array_text(cell) if isinstance(cell, tuple) else cell for cell in row])
        if number % _BATCH_ROWS == 0:
            _send(cursor, statement, buffer)
            buffer.truncate(0)
    _send(cursor, statement, buffer)


def _send(cursor: CursorWrapper, statement: str, source: io.BytesIO | io.StringIO) -> None:
    source.seek(0)
    # Django passes COPY on to the driver as it is; this makes the driver's errors Django's.
    with cursor.db.wrap_database_errors:
        cursor.copy_expert(statement, source)
    source.seek(0)


def _row_type(arrays: Sequence[npt.NDArray[np.generic]]) -> np.dtype[np.void]:
    layout: list[tuple[str, str]] = [("fields", ">i2")]
    for place, array in enumerate(arrays):
        layout += [(f"size{place}", ">i4"), (f"value{place}", array.dtype.newbyteorder(">").str)]
    return np.dtype(layout)


def _array_text(values: tuple[str, ...]) -> str | None:
    if not values:
        return None
    quoted = ('"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"' for value in values)
    return "{" + ",".join(quoted) + "}"
