"""Catalogues from the files that data sets come with: MovieLens of any age, Kaggle's The Movies Dataset."""

import ast
import csv
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from recommender.data.catalogue import Catalogue
from recommender.errors import DataError

CAST_SIZE = 10
_NO_GENRES = "(no genres listed)"
# Columns of MovieLens 100K's u.item: id, title, two dates, address, and then one per line of u.genre.
_ITEM_COLUMNS = 5
# The largest field in Kaggle's files, the cast of one film, is about 150 kB.
_LARGEST_FIELD = 1 << 24

Words = tuple[str, ...]


class _Row(NamedTuple):
    """A record of a file, and the line on which it ends."""

    line: int
    cells: list[str]


def read_catalogue(path: Path) -> Catalogue:
    """The catalogue in a MovieLens file (`movies.csv`, `movies.dat`, `u.item`), or in the folder of a data set.

    A folder holds one of these, or Kaggle's `movies_metadata.csv`, then with `links.csv` and, where they are,
    `keywords.csv` and `credits.csv`. Items are named by the ids in that data set's ratings. DataError that names the
    file, and the line where there is one, for what cannot be read.
    """
    if path.is_dir():
        found = next((path / name for name in _READERS if (path / name).is_file()), None)
        if found is None:
            raise DataError(f"{path}: holds no catalogue: there should be one of {', '.join(_READERS)}.")
        path = found
    if not path.is_file():
        raise DataError(f"{path}: there is no such file.")
    if path.name not in _READERS:
        raise DataError(f"{path}: is no catalogue by its name, which should be one of {', '.join(_READERS)}.")
    return _READERS[path.name](path)


def _csv_genres(path: Path) -> Catalogue:
    rows = _table(path, ("movieId", "genres"))
    return _by_id(path, ((line, movie, _split(genres)) for line, (movie, genres) in rows))


def _dat_genres(path: Path) -> Catalogue:
    def rows() -> Iterator[tuple[int, str, Words]]:
        for line, text in enumerate(_text(path).splitlines(), start=1):
            cells = text.split("::")
            if len(cells) != 3:  # noqa: PLR2004 - id, title, genres.
                raise DataError(f"{path}: line {line} has {len(cells)} fields: it should be id::title::genres.")
            yield line, cells[0], _split(cells[2])

    return _by_id(path, rows())


def _item_genres(path: Path) -> Catalogue:
    genre_file = path.with_name("u.genre")
    if not genre_file.is_file():
        raise DataError(f"{genre_file}: is missing, and names the genres of {path.name}: put it beside that file.")
    names = [line.partition("|")[0] for line in _text(genre_file).splitlines() if line.strip()]

    def rows() -> Iterator[tuple[int, str, Words]]:
        for line, text in enumerate(_text(path).splitlines(), start=1):
            cells = text.split("|")
            if len(cells) != _ITEM_COLUMNS + len(names):
                raise DataError(f"{path}: line {line} has {len(cells)} fields, not {_ITEM_COLUMNS + len(names)}.")
            flags = zip(names, cells[_ITEM_COLUMNS:], strict=True)
            yield line, cells[0], tuple(name for name, flag in flags if flag == "1" and name != "unknown")

    return _by_id(path, rows())


def _kaggle(path: Path) -> Catalogue:
    genres = _told(path, ("id", "genres"), lambda cells: _names(cells[0]))
    keywords = _told(path.with_name("keywords.csv"), ("id", "keywords"), lambda cells: _names(cells[0]))
    cast = _told(path.with_name("credits.csv"), ("id", "cast"), lambda cells: _leading_cast(cells[0]))
    directors = _told(path.with_name("credits.csv"), ("id", "crew"), lambda cells: _directors(cells[0]))
    linked = [(movielens, tmdb) for movielens, tmdb in _links(path.with_name("links.csv")).items() if tmdb in genres]
    return Catalogue.of(
        [movielens for movielens, _ in linked],
        genres=[genres[tmdb] for _, tmdb in linked],
        keywords=[keywords.get(tmdb, ()) for _, tmdb in linked],
        cast=[cast.get(tmdb, ()) for _, tmdb in linked],
        directors=[directors.get(tmdb, ()) for _, tmdb in linked],
    )


_READERS: Mapping[str, Callable[[Path], Catalogue]] = {
    "movies.csv": _csv_genres,
    "movies.dat": _dat_genres,
    "u.item": _item_genres,
    "movies_metadata.csv": _kaggle,
}


def _by_id(path: Path, rows: Iterator[tuple[int, str, Words]]) -> Catalogue:
    genres: dict[int, Words] = {}
    for line, movie, words in rows:
        with _located(path, line):
            if int(movie) in genres:
                raise ValueError(f"id {movie} occurs a second time")
            genres[int(movie)] = words
    return Catalogue.of(list(genres), genres=list(genres.values()))


def _links(path: Path) -> dict[int, int]:
    """TMDB id by MovieLens id, where there is one."""
    if not path.is_file():
        raise DataError(f"{path}: is missing: ratings name films by MovieLens ids, which it links to the metadata.")
    links: dict[int, int] = {}
    for line, (movielens, tmdb) in _table(path, ("movieId", "tmdbId")):
        if tmdb:
            with _located(path, line):
                links[int(movielens)] = int(float(tmdb))
    return links


def _told(path: Path, columns: Words, words_of: Callable[[list[str]], Words]) -> dict[int, Words]:
    """Words by TMDB id, the first telling of each; records torn apart, whose id is no number, are left out."""
    told: dict[int, Words] = {}
    if not path.is_file():
        return told
    for line, (movie, *cells) in _table(path, columns):
        if movie.isdecimal() and int(movie) not in told:
            with _located(path, line):
                told[int(movie)] = words_of(cells)
    return told


def _table(path: Path, columns: Words) -> Iterator[_Row]:
    """These columns of a CSV file, record by record; a cell that a record does not have is blank."""
    csv.field_size_limit(_LARGEST_FIELD)
    with path.open(encoding="utf-8-sig", newline="") as file:
        reader = csv.reader(file)
        try:
            header = next(reader, [])
            missing = [name for name in columns if name not in header]
            if missing:
                raise DataError(f"{path}: column {missing[0]!r} is missing; found {', '.join(header) or 'none'}.")
            places = [header.index(name) for name in columns]
            for cells in reader:
                if cells:
                    yield _Row(reader.line_num, [cells[at].strip() if at < len(cells) else "" for at in places])
        except (csv.Error, UnicodeDecodeError) as error:
            raise DataError(f"{path}: line {reader.line_num} cannot be read as CSV ({error}).") from error


@contextmanager
def _located(path: Path, line: int) -> Iterator[None]:
    """Say where it was that something could not be read."""
    try:
        yield
    except (ValueError, SyntaxError, TypeError, KeyError, OverflowError, MemoryError, RecursionError) as error:
        raise DataError(f"{path}: line {line} cannot be read ({error}).") from error


def _text(path: Path) -> str:
    """The text of a file of MovieLens: UTF-8 if it is that, else Latin-1, which older ones are."""
    content = path.read_bytes()
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return content.decode("latin-1")


def _split(genres: str) -> Words:
    return () if genres.strip() == _NO_GENRES else tuple(genres.split("|"))


def _entries(text: str) -> list[dict[str, object]]:
    entries = ast.literal_eval(text) if text else []
    if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
        raise ValueError("it is no list of entries")
    return entries


def _names(text: str) -> Words:
    return tuple(str(entry["name"]) for entry in _entries(text))


def _leading_cast(text: str) -> Words:
    billed = sorted(_entries(text), key=lambda entry: int(str(entry["order"])))
    return tuple(str(entry["name"]) for entry in billed[:CAST_SIZE])


def _directors(text: str) -> Words:
    return tuple(str(entry["name"]) for entry in _entries(text) if entry.get("job") == "Director")
