"""Choosing suggestions for one user or many, and refreshing the suggestion list of one user at once.

To choose: fold in the users' ratings, mask rated movies, select the top k, and predict their stars.
"""

from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager
from functools import cache
from typing import NamedTuple

import numpy as np
from django.db import connection, transaction
from threadpoolctl import ThreadpoolController

from accounts.models import User
from movies.live import live_model
from movies.models import Movie, Rating, SuggestionList
from recommender.arrays import BoolArray, Float32Array, Int32Array, Int64Array, ValuesLike
from recommender.contract import AnyModel
from recommender.data.rows import Rows
from recommender.recommendations import recommend_batches
from recommender.topk import RecommendationBatch, select_topk

SUGGESTIONS_KEPT = 250


def replace_on_conflict(insert: str, *, where: str = "") -> str:
    """Return a statement that inserts lists and replaces the present lists of the same users."""
    return f"""{insert}
        ON CONFLICT (user_id) DO UPDATE SET movie_ids = excluded.movie_ids, scores = excluded.scores,
          model_version_id = excluded.model_version_id, created_at = excluded.created_at {where}"""


_UPSERT = replace_on_conflict("""
INSERT INTO movies_suggestionlist (user_id, movie_ids, scores, model_version_id, created_at)
VALUES (%s, %s, %s, %s, %s)
""")


class UserRatings(NamedTuple):
    """One user's ratings. ``movie_ids``: (n,) integers; ``values``: (n,) stars; ``times``: (n,) int64 Unix seconds."""

    movie_ids: Int64Array | Int32Array
    values: ValuesLike
    times: Int64Array


class ListBatch(NamedTuple):
    """Lists of consecutive users.

    ``start``: index of the first user; ``items``: (b, k) int32 item positions, best first, padded with -1; ``stars``:
    (b, k) float32 predicted stars, on the rating scale, undefined where padded.
    """

    start: int
    items: Int32Array
    stars: Float32Array


def users_fold_in(model: AnyModel, ratings: Sequence[UserRatings]) -> list[object]:
    """Return the parameters of each user, folded in from their ratings."""
    with _single_blas_thread():
        return [model.fold_in(*of_user) for of_user in ratings]


def suggestion_lists_choose(
    model: AnyModel,
    users: Int64Array | Sequence[object],
    *,
    n: int,
    rated: Rows,
    candidates: BoolArray,
    block_items: int = 2048,
) -> Iterator[ListBatch]:
    """Yield the ``n`` best movies of each user in the model's own order, with the stars that it predicts for them.

    ``users``: (m,) positions of users in the model, or the parameters of m users from `users_fold_in`; ``rated``: m
    rows of item positions to leave out; ``candidates``: (n_items,) the only items to choose from; ``block_items``: how
    many items to score at once, which changes memory and speed but never a list.
    """
    n = min(n, len(model.items))
    if len(users) == 1 and not isinstance(users, np.ndarray):
        # A web process serves one user without loading compiled kernels.
        scores = model.score_items(users[0])[None, :]
        batches = iter([RecommendationBatch(0, *select_topk(scores, candidates, rated, n))])
    else:
        batches = recommend_batches(model, users, n=n, exclude=rated, candidates=candidates, block_items=block_items)
    for batch in batches:
        part = users[batch.start : batch.start + len(batch.items)]
        yield ListBatch(batch.start, batch.items, _stars(model, part, batch))


def suggestion_list_refresh(*, user_id: int) -> None:
    """Rewrite a user's suggestion list from their current ratings, which takes milliseconds.

    Without a live model the list does not change. A user without ratings has no list.
    """
    live = live_model()
    with transaction.atomic(), connection.cursor() as cursor:
        # Of two refreshes of one user, the lock makes the later one see the later ratings.
        user = User.objects.select_for_update(no_key=True).only("pk").filter(pk=user_id).first()
        # The time of every list is from the database server, so that times from all hosts can be compared.
        cursor.execute("SELECT clock_timestamp()")
        read_at = cursor.fetchone()[0]
        ratings = _fetch_ratings(user_id)
        if user is None or not ratings.movie_ids.size:
            SuggestionList.objects.filter(user_id=user_id).delete()
            return
        if live is None:
            return
        with _single_blas_thread():
            movie_ids, stars = _choose(live.model, ratings)
        cursor.execute(_UPSERT, [user_id, movie_ids, stars, live.version_id, read_at])


def _fetch_ratings(user_id: int) -> UserRatings:
    rows = list(Rating.objects.filter(user_id=user_id).values_list("movie_id", "value", "created_at"))
    return UserRatings(
        movie_ids=np.array([movie_id for movie_id, _, _ in rows], dtype=np.int64),
        values=np.array([value for _, value, _ in rows], dtype=np.float64),
        times=np.array([int(created_at.timestamp()) for _, _, created_at in rows], dtype=np.int64),
    )


def _choose(model: AnyModel, ratings: UserRatings) -> tuple[list[int], list[float]]:
    """Return the ids of the best unrated movies, best first, and their predicted stars."""
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
        # Replace movies that were deleted since the training by the next best.
        candidates[items[chosen][gone]] = False


def _stars(model: AnyModel, users: Int64Array | Sequence[object], batch: RecommendationBatch) -> Float32Array:
    """Return the stars predicted for each movie of each list: (b, k) float32."""
    if model.ranks_by_stars():
        return model.clip(batch.scores)
    if not isinstance(users, np.ndarray):
        return np.stack([model.rate_items(user)[items] for user, items in zip(users, batch.items, strict=True)])
    user_ids = np.repeat(model.users.ids[users], batch.items.shape[1])
    return model.predict(user_ids, model.items.ids[batch.items].ravel()).reshape(batch.items.shape)


def _single_blas_thread() -> AbstractContextManager[object]:
    """Limit BLAS to one thread, because the linear systems of one user are too small for several."""
    limit: AbstractContextManager[object] = _blas().limit(limits=1, user_api="blas")
    return limit


@cache
def _blas() -> ThreadpoolController:
    """Return the controller of BLAS threads. It is cached because creating it takes longer than a fold-in."""
    return ThreadpoolController()
