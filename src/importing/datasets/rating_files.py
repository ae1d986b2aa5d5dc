"""Ratings from files of millions of rows: parsed in blocks, bad rows found by exact line number.

Arrow's CSV reader first parses a block as a whole into typed columns, which makes no Python object per rating. If that
fails, the block is halved until the bad rows stand in pieces small enough to be read line by line.
"""

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from importing.datasets.dataset import Int64s, Kind, RatingBlock, Reason, Skip
from recommender.data.tables import OnRead, check_header, open_bytes, shorten
from recommender.data.text_dialect import COLUMNS, ITEM, TIME, USER, VALUE, TextDialect, find_bad_cell, parse_table

BLOCK_BYTES = 4 << 20
PIECE_BYTES = 4 << 10
Numbers = npt.NDArray[np.int64 | np.float64]
_TYPES = {USER: pa.int64(), ITEM: pa.int64(), VALUE: pa.float64(), TIME: pa.int64()}
_REASONS = {USER: Reason.BAD_USER, ITEM: Reason.BAD_MOVIE, VALUE: Reason.BAD_RATING, TIME: Reason.BAD_TIME}

_LARGEST_USER = 2**62
_LARGEST_MOVIE = 2**31 - 1
# From 1970 to 2100; a time in milliseconds is beyond.
_LATEST_SECOND = 4_102_444_800
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"


def read_rating_blocks(path: Path, *, separator: str = ",", on_read: OnRead | None = None) -> Iterator[RatingBlock]:
    """Read the ratings block by block, in memory that does not grow with the file.

    Files with commas have a header; with another ``separator`` the columns are user, film, stars and time.

    Raises:
        DataError: the file cannot be opened, is empty, or its header lacks a column.

    """
    with open_bytes(path, on_read=on_read) as handle:
        names: tuple[str, ...] = COLUMNS
        line = 1
        if separator == ",":
            header = handle.readline().removeprefix(_BYTE_ORDER_MARK).decode(errors="replace")
            found = [name.strip().strip('"') for name in header.split(separator)]
            names, line = tuple(check_header(path, found, COLUMNS)), 2
        elif not handle.peek(1):
            check_header(path, [], COLUMNS)
        parser = _Parser(path.name, TextDialect(separator, names, header=separator == ","))
        while block := handle.read(BLOCK_BYTES):
            # A row is never cut in two.
            whole = block if block.endswith(b"\n") else block + handle.readline()
            yield parser.parse(whole, line)
            line += whole.count(b"\n")


class _Parser:
    """Parses blocks of one file."""

    def __init__(self, file: str, dialect: TextDialect) -> None:
        self._file = file
        self._dialect = dialect

    def parse(self, block: bytes, first_line: int) -> RatingBlock:
        """Return the ratings of ``block``, whose first row stands on ``first_line``."""
        return RatingBlock.join(list(self._parse_pieces(block, first_line)))

    def _parse_pieces(self, block: bytes, first_line: int) -> Iterator[RatingBlock]:
        columns = self._parse_whole(block)
        if columns is not None:
            yield self._check(columns, np.arange(first_line, first_line + len(columns[0]), dtype=np.int64))
            return
        middle = block.find(b"\n", len(block) // 2) + 1
        if len(block) <= PIECE_BYTES or middle in {0, len(block)}:
            yield self._parse_lines(block, first_line)
            return
        yield from self._parse_pieces(block[:middle], first_line)
        yield from self._parse_pieces(block[middle:], first_line + block.count(b"\n", 0, middle))

    def _parse_whole(self, block: bytes) -> list[Numbers] | None:
        """Return the four columns, or nothing if not every line is a row of numbers."""
        if b"0x" in block or b"0X" in block:
            # Arrow would accept hexadecimal numbers, which no data set has.
            return None
        try:
            table = parse_table(pa.BufferReader(block), self._dialect, _TYPES, quotes=False)
        except pa.ArrowInvalid:
            return None
        if table.num_rows != block.count(b"\n") + (not block.endswith(b"\n")):
            return None
        columns = [table.column(name) for name in COLUMNS]
        return None if any(column.null_count for column in columns) else [column.to_numpy() for column in columns]

    def _check(self, columns: Sequence[Numbers], lines: Int64s) -> RatingBlock:
        """Return the rows as a block without those whose numbers are out of range."""
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
        block = RatingBlock(self._file, users, movies, values.astype(np.float32), times, lines)
        return block if good.all() else block.keep(good, skips=tuple(skips))

    def _parse_lines(self, block: bytes, first_line: int) -> RatingBlock:
        rows: list[tuple[int, int, float, int]] = []
        lines: list[int] = []
        skips: list[Skip] = []
        for line, text in enumerate(block.decode(errors="replace").split("\n"), start=first_line):
            row = self._parse_line(text.removesuffix("\r"))
            if isinstance(row, Reason):
                skips.append(self._skip(line, row, text))
            elif row is not None:
                rows.append(row)
                lines.append(line)
        columns: list[Numbers] = [
            np.array([row[place] for row in rows], dtype=np.float64 if name == VALUE else np.int64)
            for place, name in enumerate(COLUMNS)
        ]
        checked = self._check(columns, np.array(lines, dtype=np.int64))
        return checked.keep(np.ones(len(checked), dtype=np.bool_), skips=tuple(skips))

    def _parse_line(self, text: str) -> tuple[int, int, float, int] | Reason | None:
        """Return the row as numbers, the reason why it is none, or nothing for a blank line."""
        if not text.strip():
            return None
        cells = self._dialect.split(text)
        if cells is None:
            return Reason.TORN
        bad = find_bad_cell(cells)
        if bad is not None:
            return _REASONS[bad]
        return int(cells[USER]), int(cells[ITEM]), float(cells[VALUE]), int(cells[TIME])

    def _skip(self, line: int, reason: Reason, detail: str) -> Skip:
        return Skip(Kind.RATINGS, self._file, line, reason, shorten(detail))
