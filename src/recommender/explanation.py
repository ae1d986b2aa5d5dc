"""Explanations: how each of a user's ratings changes a prediction."""

from typing import NamedTuple

import numpy as np

from recommender.arrays import Float32Array, IdsLike, Int64Array, ValuesLike, check_ids
from recommender.contract import AnyModel
from recommender.data.ratings import check_values


class History(NamedTuple):
    """The ratings of one user: `item_ids` (n,), each once; `values` (n,) stars; `times` (n,) Unix seconds, if known."""

    item_ids: IdsLike
    values: ValuesLike
    times: IdsLike | None = None


class Explanation(NamedTuple):
    """How each rating of a user changes the prediction for an item.

    `predicted`: stars with all of them; `item_ids`: (m,) int64, the rated items, by |effect| descending; `without`:
    (m,) float32, the prediction if that one rating did not count. `predicted - without[j]` is the effect of rating j.
    """

    predicted: float
    item_ids: Int64Array
    without: Float32Array


def explain(model: AnyModel, user: History, item_id: int) -> Explanation | None:
    """Return the effect of each rating of `user` on the prediction for an item, None for an unknown item.

    Each rating is left out in turn and the others are folded in again, so `without` is what the model would predict.
    """
    position = int(model.items.positions([item_id])[0])
    ids, stars = check_ids(user.item_ids, "item_ids"), check_values(user.values)
    times = None if user.times is None else check_ids(user.times, "times")
    rated = np.flatnonzero(model.items.positions(ids) >= 0)
    if position < 0 or not rated.size:
        return None

    def predict_from(kept: Int64Array) -> float:
        state = model.fold_in(ids[kept], stars[kept], None if times is None else times[kept])
        return float(model.rate_items(state)[position])

    predicted = predict_from(rated)
    without = np.array([predict_from(np.delete(rated, left)) for left in range(rated.size)], dtype=np.float32)
    effects = np.abs(predicted - without)
    if not effects.any():
        return None
    order = np.argsort(-effects, kind="stable")
    return Explanation(predicted, ids[rated][order], without[order])
