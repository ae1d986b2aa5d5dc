"""Reading the immutable ratings snapshots that the product exports."""

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from recommender.arrays import AnyArray, Int64Array
from recommender.data.ratings import RATING_SCALE, Ratings
from recommender.errors import DataError

if TYPE_CHECKING:
    import pyarrow as pa

USER, ITEM, VALUE, TIME = "userId", "movieId", "rating", "createdAt"


def ratings_read(path: Path) -> Ratings:
    """Read a snapshot, `.parquet` or `.csv`, with the columns `userId,movieId,rating` and optionally `createdAt`.

    `createdAt` is a timestamp (ISO 8601 in CSV) or whole Unix seconds. Raises DataError that names the file, and the
    row and column where there is one: missing file, other format, missing column, blank cell, value out of range.
    """
    import pyarrow as pa  # noqa: PLC0415 - half a second that a process which never reads a snapshot need not pay.

    if not path.is_file():
        raise DataError(f"{path}: there is no such file: export the ratings first.")
    try:
        table = _table_read(path)
    except (pa.ArrowException, OSError) as error:
        raise DataError(f"{path}: cannot be read as ratings ({error}): export the ratings again.") from error
    if not table.num_rows:
        raise DataError(f"{path}: holds no ratings: rate or import something, then export again.")
    columns = {name: _column(table, name, path) for name in (USER, ITEM, VALUE)}
    _range_checked(columns[VALUE], path)
    times = _seconds(table, path) if TIME in table.column_names else None
    try:
        return Ratings.from_arrays(columns[USER], columns[ITEM], columns[VALUE], times)
    except DataError as error:
        raise DataError(f"{path}: {error}") from error


def _table_read(path: Path) -> "pa.Table":
    import pyarrow.csv  # noqa: PLC0415 - see ratings_read.
    import pyarrow.parquet  # noqa: PLC0415

    if path.suffix == ".parquet":
        schema = pyarrow.parquet.read_schema(path)
        wanted = [name for name in (USER, ITEM, VALUE, TIME) if name in schema.names]
        return pyarrow.parquet.read_table(path, columns=wanted)
    if path.suffix == ".csv":
        return pyarrow.csv.read_csv(path)
    raise DataError(f"{path}: a ratings snapshot ends in .parquet or .csv.")


def _column(table: "pa.Table", name: str, path: Path) -> AnyArray:
    import pyarrow as pa  # noqa: PLC0415 - see ratings_read.

    if name not in table.column_names:
        raise DataError(f"{path}: column {name!r} is missing; found {', '.join(table.column_names) or 'none'}.")
    column = table.column(name)
    wanted = pa.float32() if name == VALUE else pa.int64()
    if column.null_count:
        row = int(np.argmax(column.is_null().to_numpy()))
        raise DataError(f"{path}: row {row + 1}, column {name!r} is blank: every rating needs a value there.")
    numeric = pa.types.is_integer(column.type) or (name == VALUE and pa.types.is_floating(column.type))
    if not numeric and not (name == VALUE and pa.types.is_decimal(column.type)):
        kind = "numbers" if name == VALUE else "whole numbers"
        raise DataError(f"{path}: column {name!r} must hold {kind}, but holds {column.type}.")
    array: AnyArray = column.cast(wanted).to_numpy()
    return array


def _range_checked(values: AnyArray, path: Path) -> None:
    stars = values.astype(np.float32, copy=False)
    low, high = RATING_SCALE
    within = (stars >= low) & (stars <= high)
    if not within.all():
        row = int(np.argmin(within))
        raise DataError(f"{path}: row {row + 1}, column {VALUE!r} is {stars[row]}: it must be from {low} to {high}.")


def _seconds(table: "pa.Table", path: Path) -> Int64Array:
    import pyarrow as pa  # noqa: PLC0415 - see ratings_read.

    column = table.column(TIME)
    if column.null_count:
        row = int(np.argmax(column.is_null().to_numpy()))
        raise DataError(f"{path}: row {row + 1}, column {TIME!r} is blank: every rating needs a time there.")
    if pa.types.is_timestamp(column.type):
        zone = column.type.tz
        column = column.cast(pa.timestamp("s", tz=zone), safe=False).cast(pa.int64())
    if not pa.types.is_integer(column.type):
        raise DataError(f"{path}: column {TIME!r} must hold timestamps or Unix seconds, but holds {column.type}.")
    return np.asarray(column.cast(pa.int64()).to_numpy(), dtype=np.int64)
