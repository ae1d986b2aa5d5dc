"""What a stored model is asked, and its answers as plain JSON values."""

from typing import Any

import numpy as np
import numpy.typing as npt

from recommender.contract import AnyModel
from recommender.recommendations import recommend

STRANGER = 999_999
"""The id of a user and of an item that no model knows."""

HISTORY = ([4.5, 1.0, 3.0, 5.0], [1_600_000_000, 1_600_000_060, 1_600_000_120, 1_600_000_180])
"""Stars and times of somebody unseen, for the first items of a model."""


def answers_of(model: AnyModel) -> dict[str, Any]:
    """Return what a model predicts, suggests and finds similar, with `None` in place of NaN."""
    users, items = model.users.ids, model.items.ids
    some_users, some_items = users[[0, 1, 2, -1, -2]], items[[-1, 2, 0, 1, -2]]
    known_or_not = [int(users[0]), STRANGER, STRANGER], [STRANGER, int(items[0]), STRANGER]
    top = recommend(model, users[[0, -1]], 3)
    alike = model.similar_items(items[[0, -1]], 2)
    interval = model.interval(some_users, some_items)
    values, times = HISTORY
    person = model.fold_in(items[: len(values)], values, times)
    return {
        "predict": _plain(model.predict(some_users, some_items)),
        "predict_unknown": _plain(model.predict(*known_or_not)),
        "score": _plain(model.score(some_users, some_items)),
        "fallback": _plain(model.fallback(*known_or_not)),
        "recommend_ids": _plain(top.item_ids),
        "recommend_scores": _plain(top.scores),
        "similar_ids": _plain(alike.item_ids),
        "similar_scores": _plain(alike.scores),
        "interval_low": _plain(interval.low),
        "interval_high": _plain(interval.high),
        "fold_in_stars": _plain(model.rate_items(person)),
        "fold_in_scores": _plain(model.score_items(person)),
    }


def _plain(array: npt.NDArray[Any]) -> Any:
    """Return nested lists whose numbers keep every digit."""
    values = array.astype(object)
    if array.dtype.kind == "f":
        values[np.isnan(array)] = None
    return values.tolist()
