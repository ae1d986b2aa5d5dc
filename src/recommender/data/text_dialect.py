"""The forms that text files of ratings have, and how to parse one and find the line that breaks it."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from recommender.data.field_values import parse_integer
from recommender.errors import DataError

if TYPE_CHECKING:
    import pyarrow as pa

USER, ITEM, VALUE, TIME, CREATED = "userId", "movieId", "rating", "timestamp", "createdAt"
COLUMNS = (USER, ITEM, VALUE, TIME)
_BYTE_ORDER_MARK = "\ufeff"
_ARROW_BLOCK_BYTES = 8 << 20
_QUOTED_CHARACTERS = 40


@dataclass(frozen=True)
class TextDialect:
    """`separator` between the cells: a comma, a tab or `::`; `columns`, and whether line 1 is a `header` of them."""

    separator: str
    columns: tuple[str, ...]
    header: bool

    def arrow_names(self) -> list[str]:
        """Return the columns as Arrow sees them, which splits at single characters.

        It finds a blank column between the two characters of each `::`, named "blank 0" and so on.
        """
        if len(self.separator) == 1:
            return list(self.columns)
        return [name for place, each in enumerate(self.columns) for name in (each, f"blank {place}")][:-1]

    def split(self, line: str) -> dict[str, str] | None:
        """Return the cells of a line by column, or None if it has more or fewer than there are columns."""
        cells = line.split(self.separator)
        if len(cells) != len(self.columns):
            return None
        return {name: cell.strip() for name, cell in zip(self.columns, cells, strict=True)}


def detect_dialect(path: Path) -> TextDialect:
    """Return the dialect of a text file by its first line; DataError if that line has none or lacks a column."""
    with path.open(encoding="utf-8", errors="replace", newline="") as file:
        line = file.readline(1 << 16).removeprefix(_BYTE_ORDER_MARK).rstrip("\r\n")
    if not line.strip():
        raise DataError(f"{path}: line 1 is blank: a header such as {USER},{ITEM},{VALUE} must stand there.")
    separator = next((separator for separator in ("::", "\t") if separator in line), ",")
    cells = tuple(cell.strip().strip('"') for cell in line.split(separator))
    if separator != "," and parse_integer(cells[0]) is not None:
        if not len(COLUMNS) - 1 <= len(cells) <= len(COLUMNS):
            raise DataError(
                f"{path}: line 1 has {len(cells)} columns: without a header they must be user, movie, rating and, "
                "if known, time."
            )
        return TextDialect(separator, COLUMNS[: len(cells)], header=False)
    missing = [name for name in (USER, ITEM, VALUE) if name not in cells]
    if missing:
        found = ", ".join(map(_quote, cells))
        raise DataError(f"{path}: line 1: column {missing[0]!r} is missing from the header; found {found}.")
    repeated = next((name for name in (*COLUMNS, CREATED) if cells.count(name) > 1), None)
    if repeated is not None:
        raise DataError(f"{path}: line 1: column {repeated!r} stands in the header twice: keep one.")
    return TextDialect(separator, cells, header=True)


def parse_table(
    source: "Path | pa.BufferReader",
    dialect: TextDialect,
    types: "Mapping[str, pa.DataType]",
    *,
    inferred: Iterable[str] = (),
    skip_header: bool = False,
    quotes: bool = True,
) -> "pa.Table":
    """Parse the columns in `types`, and those `inferred` that the text has; a blank cell becomes a null.

    Other columns are not parsed. Raises ArrowInvalid for a row with more or fewer cells, or a cell of another type.
    """
    import pyarrow as pa  # noqa: PLC0415 - a third of a second that a process which never reads a file need not pay.
    import pyarrow.csv  # noqa: PLC0415

    names = dialect.arrow_names()
    # Arrow must find nothing between the two characters of a separator.
    wanted = {**types, **{name: pa.null() for name in names if name not in dialect.columns}}
    return pyarrow.csv.read_csv(
        source,
        read_options=pyarrow.csv.ReadOptions(
            column_names=names, skip_rows=1 if skip_header else 0, block_size=_ARROW_BLOCK_BYTES
        ),
        parse_options=pyarrow.csv.ParseOptions(
            delimiter=dialect.separator[0], quote_char='"' if quotes else False, ignore_empty_lines=True
        ),
        convert_options=pyarrow.csv.ConvertOptions(
            column_types=wanted,
            include_columns=[name for name in names if name in wanted or name in inferred],
            null_values=[""],
        ),
    )


def find_bad_cell(cells: Mapping[str, str]) -> str | None:
    """Return the first of the columns user, movie, time and rating whose cell is no number, or None."""
    for name in (USER, ITEM, TIME):
        if name in cells and parse_integer(cells[name]) is None:
            return name
    return None if _is_decimal(cells[VALUE]) else VALUE


def find_line(path: Path, dialect: TextDialect, row: int) -> int:
    """Return the line of a row, rows counted from 0 and lines from 1; blank lines are no rows."""
    for at, (line, _) in enumerate(_rows(path, dialect)):
        if at == row:
            return line
    raise DataError(f"{path}: changed while it was read: read it again.")


def check_lines(path: Path, dialect: TextDialect) -> None:
    """Raise DataError for the first line that is no rating."""
    for line, text in _rows(path, dialect):
        cells = dialect.split(text)
        if cells is None:
            found = text.count(dialect.separator) + 1
            raise DataError(
                f"{path}: line {line} has {found} column{'s'[: found != 1]} and must have "
                f"{len(dialect.columns)}: {_quote(text)}"
            )
        cells = {name: cell.strip('"') for name, cell in cells.items()}
        if not cells.get(TIME):
            cells.pop(TIME, None)
        name = find_bad_cell(cells)
        if name is not None:
            wanted = "a number" if name == VALUE else "a whole number"
            raise DataError(f"{path}: line {line}, column {name!r} is {_quote(cells[name])}: it must be {wanted}.")


def _rows(path: Path, dialect: TextDialect) -> Iterator[tuple[int, str]]:
    """Yield number and text of each line that is a row."""
    with path.open(encoding="utf-8", errors="replace", newline="\n") as file:
        for line, text in enumerate(file, start=1):
            stripped = text.rstrip("\r\n")
            if stripped and not (dialect.header and line == 1):
                yield line, stripped


def _is_decimal(cell: str) -> bool:
    try:
        float(cell)
    except ValueError:
        return False
    return cell.isascii() and "_" not in cell


def _quote(text: str) -> str:
    return repr(text if len(text) <= _QUOTED_CHARACTERS else f"{text[:_QUOTED_CHARACTERS]}…")
