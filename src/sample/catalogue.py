"""Reading the sample catalogue: facts about well-known films, in ``films.csv`` beside this file."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from movies.errors import MoviesError
from movies.genres import TMDB_GENRES
from recommender.data.tables import BadRow, read_csv
from recommender.errors import DataError

MOVIES_PATH = Path(__file__).with_name("films.csv")
# These two say where a film comes from and how it was shown, not what it is about.
GENRES = tuple(genre for genre in TMDB_GENRES if genre not in {"Foreign", "TV Movie"})
COLUMNS = ("title", "original_title", "year", "runtime", "genres", "director", "cast", "keywords", "acclaim", "fame")
_LIST_SEPARATOR = "|"


class CatalogueError(MoviesError):
    """The catalogue cannot be read; the message names the file, the line and the column."""


@dataclass(frozen=True, slots=True)
class SampleMovie:
    """One film of the catalogue.

    Attributes:
        title: English title.
        original_title: title in the film's own language; empty where it is the same.
        year: year of the first release.
        runtime: minutes.
        genres: one to four of ``GENRES``, the most typical first.
        directors: at least one.
        cast: up to three leading actors, or voice actors of an animated film.
        keywords: lower-case themes, settings and motifs.
        acclaim: critical reputation, 1 to 5; the prior of the film's quality for the generated crowd.
        fame: how many people have seen it, 1 to 5; the prior of its popularity.

    """

    title: str
    original_title: str
    year: int
    runtime: int
    genres: tuple[str, ...]
    directors: tuple[str, ...]
    cast: tuple[str, ...]
    keywords: tuple[str, ...]
    acclaim: int
    fame: int


@dataclass(frozen=True, slots=True)
class _Row:
    """The cells of one line. Errors name the file, the line and the column."""

    path: Path
    line: int
    cells: Mapping[str, str]

    def error(self, column: str, problem: str) -> CatalogueError:
        return CatalogueError(f"{self.path}, line {self.line}, column {column}: {problem}")

    def text(self, column: str) -> str:
        value = self.cells[column]
        if not value.strip():
            raise self.error(column, "is empty; give a value")
        return value

    def number(self, column: str, *, lowest: int, highest: int) -> int:
        value = self.cells[column]
        if not (value.isascii() and value.isdecimal() and lowest <= int(value) <= highest):
            raise self.error(column, f"must be a whole number from {lowest} to {highest}, not {value!r}")
        return int(value)

    def items(self, column: str, *, fewest: int, most: int) -> tuple[str, ...]:
        value = self.cells[column]
        items = tuple(value.split(_LIST_SEPARATOR)) if value else ()
        if not fewest <= len(items) <= most:
            raise self.error(column, f"must list {fewest} to {most} items separated by '|', not {len(items)}")
        if any(not item or item != item.strip() for item in items):
            raise self.error(column, f"holds a blank or padded item in {value!r}")
        if len(set(items)) < len(items):
            raise self.error(column, f"names an item twice in {value!r}")
        return items


def read_catalogue(path: Path = MOVIES_PATH) -> list[SampleMovie]:
    """Return the films of the catalogue at ``path`` in the order of the file.

    Raises:
        CatalogueError: the file is missing, is not UTF-8, or a cell does not hold what its column requires.

    """
    movies: list[SampleMovie] = []
    lines: dict[tuple[str, int], int] = {}
    for row in _read_rows(path):
        movie = _parse_movie(row)
        first_line = lines.setdefault((movie.title, movie.year), row.line)
        if first_line != row.line:
            raise row.error("title", f"{movie.title} ({movie.year}) already stands in line {first_line}; remove one")
        movies.append(movie)
    if not movies:
        raise CatalogueError(f"{path} holds no film.")
    return movies


def _read_rows(path: Path) -> Iterator[_Row]:
    try:
        for row in read_csv(path, columns=COLUMNS, encoding="utf-8"):
            if isinstance(row, BadRow):
                raise row.error(path)
            yield _Row(path, row.line, row.cells)
    except DataError as error:
        raise CatalogueError(str(error)) from error


def _parse_movie(row: _Row) -> SampleMovie:
    genres = row.items("genres", fewest=1, most=4)
    unknown = [genre for genre in genres if genre not in GENRES]
    if unknown:
        raise row.error("genres", f"{unknown[0]!r} is none of {', '.join(GENRES)}")
    keywords = row.items("keywords", fewest=4, most=6)
    capitalized = [keyword for keyword in keywords if keyword != keyword.lower()]
    if capitalized:
        raise row.error("keywords", f"{capitalized[0]!r} must be in lower case")
    return SampleMovie(
        title=row.text("title"),
        original_title=row.cells["original_title"],
        year=row.number("year", lowest=1888, highest=2100),
        runtime=row.number("runtime", lowest=1, highest=900),
        genres=genres,
        directors=row.items("director", fewest=1, most=4),
        cast=row.items("cast", fewest=0 if "Documentary" in genres else 3, most=3),
        keywords=keywords,
        acclaim=row.number("acclaim", lowest=1, highest=5),
        fame=row.number("fame", lowest=1, highest=5),
    )
