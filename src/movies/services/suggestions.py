"""Suggestions for one user, at once: their parameters are fitted to their ratings while the movies' stay fixed."""

from functools import cache

import numpy as np
from django.db import connection, transaction
from threadpoolctl import ThreadpoolController

from accounts.models import User
from movies.live import LiveModel, live_model
from movies.models import Movie, Rating, SuggestionList
from recommender.arrays import Int32Array, Int64Array
from recommender.scoring import top_n_of

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
        ratings = list(Rating.objects.filter(user_id=user_id).values_list("movie_id", "value"))
        if user is None or not ratings:
            SuggestionList.objects.filter(user_id=user_id).delete()
            return
        if live is None:
            return
        # For one user more threads cost more than they bring, and on a busy machine many times more.
        with _blas().limit(limits=1, user_api="blas"):
            movie_ids, scores = _suggested(live, ratings)
        cursor.execute(_UPSERT, [user_id, movie_ids, scores, live.version_id, read_at])


@cache
def _blas() -> ThreadpoolController:
    """Return the switch of NumPy's threads; to look for the libraries behind it takes longer than to fit a user."""
    return ThreadpoolController()


def _suggested(live: LiveModel, ratings: list[tuple[int, float]]) -> tuple[list[int], list[float]]:
    """Return the best unrated movies and their unclipped scores, best first."""
    factors = live.factors
    rated = np.array([movie_id for movie_id, _ in ratings])
    user = factors.fold_in(rated, np.array([value for _, value in ratings]))
    excluded = factors.items.positions(rated)
    while True:
        items, scores = top_n_of(factors, user, n=SUGGESTIONS_KEPT, exclude=excluded)
        movie_ids = factors.items.ids_at(items)
        gone = _positions_of_deleted(movie_ids, items)
        if not gone.size:
            return movie_ids.tolist(), scores.tolist()
        # Movies deleted since the training make room for the next best.
        excluded = np.concatenate([excluded, gone])


def _positions_of_deleted(movie_ids: Int64Array, items: Int32Array) -> Int32Array:
    present = set(Movie.objects.filter(pk__in=movie_ids.tolist()).values_list("pk", flat=True))
    return items[[movie_id not in present for movie_id in movie_ids.tolist()]]
