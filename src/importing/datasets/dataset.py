"""What every reader gives: films, blocks of ratings, trailers, and the rows that it had to leave out."""

from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass, field, fields, replace
from datetime import date
from enum import StrEnum
from pathlib import Path

import numpy as np
import numpy.typing as npt

from importing.errors import DatasetError
from recommender.data.tables import BadRow, OnRead, Problem

Int64s = npt.NDArray[np.int64]
Float32s = npt.NDArray[np.float32]
# So few bad rows do not condemn a file, unless it has no good one.
_TOLERATED_ROWS = 20


class Kind(StrEnum):
    """What a row is about."""

    MOVIES = "films"
    RATINGS = "ratings"
    TRAILERS = "trailers"
    LINKS = "links"
    KEYWORDS = "keywords"
    CREDITS = "credits"


class Reason(StrEnum):
    """Why a row was left out, or taken only in part."""

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


# These rows are sound in themselves; too many of the others mean that the file is not what its name says.
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
    """A row that was left out. ``line`` counts physical lines from 1; ``detail`` quotes what was found."""

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
    """A film as one row of a data set tells it; ``None`` and empty mean that the row does not say.

    ``key`` is the number by which the same data set's ratings and trailers name the film.
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

    def filled_from(self, other: "MovieRecord") -> "MovieRecord":
        """Return this film with what it leaves blank taken from ``other``."""
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
    """Some thousand consecutive ratings, one array per column, all of one length.

    ``users`` and ``movies`` are the data set's own numbers, ``values`` are half-stars, ``times`` are seconds since 1970
    and ``lines`` the physical lines that the ratings stand on.
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
        return RatingBlock(
            self.file,
            self.users[chosen],
            self.movies[chosen],
            self.values[chosen],
            self.times[chosen],
            self.lines[chosen],
            self.skips + skips,
        )


def check_bad_rows(*, read: int, bad: int, first: Skip) -> None:
    """Raise a ``DatasetError`` if so many of the rows read are bad that the file cannot be what its name says."""
    if bad < read and (bad <= _TOLERATED_ROWS or bad * 2 <= read):
        return
    message = (
        f"{first.file}: {bad:,} of {read:,} rows cannot be used, so this is probably the wrong file. "
        f"The first is line {first.line}: {first.reason} ({first.detail}). Nothing was imported."
    )
    raise DatasetError(message)


@dataclass
class Dataset(ABC):
    """A folder in a known format. Films are read first, then ratings and trailers; nothing but links is kept in memory.

    ``name`` tells data sets of one format apart, and with it the crowds that they bring. ``on_read`` is
    called with the number of bytes after each read.
    """

    folder: Path
    name: str
    format: str
    # A set that knows more than the others replaces what they said; the rest only fill in what is blank.
    overwrites: bool = field(default=False, kw_only=True)
    # Films of a set whose numbers mean nothing outside it are remembered under this name.
    external_source: str = field(default="", kw_only=True)
    on_read: OnRead | None = field(default=None, kw_only=True)

    @abstractmethod
    def files(self) -> list[Path]:
        """Return the files that will be read."""

    @abstractmethod
    def movies(self) -> Iterator[MovieRecord | Skip]:
        """Read the films. Raises ``DatasetError`` where a file as a whole is unusable."""

    def ratings(self) -> Iterator[RatingBlock]:
        """Read the ratings, in the order of the file."""
        yield from ()

    def trailers(self) -> Iterator[Trailer | Skip]:
        """Read the trailers."""
        yield from ()
