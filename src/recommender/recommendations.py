"""Recommendations of any model: the top k items of each user, by id or in batches."""

from collections.abc import Iterator, Sequence
from typing import TypeVar

import numpy as np

from recommender.arrays import BoolArray, IdsLike, Int64Array
from recommender.contract import AnyModel, BatchRequest, Model
from recommender.data.rows import Rows
from recommender.errors import ConfigError
from recommender.topk import RecommendationBatch, TopItems, check_candidates

U = TypeVar("U")


def recommend(
    model: AnyModel, user_ids: IdsLike, n: int, *, exclude: Rows | None = None, candidates: BoolArray | None = None
) -> TopItems:
    """Return the `n` items with the highest score for each user; ties go to the lower id.

    `user_ids`: (m,); `exclude`: m rows of item positions never to recommend; `candidates`: (n_items,) bool, the only
    items to recommend. The list of an unknown user, or of one with fewer than `n` items left, is padded.
    """
    wanted = model.users.positions(user_ids)
    known = np.flatnonzero(wanted >= 0)
    rated = Rows.empty(n_rows=wanted.size) if exclude is None else exclude
    rated.check(n_rows=wanted.size, n_items=len(model.items))
    found = TopItems.empty(wanted.size, n)
    for batch in recommend_batches(model, wanted[known], n=n, exclude=rated.take(known), candidates=candidates):
        rows = known[batch.start : batch.start + len(batch.items)]
        found.item_ids[rows] = np.where(batch.items >= 0, model.items.ids[batch.items], -1)
        found.scores[rows] = batch.scores
    return found


def recommend_batches(
    model: Model[U],
    users: Int64Array | Sequence[U],
    *,
    n: int,
    exclude: Rows | None = None,
    candidates: BoolArray | None = None,
    block_items: int = 2048,
) -> Iterator[RecommendationBatch]:
    """Yield the lists of `recommend`, for users by position or by state, batch by batch in bounded memory.

    `block_items`: how many items to score at once, for algorithms that can; it changes memory and speed, never the
    result. ConfigError for `n` below 1.
    """
    if n < 1:
        raise ConfigError(f"n is {n}: it must be at least 1.")
    rated = Rows.empty(n_rows=len(users)) if exclude is None else exclude
    rated.check(n_rows=len(users), n_items=len(model.items))
    allowed = check_candidates(candidates, len(model.items))
    return model.select_batches(BatchRequest(users, n, rated, allowed, block_items))
