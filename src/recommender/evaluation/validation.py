"""Validation: one number for a model on held-out ratings, to rank the trials of a search."""

from dataclasses import dataclass

import numpy as np

from recommender.contract import AnyModel
from recommender.data.rows import Rows
from recommender.data.splits import Split
from recommender.errors import DataError
from recommender.evaluation.gate import Measure
from recommender.evaluation.holdout import predict_test
from recommender.evaluation.metrics import LIST_LENGTH, ndcgs, rmse
from recommender.recommendations import recommend

# NDCG is measured on at most this many users, spread evenly over all.
_MAX_USERS = 2_000


@dataclass(frozen=True, eq=False)
class Validation:
    """Measures models on `split.test`: RMSE of all ratings, or mean NDCG@10 of the users' lists.

    The relevant items of a user are those rated in `split.test`. Lists leave out the items rated in `split.train`.
    """

    split: Split
    measure: Measure

    def value(self, model: AnyModel) -> float:
        """Return the RMSE in stars, or the NDCG from 0 to 1. DataError for NDCG without a known user."""
        if self.measure is Measure.STARS:
            predictions = predict_test(model, self.split.test)
            return rmse(predictions.actual, predictions.predicted)
        return self._ndcg(model)

    def loss(self, value: float) -> float:
        """Return the value as a loss: lower is better."""
        return value if self.measure is Measure.STARS else -value

    def _ndcg(self, model: AnyModel) -> float:
        train, test = self.split
        known = np.flatnonzero(
            (model.users.positions(test.users.ids) >= 0) & (train.users.positions(test.users.ids) >= 0)
        )
        if not known.size:
            raise DataError("No test user is in the training part: split the ratings of each user, not the users.")
        known = known[np.unique(np.linspace(0, known.size - 1, min(known.size, _MAX_USERS)).astype(np.int64))]
        user_ids, relevant = test.users.ids[known], test.by_user().take(known)
        rated = train.by_user().take(train.users.positions(user_ids))
        rows = np.repeat(np.arange(known.size), np.diff(rated.indptr))
        exclude = Rows.of_pairs(rows, model.items.positions(train.items.ids)[rated.indices], n_rows=known.size)
        listed = recommend(model, user_ids, LIST_LENGTH, exclude=exclude).item_ids
        positions = test.items.positions(listed.ravel()).reshape(listed.shape)
        hits = np.array(
            [np.isin(own, relevant.slice(row, row + 1).indices) & (own >= 0) for row, own in enumerate(positions)]
        )
        return float(ndcgs(hits, np.diff(relevant.indptr)).mean())
