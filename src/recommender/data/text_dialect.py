"""Which of the usual forms a text file of ratings has, and which of its lines breaks it."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from recommender.errors import DataError

USER, ITEM, VALUE = "userId", "movieId", "rating"
TIMES = ("timestamp", "createdAt")
_WITHOUT_HEADER = (USER, ITEM, VALUE, TIMES[0])
_BYTE_ORDER_MARK = "\ufeff"
_WHOLE, _DECIMAL = re.compile(r"[+-]?\d{1,18}"), re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?")
_LONGEST_SHOWN = 40


@dataclass(frozen=True)
class TextDialect:
    """`separator` between cells: a comma, a tab or `::`; `names` of the columns; `header`: whether line 1 has them.

    Where the separator has two characters, `names` also has what stands between these, which must be nothing; those
    names are `between`.
    """

    separator: str
    names: tuple[str, ...]
    header: bool

    @property
    def between(self) -> tuple[str, ...]:
        """The columns that a separator of two characters makes by the way."""
        return self.names[1::2] if len(self.separator) > 1 else ()

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns that hold something."""
        return self.names[:: len(self.separator)]


def detect_dialect(path: Path) -> TextDialect:
    """The form of the text file at `path`, by its first line; DataError where that is none, or lacks a column."""
    with path.open(encoding="utf-8", errors="replace", newline="") as file:
        line = file.readline(1 << 16).removeprefix(_BYTE_ORDER_MARK).rstrip("\r\n")
    if not line.strip():
        raise DataError(f"{path}: line 1 is blank: a header such as {USER},{ITEM},{VALUE} must stand there.")
    separator = next((separator for separator in ("::", "\t") if separator in line), ",")
    cells = [cell.strip().strip('"') for cell in line.split(separator)]
    if separator != "," and _WHOLE.fullmatch(cells[0]):
        return _headless(path, separator, len(cells))
    missing = [name for name in (USER, ITEM, VALUE) if name not in cells]
    if missing:
        found = ", ".join(map(_shown, cells))
        raise DataError(f"{path}: line 1: column {missing[0]!r} is missing from the header; found {found}.")
    call_repeatedly = next((name for name in (USER, ITEM, VALUE, *TIMES) if cells.count(name) > 1), None)
    if call_repeatedly is not None:
        raise DataError(f"{path}: line 1: column {call_repeatedly!r} stands in the header twice: keep one.")
    return TextDialect(separator, _interleaved(cells, separator), header=True)


def _headless(path: Path, separator: str, n_cells: int) -> TextDialect:
    names = _WITHOUT_HEADER[:n_cells]
    if not len(_WITHOUT_HEADER) - 1 <= n_cells <= len(_WITHOUT_HEADER):
        raise DataError(
            f"{path}: line 1 has {n_cells} columns: without a header they must be user, movie, rating and, "
            "if known, time."
        )
    return TextDialect(separator, _interleaved(names, separator), header=False)


def _interleaved(names: tuple[str, ...] | list[str], separator: str) -> tuple[str, ...]:
    if len(separator) == 1:
        return tuple(names)
    return tuple(name for place, each in enumerate(names) for name in (each, f"between {place}"))[:-1]


def line_of_row(path: Path, form: TextDialect, row: int) -> int:
    """The number of the line on which a row stands, rows counted from 0, lines from 1; blank lines are no rows."""
    for at, (line, _) in enumerate(_rows(path, form)):
        if at == row:
            return line
    raise DataError(f"{path}: changed while it was read: read it again.")


def text_refused(path: Path, form: TextDialect) -> None:
    """Raise DataError for the first line that is no rating; return where each line is one."""
    places = {name: form.columns.index(name) for name in (USER, ITEM, VALUE, TIMES[0]) if name in form.columns}
    for line, text in _rows(path, form):
        cells = text.split(form.separator)
        if len(cells) != len(form.columns):
            raise DataError(
                f"{path}: line {line} has {len(cells)} column{'s'[: len(cells) != 1]} and must have "
                f"{len(form.columns)}: {_shown(text)}"
            )
        for name, place in places.items():
            cell = cells[place].strip().strip('"')
            if name == TIMES[0] and not cell:
                continue
            kind, wanted = (_DECIMAL, "a number") if name == VALUE else (_WHOLE, "a whole number")
            if not kind.fullmatch(cell):
                raise DataError(f"{path}: line {line}, column {name!r} is {_shown(cell)}: it must be {wanted}.")


def _rows(path: Path, form: TextDialect) -> Iterator[tuple[int, str]]:
    """Number and text of each line that is a row."""
    with path.open(encoding="utf-8", errors="replace", newline="\n") as file:
        for line, text in enumerate(file, start=1):
            stripped = text.rstrip("\r\n")
            if stripped and not (form.header and line == 1):
                yield line, stripped


def _shown(text: str) -> str:
    return repr(text if len(text) <= _LONGEST_SHOWN else f"{text[:_LONGEST_SHOWN]}…")
