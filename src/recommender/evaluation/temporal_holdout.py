"""A temporal holdout: train on the past, then test on later ratings, as on the live site.

The newest tenth of all ratings is held out. Each user who gave some of them is a test user: the model folds in all
earlier ratings of the user, and is tested on the newer half of the held-out ones. Users who are new since the training
count as much as users in it, and no later rating has any part in the training.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from threadpoolctl import threadpool_limits

from recommender.arrays import BoolArray, Float64Array, Int64Array
from recommender.contract import AnyModel, Epoch, Estimator, OnEpoch
from recommender.data.ratings import Ratings
from recommender.data.rows import Rows
from recommender.data.splits import sample_users
from recommender.errors import DataError
from recommender.evaluation.metrics import LIST_LENGTH, ndcgs
from recommender.evaluation.training import fit_timed
from recommender.explanation import History
from recommender.recommendations import recommend_batches

TEST_FRACTION = 0.1
# If fewer ratings than this are later, or times do not separate them, the order is random.
MIN_TEST_RATINGS = 100
# Limits of the cost: training ratings, by sampling users, and test users.
MAX_RATINGS = 1_000_000
MAX_TEST_USERS = 2_000
# A film with fewer stars than these is not relevant in a recommendation list.
LIKED_FROM = 3.5
_CURVE_POINTS = 20
_CURVE_USERS = 50


class HeldOutUser(NamedTuple):
    """A test user: the ratings that the model folds in, and the held-out `item_ids` (n,) and `values` (n,) in stars."""

    user_id: int
    history: History
    item_ids: Int64Array
    values: Float64Array


@dataclass(frozen=True, eq=False)
class TemporalHoldout:
    """`train`: the ratings until `moment`, in Unix seconds, None for a random order; `test_users`: who rated later."""

    train: Ratings
    test_users: Sequence[HeldOutUser]
    moment: int | None

    @property
    def n_test(self) -> int:
        """The number of ratings to test on."""
        return sum(len(test_user.item_ids) for test_user in self.test_users)


class CurvePoint(NamedTuple):
    """The `rmse` in stars of some test users after `epoch` epochs and `seconds` of training."""

    epoch: int
    seconds: float
    rmse: float


@dataclass(frozen=True, eq=False)
class Performance:
    """The performance of a model on a temporal holdout, by test user.

    `squared`, `absolute`: (m,) float64 sums of the squared and absolute errors in stars; `counts`: (m,) int64 test
    ratings; `ndcg`: (m,) float64 NDCG@10 of the top 10 unrated items, NaN for users without a relevant one;
    `ranks_by_stars`: whether the model ranks by stars; `curve`: empty for algorithms without a model between epochs.
    """

    squared: Float64Array
    absolute: Float64Array
    counts: Int64Array
    ndcg: Float64Array
    ranks_by_stars: bool
    fit_seconds: float
    curve: Sequence[CurvePoint] = ()

    @property
    def metrics(self) -> Mapping[str, float]:
        """`rmse` and `mae` in stars, and `ndcg@10` if any test user has a relevant item."""
        n = self.counts.sum()
        errors = {"rmse": float(np.sqrt(self.squared.sum() / n)), "mae": float(self.absolute.sum() / n)}
        ranked = self.ndcg[~np.isnan(self.ndcg)]
        return {**errors, f"ndcg@{LIST_LENGTH}": float(ranked.mean())} if ranked.size else errors


def make_temporal_holdout(ratings: Ratings, *, seed: int = 0, ratings_at_most: int = MAX_RATINGS) -> TemporalHoldout:
    """Divide `ratings` at the moment after which the newest tenth was given.

    `seed` draws users with about `ratings_at_most` ratings if there are more, and at most `MAX_TEST_USERS` test users.
    DataError for fewer than two ratings.
    """
    if len(ratings) < 2:  # noqa: PLR2004 - a past and a future.
        raise DataError("A single rating cannot be divided into past and future: at least two are needed.")
    rng = np.random.default_rng(seed)
    ratings = sample_users(ratings, ratings_at_most=ratings_at_most, rng=rng)
    order, later, moment = _divide(ratings, rng)
    test_users = np.unique(ratings.user_positions[later])
    if test_users.size > MAX_TEST_USERS:
        test_users = np.sort(rng.choice(test_users, MAX_TEST_USERS, replace=False))
    return TemporalHoldout(
        ratings.select(~later), [_hold_out(ratings, order, later, int(user)) for user in test_users], moment
    )


def evaluate_temporal_holdout(
    estimator: Estimator, holdout: TemporalHoldout, on_epoch: OnEpoch | None = None
) -> Performance:
    """Fit to the training part, with a learning curve of some test users, and evaluate the model on all of them."""
    curve: list[CurvePoint] = []
    curve_users = holdout.test_users[:: max(len(holdout.test_users) // _CURVE_USERS, 1)]

    def measure(epoch: Epoch, seconds: float) -> None:
        is_due = epoch.done % max(epoch.total // _CURVE_POINTS, 1) == 0 or epoch.done == epoch.total
        if epoch.model is not None and epoch.total > 1 and is_due:
            curve.append(CurvePoint(epoch.done, seconds, evaluate_model(epoch.model(), curve_users).metrics["rmse"]))

    model, seconds = fit_timed(estimator, holdout.train, on_epoch, measure=measure)
    return evaluate_model(model, holdout.test_users, fit_seconds=seconds, curve=curve)


def evaluate_model(
    model: AnyModel, test_users: Sequence[HeldOutUser], *, fit_seconds: float = 0.0, curve: Sequence[CurvePoint] = ()
) -> Performance:
    """Evaluate a trained model on test users."""
    # One user is too little work to share: on a busy machine, more threads make each fold-in many times slower.
    with threadpool_limits(1, user_api="blas"):
        users = [model.fold_in(*test_user.history) for test_user in test_users]
        errors = [_errors(model, user, test_user) for user, test_user in zip(users, test_users, strict=True)]
    return Performance(
        squared=np.array([np.sum(error**2) for error in errors]),
        absolute=np.array([np.sum(np.abs(error)) for error in errors]),
        counts=np.array([error.size for error in errors], dtype=np.int64),
        ndcg=_ndcg(model, users, test_users),
        ranks_by_stars=model.ranks_by_stars(),
        fit_seconds=fit_seconds,
        curve=tuple(curve),
    )


def _divide(ratings: Ratings, rng: np.random.Generator) -> tuple[Int64Array, BoolArray, int | None]:
    """Return the order of the ratings (n,), which of them are later (n,), and the last moment before those if known."""
    if ratings.times is not None:
        later = _after_boundary(ratings.times)
        if later.sum() >= min(MIN_TEST_RATINGS, TEST_FRACTION * len(ratings) / 2):
            return ratings.times, later, int(ratings.times[~later].max())
    order = rng.permutation(len(ratings))
    return order, _after_boundary(order), None


def _after_boundary(order: Int64Array) -> BoolArray:
    kept = len(order) - max(round(TEST_FRACTION * len(order)), 1) - 1
    later: BoolArray = order > np.partition(order, kept)[kept]
    return later


def _hold_out(ratings: Ratings, order: Int64Array, later: BoolArray, user: int) -> HeldOutUser:
    start, stop = np.searchsorted(ratings.user_positions, [user, user + 1])
    rows = start + np.argsort(order[start:stop], kind="stable")
    n_test = (int(later[start:stop].sum()) + 1) // 2
    before, test = rows[:-n_test], rows[-n_test:]
    return HeldOutUser(
        user_id=int(ratings.users.ids[user]),
        history=History(
            ratings.items.ids[ratings.item_positions[before]],
            ratings.values[before],
            None if ratings.times is None else ratings.times[before],
        ),
        item_ids=ratings.items.ids[ratings.item_positions[test]],
        values=ratings.values[test].astype(np.float64),
    )


def _errors(model: AnyModel, user: object, test_user: HeldOutUser) -> Float64Array:
    positions = model.items.positions(test_user.item_ids)
    unknown = positions < 0
    stars = np.empty(positions.size)
    stars[~unknown] = model.rate_some(user, positions[~unknown])
    if unknown.any():
        user_ids = np.full(int(unknown.sum()), test_user.user_id)
        stars[unknown] = model.fallback(user_ids, test_user.item_ids[unknown])
    errors: Float64Array = stars - test_user.values
    return errors


def _ndcg(model: AnyModel, users: Sequence[object], test_users: Sequence[HeldOutUser]) -> Float64Array:
    """Return NDCG of each list, with gain 1 for each relevant item; NaN for users without one."""
    rows = np.repeat(np.arange(len(test_users)), [len(test_user.history.item_ids) for test_user in test_users])
    rated = model.items.positions(np.concatenate([test_user.history.item_ids for test_user in test_users]))
    exclude = Rows.of_pairs(rows, rated, n_rows=len(test_users))
    hits = np.zeros((len(test_users), LIST_LENGTH), dtype=np.bool_)
    relevant = [test_user.item_ids[test_user.values >= LIKED_FROM] for test_user in test_users]
    for batch in recommend_batches(model, users, n=LIST_LENGTH, exclude=exclude):
        for row, items in enumerate(batch.items, start=batch.start):
            hits[row] = (items >= 0) & np.isin(model.items.ids[items], relevant[row])
    return ndcgs(hits, [len(movies) for movies in relevant])
