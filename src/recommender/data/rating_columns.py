"""Columns of ratings as Arrow read them from a file, turned into checked arrays."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from recommender.arrays import AnyArray, Int64Array
from recommender.data.ratings import find_off_scale
from recommender.data.text_dialect import CREATED, ITEM, TIME, USER, VALUE
from recommender.errors import DataError
from recommender.rating_scale import RATING_SCALE

if TYPE_CHECKING:
    import pyarrow as pa

_WANTED = {
    USER: "a whole number",
    ITEM: "a whole number",
    VALUE: "a number",
    TIME: "a time in Unix seconds",
    CREATED: "a time in Unix seconds or ISO 8601",
}


@dataclass(frozen=True)
class RatingColumns:
    """A table of n ratings from the file `path`; `place` says where in it a row of the table stands, as "FILE: row 1".

    Each column raises DataError if it is missing, or has a blank cell or other contents.
    """

    path: Path
    table: "pa.Table"
    place: Callable[[int], str]

    def ids(self, name: str) -> AnyArray:
        """Return a column of ids: (n,) integers."""
        import pyarrow as pa  # noqa: PLC0415 - a third of a second that a process which never reads a file need not pay.

        column = self._column(name)
        if not pa.types.is_integer(column.type):
            raise self._type_error(name)
        array: AnyArray = column.to_numpy()
        return array

    def stars(self) -> AnyArray:
        """Return the ratings, (n,) float32; DataError for the first outside the scale."""
        import pyarrow as pa  # noqa: PLC0415 - see `ids`.

        column = self._column(VALUE)
        kind = column.type
        if not (pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_decimal(kind)):
            raise self._type_error(VALUE)
        values: AnyArray = column.cast(pa.float32()).to_numpy()
        row = find_off_scale(values)
        if row is not None:
            low, high = RATING_SCALE
            raise DataError(
                f"{self.place(row)}, column {VALUE!r} is {values[row]:g}: it must be a number from {low} to {high}."
            )
        return values

    def seconds(self, name: str) -> Int64Array:
        """Return a column of times as Unix seconds: (n,) int64."""
        import pyarrow as pa  # noqa: PLC0415 - see `ids`.

        column = self._column(name)
        if pa.types.is_timestamp(column.type):
            column = column.cast(pa.timestamp("s", tz=column.type.tz), safe=False).cast(pa.int64())
        if not pa.types.is_integer(column.type):
            raise self._type_error(name)
        return np.asarray(column.cast(pa.int64()).to_numpy(), dtype=np.int64)

    def _column(self, name: str) -> "pa.ChunkedArray":
        if name not in self.table.column_names:
            found = ", ".join(self.table.column_names) or "none"
            raise DataError(f"{self.path}: column {name!r} is missing; found {found}.")
        column = self.table.column(name)
        if column.null_count:
            row = int(np.argmax(column.is_null().to_numpy()))
            raise DataError(f"{self.place(row)}, column {name!r} is blank: it must be {_WANTED[name]}.")
        return column

    def _type_error(self, name: str) -> DataError:
        kind = self.table.column(name).type
        return DataError(f"{self.path}: column {name!r} must hold {_WANTED[name]} in each row, but holds {kind}.")
