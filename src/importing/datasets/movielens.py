"""MovieLens in its three forms: CSV with links (20M and later, latest), ``::`` files (1M, 10M) and 100K."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path

from importing.datasets.dataset import Dataset, Kind, MovieRecord, RatingBlock, Reason, Skip
from importing.datasets.links import read_links
from importing.datasets.rating_files import RatingFile, read_rating_blocks
from importing.datasets.tables import Row, read_csv, read_separated, shorten
from importing.datasets.text_cleaning import clean_original_title, clean_text, title_fault
from movies.genres import known_genres
from recommender.data.numbers import parse_id
from recommender.data.titles import parse_title

MOVIES_CSV, LINKS_CSV, RATINGS_CSV = "movies.csv", "links.csv", "ratings.csv"
MOVIES_DAT, RATINGS_DAT = "movies.dat", "ratings.dat"
U_ITEM, U_DATA, U_GENRE = "u.item", "u.data", "u.genre"
_ITEM_COLUMNS = ("movieId", "title", "released", "released on video", "address")


@dataclass
class _MovieLens(Dataset):
    """What the forms share: one file of ratings."""

    with_ratings: bool = True

    def ratings(self) -> Iterator[RatingBlock]:
        """Read the ratings."""
        if self.with_ratings:
            yield from read_rating_blocks(self._rating_file(), watch=self.watch)

    def _rating_file(self) -> RatingFile:
        raise NotImplementedError

    def _rating_files(self) -> list[Path]:
        return [self._rating_file().path] if self.with_ratings else []


@dataclass
class MovieLensCsv(_MovieLens):
    """20M, 25M, 32M, latest and latest-small."""

    def files(self) -> list[Path]:
        """Return the files that will be read."""
        names = [MOVIES_CSV, *([LINKS_CSV] if (self.folder / LINKS_CSV).exists() else [])]
        return [*(self.folder / name for name in names), *self._rating_files()]

    def movies(self) -> Iterator[MovieRecord | Skip]:
        """Read the films with their TMDB and IMDb ids."""
        faults: list[Skip] = []
        links = self._links(faults)
        columns = ("movieId", "title", "genres")
        for row in read_csv(self.folder / MOVIES_CSV, kind=Kind.MOVIES, columns=columns, watch=self.watch):
            yield row if isinstance(row, Skip) else _movie(row, MOVIES_CSV, links)
        yield from faults

    def _rating_file(self) -> RatingFile:
        return RatingFile(self.folder / RATINGS_CSV)

    def _links(self, faults: list[Skip]) -> "dict[int, tuple[int | None, str | None]]":
        links: dict[int, tuple[int | None, str | None]] = {}
        path = self.folder / LINKS_CSV
        if not path.exists():
            return links
        for row in read_links(path, watch=self.watch):
            if isinstance(row, Skip):
                faults.append(row)
            else:
                links[row.movielens_id] = row.tmdb_id, row.imdb_id
        return links


@dataclass
class MovieLensDat(_MovieLens):
    """1M and 10M, whose files differ in nothing but their encoding."""

    encoding: str = "utf-8"

    def files(self) -> list[Path]:
        """Return the files that will be read."""
        return [self.folder / MOVIES_DAT, *self._rating_files()]

    def movies(self) -> Iterator[MovieRecord | Skip]:
        """Read the films."""
        rows = read_separated(
            self.folder / MOVIES_DAT,
            kind=Kind.MOVIES,
            columns=("movieId", "title", "genres"),
            separator="::",
            encoding=self.encoding,
            watch=self.watch,
        )
        for row in rows:
            yield row if isinstance(row, Skip) else _movie(row, MOVIES_DAT, {})

    def _rating_file(self) -> RatingFile:
        return RatingFile(self.folder / RATINGS_DAT, separator=b"::", header=False)


@dataclass
class MovieLens100K(_MovieLens):
    """100K, whose item numbers are its own and not MovieLens ids."""

    def files(self) -> list[Path]:
        """Return the files that will be read."""
        return [self.folder / U_ITEM, *self._rating_files()]

    def movies(self) -> Iterator[MovieRecord | Skip]:
        """Read the films, a column of 0 or 1 for each genre that ``u.genre`` lists."""
        genres = self._genres()
        rows = read_separated(
            self.folder / U_ITEM,
            kind=Kind.MOVIES,
            columns=(*_ITEM_COLUMNS, *genres),
            separator="|",
            encoding="latin-1",
            watch=self.watch,
        )
        for row in rows:
            if isinstance(row, Skip):
                yield row
                continue
            line, values = row
            listed = "|".join(genre for genre in genres if values[genre].strip() == "1")
            movie = _movie((line, {**values, "genres": listed}), U_ITEM, None)
            yield movie if isinstance(movie, Skip) else _with_day(movie, values["released"])

    def _rating_file(self) -> RatingFile:
        return RatingFile(self.folder / U_DATA, separator=b"\t", header=False)

    def _genres(self) -> list[str]:
        rows = read_separated(
            self.folder / U_GENRE,
            kind=Kind.MOVIES,
            columns=("genre", "number"),
            separator="|",
            encoding="latin-1",
            watch=self.watch,
        )
        return [row[1]["genre"] for row in rows if not isinstance(row, Skip)]


def _movie(row: Row, file: str, links: "dict[int, tuple[int | None, str | None]] | None") -> MovieRecord | Skip:
    """Read a film; without ``links``, not even empty ones, its number is not a MovieLens id."""
    line, values = row
    key = parse_id(values["movieId"])
    if key is None or (key == 0 and links is not None):
        return Skip(Kind.MOVIES, file, line, Reason.BAD_ID, shorten(values["movieId"]))
    told = parse_title(clean_text(values["title"]))
    fault = title_fault(told.title)
    if fault:
        return Skip(Kind.MOVIES, file, line, fault, f"movieId {key}")
    tmdb_id, imdb_id = (links or {}).get(key, (None, None))
    return MovieRecord(
        file=file,
        line=line,
        key=key,
        title=told.title,
        tmdb_id=tmdb_id,
        imdb_id=imdb_id,
        movielens_id=None if links is None else key,
        original_title=clean_original_title(told.original_title),
        year=told.year,
        genres=known_genres(values["genres"].split("|")),
    )


def _with_day(movie: MovieRecord, text: str) -> MovieRecord:
    """Add the day of release, written as 29-Mar-1996; 1 January stands there for an unknown day."""
    try:
        day: date = datetime.strptime(text, "%d-%b-%Y").replace(tzinfo=UTC).date()
    except ValueError:
        return movie
    if (day.month, day.day) == (1, 1) or movie.year not in {None, day.year}:
        return movie.filled_from(MovieRecord(movie.file, movie.line, movie.key, movie.title, year=day.year))
    return movie.filled_from(
        MovieRecord(movie.file, movie.line, movie.key, movie.title, released_at=day, year=day.year)
    )
