"""Reading the immutable ratings snapshots that the product exports."""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from recommender.arrays import AnyArray, Int64Array
from recommender.data.ratings import RATING_SCALE, Ratings
from recommender.errors import DataError

if TYPE_CHECKING:
    import pyarrow as pa

USER, ITEM, VALUE, TIME = "userId", "movieId", "rating", "createdAt"
# A Parquet file is read this many rows at a time, so that beside the ratings there is little in memory.
_PART_ROWS = 1 << 18


def read_snapshot(path: Path) -> Ratings:
    """Read a snapshot, `.parquet` or `.csv`, with the columns `userId,movieId,rating` and optionally `createdAt`.

    `createdAt` is a timestamp (ISO 8601 in CSV) or whole Unix seconds. Raises DataError that names the file, and the
    row and column where there is one: missing file, other format, missing column, blank cell, value out of range.
    """
    import pyarrow as pa  # noqa: PLC0415 - half a second that a process which never reads a snapshot need not pay.

    if not path.is_file():
        raise DataError(f"{path}: there is no such file: export the ratings first.")
    try:
        columns = _columns_read(path)
    except (pa.ArrowException, OSError) as error:
        raise DataError(f"{path}: cannot be read as ratings ({error}): export the ratings again.") from error
    if not columns:
        raise DataError(f"{path}: holds no ratings: rate or import something, then export again.")
    try:
        return Ratings.from_arrays(columns[USER], columns[ITEM], columns[VALUE], columns.get(TIME))
    except DataError as error:
        raise DataError(f"{path}: {error}") from error


def _columns_read(path: Path) -> dict[str, AnyArray]:
    """The checked columns, filled a part of the file at a time; none where it holds no rows."""
    columns: dict[str, AnyArray] = {}
    start = 0
    for n_rows, table in _tables(path):
        stop = start + table.num_rows
        for name, values in _checked(table, path, start).items():
            columns.setdefault(name, np.empty(n_rows, values.dtype))[start:stop] = values
        start = stop
    return columns


def _tables(path: Path) -> "Iterator[tuple[int, pa.Table]]":
    """The rows of a file, part by part, none of them empty; beside each the number of rows of all."""
    import pyarrow as pa  # noqa: PLC0415 - see ratings_read.
    import pyarrow.csv  # noqa: PLC0415
    import pyarrow.parquet  # noqa: PLC0415

    if path.suffix == ".parquet":
        with pyarrow.parquet.ParquetFile(path) as file:
            wanted = [name for name in (USER, ITEM, VALUE, TIME) if name in file.schema_arrow.names]
            for batch in file.iter_batches(batch_size=_PART_ROWS, columns=wanted):
                yield file.metadata.num_rows, pa.Table.from_batches([batch])
    elif path.suffix == ".csv":
        table = pyarrow.csv.read_csv(path)
        if table.num_rows:
            yield table.num_rows, table
    else:
        raise DataError(f"{path}: a ratings snapshot ends in .parquet or .csv.")


def _checked(table: "pa.Table", path: Path, start: int) -> dict[str, AnyArray]:
    """The columns of a table whose first row is row `start` of the file, counted from 0."""
    columns = {name: _column(table, name, path, start) for name in (USER, ITEM, VALUE)}
    _range_checked(columns[VALUE], path, start)
    return {**columns, TIME: _seconds(table, path, start)} if TIME in table.column_names else columns


def _column(table: "pa.Table", name: str, path: Path, start: int) -> AnyArray:
    import pyarrow as pa  # noqa: PLC0415 - see ratings_read.

    if name not in table.column_names:
        raise DataError(f"{path}: column {name!r} is missing; found {', '.join(table.column_names) or 'none'}.")
    column = table.column(name)
    _filled_checked(column, name, path, start)
    numeric = pa.types.is_integer(column.type) or (name == VALUE and pa.types.is_floating(column.type))
    if not numeric and not (name == VALUE and pa.types.is_decimal(column.type)):
        kind = "numbers" if name == VALUE else "whole numbers"
        raise DataError(f"{path}: column {name!r} must hold {kind}, but holds {column.type}.")
    array: AnyArray = (column.cast(pa.float32()) if name == VALUE else column).to_numpy()
    return array


def _filled_checked(column: "pa.ChunkedArray", name: str, path: Path, start: int) -> None:
    if not column.null_count:
        return
    row = start + int(np.argmax(column.is_null().to_numpy()))
    thing = "time" if name == TIME else "value"
    raise DataError(f"{path}: row {row + 1}, column {name!r} is blank: every rating needs a {thing} there.")


def _range_checked(values: AnyArray, path: Path, start: int) -> None:
    stars = values.astype(np.float32, copy=False)
    low, high = RATING_SCALE
    within = (stars >= low) & (stars <= high)
    if not within.all():
        row = int(np.argmin(within))
        place = f"row {start + row + 1}, column {VALUE!r}"
        raise DataError(f"{path}: {place} is {stars[row]}: it must be from {low} to {high}.")


def _seconds(table: "pa.Table", path: Path, start: int) -> Int64Array:
    import pyarrow as pa  # noqa: PLC0415 - see ratings_read.

    column = table.column(TIME)
    _filled_checked(column, TIME, path, start)
    if pa.types.is_timestamp(column.type):
        zone = column.type.tz
        column = column.cast(pa.timestamp("s", tz=zone), safe=False).cast(pa.int64())
    if not pa.types.is_integer(column.type):
        raise DataError(f"{path}: column {TIME!r} must hold timestamps or Unix seconds, but holds {column.type}.")
    return np.asarray(column.cast(pa.int64()).to_numpy(), dtype=np.int64)
