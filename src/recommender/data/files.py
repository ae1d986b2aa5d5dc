"""Reading ratings from CSV, the `::` and tab-separated forms of MovieLens, and Parquet."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from recommender.arrays import AnyArray
from recommender.data.rating_columns import RatingColumns
from recommender.data.ratings import Ratings
from recommender.data.text_dialect import (
    CREATED,
    ITEM,
    TIME,
    USER,
    VALUE,
    TextDialect,
    check_lines,
    detect_dialect,
    find_line,
    parse_table,
)
from recommender.errors import DataError

if TYPE_CHECKING:
    import pyarrow as pa


def read_ratings_file(path: Path) -> Ratings:
    """Read the ratings in a file, whose columns may stand in any order and beside others.

    The file is `.parquet` or text. Text has either commas and a header (`userId,movieId,rating` and optionally
    `timestamp` in Unix seconds, or `createdAt` in Unix seconds or ISO 8601), or tabs or `::` and no header (user,
    movie, rating and optionally time, as in `u.data` and `ratings.dat` of MovieLens); its first line decides which.
    Times are kept if every rating has one. DataError that names the file, the line and the column if the file does
    not exist or has another form, a column is missing, a cell is blank or no number, a rating is outside 0.5…5.0, or a
    user rated a movie twice.
    """
    if not path.is_file():
        raise DataError(f"{path}: there is no such file." if not path.exists() else f"{path}: is not a file.")
    dialect = None if path.suffix == ".parquet" else detect_dialect(path)

    def place(row: int) -> str:
        return f"{path}: row {row + 1}" if dialect is None else f"{path}: line {find_line(path, dialect, row)}"

    columns = RatingColumns(path, _read_table(path, dialect), place)
    if not columns.table.num_rows:
        raise DataError(f"{path}: holds no ratings: at least one is needed.")
    users, items, values = columns.ids(USER), columns.ids(ITEM), columns.stars()
    name = next((name for name in (TIME, CREATED) if name in columns.table.column_names), None)
    times = None if name is None or columns.table.column(name).null_count else columns.seconds(name)
    del columns
    try:
        return Ratings.from_arrays(users, items, values, times)
    except DataError as error:
        raise _repetition(users, items, path, place) or DataError(f"{path}: {error}") from error


def _read_table(path: Path, dialect: TextDialect | None) -> "pa.Table":
    """Return the columns of ratings as Arrow parses them; `dialect` is None for Parquet."""
    import pyarrow as pa  # noqa: PLC0415 - a third of a second that a process which never reads a file need not pay.

    try:
        if dialect is None:
            import pyarrow.parquet  # noqa: PLC0415

            names = pyarrow.parquet.read_schema(path).names
            wanted = [name for name in (USER, ITEM, VALUE, TIME, CREATED) if name in names]
            return pyarrow.parquet.read_table(path, columns=wanted or names[:0])
        types = {USER: pa.int64(), ITEM: pa.int64(), VALUE: pa.float32(), TIME: pa.int64()}
        return parse_table(path, dialect, types, inferred=(CREATED,), skip_header=dialect.header)
    except (pa.ArrowException, OSError, UnicodeDecodeError) as error:
        if dialect is not None:
            check_lines(path, dialect)
        raise DataError(f"{path}: cannot be read as ratings ({error}).") from error


def _repetition(users: AnyArray, items: AnyArray, path: Path, place: Callable[[int], str]) -> DataError | None:
    """Return the error for the first rating of a movie that its user rated before, or None."""
    order = np.lexsort((items, users))
    again = np.flatnonzero((np.diff(users[order]) == 0) & (np.diff(items[order]) == 0)) + 1
    if not again.size:
        return None
    at = int(again[np.argmin(order[again])])
    first, row = int(order[at - 1]), int(order[at])
    return DataError(
        f"{place(row)}: user {users[row]} rated movie {items[row]} before, on "
        f"{place(first).removeprefix(f'{path}: ')}: keep one rating per user and movie."
    )
