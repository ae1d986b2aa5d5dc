"""PostgreSQL's COPY: between tables and NumPy arrays without a Python object per row, of tuples, and out as CSV.

Arrays use COPY's binary format. There, rows of fixed-width columns have one length, so a structured dtype reads or
writes any number of them at once. The format: https://www.postgresql.org/docs/current/sql-copy.html
"""

import csv
import io
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date
from itertools import islice
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt
from django.db import DatabaseError
from django.db.backends.utils import CursorWrapper

from postgres.prefetch import prefetch

_SIGNATURE = b"PGCOPY\n\xff\r\n\x00" + bytes(8)
_TRAILER = b"\xff\xff"
_PIECE_BYTES = 1 << 20
_PIECES_AHEAD = 4
_PIECE_ROWS = 10_000
# PostgreSQL's object ids of the element types of arrays.
_ELEMENT_OIDS = {"int32": 23, "float32": 700}

Columns = Mapping[str, npt.NDArray[Any]]
Cell = int | str | bool | date | tuple[str, ...] | None


class Sink(Protocol):
    """What COPY writes to."""

    def write(self, data: bytes, /) -> object:
        """Take the next piece."""


def copy_out_csv(cursor: CursorWrapper, query: str, sink: Sink) -> int:
    """Write the rows of ``query`` to ``sink`` as CSV without a header, in UTC; return how many there are.

    ``sink`` is called once per row: for many rows, pass a compiled one, such as a file or a buffer in memory.
    One statement reads one snapshot, so the rows are consistent whatever others write meanwhile.
    """
    cursor.execute("SET LOCAL timezone TO 'UTC'")
    cursor.copy_expert(f"COPY ({query}) TO STDOUT WITH (FORMAT csv)", sink, _PIECE_BYTES)
    return int(cursor.rowcount)


def copy_out_arrays(
    cursor: CursorWrapper,
    query: str,
    parameters: Sequence[object] | Mapping[str, object],
    dtypes: Mapping[str, npt.DTypeLike],
) -> dict[str, npt.NDArray[Any]]:
    """Return the columns of ``query`` as arrays, named and typed by ``dtypes``.

    The types must be those of the query's columns: int32 for integer, int64 for bigint, float32 for real, float64 for
    double precision; no column may hold nulls.

    Raises:
        ValueError: the rows do not have that shape.

    """
    received = io.BytesIO()
    text = cursor.mogrify(query, parameters).decode()
    cursor.copy_expert(f"COPY ({text}) TO STDOUT WITH (FORMAT binary)", received, _PIECE_BYTES)
    body = received.getbuffer()[len(_SIGNATURE) : -len(_TRAILER)]
    row = _row_dtype({name: np.empty(0, dtype) for name, dtype in dtypes.items()})
    if len(body) % row.itemsize:
        message = f"The rows of the query do not consist of {dict(dtypes)} without nulls: {query}"
        raise ValueError(message)
    rows = np.frombuffer(body, dtype=row)
    if not _have_lengths(rows, dtypes):
        message = f"The columns of the query are not {dict(dtypes)} without nulls: {query}"
        raise ValueError(message)
    return {name: rows[name].astype(dtype) for name, dtype in dtypes.items()}


def copy_in_arrays(
    cursor: CursorWrapper, table: str, names: Sequence[str], parts: Iterable[Columns], *, freeze: bool = False
) -> None:
    """Append rows to the columns ``names`` of ``table``, part by part.

    In each part, 1-d arrays of one length fill scalar columns: int32, int64, float32 and float64 become integer,
    bigint, real and double precision; an int64 array may also fill a timestamp column, in microseconds since
    2000-01-01 UTC. (n, m) int32 or float32 arrays fill array columns with m elements. ``freeze`` spares the rows a
    later vacuum and shows them to every snapshot; PostgreSQL allows it in a table made by the same transaction.
    """
    options = "FORMAT binary, FREEZE" if freeze else "FORMAT binary"
    # The next pieces are encoded while the server takes in the last ones.
    _copy_in(cursor, table, names, options, prefetch(encode_arrays(names, parts), depth=_PIECES_AHEAD))


def copy_in_rows(cursor: CursorWrapper, table: str, names: Sequence[str], rows: Iterable[Sequence[Cell]]) -> None:
    """Append ``rows`` to the columns ``names`` of ``table``.

    ``None``, empty text and empty tuples become null, other tuples become arrays of text.
    """
    _copy_in(cursor, table, names, "FORMAT csv", _encode_csv(rows))


def encode_arrays(names: Sequence[str], parts: Iterable[Columns]) -> Iterator[bytes]:
    """Yield, piece by piece, what `copy_in_arrays` sends."""
    yield _SIGNATURE
    for part in parts:
        columns = {name: part[name] for name in names}
        # Pieces of this size stay in the cache until they are sent.
        n_rows = max(1, _PIECE_BYTES // _row_dtype(columns).itemsize)
        for first in range(0, len(columns[names[0]]), n_rows):
            yield _encode_rows({name: values[first : first + n_rows] for name, values in columns.items()})
    yield _TRAILER


class _Stream:
    """Pieces of bytes as a file to read from, so that only one piece is in memory at a time."""

    def __init__(self, pieces: Iterator[bytes]) -> None:
        self._pieces = pieces
        self._rest = memoryview(b"")
        # The driver turns errors raised in `read`, Ctrl-C among them, into errors of the database.
        self.error: BaseException | None = None

    def read(self, size: int, /) -> bytes:
        """Return at most ``size`` bytes, none at the end."""
        try:
            while not self._rest:
                piece = next(self._pieces, None)
                if piece is None:
                    return b""
                if len(piece) <= size:
                    return piece
                self._rest = memoryview(piece)
            head, self._rest = self._rest[:size], self._rest[size:]
            return bytes(head)
        except BaseException as error:
            self.error = error
            raise


def _copy_in(cursor: CursorWrapper, table: str, names: Sequence[str], options: str, pieces: Iterator[bytes]) -> None:
    quoted = ", ".join(f'"{name}"' for name in names)
    stream = _Stream(pieces)
    try:
        # Django hands COPY to the driver as it is; this turns the driver's errors into Django's.
        with cursor.db.wrap_database_errors:
            cursor.copy_expert(f'COPY "{table}" ({quoted}) FROM STDIN WITH ({options})', stream, _PIECE_BYTES)
    except DatabaseError:
        if stream.error is not None:
            raise stream.error from None
        raise


def _encode_csv(rows: Iterable[Sequence[Cell]]) -> Iterator[bytes]:
    rest = iter(rows)
    while batch := list(islice(rest, _PIECE_ROWS)):
        text = io.StringIO()
        cells = ([_array_text(cell) if isinstance(cell, tuple) else cell for cell in row] for row in batch)
        csv.writer(text).writerows(cells)
        yield text.getvalue().encode()


def _array_text(values: tuple[str, ...]) -> str | None:
    if not values:
        return None
    quoted = ('"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"' for value in values)
    return "{" + ",".join(quoted) + "}"


def _row_dtype(columns: Columns) -> np.dtype[Any]:
    """Return the layout of one row on the wire: the number of columns, then each value behind its length in bytes."""
    fields: list[Any] = [("", ">i2")]
    for name, values in columns.items():
        fields.append((f"{name}/length", ">i4"))
        if values.ndim == 1:
            fields.append((name, values.dtype.newbyteorder(">")))
            continue
        fields.append((f"{name}/head", ">i4", (_head_size(values),)))
        fields.append((name, np.dtype((np.void, 8 * values.shape[1]))))
    return np.dtype(fields)


def _head_size(values: npt.NDArray[Any]) -> int:
    """Return how many numbers head an array: dimensions, null flag, element type; length and first index if any."""
    return 5 if values.shape[1] else 3


def _encode_rows(columns: Columns) -> bytes:
    row = _row_dtype(columns)
    rows = np.empty(len(next(iter(columns.values()))), dtype=row)
    rows["f0"] = len(columns)
    for name, values in columns.items():
        if values.ndim == 1:
            rows[f"{name}/length"] = values.itemsize
            rows[name] = values
            continue
        width = values.shape[1]
        head = [1, 0, _ELEMENT_OIDS[values.dtype.name], width, 1]
        rows[f"{name}/head"] = head if width else [0, *head[1:3]]
        rows[f"{name}/length"] = _head_size(values) * 4 + width * (4 + values.itemsize)
        if width:
            rows[name] = _encode_elements(values).view(row[name])[:, 0]
    return rows.tobytes()


def _encode_elements(values: npt.NDArray[Any]) -> npt.NDArray[np.uint64]:
    """Return each element with its length as one number, whose bytes are those on the wire: faster than two numbers."""
    bits = np.ascontiguousarray(values).view(np.uint32)
    return (bits | np.uint64(values.itemsize << 32)).astype(">u8")


def _have_lengths(rows: npt.NDArray[Any], dtypes: Mapping[str, npt.DTypeLike]) -> bool:
    """Tell whether each row holds as many columns, and each value as many bytes, as ``dtypes`` say."""
    widths = {name: np.dtype(dtype).itemsize for name, dtype in dtypes.items()}
    return bool(
        (rows["f0"] == len(dtypes)).all()
        and all((rows[f"{name}/length"] == width).all() for name, width in widths.items())
    )
