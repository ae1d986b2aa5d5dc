"""Reading ratings from the files that people have: CSV, MovieLens' `::` and tab-separated forms, and Parquet."""

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from recommender.arrays import AnyArray, Int64Array
from recommender.data.ratings import RATING_SCALE, Ratings
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

_WANTED = {USER: "a whole number", ITEM: "a whole number", VALUE: "a number"}


def read_ratings_file(path: Path) -> Ratings:
    """Read the ratings in a file; its columns may stand in any order, and others beside them are left alone.

    `.parquet`, or text: with commas and a header (`userId,movieId,rating` and, if known, `timestamp` in Unix seconds or
    `createdAt`, which may be ISO 8601, too), or with tabs or `::` and no header (user, movie, rating and, if known,
    time: `u.data` and `ratings.dat` of MovieLens). Text is told apart by its first line. Times are kept where every
    rating has one. Raises DataError that names the file, the line and the column: no such file, an unknown form, a
    column missing, a cell that is blank or no number, a rating outside 0.5…5.0, a user who rated a movie twice.
    """
    if not path.is_file():
        raise DataError(f"{path}: there is no such file." if not path.exists() else f"{path}: is not a file.")
    file = _File(path, None if path.suffix == ".parquet" else detect_dialect(path))
    table = file.table()
    if not table.num_rows:
        raise DataError(f"{path}: holds no ratings: at least one is needed.")
    users, items, values = (file.numbers(table, name) for name in (USER, ITEM, VALUE))
    file.check_values(values)
    times = file.times(table)
    del table
    try:
        return Ratings.from_arrays(users, items, values, times)
    except DataError as error:
        raise file.repetition(users, items) or DataError(f"{path}: {error}") from error


class _File:
    """A file of ratings, and how to say where in it something is wrong; `dialect` is None for Parquet."""

    def __init__(self, path: Path, dialect: TextDialect | None) -> None:
        self.path = path
        self.dialect = dialect

    def place(self, row: int) -> str:
        """Where a row, counted from 0, stands: "FILE: line N", or "FILE: row N" where there are no lines."""
        if self.dialect is None:
            return f"{self.path}: row {row + 1}"
        return f"{self.path}: line {find_line(self.path, self.dialect, row)}"

    def table(self) -> "pa.Table":
        """The columns of ratings as Arrow parses them."""
        import pyarrow as pa  # noqa: PLC0415 - a third of a second that a process which never reads a file need not pay.

        try:
            return _read_parquet(self.path) if self.dialect is None else _read_text(self.path, self.dialect)
        except (pa.ArrowException, OSError, UnicodeDecodeError) as error:
            if self.dialect is not None:
                check_lines(self.path, self.dialect)
            raise DataError(f"{self.path}: cannot be read as ratings ({error}).") from error

    def numbers(self, table: "pa.Table", name: str) -> AnyArray:
        """A column, (n,) int64, or float32 for the ratings; DataError where it is missing, blank or another kind."""
        import pyarrow as pa  # noqa: PLC0415 - see `table`.

        if name not in table.column_names:
            found = ", ".join(table.column_names) or "none"
            raise DataError(f"{self.path}: column {name!r} is missing; found {found}.")
        column = table.column(name)
        if column.null_count:
            row = int(np.argmax(column.is_null().to_numpy()))
            raise DataError(f"{self.place(row)}, column {name!r} is blank: it must be {_WANTED[name]}.")
        kind = column.type
        fits = pa.types.is_integer(kind)
        if name == VALUE:
            fits |= pa.types.is_floating(kind) or pa.types.is_decimal(kind)
        if not fits:
            raise DataError(f"{self.path}: column {name!r} must hold {_WANTED[name]} in each row, but holds {kind}.")
        array: AnyArray = column.cast(pa.float32() if name == VALUE else pa.int64()).to_numpy()
        return array

    def check_values(self, values: AnyArray) -> None:
        """Raise DataError for the first rating that is none."""
        low, high = RATING_SCALE
        within = (values >= low) & (values <= high)
        if not within.all():
            row = int(np.argmin(within))
            raise DataError(
                f"{self.place(row)}, column {VALUE!r} is {values[row]:g}: it must be a number from {low} to {high}."
            )

    def times(self, table: "pa.Table") -> Int64Array | None:
        """Return Unix seconds, (n,) int64, or None if not every rating has a time."""
        name = next((name for name in (TIME, CREATED) if name in table.column_names), None)
        if name is None or table.column(name).null_count:
            return None
        seconds = unix_seconds(table.column(name))
        if seconds is None:
            wanted = "Unix seconds" if name == TIME else "Unix seconds or ISO 8601"
            kind = table.column(name).type
            raise DataError(f"{self.path}: column {name!r} must hold times ({wanted}), but holds {kind}.")
        return seconds

    def repetition(self, users: Int64Array, items: Int64Array) -> DataError | None:
        """What to say of the first rating of a movie that its user rated before; None where there is none."""
        order = np.lexsort((items, users))
        again = np.flatnonzero((np.diff(users[order]) == 0) & (np.diff(items[order]) == 0)) + 1
        if not again.size:
            return None
        at = int(again[np.argmin(order[again])])
        first, row = int(order[at - 1]), int(order[at])
        where = self.place(first).removeprefix(f"{self.path}: ")
        return DataError(
            f"{self.place(row)}: user {users[row]} rated movie {items[row]} before, on {where}: "
            "keep one rating per user and movie."
        )


def _read_parquet(path: Path) -> "pa.Table":
    import pyarrow.parquet  # noqa: PLC0415 - see `_File.table`.

    names = pyarrow.parquet.read_schema(path).names
    wanted = [name for name in (USER, ITEM, VALUE, TIME, CREATED) if name in names]
    return pyarrow.parquet.read_table(path, columns=wanted or names[:0])


def _read_text(path: Path, dialect: TextDialect) -> "pa.Table":
    import pyarrow as pa  # noqa: PLC0415 - see `_File.table`.

    types = {USER: pa.int64(), ITEM: pa.int64(), VALUE: pa.float32(), TIME: pa.int64()}
    return parse_table(path, dialect, types, inferred=(CREATED,), skip_header=dialect.header)


def unix_seconds(column: "pa.ChunkedArray") -> Int64Array | None:
    """Return times, or whole numbers, as Unix seconds, (n,) int64; None if the column holds neither."""
    import pyarrow as pa  # noqa: PLC0415 - see `_File.table`.

    if pa.types.is_timestamp(column.type):
        column = column.cast(pa.timestamp("s", tz=column.type.tz), safe=False).cast(pa.int64())
    if not pa.types.is_integer(column.type):
        return None
    return np.asarray(column.cast(pa.int64()).to_numpy(), dtype=np.int64)
