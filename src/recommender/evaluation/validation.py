"""How good a model is on ratings set apart for tuning: one figure, so that trials can be put in an order."""

from dataclasses import dataclass

import numpy as np

from recommender.contract import AnyModel
from recommender.data.rows import Rows
from recommender.data.splits import Split
from recommender.errors import DataError
from recommender.evaluation.gate import Measure
from recommender.evaluation.holdout import predict_test
from recommender.evaluation.metrics import LIST_LENGTH, ndcgs, rmse

# The order of no more users than these is measured, drawn evenly from all.
_USERS_AT_MOST = 2_000


@dataclass(frozen=True, eq=False)
class Validation:
    """`split.test`, by `measure`: RMSE of all its ratings, or mean NDCG@10 of its users' lists among all other items.

    In a list, every item that the user rated in `split.test` is worth 1; those of `split.train` are left out of it.
    """

    split: Split
    measure: Measure

    def value(self, model: AnyModel) -> float:
        """The figure itself: stars, or 0 to 1. DataError for NDCG where the model knows none of the users."""
        if self.measure is Measure.STARS:
            answers = predict_test(model, self.split.test)
            return rmse(answers.actual, answers.predicted)
        return self._ndcg(model)

    def loss(self, value: float) -> float:
        """The figure as a loss, of which less is better."""
        return value if self.measure is Measure.STARS else -value

    def _ndcg(self, model: AnyModel) -> float:
        train, test = self.split
        asked = np.flatnonzero(
            (model.users.positions(test.users.ids) >= 0) & (train.users.positions(test.users.ids) >= 0)
        )
        if not asked.size:
            raise DataError(
                "None of those who are asked is in the training part: take a split that parts their ratings."
            )
        asked = asked[np.unique(np.linspace(0, asked.size - 1, min(asked.size, _USERS_AT_MOST)).astype(np.int64))]
        user_ids, relevant = test.users.ids[asked], test.by_user().take(asked)
        rated = train.by_user().take(train.users.positions(user_ids))
        rows = np.repeat(np.arange(asked.size), np.diff(rated.indptr))
        exclude = Rows.of_pairs(rows, model.items.positions(train.items.ids)[rated.indices], n_rows=asked.size)
        listed = model.recommend(user_ids, LIST_LENGTH, exclude=exclude).item_ids
        positions = test.items.positions(listed.ravel()).reshape(listed.shape)
        hits = np.array(
            [np.isin(own, relevant.slice(row, row + 1).indices) & (own >= 0) for row, own in enumerate(positions)]
        )
        return float(ndcgs(hits, np.diff(relevant.indptr)).mean())
