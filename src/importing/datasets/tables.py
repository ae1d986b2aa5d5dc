"""Text files of rows: decoding, columns and exact line numbers."""

import csv
import io
import itertools
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from importing.datasets.dataset import Kind, Reason, Skip, Watch
from importing.errors import DatasetError

if TYPE_CHECKING:
    from _csv import Reader as CsvReader

BUFFER_BYTES = 1 << 20
DETAIL_CHARACTERS = 200
# So few bad rows do not condemn a file, unless it has no good one.
_TOLERATED_ROWS = 20
# A row torn over more lines than any text has swallowed good rows, which would be lost without a word.
_TORN_LINES = 100
# The longest field of a known data set is a cast list of some 100,000 characters.
csv.field_size_limit(1 << 20)

# The first physical line of a row, and its fields by column.
Row = tuple[int, Mapping[str, str]]
_Fields = tuple[int, list[str]]


class _WatchedFile(io.FileIO):
    """A file that tells how many bytes have been read from it."""

    def __init__(self, path: Path, watch: Watch) -> None:
        super().__init__(path)
        self._watch = watch

    def readinto(self, buffer: "bytearray | memoryview") -> int | None:  # type: ignore[override]  # typeshed asks for its own buffer type
        count = super().readinto(buffer)
        self._watch(count or 0)
        return count


def open_bytes(path: Path, *, watch: Watch) -> io.BufferedReader:
    """Open a file for reading bytes, ``watch`` being told of each read.

    Raises:
        DatasetError: the file cannot be opened.

    """
    try:
        return io.BufferedReader(_WatchedFile(path, watch), BUFFER_BYTES)
    except OSError as error:
        message = f"{path}: cannot be read ({error.strerror}). Check that it is there and that you may read it."
        raise DatasetError(message) from error


@contextmanager
def open_text(path: Path, *, encoding: str, watch: Watch) -> Iterator[io.TextIOWrapper]:
    """Open a text file; a byte that ``encoding`` does not know becomes a ``DatasetError`` naming line and byte."""
    with io.TextIOWrapper(open_bytes(path, watch=watch), encoding=encoding, newline="") as handle:
        try:
            yield handle
        except UnicodeDecodeError as error:
            raise DatasetError(_undecodable(path, encoding)) from error


def read_csv(
    path: Path, *, kind: Kind, columns: Sequence[str], watch: Watch, encoding: str = "utf-8-sig"
) -> Iterator[Row | Skip]:
    """Read a CSV file with a header that names at least ``columns``; yield each row's first line and its fields.

    Rows with more or fewer fields than the header are skipped.
    """
    with open_text(path, encoding=encoding, watch=watch) as handle:
        reader = csv.reader(handle, strict=True)
        rows = _numbered(reader, path, kind)
        header = check_header(path, _first(rows, path), columns)
        yield from _named(rows, header, path, kind)


def read_separated(
    path: Path, *, kind: Kind, columns: Sequence[str], separator: str, encoding: str, watch: Watch
) -> Iterator[Row | Skip]:
    """Read a file without header or quotes, one row a line, its fields parted by ``separator``."""
    line = 0
    with open_text(path, encoding=encoding, watch=watch) as handle:
        for line, text in enumerate(handle, start=1):
            parts = text.rstrip("\r\n").split(separator)
            if len(parts) == len(columns):
                yield line, dict(zip(columns, parts, strict=True))
            elif text.strip():
                yield Skip(kind, path.name, line, Reason.TORN, shorten(text))
    if not line:
        raise DatasetError(_empty(path))


def read_rows(path: Path, *, kind: Kind, columns: Sequence[str], watch: Watch) -> Iterator[Row | Skip]:
    """Read a CSV file of exactly ``columns``, in any order under a header or in this order without one.

    The first row is a header where no field of it is a whole number.
    """
    with open_text(path, encoding="utf-8-sig", watch=watch) as handle:
        reader = csv.reader(handle, strict=True)
        rows = _numbered(reader, path, kind)
        first = _first(rows, path)
        names = list(columns)
        if any(field.strip().isdigit() for field in first):
            rows = itertools.chain([(1, first)], rows)
        else:
            found = [field.strip().lower().replace("_", " ") for field in first]
            order = check_header(path, found, [name.replace("_", " ") for name in columns])
            names = [next((name for name in columns if name.replace("_", " ") == given), given) for given in order]
        yield from _named(rows, names, path, kind)


def check_header(path: Path, header: Sequence[str], columns: Sequence[str]) -> list[str]:
    """Return the names of the header, or raise a ``DatasetError`` that names the expected and the found ones."""
    names = [name.strip() for name in header]
    if not any(names):
        raise DatasetError(_empty(path))
    missing = [name for name in columns if name not in names]
    if missing:
        message = (
            f"{path}, line 1: expected the columns {', '.join(columns)}; found {shorten(', '.join(names))} "
            f"(missing: {', '.join(missing)}). Is this the right file?"
        )
        raise DatasetError(message)
    return names


def check_rows(*, read: int, bad: int, first: Skip) -> None:
    """Raise a ``DatasetError`` where so many of the rows read are bad that the file cannot be what its name says."""
    if bad < read and (bad <= _TOLERATED_ROWS or bad * 2 <= read):
        return
    message = (
        f"{first.file}: {bad:,} of {read:,} rows cannot be used, so this is probably the wrong file. "
        f"The first is line {first.line}: {first.reason} ({first.detail}). Nothing was imported."
    )
    raise DatasetError(message)


def shorten(text: str) -> str:
    """Return ``text`` as a report can quote it: one line, not too long."""
    line = " ".join(text.split())
    return line if len(line) <= DETAIL_CHARACTERS else line[: DETAIL_CHARACTERS - 1] + "…"


def _numbered(reader: "CsvReader", path: Path, kind: Kind) -> Iterator[_Fields | Skip]:
    while True:
        line = reader.line_num + 1
        try:
            yield line, next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            if reader.line_num - line >= _TORN_LINES:
                message = (
                    f"{path}, line {line}: a quotation mark in this row is never closed ({error}). "
                    "Unpack or download the data set again, or mend the row."
                )
                raise DatasetError(message) from error
            yield Skip(kind, path.name, line, Reason.TORN, f"lines {line} to {reader.line_num}: {error}")


def _named(rows: Iterable[_Fields | Skip], names: Sequence[str], path: Path, kind: Kind) -> Iterator[Row | Skip]:
    for row in rows:
        if isinstance(row, Skip):
            yield row
        elif len(row[1]) == len(names):
            yield row[0], dict(zip(names, row[1], strict=True))
        elif row[1]:
            yield Skip(kind, path.name, row[0], Reason.TORN, f"{len(row[1])} fields instead of {len(names)}")


def _first(rows: Iterator[_Fields | Skip], path: Path) -> list[str]:
    row = next(rows, None)
    if row is None:
        raise DatasetError(_empty(path))
    return [row.detail] if isinstance(row, Skip) else row[1]


def _empty(path: Path) -> str:
    return f"{path}: the file is empty. Unpack or download the data set again."


def _undecodable(path: Path, encoding: str) -> str:
    with path.open("rb") as handle:
        for line, text in enumerate(handle, start=1):
            try:
                text.decode(encoding)
            except UnicodeDecodeError as error:
                place = f"{path}, line {line}, byte {error.start + 1}"
                found = f"0x{text[error.start]:02x} is not {encoding.removesuffix('-sig').upper()}"
                return f"{place}: {found}. Unpack the data set again, or convert the file to UTF-8."
    return f"{path}: is not {encoding}. Unpack the data set again."
