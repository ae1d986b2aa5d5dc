"""The three forms of MovieLens: CSV with links (20M and later, latest), ``::`` files (1M, 10M), and 100K."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import ClassVar

from importing.datasets.dataset import Dataset, Kind, MovieRecord, RatingBlock, Reason, Skip, good_rows
from importing.datasets.rating_files import read_rating_blocks
from importing.datasets.text_cleaning import clean_original_title, clean_text, title_fault
from movies.genres import translate_genres
from recommender.data import movielens_files
from recommender.data.field_values import parse_id, parse_title
from recommender.data.tables import BadRow, shorten

RATINGS_CSV, RATINGS_DAT, U_DATA = "ratings.csv", "ratings.dat", "u.data"
# TMDB and IMDb id by MovieLens id.
_Links = dict[int, tuple[int | None, str | None]]


@dataclass
class _MovieLens(Dataset):
    """Base class of the forms: the names of their files, and the ``separator`` between the columns of ratings."""

    movies_name: ClassVar[str]
    ratings_name: ClassVar[str]
    separator: ClassVar[str]
    with_ratings: bool = True

    def files(self) -> list[Path]:
        """Return the files that will be read."""
        return [self.folder / name for name in (self.movies_name, *([self.ratings_name] if self.with_ratings else []))]

    def ratings(self) -> Iterator[RatingBlock]:
        """Read the ratings."""
        if self.with_ratings:
            path = self.folder / self.ratings_name
            yield from read_rating_blocks(path, separator=self.separator, on_read=self.on_read)


@dataclass
class MovieLensCsv(_MovieLens):
    """20M, 25M, 32M, latest and latest-small."""

    movies_name, ratings_name, separator = movielens_files.MOVIES_CSV, RATINGS_CSV, ","

    def files(self) -> list[Path]:
        """Return the files that will be read."""
        links = self.folder / movielens_files.LINKS_CSV
        return [*super().files(), *([links] if links.exists() else [])]

    def movies(self) -> Iterator[MovieRecord | Skip]:
        """Read the films with their TMDB and IMDb ids."""
        links: _Links = {}
        faults: list[Skip] = []
        path = self.folder / movielens_files.LINKS_CSV
        if path.exists():
            rows = movielens_files.read_links(path, on_read=self.on_read)
            for link in good_rows(rows, Kind.LINKS, path.name, faults):
                links[link.movielens_id] = link.tmdb_id, link.imdb_id
        for row in movielens_files.read_movies_csv(self.folder / self.movies_name, on_read=self.on_read):
            yield _parse_movie(row, self.movies_name, links)
        yield from faults


@dataclass
class MovieLensDat(_MovieLens):
    """1M and 10M, whose files differ only in their encoding."""

    movies_name, ratings_name, separator = movielens_files.MOVIES_DAT, RATINGS_DAT, "::"
    encoding: str = "utf-8"

    def movies(self) -> Iterator[MovieRecord | Skip]:
        """Read the films."""
        path = self.folder / self.movies_name
        for row in movielens_files.read_movies_dat(path, encoding=self.encoding, on_read=self.on_read):
            yield _parse_movie(row, self.movies_name, {})


@dataclass
class MovieLens100K(_MovieLens):
    """100K, whose item ids are its own and not MovieLens ids."""

    movies_name, ratings_name, separator = movielens_files.U_ITEM, U_DATA, "\t"

    def movies(self) -> Iterator[MovieRecord | Skip]:
        """Read the films, with the day of their release."""
        for row in movielens_files.read_u_item(self.folder / self.movies_name, on_read=self.on_read):
            movie = _parse_movie(row, self.movies_name, None)
            if isinstance(row, BadRow) or isinstance(movie, Skip):
                yield movie
            else:
                yield _add_day(movie, row.released)


def _parse_movie(row: movielens_files.MovieRow | BadRow, file: str, links: _Links | None) -> MovieRecord | Skip:
    """Return a film; without ``links``, even empty ones, its id is not a MovieLens id."""
    if isinstance(row, BadRow):
        return Skip.from_bad_row(Kind.MOVIES, file, row)
    key = parse_id(row.movie_id)
    if key is None or (key == 0 and links is not None):
        return Skip(Kind.MOVIES, file, row.line, Reason.BAD_ID, shorten(row.movie_id))
    parsed = parse_title(clean_text(row.title))
    fault = title_fault(parsed.title)
    if fault:
        return Skip(Kind.MOVIES, file, row.line, fault, f"movieId {key}")
    tmdb_id, imdb_id = (links or {}).get(key, (None, None))
    return MovieRecord(
        file=file,
        line=row.line,
        key=key,
        title=parsed.title,
        tmdb_id=tmdb_id,
        imdb_id=imdb_id,
        movielens_id=None if links is None else key,
        original_title=clean_original_title(parsed.original_title),
        year=parsed.year,
        genres=translate_genres(row.genres),
    )


def _add_day(movie: MovieRecord, text: str) -> MovieRecord:
    """Add the day of release, written as 29-Mar-1996; 1 January means that only the year is known."""
    try:
        day: date = datetime.strptime(text, "%d-%b-%Y").replace(tzinfo=UTC).date()
    except ValueError:
        return movie
    is_exact = (day.month, day.day) != (1, 1) and movie.year in {None, day.year}
    return replace(movie, year=movie.year or day.year, released_at=day if is_exact else None)
