"""A rehearsal: a model learns from the past, and then people come back and ask, as they would have done.

The newest tenth of all ratings is kept back. Whoever gave some of them is asked about the newer half of theirs, after
the model was told everything that they had rated until then: it fits them as it fits people on the site, at once and
with the items as they are. So those who are new since the training count as much as those it knows, and no rating that
came later than the moment has any part in the training.
"""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from threadpoolctl import threadpool_limits

from recommender.arrays import BoolArray, Float64Array, Int64Array
from recommender.contract import AnyModel, Epoch, Estimator
from recommender.data.ratings import Ratings
from recommender.data.rows import Rows
from recommender.data.splits import sample_users
from recommender.errors import DataError
from recommender.evaluation.metrics import LIST_LENGTH, ndcgs
from recommender.explanation import History

LATER_FRACTION = 0.1
# With fewer ratings after the moment than this, or times that do not tell them apart, the order is drawn at random.
LATER_AT_LEAST = 100
# What a rehearsal may cost: ratings to learn from, by drawing users; users who are asked.
RATINGS_AT_MOST = 1_000_000
USERS_AT_MOST = 2_000
# Fewer stars than these are no liking, so such a film is none that should have been suggested.
LIKED_FROM = 3.5
_CURVE_POINTS = 20
_CURVE_USERS = 50


class HeldOutUser(NamedTuple):
    """A test user: the ratings given to the model, and the items and stars held out to test it."""

    user_id: int
    history: History
    item_ids: Int64Array
    values: Float64Array


@dataclass(frozen=True, eq=False)
class TemporalHoldout:
    """`train`: ratings until `moment`; `test_users`: who rated later; `moment`: Unix seconds; None: random order."""

    train: Ratings
    test_users: Sequence[HeldOutUser]
    moment: int | None

    @property
    def n_asked(self) -> int:
        """How many ratings are asked about."""
        return sum(len(test_user.item_ids) for test_user in self.test_users)


class CurvePoint(NamedTuple):
    """After `epoch` passes and `seconds` of training: the `rmse` of some of those who ask, in stars."""

    epoch: int
    seconds: float
    rmse: float


@dataclass(frozen=True, eq=False)
class Performance:
    """How a model did in a rehearsal, by asker, in their order.

    `squared`, `absolute`: (m,) float64 sums of errors in stars; `counts`: (m,) int64 films asked about; `ndcg`: (m,)
    float64 NDCG@10 of the list among everything unrated, NaN for who liked none of the films; `ranks_by_stars`: whether
    that list is ordered by the stars; `curve`: how the training went, empty for algorithms that do not tell.
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
        """`rmse`, `mae` in stars and `ndcg@10`, which is left out where nobody liked anything."""
        n = self.counts.sum()
        errors = {"rmse": float(np.sqrt(self.squared.sum() / n)), "mae": float(self.absolute.sum() / n)}
        ranked = self.ndcg[~np.isnan(self.ndcg)]
        return {**errors, f"ndcg@{LIST_LENGTH}": float(ranked.mean())} if ranked.size else errors


def make_temporal_holdout(
    ratings: Ratings, *, seed: int = 0, ratings_at_most: int = RATINGS_AT_MOST
) -> TemporalHoldout:
    """Divide `ratings` at the moment after which the newest tenth was given.

    Of more than `ratings_at_most` ratings those of so many users are drawn as hold about that many, by `seed`, which
    also draws at most `USERS_AT_MOST` of those who ask. DataError for fewer than two ratings.
    """
    if len(ratings) < 2:  # noqa: PLR2004 - a past and a future.
        raise DataError("One rating alone has no past and no future: at least two are needed.")
    rng = np.random.default_rng(seed)
    ratings = sample_users(ratings, ratings_at_most=ratings_at_most, rng=rng)
    order, later, moment = _order(ratings, rng)
    test_users = np.unique(ratings.user_positions[later])
    if test_users.size > USERS_AT_MOST:
        test_users = np.sort(rng.choice(test_users, USERS_AT_MOST, replace=False))
    return TemporalHoldout(
        ratings.select(~later), [_test_user(ratings, order, later, int(user)) for user in test_users], moment
    )


def evaluate_temporal_holdout(
    estimator: Estimator, holdout: TemporalHoldout, on_epoch: Callable[[Epoch], None] | None = None
) -> Performance:
    """Let a fresh model learn and answer."""
    curve = _Curve(holdout.test_users, on_epoch)
    began = time.perf_counter()
    model = estimator.fit(holdout.train, curve.hear)
    fit_seconds = time.perf_counter() - began - curve.seconds_measuring
    return perform(model, holdout.test_users, fit_seconds=fit_seconds, curve=curve.points)


def perform(
    model: AnyModel, test_users: Sequence[HeldOutUser], *, fit_seconds: float = 0.0, curve: Sequence[CurvePoint] = ()
) -> Performance:
    """Ask a model that has learnt."""
    # One person is too little to share: on a busy machine, more threads make each fit many times slower.
    with threadpool_limits(1, user_api="blas"):
        people = [model.fold_in(*test_user.history) for test_user in test_users]
        errors = [_errors(model, person, test_user) for person, test_user in zip(people, test_users, strict=True)]
    return Performance(
        squared=np.array([np.sum(error**2) for error in errors]),
        absolute=np.array([np.sum(np.abs(error)) for error in errors]),
        counts=np.array([error.size for error in errors], dtype=np.int64),
        ndcg=_ndcg(model, people, test_users),
        ranks_by_stars=model.ranks_by_stars,
        fit_seconds=fit_seconds,
        curve=tuple(curve),
    )


def _order(ratings: Ratings, rng: np.random.Generator) -> tuple[Int64Array, BoolArray, int | None]:
    if ratings.times is not None:
        later = _after_boundary(ratings.times)
        if later.sum() >= min(LATER_AT_LEAST, LATER_FRACTION * len(ratings) / 2):
            return ratings.times, later, int(ratings.times[~later].max())
    order = rng.permutation(len(ratings))
    return order, _after_boundary(order), None


def _after_boundary(order: Int64Array) -> BoolArray:
    kept = len(order) - max(round(LATER_FRACTION * len(order)), 1) - 1
    later: BoolArray = order > np.partition(order, kept)[kept]
    return later


def _test_user(ratings: Ratings, order: Int64Array, later: BoolArray, user: int) -> HeldOutUser:
    start, stop = np.searchsorted(ratings.user_positions, [user, user + 1])
    rows = start + np.argsort(order[start:stop], kind="stable")
    n_asked = (int(later[start:stop].sum()) + 1) // 2
    before, asked = rows[:-n_asked], rows[-n_asked:]
    item_ids = ratings.items.ids[ratings.item_positions[rows]]
    times = None if ratings.times is None else ratings.times[before]
    return HeldOutUser(
        user_id=int(ratings.users.ids[user]),
        history=History(item_ids[:-n_asked], ratings.values[before], times),
        item_ids=item_ids[-n_asked:],
        values=ratings.values[asked].astype(np.float64),
    )


def _errors(model: AnyModel, person: object, test_user: HeldOutUser) -> Float64Array:
    positions = model.items.positions(test_user.item_ids)
    unknown = positions < 0
    stars = np.empty(positions.size)
    stars[~unknown] = model.rate_some(person, positions[~unknown])
    if unknown.any():
        strangers = np.full(int(unknown.sum()), test_user.user_id)
        stars[unknown] = model.fallback(strangers, test_user.item_ids[unknown])
    errors: Float64Array = stars - test_user.values
    return errors


def _ndcg(model: AnyModel, people: Sequence[object], test_users: Sequence[HeldOutUser]) -> Float64Array:
    """NDCG of each list, each liked film worth 1; NaN for who liked none."""
    rows = np.repeat(np.arange(len(test_users)), [len(test_user.history.item_ids) for test_user in test_users])
    rated = model.items.positions(np.concatenate([test_user.history.item_ids for test_user in test_users]))
    exclude = Rows.of_pairs(rows, rated, n_rows=len(test_users))
    hits = np.zeros((len(test_users), LIST_LENGTH), dtype=np.bool_)
    liked = [test_user.item_ids[test_user.values >= LIKED_FROM] for test_user in test_users]
    for block in model.recommend_batches(people, n=LIST_LENGTH, exclude=exclude):
        for row, items in enumerate(block.items, start=block.start):
            hits[row] = (items >= 0) & np.isin(model.items.ids[items], liked[row])
    return ndcgs(hits, [len(movies) for movies in liked])


class _Curve:
    """Hears of epochs, and measures the model after some of them."""

    def __init__(self, test_users: Sequence[HeldOutUser], on_epoch: Callable[[Epoch], None] | None) -> None:
        self.test_users = test_users[:: max(len(test_users) // _CURVE_USERS, 1)]
        self.on_epoch = on_epoch
        self.points: list[CurvePoint] = []
        self.began = time.perf_counter()
        self.seconds_measuring = 0.0

    def hear(self, epoch: Epoch) -> None:
        """Pass the news on and add a point."""
        if self.on_epoch is not None:
            self.on_epoch(epoch)
        is_due = epoch.done % max(epoch.total // _CURVE_POINTS, 1) == 0 or epoch.done == epoch.total
        if epoch.model is None or epoch.total == 1 or not is_due:
            return
        now = time.perf_counter()
        seconds = now - self.began - self.seconds_measuring
        self.points.append(CurvePoint(epoch.done, seconds, perform(epoch.model(), self.test_users).metrics["rmse"]))
        self.seconds_measuring += time.perf_counter() - now
