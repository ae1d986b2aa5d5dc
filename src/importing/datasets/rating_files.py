"""Ratings from files of millions of rows: parsed in blocks, bad rows found by exact line number.

A block is first given whole to Arrow's CSV reader with typed columns, which makes no Python object per rating. Where
that fails, the block is halved until the bad rows stand in pieces small enough to be read line by line.
"""

import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.csv as arrow_csv

from importing.datasets.dataset import Int64s, Kind, RatingBlock, Reason, Skip, Watch
from importing.datasets.tables import check_header, open_bytes, shorten

BLOCK_BYTES = 4 << 20
PIECE_BYTES = 4 << 10
USER, MOVIE, VALUE, TIME = "userId", "movieId", "rating", "timestamp"
COLUMNS = (USER, MOVIE, VALUE, TIME)
Numbers = npt.NDArray[np.int64 | np.float64]
_TYPES = {USER: pa.int64(), MOVIE: pa.int64(), VALUE: pa.float64(), TIME: pa.int64()}

_LARGEST_USER = 2**62
_LARGEST_MOVIE = 2**31 - 1
# From 1970 to 2100; a time in milliseconds or in words is beyond.
_LATEST_SECOND = 4_102_444_800
_INT64_DIGITS = 18
# Arrow splits rows at single characters; this one stands in no file.
_UNIT_SEPARATOR = b"\x1f"
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"


@dataclass(frozen=True)
class RatingFile:
    """A file of ratings and its form; without ``header`` the columns are user, film, stars and time in that order."""

    path: Path
    separator: bytes = b","
    header: bool = True


def read_rating_blocks(file: RatingFile, *, watch: Watch) -> Iterator[RatingBlock]:
    """Read the ratings block by block, in memory that does not grow with the file.

    Raises:
        DatasetError: the file cannot be opened, is empty, or its header lacks a column.

    """
    with open_bytes(file.path, watch=watch) as handle:
        names: Sequence[str] = COLUMNS
        line = 1
        if file.header:
            header = handle.readline().removeprefix(_BYTE_ORDER_MARK).decode(errors="replace")
            found = [name.strip().strip('"') for name in header.split(file.separator.decode())]
            names, line = tuple(check_header(file.path, found, COLUMNS)), 2
        elif not handle.peek(1):
            check_header(file.path, [], COLUMNS)
        parser = _Parser(file, names)
        while block := handle.read(BLOCK_BYTES):
            # A row is never cut in two.
            whole = block if block.endswith(b"\n") else block + handle.readline()
            yield parser.parse(whole, line)
            line += whole.count(b"\n")


class _Parser:
    """Parses blocks of one file."""

    def __init__(self, file: RatingFile, names: Sequence[str]) -> None:
        self._file = file
        self._names = list(names)
        self._single = len(file.separator) == 1
        self._arrow_separator = file.separator if self._single else _UNIT_SEPARATOR
        self._places = tuple(self._names.index(name) for name in COLUMNS)

    def parse(self, block: bytes, first_line: int) -> RatingBlock:
        """Return the ratings of ``block``, whose first row stands on ``first_line``."""
        return join_blocks(list(self._pieces(block, first_line)))

    def _pieces(self, block: bytes, first_line: int) -> Iterator[RatingBlock]:
        columns = self._typed(block)
        if columns is not None:
            lines = np.arange(first_line, first_line + len(columns[0]), dtype=np.int64)
            yield self._checked(columns, lines)
            return
        middle = block.find(b"\n", len(block) // 2) + 1
        if len(block) <= PIECE_BYTES or middle in {0, len(block)}:
            yield self._by_line(block, first_line)
            return
        yield from self._pieces(block[:middle], first_line)
        yield from self._pieces(block[middle:], first_line + block.count(b"\n", 0, middle))

    def _typed(self, block: bytes) -> list[Numbers] | None:
        """Return the four columns, or nothing where not every line is a row of numbers."""
        if b"0x" in block or b"0X" in block:
            # Arrow would take hexadecimal numbers, which are none in a data set.
            return None
        text = block if self._single else block.replace(self._file.separator, _UNIT_SEPARATOR)
        try:
            table = arrow_csv.read_csv(
                io.BytesIO(text),
                read_options=arrow_csv.ReadOptions(column_names=self._names, block_size=2 * BLOCK_BYTES),
                parse_options=arrow_csv.ParseOptions(
                    delimiter=self._arrow_separator.decode(), quote_char=False, ignore_empty_lines=False
                ),
                convert_options=arrow_csv.ConvertOptions(
                    column_types=_TYPES, include_columns=list(COLUMNS), null_values=[], check_utf8=False
                ),
            )
        except pa.ArrowInvalid:
            return None
        if table.num_rows != block.count(b"\n") + (not block.endswith(b"\n")):
            return None
        return [table.column(name).to_numpy() for name in COLUMNS]

    def _checked(self, columns: Sequence[Numbers], lines: Int64s) -> RatingBlock:
        users, movies, times = (columns[place].astype(np.int64, copy=False) for place in (0, 1, 3))
        values = columns[2].astype(np.float64, copy=False)
        faults = (
            (Reason.BAD_USER, users, (users < 0) | (users > _LARGEST_USER)),
            (Reason.BAD_MOVIE, movies, (movies < 0) | (movies > _LARGEST_MOVIE)),
            (Reason.BAD_RATING, values, ~np.isin(values, np.arange(1, 11) / 2)),
            (Reason.BAD_TIME, times, (times < 0) | (times > _LATEST_SECOND)),
        )
        good = np.ones(len(lines), dtype=np.bool_)
        skips = []
        for reason, found, wrong in faults:
            skips += [self._skip(int(lines[row]), reason, str(found[row])) for row in np.flatnonzero(wrong & good)]
            good &= ~wrong
        block = RatingBlock(self._file.path.name, users, movies, values.astype(np.float32), times, lines)
        return block if good.all() else block.keep(good, skips=tuple(skips))

    def _by_line(self, block: bytes, first_line: int) -> RatingBlock:
        rows: list[tuple[int, int, float, int]] = []
        lines: list[int] = []
        skips: list[Skip] = []
        for line, text in enumerate(block.split(b"\n"), start=first_line):
            row = self._row(text)
            if isinstance(row, Reason):
                skips.append(self._skip(line, row, text.decode(errors="replace")))
            elif row is not None:
                rows.append(row)
                lines.append(line)
        columns: list[Numbers] = [
            np.array([row[place] for row in rows], dtype=np.float64 if place == COLUMNS.index(VALUE) else np.int64)
            for place in range(len(COLUMNS))
        ]
        checked = self._checked(columns, np.array(lines, dtype=np.int64))
        return checked.keep(np.ones(len(checked), dtype=np.bool_), skips=tuple(skips))

    def _row(self, text: bytes) -> tuple[int, int, float, int] | Reason | None:
        """Return the row as numbers, the reason why it is none, or nothing for a blank line."""
        if not text.strip():
            return None
        parts = text.removesuffix(b"\r").split(self._file.separator)
        if len(parts) != len(self._names):
            return Reason.TORN
        user, movie, value, time = (parts[place].strip() for place in self._places)
        for reason, digits in ((Reason.BAD_USER, user), (Reason.BAD_MOVIE, movie), (Reason.BAD_TIME, time)):
            if not digits.removeprefix(b"-").isdigit() or len(digits) > _INT64_DIGITS:
                return reason
        try:
            return int(user), int(movie), float(value), int(time)
        except ValueError:
            return Reason.BAD_RATING

    def _skip(self, line: int, reason: Reason, detail: str) -> Skip:
        return Skip(Kind.RATINGS, self._file.path.name, line, reason, shorten(detail))


def join_blocks(blocks: Sequence[RatingBlock]) -> RatingBlock:
    """Return the ratings of one or more blocks of a file as one."""
    if len(blocks) == 1:
        return blocks[0]
    return RatingBlock(
        blocks[0].file,
        np.concatenate([block.users for block in blocks]),
        np.concatenate([block.movies for block in blocks]),
        np.concatenate([block.values for block in blocks]),
        np.concatenate([block.times for block in blocks]),
        np.concatenate([block.lines for block in blocks]),
        tuple(skip for block in blocks for skip in block.skips),
    )
