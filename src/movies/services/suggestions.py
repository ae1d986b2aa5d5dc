"""Suggestions for one user, at once: their parameters are fitted to their ratings while the movies' stay fixed."""

from dataclasses import dataclass
from functools import cache

import numpy as np
from django.db import connection, transaction
from threadpoolctl import ThreadpoolController

from accounts.models import User
from movies.live import live_model
from movies.models import Movie, Rating, SuggestionList
from recommender.arrays import Float64Array, Int32Array, Int64Array
from recommender.contract import AnyModel
from recommender.kernels.topk_plain import topk_plain

SUGGESTIONS_KEPT = 250

# The server's clock stamps every list, so that lists of different hosts can be compared.
_UPSERT = """
INSERT INTO movies_suggestionlist (user_id, movie_ids, scores, model_version_id, created_at)
VALUES (%s, %s, %s, %s, %s)
ON CONFLICT (user_id) DO UPDATE SET movie_ids = excluded.movie_ids, scores = excluded.scores,
  model_version_id = excluded.model_version_id, created_at = excluded.created_at
"""


def suggestion_list_refresh(*, user_id: int) -> None:
    """Rewrite a user's suggestions from their ratings as they are now: milliseconds.

    Without a live model the list stays as it is; without ratings, or without the user, there is none.
    """
    live = live_model()
    with transaction.atomic(), connection.cursor() as cursor:
        # The user's row is locked, so that of two refreshes the later one sees and writes the later ratings.
        user = User.objects.select_for_update(no_key=True).only("pk").filter(pk=user_id).first()
        cursor.execute("SELECT clock_timestamp()")
        read_at = cursor.fetchone()[0]
        rated = _ratings_of(user_id)
        if user is None or not rated.movie_ids.size:
            SuggestionList.objects.filter(user_id=user_id).delete()
            return
        if live is None:
            return
        # For one user more threads cost more than they bring, and on a busy machine many times more.
        with _blas().limit(limits=1, user_api="blas"):
            movie_ids, scores = _suggested(live.model, rated)
        cursor.execute(_UPSERT, [user_id, movie_ids, scores, live.version_id, read_at])


@cache
def _blas() -> ThreadpoolController:
    """Return the switch of NumPy's threads; to look for the libraries behind it takes longer than to fit a user."""
    return ThreadpoolController()


@dataclass(frozen=True)
class _Rated:
    """Someone's ratings. ``movie_ids``: (n,) int64; ``values``: (n,) stars; ``times``: (n,) int64 Unix seconds."""

    movie_ids: Int64Array
    values: Float64Array
    times: Int64Array


def _ratings_of(user_id: int) -> _Rated:
    rows = list(Rating.objects.filter(user_id=user_id).values_list("movie_id", "value", "created_at"))
    return _Rated(
        movie_ids=np.array([movie_id for movie_id, _, _ in rows], dtype=np.int64),
        values=np.array([value for _, value, _ in rows], dtype=np.float64),
        times=np.array([int(created_at.timestamp()) for _, _, created_at in rows], dtype=np.int64),
    )


def _suggested(model: AnyModel, rated: _Rated) -> tuple[list[int], list[float]]:
    """Return the best unrated movies, best first, and the stars expected for each."""
    user = model.fold_in(rated.movie_ids, rated.values, rated.times)
    scores = model.score_items(user)
    stars = model.clip(scores) if model.ranks_by_stars else model.rate_items(user)
    allowed = np.ones((1, scores.size), dtype=np.bool_)
    positions = model.items.positions(rated.movie_ids)
    allowed[0, positions[positions >= 0]] = False
    while True:
        best, _ = topk_plain(scores[None, :], allowed, SUGGESTIONS_KEPT)
        items = best[0, best[0] >= 0]
        movie_ids = model.items.ids_at(items)
        gone = _positions_of_deleted(movie_ids, items)
        if not gone.size:
            return movie_ids.tolist(), stars[items].tolist()
        # Movies deleted since the training make room for the next best.
        allowed[0, gone] = False


def _positions_of_deleted(movie_ids: Int64Array, items: Int32Array) -> Int32Array:
    present = set(Movie.objects.filter(pk__in=movie_ids.tolist()).values_list("pk", flat=True))
    return items[[movie_id not in present for movie_id in movie_ids.tolist()]]
