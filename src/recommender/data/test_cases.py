"""Files of leave-last-out test cases: one film per user, and the negatives that it is ranked against."""

import re
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from recommender.arrays import Int64Array
from recommender.data.field_values import parse_integer
from recommender.data.tables import open_text
from recommender.errors import DataError

_SEPARATORS = re.compile(r"::|[,;\t ]\s*")


def read_last_file(path: Path) -> tuple[Int64Array, Int64Array]:
    """Read `userId,movieId`, one line per user, with or without a header: two arrays (m,) int64 in the file's order.

    Fields may also be separated by `::`, tabs or blanks; further columns are ignored. DataError that names the file and
    the line: no file, no test cases, a field that is no whole number, a repeated user.
    """
    users: dict[int, int] = {}
    for number, fields in _lines(path):
        if number == 1 and parse_integer(fields[0]) is None:
            continue
        if len(fields) < 2:  # noqa: PLR2004 - a user and a film.
            raise DataError(f"{path}: line {number} has one field: a user and a movie are needed, as userId,movieId.")
        user, movie = _parse_ids(fields[:2], number, path)
        if user in users:
            raise DataError(f"{path}: line {number} repeats user {user}: give one line per user.")
        users[user] = movie
    if not users:
        raise DataError(f"{path}: holds no test cases: give lines of userId,movieId.")
    return np.array(list(users), dtype=np.int64), np.array(list(users.values()), dtype=np.int64)


def read_negatives_file(path: Path, *, n_rows: int) -> Int64Array:
    """Read a line of movie ids for each of the `n_rows` = m test cases, in their order, n ids per line: (m, n) int64.

    Ids are separated by commas, blanks or tabs; there is no header. DataError that names the file and the line: no
    file, more or fewer lines, lines of different lengths, a field that is no whole number.
    """
    rows = [_parse_ids(fields, number, path) for number, fields in _lines(path)]
    if len(rows) != n_rows:
        raise DataError(f"{path}: has {len(rows):,} lines for {n_rows:,} test cases: give one line for each.")
    for number, row in enumerate(rows, start=1):
        if len(row) != len(rows[0]):
            raise DataError(
                f"{path}: row {number} holds {len(row)} movies and the first one {len(rows[0])}: give equally many."
            )
    return np.array(rows, dtype=np.int64)


def _lines(path: Path) -> Iterator[tuple[int, list[str]]]:
    """Yield the number, from 1, and the fields of each line that is not blank."""
    with open_text(path, encoding="utf-8-sig") as file:
        for number, line in enumerate(file, start=1):
            if line.strip():
                yield number, _SEPARATORS.split(line.strip())


def _parse_ids(fields: list[str], number: int, path: Path) -> list[int]:
    ids = []
    for column, field in enumerate(fields, start=1):
        parsed = parse_integer(field)
        if parsed is None:
            raise DataError(f"{path}: line {number}, column {column} is {field!r}: it must be the number of an id.")
        ids.append(parsed)
    return ids
