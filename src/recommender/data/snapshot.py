"""Reading the immutable snapshots of ratings that the pipeline exports."""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from recommender.arrays import AnyArray
from recommender.data.rating_columns import RatingColumns
from recommender.data.ratings import Ratings
from recommender.data.text_dialect import CREATED, ITEM, USER, VALUE
from recommender.errors import DataError

if TYPE_CHECKING:
    import pyarrow as pa

# A Parquet file is read this many rows at a time, which bounds the memory needed beside the ratings.
_PART_ROWS = 1 << 18


def read_snapshot(path: Path) -> Ratings:
    """Read a snapshot, `.parquet` or `.csv`, with the columns `userId,movieId,rating` and optionally `createdAt`.

    `createdAt` is a timestamp (ISO 8601 in CSV) or whole Unix seconds. DataError that names the file, and the row and
    column if there is one, for a missing file, another format, a missing column, a blank cell or a value out of range.
    """
    import pyarrow as pa  # noqa: PLC0415 - half a second that a process which never reads a snapshot need not pay.

    if not path.is_file():
        raise DataError(f"{path}: there is no such file: export the ratings first.")
    try:
        columns = _read_columns(path)
    except (pa.ArrowException, OSError) as error:
        raise DataError(f"{path}: cannot be read as ratings ({error}): export the ratings again.") from error
    if not columns:
        raise DataError(f"{path}: holds no ratings: rate or import something, then export again.")
    try:
        return Ratings.from_arrays(columns[USER], columns[ITEM], columns[VALUE], columns.get(CREATED))
    except DataError as error:
        raise DataError(f"{path}: {error}") from error


def _read_columns(path: Path) -> dict[str, AnyArray]:
    """Return the checked columns, filled a part of the file at a time, or nothing if it holds no rows."""
    columns: dict[str, AnyArray] = {}
    start = 0
    for n_rows, table in _read_tables(path):
        stop = start + table.num_rows
        for name, values in _check_table(table, path, start).items():
            columns.setdefault(name, np.empty(n_rows, values.dtype))[start:stop] = values
        start = stop
    return columns


def _read_tables(path: Path) -> "Iterator[tuple[int, pa.Table]]":
    """Yield the rows of a file, part by part, and beside each part the number of rows in the whole file."""
    import pyarrow as pa  # noqa: PLC0415 - see `read_snapshot`.
    import pyarrow.csv  # noqa: PLC0415
    import pyarrow.parquet  # noqa: PLC0415

    if path.suffix == ".parquet":
        with pyarrow.parquet.ParquetFile(path) as file:
            wanted = [name for name in (USER, ITEM, VALUE, CREATED) if name in file.schema_arrow.names]
            for batch in file.iter_batches(batch_size=_PART_ROWS, columns=wanted):
                yield file.metadata.num_rows, pa.Table.from_batches([batch])
    elif path.suffix == ".csv":
        table = pyarrow.csv.read_csv(path)
        if table.num_rows:
            yield table.num_rows, table
    else:
        raise DataError(f"{path}: a ratings snapshot ends in .parquet or .csv.")


def _check_table(table: "pa.Table", path: Path, start: int) -> dict[str, AnyArray]:
    """Return the columns of a table whose first row is row `start` of the file, counted from 0."""
    columns = RatingColumns(path, table, lambda row: f"{path}: row {start + row + 1}")
    arrays = {USER: columns.ids(USER), ITEM: columns.ids(ITEM), VALUE: columns.stars()}
    return {**arrays, CREATED: columns.seconds(CREATED)} if CREATED in table.column_names else arrays
