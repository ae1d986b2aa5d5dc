"""PostgreSQL's COPY in and out, between tables and files or NumPy arrays, without a Python object per row.

Arrays travel in COPY's binary format, in which rows of fixed-width columns have one length, so that a structured dtype
reads and writes any number of them at once. The format: https://www.postgresql.org/docs/current/sql-copy.html
"""

import io
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt
from django.db.backends.utils import CursorWrapper

from postgres.prefetch import prefetch

_SIGNATURE = b"PGCOPY\n\xff\r\n\x00" + bytes(8)
_TRAILER = b"\xff\xff"
_PIECE_BYTES = 1 << 20
_PIECES_AHEAD = 4
# The number by which PostgreSQL knows an array's element type.
_ELEMENT_OIDS = {"int32": 23, "float32": 700}

Columns = Mapping[str, npt.NDArray[Any]]


class Sink(Protocol):
    """Where COPY writes to."""

    def write(self, data: bytes, /) -> object:
        """Take the next piece."""


def copy_out_csv(cursor: CursorWrapper, query: str, sink: Sink) -> int:
    """Write the rows of ``query`` to ``sink`` as CSV without a header, in UTC; return how many there are.

    ``sink`` is called for each row, so for many it should be compiled, such as a file or a buffer in memory.
    One statement reads one snapshot, so the rows agree with each other whatever is written meanwhile.
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
    if not _prefixes_hold(rows, dtypes):
        message = f"The columns of the query are not {dict(dtypes)} without nulls: {query}"
        raise ValueError(message)
    return {name: rows[name].astype(dtype) for name, dtype in dtypes.items()}


def copy_in_arrays(
    cursor: CursorWrapper, table: str, names: Sequence[str], parts: Iterable[Columns], *, freeze: bool = False
) -> None:
    """Append rows to the columns ``names`` of ``table``, part by part.

    In each part, 1-d arrays of one length fill scalar columns and (n, m) int32 or float32 arrays fill array columns
    with m elements; an int64 array may fill a timestamp column: microseconds since 2000-01-01 UTC. ``freeze`` makes the
    rows visible to every snapshot, which PostgreSQL allows in a table made by the same transaction.
    """
    quoted = ", ".join(f'"{name}"' for name in names)
    options = "FORMAT binary, FREEZE" if freeze else "FORMAT binary"
    # The next pieces are made while the server takes in the last ones.
    stream = _Stream(prefetch(rows_copied(names, parts), depth=_PIECES_AHEAD))
    cursor.copy_expert(f'COPY "{table}" ({quoted}) FROM STDIN WITH ({options})', stream, _PIECE_BYTES)


def rows_copied(names: Sequence[str], parts: Iterable[Columns]) -> Iterator[bytes]:
    """Yield, piece by piece, what `copy_in_arrays` sends."""
    yield _SIGNATURE
    for part in parts:
        columns = {name: part[name] for name in names}
        # Pieces that stay in cache until they are sent.
        n_rows = max(1, _PIECE_BYTES // _row_dtype(columns).itemsize)
        for first in range(0, len(columns[names[0]]), n_rows):
            yield _rows_encoded({name: values[first : first + n_rows] for name, values in columns.items()})
    yield _TRAILER


class _Stream:
    """Pieces of bytes as a file to read from, so that only one piece is in memory at a time."""

    def __init__(self, pieces: Iterable[bytes]) -> None:
        self._pieces = iter(pieces)
        self._rest = memoryview(b"")

    def read(self, size: int, /) -> bytes:
        """Return at most ``size`` bytes, none at the end."""
        while not self._rest:
            piece = next(self._pieces, None)
            if piece is None:
                return b""
            if len(piece) <= size:
                return piece
            self._rest = memoryview(piece)
        taken, self._rest = self._rest[:size], self._rest[size:]
        return bytes(taken)


def _row_dtype(columns: Columns) -> np.dtype[Any]:
    """One row on the wire: the number of columns, then each value behind its length in bytes."""
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
    """An array's head: dimensions, a flag for nulls, element type; length and first index of its one dimension."""
    return 5 if values.shape[1] else 3


def _rows_encoded(columns: Columns) -> bytes:
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
            rows[name] = _elements(values).view(row[name])[:, 0]
    return rows.tobytes()


def _elements(values: npt.NDArray[Any]) -> npt.NDArray[np.uint64]:
    """Each element behind its length, as one number whose bytes are those on the wire: several times as fast as two."""
    bits = np.ascontiguousarray(values).view(np.uint32)
    return (bits | np.uint64(values.itemsize << 32)).astype(">u8")


def _prefixes_hold(rows: npt.NDArray[Any], dtypes: Mapping[str, npt.DTypeLike]) -> bool:
    widths = {name: np.dtype(dtype).itemsize for name, dtype in dtypes.items()}
    return bool(
        (rows["f0"] == len(dtypes)).all()
        and all((rows[f"{name}/length"] == width).all() for name, width in widths.items())
    )
