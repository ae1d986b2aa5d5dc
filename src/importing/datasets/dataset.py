"""The records of a data set: films, blocks of ratings, trailers, and skipped rows; and the base class of formats."""

from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, fields, replace
from datetime import date
from enum import StrEnum
from pathlib import Path
from typing import TypeVar

import numpy as np
import numpy.typing as npt

from importing.errors import DatasetError
from recommender.data.tables import BadRow, OnRead, Problem

Int64s = npt.NDArray[np.int64]
Float32s = npt.NDArray[np.float32]
Value = TypeVar("Value")
_BLOCK_COLUMNS = ("users", "movies", "values", "times", "lines")
# A file with at most this many bad rows is accepted, unless it has no good one.
_TOLERATED_ROWS = 20


class Kind(StrEnum):
    """The subject of a row."""

    MOVIES = "films"
    RATINGS = "ratings"
    TRAILERS = "trailers"
    LINKS = "links"
    KEYWORDS = "keywords"
    CREDITS = "credits"


class Reason(StrEnum):
    """Why a row was left out, or imported only in part."""

    TORN = Problem.TORN.value
    BAD_ID = Problem.BAD_ID.value
    BAD_USER = Problem.BAD_USER.value
    BAD_MOVIE = Problem.BAD_MOVIE.value
    BAD_RATING = Problem.BAD_RATING.value
    BAD_TIME = Problem.BAD_TIME.value
    BAD_LIST = Problem.BAD_LIST.value
    BAD_TRAILER = "no YouTube id"
    NO_TITLE = "no title"
    LONG_TITLE = "title longer than 500 characters"
    DUPLICATE_MOVIE = "film repeated"
    DUPLICATE_RATING = "rating repeated, a later one counts"
    DUPLICATE_TRAILER = "trailer repeated"
    UNLINKED = "film has no TMDB id"
    UNKNOWN_MOVIE = "film is not in the data set"
    ID_TAKEN = "number belongs to another film"


# These rows are well formed. Too many of the others mean that this is probably the wrong file.
SOUND_REASONS = frozenset(
    {
        Reason.DUPLICATE_MOVIE,
        Reason.DUPLICATE_RATING,
        Reason.DUPLICATE_TRAILER,
        Reason.UNLINKED,
        Reason.UNKNOWN_MOVIE,
        Reason.ID_TAKEN,
    }
)


class RatingChoice(StrEnum):
    """Which ratings to import, if a data set offers several files."""

    SMALL = "small"
    FULL = "full"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class Skip:
    """A row that was left out. ``line`` counts physical lines from 1; ``detail`` quotes the row."""

    kind: Kind
    file: str
    line: int
    reason: Reason
    detail: str = ""

    @classmethod
    def from_bad_row(cls, kind: Kind, file: str, row: BadRow) -> "Skip":
        """Return the report of a row that a reader could not use."""
        return cls(kind, file, row.line, Reason(row.problem), row.detail)


@dataclass(frozen=True, slots=True)
class MovieRecord:
    """A film as one row of a data set describes it; ``None`` and empty values are unknown.

    ``key`` is the id of the film in the ratings and trailers of the same data set.
    """

    file: str
    line: int
    key: int
    title: str
    tmdb_id: int | None = None
    imdb_id: str | None = None
    movielens_id: int | None = None
    original_title: str = ""
    released_at: date | None = None
    year: int | None = None
    runtime: int | None = None
    overview: str = ""
    poster_path: str = ""
    genres: tuple[str, ...] = ()
    keywords: tuple[str, ...] = ()
    cast: tuple[str, ...] = ()
    directors: tuple[str, ...] = ()

    def fill_from(self, other: "MovieRecord") -> "MovieRecord":
        """Return this film with its blank fields taken from ``other``."""
        gaps = {item.name: getattr(other, item.name) for item in fields(self) if not getattr(self, item.name)}
        return replace(self, **gaps)


@dataclass(frozen=True, slots=True)
class Trailer:
    """A film's trailer on YouTube; ``movie`` is the film's key in the same data set."""

    file: str
    line: int
    movie: int
    youtube_id: str


@dataclass(frozen=True, slots=True)
class RatingBlock:
    """Consecutive ratings of a file, a few thousand: one array (n,) per column.

    ``users`` and ``movies`` are ids of the data set, ``values`` are stars in half steps, ``times`` are seconds since
    1970 and ``lines`` are the physical lines of the ratings.
    """

    file: str
    users: Int64s
    movies: Int64s
    values: Float32s
    times: Int64s
    lines: Int64s
    skips: tuple[Skip, ...] = ()

    def __len__(self) -> int:
        return len(self.lines)

    def keep(self, chosen: npt.NDArray[np.bool_], *, skips: tuple[Skip, ...] = ()) -> "RatingBlock":
        """Return only the ratings where ``chosen`` is true, with ``skips`` added for the others."""
        columns = {name: getattr(self, name)[chosen] for name in _BLOCK_COLUMNS}
        return replace(self, skips=self.skips + skips, **columns)

    @classmethod
    def join(cls, blocks: Sequence["RatingBlock"]) -> "RatingBlock":
        """Return the ratings of one or more blocks of a file as one block."""
        if len(blocks) == 1:
            return blocks[0]
        return replace(
            blocks[0],
            users=np.concatenate([block.users for block in blocks]),
            movies=np.concatenate([block.movies for block in blocks]),
            values=np.concatenate([block.values for block in blocks]),
            times=np.concatenate([block.times for block in blocks]),
            lines=np.concatenate([block.lines for block in blocks]),
            skips=tuple(skip for block in blocks for skip in block.skips),
        )


def check_bad_rows(*, read: int, bad: int, first: Skip) -> None:
    """Raise a ``DatasetError`` if so many of the rows read are bad that this is probably the wrong file."""
    if bad < read and (bad <= _TOLERATED_ROWS or bad * 2 <= read):
        return
    raise DatasetError(
        f"{first.file}: {bad:,} of {read:,} rows cannot be used, so this is probably the wrong file. "
        f"The first is line {first.line}: {first.reason} ({first.detail}). Nothing was imported."
    )


def good_rows(rows: Iterable[Value | BadRow], kind: Kind, file: str, faults: list[Skip]) -> Iterator[Value]:
    """Yield the usable rows of a file and add the others to ``faults``.

    Raises:
        DatasetError: most of the rows are bad.

    """
    read, bad = 0, []
    for row in rows:
        read += 1
        if isinstance(row, BadRow):
            bad.append(Skip.from_bad_row(kind, file, row))
        else:
            yield row
    if bad:
        check_bad_rows(read=read, bad=len(bad), first=bad[0])
    faults += bad


@dataclass
class Dataset(ABC):
    """A folder in a known format. Films are read first, then ratings and trailers; only links are kept in memory.

    ``name`` distinguishes the data sets of one format, and the crowds that they import. ``on_read`` is called with the
    number of bytes after each read.
    """

    folder: Path
    name: str
    format: str
    # Whether films of this set replace the values of other data sets, or only fill blank ones.
    overwrites: bool = field(default=False, kw_only=True)
    # The name under which film ids are stored if they are valid in this data set alone.
    external_source: str = field(default="", kw_only=True)
    on_read: OnRead | None = field(default=None, kw_only=True)

    @abstractmethod
    def files(self) -> list[Path]:
        """Return the files that will be read."""

    @abstractmethod
    def movies(self) -> Iterator[MovieRecord | Skip]:
        """Read the films. Raises ``DataError`` or ``DatasetError`` if a file as a whole is unusable."""

    def ratings(self) -> Iterator[RatingBlock]:
        """Read the ratings, in the order of the file."""
        yield from ()

    def trailers(self) -> Iterator[Trailer | Skip]:
        """Read the trailers."""
        yield from ()
