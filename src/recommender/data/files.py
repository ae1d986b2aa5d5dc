"""Reading ratings from the files that people have."""

from pathlib import Path

import numpy as np

from recommender.data.ratings import Ratings
from recommender.errors import DataError

USER, ITEM, VALUE = "userId", "movieId", "rating"
TIMES = ("timestamp", "createdAt")


def ratings_file_read(path: Path) -> Ratings:
    """Read a `.csv` file with a header; DataError for what cannot be read."""
    import pyarrow as pa  # noqa: PLC0415 - half a second that a process which never reads a file need not pay.
    import pyarrow.csv  # noqa: PLC0415

    try:
        table = pyarrow.csv.read_csv(path)
    except (pa.ArrowException, OSError) as error:
        raise DataError(f"{path}: cannot be read as ratings ({error}).") from error
    for name in (USER, ITEM, VALUE):
        if name not in table.column_names:
            raise DataError(f"{path}: column {name!r} is missing; found {', '.join(table.column_names)}.")
    times = next((table[name] for name in TIMES if name in table.column_names), None)
    seconds = None if times is None or times.null_count else np.asarray(times.cast(pa.int64()).to_numpy())
    try:
        users, items, values = (table[name].to_numpy() for name in (USER, ITEM, VALUE))
        return Ratings.from_arrays(users, items, values, seconds)
    except DataError as error:
        raise DataError(f"{path}: {error}") from error
