"""Reading what models are asked in leave-last-out: a film of each user, and the films that each is held against."""

import re
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from recommender.arrays import Int64Array
from recommender.errors import DataError

_SEPARATORS = re.compile(r"::|[,;\t ]\s*")


def read_last_file(path: Path) -> tuple[Int64Array, Int64Array]:
    """Read `userId,movieId`, a line for each user, with or without a header: two arrays (m,) int64, in that order.

    Fields may also be parted by `::`, tabs or blanks; further columns are not read. DataError that names the file and
    the line: no file, no questions, a field that is no whole number, a user who comes twice.
    """
    users: dict[int, int] = {}
    for number, fields in _lines(path):
        if number == 1 and not _is_whole(fields[0]):
            continue
        if len(fields) < 2:  # noqa: PLR2004 - a user and a film.
            raise DataError(f"{path}: line {number} has one field: a user and a movie are needed, as userId,movieId.")
        user, movie = _numbers(fields[:2], number, path)
        if user in users:
            raise DataError(f"{path}: line {number} asks for user {user} again: give one line per user.")
        users[user] = movie
    if not users:
        raise DataError(f"{path}: holds no questions: give lines of userId,movieId.")
    return np.array(list(users), dtype=np.int64), np.array(list(users.values()), dtype=np.int64)


def read_negatives_file(path: Path, *, n_rows: int) -> Int64Array:
    """Read one line of movie ids for each of `n_rows` questions, in their order, equally many a line: (m, n) int64.

    Ids are parted by commas, blanks or tabs; there is no header. DataError that names the file and the line: no file,
    more or fewer lines, lines of other lengths, a field that is no whole number.
    """
    rows = [_numbers(fields, number, path) for number, fields in _lines(path)]
    if len(rows) != n_rows:
        raise DataError(f"{path}: has {len(rows):,} lines for {n_rows:,} questions: give one line for each.")
    for number, row in enumerate(rows, start=1):
        if len(row) != len(rows[0]):
            raise DataError(
                f"{path}: row {number} holds {len(row)} movies and the first one {len(rows[0])}: give equally many."
            )
    return np.array(rows, dtype=np.int64)


def _lines(path: Path) -> Iterator[tuple[int, list[str]]]:
    """The fields of each line that is not blank, with its number from 1."""
    if not path.is_file():
        raise DataError(f"{path}: there is no such file.")
    try:
        with path.open(encoding="utf-8-sig") as file:
            for number, line in enumerate(file, start=1):
                if line.strip():
                    yield number, _SEPARATORS.split(line.strip())
    except UnicodeDecodeError as error:
        raise DataError(f"{path}: is no text in UTF-8 ({error}).") from error


def _numbers(fields: list[str], number: int, path: Path) -> list[int]:
    for column, field in enumerate(fields, start=1):
        if not _is_whole(field):
            raise DataError(f"{path}: line {number}, column {column} is {field!r}: it must be the number of an id.")
    return [int(field) for field in fields]


def _is_whole(field: str) -> bool:
    digits = field.strip().removeprefix("-")
    return digits.isascii() and digits.isdigit() and len(digits) < 19  # noqa: PLR2004 - what fits 64 signed bits.
