"""Why somebody is expected to like an item: what would be expected without each of their ratings."""

from collections.abc import Callable

import numpy as np

from recommender.answers import Explanation
from recommender.arrays import Int64Array


def explain(item_ids: Int64Array, stars_of: Callable[[Int64Array], float]) -> Explanation | None:
    """What each of somebody's ratings, of the items `item_ids` (m,), does to a prediction; None where nothing does.

    `stars_of`: the prediction from the ratings at some of the m places alone.
    """
    places = np.arange(item_ids.size)
    predicted = stars_of(places)
    without = np.array([stars_of(np.delete(places, left)) for left in places], dtype=np.float32)
    effects = np.abs(predicted - without)
    if not effects.any():
        return None
    order = np.argsort(-effects, kind="stable")
    return Explanation(predicted, item_ids[order], without[order])
