"""Writing the lists of similar movies of the live model."""

from collections.abc import Iterator

import numpy as np
from django.db import connection, transaction
from django.db.backends.utils import CursorWrapper

from movies.live import LiveModel, live_model
from movies.models import SimilarMovies
from pipeline.errors import NoLiveModelError
from pipeline.list_columns import list_columns
from pipeline.stage_locks import Stage, stage_lock
from postgres.copy import Columns, copy_in_arrays
from recommender.arrays import Int32Array, Int64Array
from recommender.progress import show_progress

TABLE = "movies_similarmovies"
COLUMNS = ("movie_id", "movie_ids", "scores", "model_version_id")
SIMILAR_KEPT = 24
# Movies whose neighbours are searched at once.
BLOCK_MOVIES = 8192


def similar_movies_refresh() -> int:
    """Replace the lists of all movies by those of the live model; return how many were written.

    Does nothing if the lists already come from the live model. Readers see all old lists, then all new ones. Movies
    that the model does not know, or that have no neighbours, get no list.

    Raises:
        NoLiveModelError: no model is live, or the live one cannot be read.
        StageBusyError: suggestions are being written elsewhere.

    """
    with stage_lock(Stage.SUGGEST):
        live = live_model()
        if live is None:
            raise NoLiveModelError("There is no usable live model: run trainsurprisemodel first.")
        if SimilarMovies.objects.filter(model_version_id=live.version_id).exists():
            return 0
        parts = _rows_find(live)
        with transaction.atomic(), connection.cursor() as cursor:
            existing = _movies_lock(cursor)
            SimilarMovies.objects.all().delete()
            copy_in_arrays(cursor, TABLE, COLUMNS, (_rows_filter(part, existing) for part in parts))
        return SimilarMovies.objects.count()


def _movies_lock(cursor: CursorWrapper) -> Int32Array:
    """Return the ids of all movies: (n,) int32. None can be deleted before the transaction ends; rating is possible."""
    cursor.execute("SELECT id FROM movies_movie ORDER BY id FOR KEY SHARE")
    return np.array([movie_id for (movie_id,) in cursor.fetchall()], dtype=np.int32)


def _rows_filter(part: Columns, existing: Int32Array) -> Columns:
    """Return the rows of movies that still exist."""
    kept = np.isin(part["movie_id"], existing)
    return {name: values[kept] for name, values in part.items()}


def _rows_find(live: LiveModel) -> list[Columns]:
    """Return the lists of all movies that the model knows, in groups of lists of one length."""
    ids = live.model.items.ids
    parts: list[Columns] = []
    with show_progress("finding similar films", total=ids.size, unit="films") as advance:
        for start in range(0, ids.size, BLOCK_MOVIES):
            block = ids[start : start + BLOCK_MOVIES]
            parts += _list_columns(live, block)
            advance(block.size)
    return parts


def _list_columns(live: LiveModel, movie_ids: Int64Array) -> Iterator[Columns]:
    found = live.model.similar_items(movie_ids, SIMILAR_KEPT)
    lengths = np.count_nonzero(found.item_ids >= 0, axis=1)
    nonempty = lengths > 0
    yield from list_columns(
        {"movie_id": movie_ids[nonempty].astype(np.int32)},
        found.item_ids[nonempty].astype(np.int32),
        found.scores[nonempty].astype(np.float32),
        lengths=lengths[nonempty],
        constants={"model_version_id": live.version_id},
    )
