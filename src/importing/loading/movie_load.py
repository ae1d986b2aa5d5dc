"""Loading films and trailers: match films in memory, stage them by COPY, merge them by two statements."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

import numpy as np
from django.db.backends.utils import CursorWrapper

from importing.datasets.dataset import Dataset, Int64s, Kind, MovieRecord, Reason, Skip, Trailer
from importing.import_report import ImportReport
from importing.loading.movie_matching import Entry, Matching, MovieMatcher, title_keys
from postgres.copy import Cell, copy_in_rows
from postgres.tables import numbers_reserve

_COLUMNS = (
    "movie_id",
    "is_new",
    "tmdb_id",
    "imdb_id",
    "movielens_id",
    "title",
    "original_title",
    "released_at",
    "year",
    "runtime",
    "overview",
    "poster_path",
    "genres",
    "keywords",
    "cast",
    "directors",
)
# A null is a value that the data set does not give.
_STAGE = """
CREATE TEMPORARY TABLE import_film (
    movie_id integer NOT NULL, is_new boolean NOT NULL, tmdb_id integer, imdb_id text, movielens_id integer,
    title text, original_title text, released_at date, year smallint, runtime smallint, overview text, poster_path text,
    genres text[], keywords text[], "cast" text[], directors text[]
) ON COMMIT DROP
"""
_INSERT = """
INSERT INTO movies_movie (
    id, tmdb_id, imdb_id, movielens_id, title, original_title, released_at, year, runtime, overview, poster_path,
    genres, keywords, "cast", directors, ratings_count, ratings_sum, created_at, updated_at
)
SELECT movie_id, tmdb_id, imdb_id, movielens_id, title, coalesce(original_title, ''), released_at, year, runtime,
    coalesce(overview, ''), coalesce(poster_path, ''), coalesce(genres, '{}'), coalesce(keywords, '{}'),
    coalesce("cast", '{}'), coalesce(directors, '{}'), 0, 0, now(), now()
FROM import_film WHERE is_new
ORDER BY movie_id
"""
# Both queries give the new row of each known film. A date that contradicts the known year does not fill a gap.
_OVERWRITTEN = """
SELECT film.id, stage.tmdb_id, stage.imdb_id, stage.movielens_id, stage.title AS title,
    coalesce(stage.original_title, film.original_title) AS original_title,
    coalesce(stage.released_at, film.released_at) AS released_at,
    CASE WHEN stage.released_at IS NULL AND film.released_at IS NOT NULL THEN film.year
        ELSE coalesce(stage.year, film.year) END AS year,
    coalesce(stage.runtime, film.runtime) AS runtime,
    coalesce(stage.overview, film.overview) AS overview,
    coalesce(stage.poster_path, film.poster_path) AS poster_path,
    coalesce(stage.genres, film.genres::text[]) AS genres,
    coalesce(stage.keywords, film.keywords::text[]) AS keywords,
    coalesce(stage."cast", film."cast"::text[]) AS "cast",
    coalesce(stage.directors, film.directors::text[]) AS directors
FROM import_film stage JOIN movies_movie film ON film.id = stage.movie_id
WHERE NOT stage.is_new
"""
_FILLED = """
SELECT film.id, stage.tmdb_id, stage.imdb_id, stage.movielens_id, film.title::text AS title,
    coalesce(nullif(film.original_title, ''), stage.original_title, '') AS original_title,
    CASE WHEN film.released_at IS NULL AND coalesce(film.year, extract(year FROM stage.released_at))
        = extract(year FROM stage.released_at) THEN stage.released_at ELSE film.released_at END AS released_at,
    coalesce(film.year, stage.year) AS year,
    coalesce(film.runtime, stage.runtime) AS runtime,
    coalesce(nullif(film.overview, ''), stage.overview, '') AS overview,
    coalesce(nullif(film.poster_path, ''), stage.poster_path, '') AS poster_path,
    coalesce(nullif(film.genres::text[], '{}'), stage.genres, '{}') AS genres,
    coalesce(nullif(film.keywords::text[], '{}'), stage.keywords, '{}') AS keywords,
    coalesce(nullif(film."cast"::text[], '{}'), stage."cast", '{}') AS "cast",
    coalesce(nullif(film.directors::text[], '{}'), stage.directors, '{}') AS directors
FROM import_film stage JOIN movies_movie film ON film.id = stage.movie_id
WHERE NOT stage.is_new
"""
_CHANGES = """
CREATE TEMPORARY TABLE import_film_change ON COMMIT DROP AS
SELECT merged.* FROM ({merged}) merged JOIN movies_movie film USING (id)
WHERE (film.tmdb_id, film.imdb_id, film.movielens_id, film.title, film.original_title, film.released_at, film.year,
    film.runtime, film.overview, film.poster_path, film.genres::text[], film.keywords::text[], film."cast"::text[],
    film.directors::text[])
IS DISTINCT FROM (merged.tmdb_id, merged.imdb_id, merged.movielens_id, merged.title, merged.original_title,
    merged.released_at, merged.year, merged.runtime, merged.overview, merged.poster_path, merged.genres,
    merged.keywords, merged."cast", merged.directors)
"""
_UPDATE = """
UPDATE movies_movie film
SET tmdb_id = change.tmdb_id, imdb_id = change.imdb_id, movielens_id = change.movielens_id, title = change.title,
    original_title = change.original_title, released_at = change.released_at, year = change.year,
    runtime = change.runtime, overview = change.overview, poster_path = change.poster_path, genres = change.genres,
    keywords = change.keywords, "cast" = change."cast", directors = change.directors, updated_at = now()
FROM import_film_change change WHERE film.id = change.id
"""
_EXTERNAL = "CREATE TEMPORARY TABLE import_external (external_id integer, movie_id integer) ON COMMIT DROP"
_EXTERNAL_INSERT = """
INSERT INTO movies_externalmovie (source, external_id, movie_id)
SELECT %s, external_id, movie_id FROM import_external
"""
_TRAILER_STAGE = "CREATE TEMPORARY TABLE import_trailer (movie_id integer, youtube_id text) ON COMMIT DROP"
_TRAILER_INSERT = """
INSERT INTO movies_trailer (movie_id, youtube_id)
SELECT stage.movie_id, stage.youtube_id FROM import_trailer stage
WHERE NOT EXISTS (
    SELECT FROM movies_trailer known WHERE known.movie_id = stage.movie_id AND known.youtube_id = stage.youtube_id
)
"""


@dataclass(frozen=True)
class MovieKeys:
    """A data set's films: their ``keys`` in it, ascending, and their primary keys ``pks``, both of shape (n_films,)."""

    keys: Int64s
    pks: Int64s
    # Films that lose their IMDb id before another film takes it.
    released: list[int] = field(default_factory=list)

    @property
    def injective(self) -> bool:
        """Whether different keys always mean different films."""
        return len(np.unique(self.pks)) == len(self.pks)

    def find_pks(self, keys: Int64s) -> Int64s:
        """Return the primary key of each film, -1 for a key without a film in the data set."""
        if not len(self.keys):
            return np.full(len(keys), -1, dtype=np.int64)
        indices = np.searchsorted(self.keys, keys).clip(max=len(self.keys) - 1)
        return np.where(self.keys[indices] == keys, self.pks[indices], -1)


def movies_stage(cursor: CursorWrapper, *, dataset: Dataset, report: ImportReport) -> MovieKeys:
    """Read the films, match them and put them and their changes into temporary tables."""
    movies = list(_merge_duplicates(dataset.movies(), report))
    report.check(Kind.MOVIES)
    external = _fetch_external_ids(cursor, dataset)
    matching = MovieMatcher(_fetch_movies(cursor), external).match(
        movies,
        new_pks=lambda count: numbers_reserve(cursor, "movies_movie", count=count),
        overwrites=dataset.overwrites,
    )
    report.note(matching.skips)
    cursor.execute(_STAGE)
    copy_in_rows(cursor, "import_film", _COLUMNS, (_film_row(entry) for entry in matching.entries))
    cursor.execute("ANALYZE import_film")
    cursor.execute(_CHANGES.format(merged=_OVERWRITTEN if dataset.overwrites else _FILLED))
    _external_stage(cursor, dataset, external, matching)
    return _movie_keys(matching)


def movies_insert(cursor: CursorWrapper, *, dataset: Dataset, report: ImportReport) -> None:
    """Insert the films that are new to the catalogue."""
    cursor.execute(_INSERT)
    tally = report.tallies[Kind.MOVIES]
    tally.imported = cursor.rowcount
    cursor.execute("SELECT count(*) FROM import_film")
    tally.unchanged = cursor.fetchone()[0] - tally.imported
    cursor.execute(_EXTERNAL_INSERT, [dataset.external_source])


def movies_update(cursor: CursorWrapper, *, keys: MovieKeys, report: ImportReport) -> None:
    """Update the films that the data set changes; lock no others."""
    if keys.released:
        cursor.execute("UPDATE movies_movie SET imdb_id = NULL WHERE id = ANY(%s)", [keys.released])
    cursor.execute(_UPDATE)
    tally = report.tallies[Kind.MOVIES]
    tally.updated = cursor.rowcount
    tally.unchanged -= tally.updated


def trailers_load(cursor: CursorWrapper, *, dataset: Dataset, movies: MovieKeys, report: ImportReport) -> None:
    """Insert the trailers that are new to their films."""
    tally = report.tallies[Kind.TRAILERS]
    pks = dict(zip(movies.keys.tolist(), movies.pks.tolist(), strict=True))
    rows: dict[tuple[Cell, ...], Trailer] = {}
    for row in dataset.trailers():
        if isinstance(row, Skip):
            report.skip([row])
            continue
        tally.read += 1
        pair = (pks.get(row.movie), row.youtube_id)
        if pair[0] is None:
            report.drop([Skip(Kind.TRAILERS, row.file, row.line, Reason.UNKNOWN_MOVIE, f"film {row.movie}")])
        elif pair in rows:
            report.drop([Skip(Kind.TRAILERS, row.file, row.line, Reason.DUPLICATE_TRAILER, row.youtube_id)])
        else:
            rows[pair] = row
    report.check(Kind.TRAILERS)
    cursor.execute(_TRAILER_STAGE)
    copy_in_rows(cursor, "import_trailer", ("movie_id", "youtube_id"), rows)
    cursor.execute(_TRAILER_INSERT)
    tally.imported = cursor.rowcount
    tally.unchanged = len(rows) - tally.imported


def _merge_duplicates(rows: Iterable[MovieRecord | Skip], report: ImportReport) -> Iterator[MovieRecord]:
    """Yield each film once; a row that repeats a film only fills the first one's gaps."""
    movies: dict[int, MovieRecord] = {}
    for row in rows:
        if isinstance(row, Skip):
            report.skip([row])
            continue
        report.tallies[Kind.MOVIES].read += 1
        first = movies.get(row.key)
        if first is None:
            movies[row.key] = row
            continue
        movies[row.key] = first.fill_from(row)
        detail = f"{row.title}: first on line {first.line}"
        report.drop([Skip(Kind.MOVIES, row.file, row.line, Reason.DUPLICATE_MOVIE, detail)])
    yield from movies.values()


def _fetch_movies(cursor: CursorWrapper) -> Iterator[Entry]:
    cursor.execute("SELECT id, tmdb_id, imdb_id, movielens_id, title, original_title, year FROM movies_movie")
    for pk, tmdb_id, imdb_id, movielens_id, title, original_title, year in cursor.fetchall():
        yield Entry(pk, tmdb_id, imdb_id, movielens_id, title_keys(title, original_title), year)


def _fetch_external_ids(cursor: CursorWrapper, dataset: Dataset) -> dict[int, int]:
    cursor.execute(
        "SELECT external_id, movie_id FROM movies_externalmovie WHERE source = %s AND source <> ''",
        [dataset.external_source],
    )
    return dict(cursor.fetchall())


def _external_stage(cursor: CursorWrapper, dataset: Dataset, external: dict[int, int], matching: Matching) -> None:
    cursor.execute(_EXTERNAL)
    pairs = [(entry.record.key, entry.pk) for entry in matching.entries if entry.record]
    rows: list[tuple[Cell, ...]] = [pair for pair in pairs if dataset.external_source and pair[0] not in external]
    copy_in_rows(cursor, "import_external", ("external_id", "movie_id"), rows)


def _film_row(entry: Entry) -> tuple[Cell, ...]:
    movie = entry.record
    if movie is None:  # pragma: no cover  # The matcher sets it on each entry that it returns.
        raise AssertionError
    return (
        entry.pk,
        entry.is_new,
        entry.tmdb_id,
        entry.imdb_id,
        entry.movielens_id,
        movie.title,
        movie.original_title,
        movie.released_at,
        movie.year,
        movie.runtime,
        movie.overview,
        movie.poster_path,
        movie.genres,
        movie.keywords,
        movie.cast,
        movie.directors,
    )


def _movie_keys(matching: Matching) -> MovieKeys:
    pairs = sorted((entry.record.key, entry.pk) for entry in matching.entries if entry.record)
    table = np.array(pairs, dtype=np.int64).reshape(-1, 2)
    return MovieKeys(table[:, 0].copy(), table[:, 1].copy(), matching.released)
