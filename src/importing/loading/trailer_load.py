"""Trailers into the catalogue."""

from django.db.backends.utils import CursorWrapper

from importing.datasets.dataset import Dataset, Kind, Reason, Skip, Trailer
from importing.import_report import ImportReport
from importing.loading.movie_load import MovieKeys
from postgres.copy import Cell, copy_in_rows

_STAGE = "CREATE TEMPORARY TABLE import_trailer (movie_id integer, youtube_id text) ON COMMIT DROP"
_INSERT = """
INSERT INTO movies_trailer (movie_id, youtube_id)
SELECT stage.movie_id, stage.youtube_id FROM import_trailer stage
WHERE NOT EXISTS (
    SELECT FROM movies_trailer known WHERE known.movie_id = stage.movie_id AND known.youtube_id = stage.youtube_id
)
"""


def trailers_load(cursor: CursorWrapper, *, dataset: Dataset, movies: MovieKeys, log: ImportReport) -> None:
    """Add the trailers that the films do not have yet."""
    tally = log.tallies[Kind.TRAILERS]
    pks = dict(zip(movies.keys.tolist(), movies.pks.tolist(), strict=True))
    rows: dict[tuple[Cell, ...], Trailer] = {}
    for row in dataset.trailers():
        if isinstance(row, Skip):
            log.skip([row])
            continue
        tally.read += 1
        pair = (pks.get(row.movie), row.youtube_id)
        if pair[0] is None:
            log.drop([Skip(Kind.TRAILERS, row.file, row.line, Reason.UNKNOWN_MOVIE, f"film {row.movie}")])
        elif pair in rows:
            log.drop([Skip(Kind.TRAILERS, row.file, row.line, Reason.DUPLICATE_TRAILER, row.youtube_id)])
        else:
            rows[pair] = row
    log.check(Kind.TRAILERS)
    cursor.execute(_STAGE)
    copy_in_rows(cursor, "import_trailer", ("movie_id", "youtube_id"), rows)
    cursor.execute(_INSERT)
    tally.imported = cursor.rowcount
    tally.unchanged = len(rows) - tally.imported
