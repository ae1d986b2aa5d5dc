"""Catalogues from the files of data sets: MovieLens of any age, Kaggle's The Movies Dataset."""

from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

from recommender.data import kaggle_files as kaggle
from recommender.data import movielens_files as movielens
from recommender.data.catalogue import Catalogue
from recommender.data.field_values import parse_id
from recommender.data.python_literals import parse_entries
from recommender.data.tables import BadRow, Problem, shorten
from recommender.errors import DataError

Words = tuple[str, ...]
_COLUMNS = ("movieId", "genres")


def read_catalogue(path: Path) -> Catalogue:
    """Read a MovieLens file (`movies.csv`, `movies.dat`, `u.item`), or the folder of a data set, as a catalogue.

    A folder holds one of these, or Kaggle's `movies_metadata.csv` with `links.csv` and, optionally, `keywords.csv` and
    `credits.csv`. Items have the ids that ratings of the same data set use. DataError that names the file, and the
    line if there is one, for what cannot be read.
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


def _read_movielens(path: Path, rows: Iterable[movielens.MovieRow | BadRow]) -> Catalogue:
    genres: dict[int, Words] = {}
    for row in rows:
        if isinstance(row, BadRow):
            raise row.error(path)
        movie_id = parse_id(row.movie_id)
        if movie_id is None:
            raise BadRow(row.line, Problem.BAD_ID, shorten(row.movie_id)).error(path)
        if movie_id in genres:
            raise DataError(f"{path}: line {row.line} cannot be read: id {movie_id} occurs a second time.")
        genres[movie_id] = row.genres
    return Catalogue.of(list(genres), genres=list(genres.values()))


def _read_kaggle(path: Path) -> Catalogue:
    folder = path.parent
    genres = _read_words(path, "genres", _parse_names)
    keywords = _read_words(folder / kaggle.KEYWORDS_CSV, "keywords", _parse_names)
    cast = _read_words(folder / kaggle.CREDITS_CSV, "cast", lambda text: kaggle.parse_cast(text)[: kaggle.CAST_SIZE])
    directors = _read_words(folder / kaggle.CREDITS_CSV, "crew", kaggle.parse_directors)
    links = _read_links(folder / movielens.LINKS_CSV)
    linked = {item: tmdb_id for item, tmdb_id in links.items() if tmdb_id in genres}
    return Catalogue.of(
        list(linked),
        genres=[genres[tmdb_id] for tmdb_id in linked.values()],
        keywords=[keywords.get(tmdb_id, ()) for tmdb_id in linked.values()],
        cast=[cast.get(tmdb_id, ()) for tmdb_id in linked.values()],
        directors=[directors.get(tmdb_id, ()) for tmdb_id in linked.values()],
    )


_READERS: Mapping[str, Callable[[Path], Catalogue]] = {
    movielens.MOVIES_CSV: lambda path: _read_movielens(path, movielens.read_movies_csv(path, columns=_COLUMNS)),
    movielens.MOVIES_DAT: lambda path: _read_movielens(path, movielens.read_movies_dat(path)),
    movielens.U_ITEM: lambda path: _read_movielens(path, movielens.read_u_item(path)),
    kaggle.METADATA_CSV: _read_kaggle,
}


def _read_links(path: Path) -> dict[int, int]:
    """Return the TMDB id of each MovieLens id that has one."""
    if not path.is_file():
        raise DataError(f"{path}: is missing: ratings name films by MovieLens ids, which it links to the metadata.")
    tmdb_ids: dict[int, int] = {}
    for link in movielens.read_links(path, columns=("movieId", "tmdbId")):
        if isinstance(link, BadRow):
            raise link.error(path)
        if link.tmdb_id is not None:
            tmdb_ids[link.movielens_id] = link.tmdb_id
    return tmdb_ids


def _read_words(path: Path, column: str, parse: Callable[[str], Words]) -> dict[int, Words]:
    """Return the words in a column by TMDB id: the first row of each film counts, torn rows are left out."""
    words: dict[int, Words] = {}
    if not path.is_file():
        return words
    for row in kaggle.read_by_tmdb_id(path, columns=(column,), parse=lambda cells: parse(cells[column])):
        if not isinstance(row, BadRow):
            words.setdefault(*row)
        elif row.problem is Problem.BAD_LIST:
            raise row.error(path)
    return words


def _parse_names(text: str) -> Words:
    entries = parse_entries(text)
    names = kaggle.entry_names(entries)
    if len(names) < len(entries):
        raise ValueError("an entry has no name")
    return names
