"""What every reader gives: films, blocks of ratings, trailers, and the rows that it had to leave out."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, fields, replace
from datetime import date
from enum import StrEnum
from pathlib import Path

import numpy as np
import numpy.typing as npt

Int64s = npt.NDArray[np.int64]
Float32s = npt.NDArray[np.float32]
Watch = Callable[[int], None]


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

    TORN = "torn row"
    BAD_ID = "id is no whole number"
    BAD_USER = "user is no whole number"
    BAD_MOVIE = "film is no whole number"
    BAD_RATING = "rating is no half-star from 0.5 to 5"
    BAD_TIME = "time is no number of seconds since 1970"
    BAD_LIST = "list cannot be read"
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


@dataclass(frozen=True, slots=True)
class Skip:
    """A row that was left out. ``line`` counts physical lines from 1; ``detail`` quotes what was found."""

    kind: Kind
    file: str
    line: int
    reason: Reason
    detail: str = ""


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


def watch_nothing(count: int) -> None:
    """Take note of ``count`` bytes read, for nobody."""
    del count


@dataclass
class Dataset(ABC):
    """A folder in a known format. Films are read first, then ratings and trailers; nothing but links is kept in memory.

    ``name`` tells data sets of one format apart, and with it the crowds that they bring. ``watch`` is told the number
    of bytes whenever some have been read.
    """

    folder: Path
    name: str
    format: str
    # A set that knows more than the others replaces what they said; the rest only fill in what is blank.
    overwrites: bool = field(default=False, kw_only=True)
    # Films of a set whose numbers mean nothing outside it are remembered under this name.
    external_source: str = field(default="", kw_only=True)
    watch: Watch = field(default=watch_nothing, kw_only=True)

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
