"""The MovieLens files about movies: `movies.csv`, `movies.dat`, `u.item` and `links.csv`."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from recommender.data.field_values import parse_imdb_id, parse_positive_id
from recommender.data.tables import BadRow, OnRead, Problem, Row, detect_encoding, read_csv, read_separated, shorten
from recommender.errors import DataError

MOVIES_CSV, MOVIES_DAT, U_ITEM, U_GENRE, LINKS_CSV = "movies.csv", "movies.dat", "u.item", "u.genre", "links.csv"
MOVIE_COLUMNS = ("movieId", "title", "genres")
LINK_COLUMNS = ("movieId", "imdbId", "tmdbId")
_ITEM_COLUMNS = ("movieId", "title", "released", "released on video", "address")
_NO_GENRES = "(no genres listed)"


class MovieRow(NamedTuple):
    """A row about a movie: its line, and the text of its columns; only `u.item` has a day of release."""

    line: int
    movie_id: str
    title: str
    genres: tuple[str, ...]
    released: str = ""


class Link(NamedTuple):
    """The MovieLens, IMDb and TMDB ids of one movie; None for an id that is not known."""

    movielens_id: int
    imdb_id: str | None
    tmdb_id: int | None


def read_movies_csv(
    path: Path, *, columns: Sequence[str] = MOVIE_COLUMNS, on_read: OnRead | None = None
) -> Iterator[MovieRow | BadRow]:
    """Read `movies.csv` (20M and later), whose header must name `columns`; DataError if the file is unusable."""
    yield from map(_movie, read_csv(path, columns=columns, on_read=on_read))


def read_movies_dat(
    path: Path, *, encoding: str | None = None, on_read: OnRead | None = None
) -> Iterator[MovieRow | BadRow]:
    """Read `movies.dat` (1M and 10M): id, title and genres between `::`; DataError if the file is unusable.

    Without an `encoding` it is detected.
    """
    encoding = encoding or detect_encoding(path)
    rows = read_separated(path, columns=MOVIE_COLUMNS, separator="::", encoding=encoding, on_read=on_read)
    yield from map(_movie, rows)


def read_u_item(path: Path, *, on_read: OnRead | None = None) -> Iterator[MovieRow | BadRow]:
    """Read `u.item` (100K), which has a column of 0 or 1 for each genre that `u.genre` beside it names.

    DataError if one of the two files is unusable.
    """
    names = _genre_names(path.with_name(U_GENRE), on_read)
    rows = read_separated(
        path, columns=(*_ITEM_COLUMNS, *names), separator="|", encoding=detect_encoding(path), on_read=on_read
    )
    for row in rows:
        if isinstance(row, BadRow):
            yield row
        else:
            genres = tuple(name for name in names if row.cells[name].strip() == "1" and name != "unknown")
            yield MovieRow(row.line, row.cells["movieId"], row.cells["title"], genres, row.cells["released"])


def read_links(
    path: Path, *, columns: Sequence[str] = LINK_COLUMNS, on_read: OnRead | None = None
) -> Iterator[Link | BadRow]:
    """Read those `columns` of `links.csv`: blank ids are unknown, anything else that is no id makes the row bad.

    DataError if the file is unusable.
    """
    with_imdb = "imdbId" in columns
    for row in read_csv(path, columns=columns, on_read=on_read):
        yield row if isinstance(row, BadRow) else _link(row, with_imdb=with_imdb)


def _movie(row: Row | BadRow) -> MovieRow | BadRow:
    if isinstance(row, BadRow):
        return row
    genres = row.cells["genres"].strip()
    return MovieRow(
        row.line,
        row.cells["movieId"],
        row.cells.get("title", ""),
        () if genres == _NO_GENRES else tuple(genres.split("|")),
    )


def _genre_names(path: Path, on_read: OnRead | None) -> list[str]:
    if not path.is_file():
        raise DataError(f"{path}: is missing, and names the genres of {U_ITEM}: put it beside that file.")
    rows = read_separated(path, columns=("genre", "number"), separator="|", encoding="latin-1", on_read=on_read)
    return [row.cells["genre"] for row in rows if isinstance(row, Row)]


def _link(row: Row, *, with_imdb: bool) -> Link | BadRow:
    cells = row.cells
    imdb = cells["imdbId"].strip() if with_imdb else ""
    # Programs that read the blank cells as "not a number" write whole numbers as 862.0.
    tmdb = cells["tmdbId"].strip().removesuffix(".0")
    movielens_id, imdb_id, tmdb_id = parse_positive_id(cells["movieId"]), parse_imdb_id(imdb), parse_positive_id(tmdb)
    if movielens_id is None or (imdb_id is None and imdb) or (tmdb_id is None and tmdb):
        return BadRow(row.line, Problem.BAD_ID, shorten(", ".join(cells.values())))
    return Link(movielens_id, imdb_id, tmdb_id)
