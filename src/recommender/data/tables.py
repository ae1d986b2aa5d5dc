"""Rows of text files: decoding, columns and exact line numbers."""

import csv
import io
import itertools
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from recommender.errors import DataError

if TYPE_CHECKING:
    from _csv import Reader as CsvReader

BUFFER_BYTES = 1 << 20
_QUOTED_CHARACTERS = 200
# A longer torn row has swallowed good rows, which would be lost without notice.
_TORN_LINES = 100
# The longest field of a known data set is a cast list of about 150,000 characters.
csv.field_size_limit(1 << 20)

# The first physical line of a row, and its fields.
_Fields = tuple[int, list[str]]
OnRead = Callable[[int], None]
"""Called with the number of bytes after each read."""


class Problem(StrEnum):
    """Why a row cannot be used."""

    TORN = "torn row"
    BAD_ID = "id is no whole number"
    BAD_USER = "user is no whole number"
    BAD_MOVIE = "film is no whole number"
    BAD_RATING = "rating is no half-star from 0.5 to 5"
    BAD_TIME = "time is no number of seconds since 1970"
    BAD_LIST = "list cannot be read"


class Row(NamedTuple):
    """A row's first physical line, counted from 1, and its cells by column."""

    line: int
    cells: Mapping[str, str]


class BadRow(NamedTuple):
    """A row that cannot be used. `line` counts physical lines from 1; `detail` quotes what was found."""

    line: int
    problem: Problem
    detail: str

    def error(self, path: Path) -> DataError:
        """Return the error that refuses the whole file because of this row."""
        return DataError(f"{path}: line {self.line} cannot be read: {self.problem} ({self.detail}).")


class _CountingFile(io.FileIO):
    """A file that reports how many bytes each read returns."""

    def __init__(self, path: Path, on_read: OnRead) -> None:
        super().__init__(path)
        self._on_read = on_read

    def readinto(self, buffer: "bytearray | memoryview") -> int | None:  # type: ignore[override]  # typeshed asks for its own buffer type
        count = super().readinto(buffer)
        self._on_read(count or 0)
        return count


def open_bytes(path: Path, *, on_read: OnRead | None = None) -> io.BufferedReader:
    """Open a file for reading bytes; DataError if it cannot be opened."""
    try:
        file = io.FileIO(path) if on_read is None else _CountingFile(path, on_read)
    except OSError as error:
        raise DataError(
            f"{path}: cannot be read ({error.strerror}). Check that it is there and that you may read it."
        ) from error
    return io.BufferedReader(file, BUFFER_BYTES)


@contextmanager
def open_text(path: Path, *, encoding: str, on_read: OnRead | None = None) -> Iterator[io.TextIOWrapper]:
    """Open a text file; DataError that names line and byte for a byte that is not `encoding`."""
    with io.TextIOWrapper(open_bytes(path, on_read=on_read), encoding=encoding, newline="") as handle:
        try:
            yield handle
        except UnicodeDecodeError as error:
            raise DataError(_describe_undecodable(path, encoding)) from error


def detect_encoding(path: Path) -> str:
    """Return UTF-8 if the whole file is that, otherwise Latin-1, which the older MovieLens files are."""
    try:
        path.read_bytes().decode()
    except UnicodeDecodeError:
        return "latin-1"
    return "utf-8-sig"


def read_csv(
    path: Path, *, columns: Sequence[str], encoding: str = "utf-8-sig", on_read: OnRead | None = None
) -> Iterator[Row | BadRow]:
    """Read a CSV file whose header names at least `columns`; a row with another number of fields is bad.

    DataError if the file cannot be opened or decoded, is empty, lacks a column or has a quotation mark that is never
    closed.
    """
    with open_text(path, encoding=encoding, on_read=on_read) as handle:
        rows = _number_rows(csv.reader(handle, strict=True), path)
        header = check_header(path, _first_row(rows, path), columns)
        yield from _name_cells(rows, header)


def read_separated(
    path: Path, *, columns: Sequence[str], separator: str, encoding: str, on_read: OnRead | None = None
) -> Iterator[Row | BadRow]:
    """Read a file without header or quotes, one row per line, with `separator` between the fields.

    DataError if the file cannot be opened or decoded, or is empty.
    """
    line = 0
    with open_text(path, encoding=encoding, on_read=on_read) as handle:
        for line, text in enumerate(handle, start=1):
            parts = text.rstrip("\r\n").split(separator)
            if len(parts) == len(columns):
                yield Row(line, dict(zip(columns, parts, strict=True)))
            elif text.strip():
                yield BadRow(line, Problem.TORN, shorten(text))
    if not line:
        raise DataError(_describe_empty(path))


def read_rows(path: Path, *, columns: Sequence[str], on_read: OnRead | None = None) -> Iterator[Row | BadRow]:
    """Read a CSV file of exactly `columns`, in any order under a header or in this order without one.

    The first row is a header if none of its fields is a whole number. Raises what `read_csv` raises.
    """
    with open_text(path, encoding="utf-8-sig", on_read=on_read) as handle:
        rows = _number_rows(csv.reader(handle, strict=True), path)
        first = _first_row(rows, path)
        names = list(columns)
        if any(field.strip().isdigit() for field in first):
            rows = itertools.chain([(1, first)], rows)
        else:
            found = [field.strip().lower().replace("_", " ") for field in first]
            order = check_header(path, found, [name.replace("_", " ") for name in columns])
            names = [next((name for name in columns if name.replace("_", " ") == given), given) for given in order]
        yield from _name_cells(rows, names)


def check_header(path: Path, header: Sequence[str], columns: Sequence[str]) -> list[str]:
    """Return the names in the header; DataError that lists the expected and the found ones if one is missing."""
    names = [name.strip() for name in header]
    if not any(names):
        raise DataError(_describe_empty(path))
    missing = [name for name in columns if name not in names]
    if missing:
        raise DataError(
            f"{path}, line 1: expected the columns {', '.join(columns)}; found {shorten(', '.join(names))} "
            f"(missing: {', '.join(missing)}). Is this the right file?"
        )
    return names


def shorten(text: str) -> str:
    """Return `text` as messages and reports quote it: on one line, at most 200 characters."""
    line = " ".join(text.split())
    return line if len(line) <= _QUOTED_CHARACTERS else line[: _QUOTED_CHARACTERS - 1] + "…"


def _number_rows(reader: "CsvReader", path: Path) -> Iterator[_Fields | BadRow]:
    while True:
        line = reader.line_num + 1
        try:
            yield line, next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            if reader.line_num - line >= _TORN_LINES:
                raise DataError(
                    f"{path}, line {line}: a quotation mark in this row is never closed ({error}). "
                    "Unpack or download the data set again, or mend the row."
                ) from error
            yield BadRow(line, Problem.TORN, f"lines {line} to {reader.line_num}: {error}")


def _name_cells(rows: Iterable[_Fields | BadRow], names: Sequence[str]) -> Iterator[Row | BadRow]:
    for row in rows:
        if isinstance(row, BadRow):
            yield row
            continue
        line, fields = row
        if len(fields) == len(names):
            yield Row(line, dict(zip(names, fields, strict=True)))
        elif fields:
            yield BadRow(line, Problem.TORN, f"{len(fields)} fields instead of {len(names)}")


def _first_row(rows: Iterator[_Fields | BadRow], path: Path) -> list[str]:
    row = next(rows, None)
    if row is None:
        raise DataError(_describe_empty(path))
    return [row.detail] if isinstance(row, BadRow) else row[1]


def _describe_empty(path: Path) -> str:
    return f"{path}: the file is empty. Unpack or download the data set again."


def _describe_undecodable(path: Path, encoding: str) -> str:
    with path.open("rb") as handle:
        for line, text in enumerate(handle, start=1):
            try:
                text.decode(encoding)
            except UnicodeDecodeError as error:
                place = f"{path}, line {line}, byte {error.start + 1}"
                found = f"0x{text[error.start]:02x} is not {encoding.removesuffix('-sig').upper()}"
                return f"{place}: {found}. Unpack the data set again, or convert the file to UTF-8."
    return f"{path}: is not {encoding}. Unpack the data set again."
