"""Choosing suggestions, for one user or for many: fold in, mask rated movies, select the top k, predict their stars."""

from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager
from functools import cache
from typing import NamedTuple

import numpy as np
from threadpoolctl import ThreadpoolController

from recommender.arrays import BoolArray, Float32Array, Int32Array, Int64Array, ValuesLike
from recommender.contract import AnyModel
from recommender.data.rows import Rows
from recommender.recommendations import RecommendationBatch
from recommender.topk import select_topk


class UserRatings(NamedTuple):
    """One user's ratings. ``movie_ids``: (n,) integers; ``values``: (n,) stars; ``times``: (n,) int64 Unix seconds."""

    movie_ids: Int64Array | Int32Array
    values: ValuesLike
    times: Int64Array


class ListBatch(NamedTuple):
    """Lists of consecutive users of a request.

    ``start``: index of the first user; ``items``: (b, k) int32 item positions, best first, padded with -1; ``stars``:
    (b, k) float32 predicted stars, on the rating scale, undefined where padded.
    """

    start: int
    items: Int32Array
    stars: Float32Array


def users_fold_in(model: AnyModel, ratings: Sequence[UserRatings]) -> list[object]:
    """Return the parameters of each user, fitted to their ratings."""
    with single_blas_thread():
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
        # A web process answers one user without loading compiled kernels.
        scores = model.score_items(users[0])[None, :]
        batches = iter([RecommendationBatch(0, *select_topk(scores, candidates, rated, n))])
    else:
        batches = model.recommend_batches(users, n=n, exclude=rated, candidates=candidates, block_items=block_items)
    for batch in batches:
        part = users[batch.start : batch.start + len(batch.items)]
        yield ListBatch(batch.start, batch.items, _stars(model, part, batch))


def replace_on_conflict(insert: str, *, where: str = "") -> str:
    """Return a statement that inserts lists and replaces the present lists of the same users."""
    return f"""{insert}
        ON CONFLICT (user_id) DO UPDATE SET movie_ids = excluded.movie_ids, scores = excluded.scores,
          model_version_id = excluded.model_version_id, created_at = excluded.created_at {where}"""


def _stars(model: AnyModel, users: Int64Array | Sequence[object], batch: RecommendationBatch) -> Float32Array:
    """Return the stars predicted for each movie of each list, whatever orders the lists: (b, k) float32."""
    if model.ranks_by_stars:
        return model.clip(batch.scores)
    if not isinstance(users, np.ndarray):
        return np.stack([model.rate_items(user)[items] for user, items in zip(users, batch.items, strict=True)])
    user_ids = np.repeat(model.users.ids[users], batch.items.shape[1])
    return model.predict(user_ids, model.items.ids[batch.items].ravel()).reshape(batch.items.shape)


def single_blas_thread() -> AbstractContextManager[object]:
    """Limit BLAS to one thread: one user's systems are too small to share, and sharing them slows a busy machine."""
    limit: AbstractContextManager[object] = _blas().limit(limits=1, user_api="blas")
    return limit


@cache
def _blas() -> ThreadpoolController:
    """Return the switch of NumPy's threads; finding the libraries behind it takes longer than fitting a user."""
    return ThreadpoolController()
