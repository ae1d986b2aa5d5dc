"""Refreshing one user's suggestions at once: their parameters are fitted to their ratings, the items stay fixed."""

import numpy as np
from django.db import connection, transaction

from accounts.models import User
from movies.live import live_model
from movies.models import Movie, Rating, SuggestionList
from movies.services.suggestion_lists import (
    UserRatings,
    replace_on_conflict,
    single_blas_thread,
    suggestion_lists_choose,
    users_fold_in,
)
from recommender.contract import AnyModel
from recommender.data.rows import Rows

SUGGESTIONS_KEPT = 250

_UPSERT = replace_on_conflict("""
INSERT INTO movies_suggestionlist (user_id, movie_ids, scores, model_version_id, created_at)
VALUES (%s, %s, %s, %s, %s)
""")


def suggestion_list_refresh(*, user_id: int) -> None:
    """Rewrite a user's suggestions from their current ratings, which takes milliseconds.

    Without a live model the list stays as it is. A user without ratings has no list.
    """
    live = live_model()
    with transaction.atomic(), connection.cursor() as cursor:
        # Locking the user's row makes the later of two refreshes read and write the later ratings.
        user = User.objects.select_for_update(no_key=True).only("pk").filter(pk=user_id).first()
        # The server's clock stamps every list, so that lists from different hosts can be compared.
        cursor.execute("SELECT clock_timestamp()")
        read_at = cursor.fetchone()[0]
        ratings = _ratings_of(user_id)
        if user is None or not ratings.movie_ids.size:
            SuggestionList.objects.filter(user_id=user_id).delete()
            return
        if live is None:
            return
        with single_blas_thread():
            movie_ids, stars = _choose(live.model, ratings)
        cursor.execute(_UPSERT, [user_id, movie_ids, stars, live.version_id, read_at])


def _ratings_of(user_id: int) -> UserRatings:
    rows = list(Rating.objects.filter(user_id=user_id).values_list("movie_id", "value", "created_at"))
    return UserRatings(
        movie_ids=np.array([movie_id for movie_id, _, _ in rows], dtype=np.int64),
        values=np.array([value for _, value, _ in rows], dtype=np.float64),
        times=np.array([int(created_at.timestamp()) for _, _, created_at in rows], dtype=np.int64),
    )


def _choose(model: AnyModel, ratings: UserRatings) -> tuple[list[int], list[float]]:
    """Return the ids of the best unrated movies, best first, and the stars predicted for each."""
    user = users_fold_in(model, [ratings])
    rated = Rows.of_pairs(np.zeros_like(ratings.movie_ids), model.items.positions(ratings.movie_ids), n_rows=1)
    candidates = np.ones(len(model.items), dtype=np.bool_)
    while True:
        (best,) = suggestion_lists_choose(model, user, n=SUGGESTIONS_KEPT, rated=rated, candidates=candidates)
        items, stars = best.items[0], best.stars[0]
        chosen = items >= 0
        movie_ids = model.items.ids_at(items[chosen]).tolist()
        present = Movie.objects.filter(pk__in=movie_ids).values_list("pk", flat=True)
        gone = ~np.isin(movie_ids, list(present))
        if not gone.any():
            return movie_ids, stars[chosen].tolist()
        # Movies deleted since the training make room for the next best.
        candidates[items[chosen][gone]] = False
