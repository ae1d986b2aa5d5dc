import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recommender.algorithms import make_estimator
from recommender.contract import Epoch
from recommender.data.ratings import Ratings
from recommender.errors import DataError
from recommender.evaluation.temporal_holdout import (
    HeldOutUser,
    TemporalHoldout,
    evaluate_temporal_holdout,
    make_temporal_holdout,
)
from recommender.explanation import History

DAY = 86_400


def rated(seed: int = 0, *, n_users: int = 40, n_items: int = 30, times: str = "spread") -> Ratings:
    """Tastes by parity, a third of all pairs, each at a time of its own unless `times` says otherwise."""
    rng = np.random.default_rng(seed)
    users, items = np.nonzero(rng.random((n_users, n_items)) < 0.4)
    values = np.clip(np.round(2 * rng.normal(np.where(users % 2 == items % 2, 4.2, 2.0), 0.5)) / 2, 0.5, 5)
    moments = {"spread": rng.permutation(users.size) * DAY, "same": np.zeros(users.size, dtype=np.int64), "none": None}
    return Ratings.from_arrays(users + 100, items + 1000, values, moments[times])


def pairs(ratings: Ratings) -> set[tuple[int, int]]:
    return set(zip(ratings.user_ids.tolist(), ratings.item_ids.tolist(), strict=True))


def held_out_pairs(holdout: TemporalHoldout) -> set[tuple[int, int]]:
    return {(user.user_id, int(item)) for user in holdout.test_users for item in user.item_ids}


def time_of(ratings: Ratings) -> dict[tuple[int, int], int]:
    assert ratings.times is not None
    keys = zip(ratings.user_ids.tolist(), ratings.item_ids.tolist(), strict=True)
    return dict(zip(keys, ratings.times.tolist(), strict=True))


@given(seed=st.integers(0, 1000))
@settings(max_examples=20, deadline=None)
def test_training_ratings_are_before_the_moment_and_test_ratings_after_it(seed: int) -> None:
    ratings = rated(seed)
    holdout = make_temporal_holdout(ratings)

    assert holdout.moment is not None
    assert holdout.train.times is not None
    assert holdout.train.times.max() == holdout.moment
    times = time_of(ratings)
    assert all(times[pair] > holdout.moment for pair in held_out_pairs(holdout))
    assert len(ratings) - len(holdout.train) == pytest.approx(0.1 * len(ratings), abs=1)


def test_test_user_folds_in_earlier_ratings_and_is_tested_on_the_newer_half() -> None:
    ratings = rated()
    holdout = make_temporal_holdout(ratings)
    times, learnt = time_of(ratings), pairs(holdout.train)

    for user in holdout.test_users:
        mine = sorted((pair for pair in times if pair[0] == user.user_id), key=lambda pair: times[pair])
        n_later = sum(pair not in learnt for pair in mine)
        n_test = (n_later + 1) // 2
        assert list(user.history.item_ids) == [item for _, item in mine[:-n_test]]
        assert user.item_ids.tolist() == [item for _, item in mine[-n_test:]]


@pytest.mark.parametrize("times", ["same", "none"])
def test_ratings_with_equal_times_are_split_by_the_seed(times: str) -> None:
    ratings = rated(times=times)
    one, again, other = (make_temporal_holdout(ratings, seed=seed) for seed in (1, 1, 2))

    assert one.moment is None
    assert held_out_pairs(one) == held_out_pairs(again) != held_out_pairs(other)
    assert len(one.train) == pytest.approx(0.9 * len(ratings), abs=1)


def test_large_sets_are_cut_down_by_drawing_whole_users() -> None:
    ratings = rated(n_users=400)
    holdout = make_temporal_holdout(ratings, ratings_at_most=len(ratings) // 4)

    assert len(holdout.train) == pytest.approx(0.9 * len(ratings) / 4, rel=0.35)
    users = set(holdout.train.user_ids.tolist()) | {user.user_id for user in holdout.test_users}
    kept = {pair for pair in pairs(ratings) if pair[0] in users}
    in_test_users = {
        (user.user_id, int(item)) for user in holdout.test_users for item in (*user.history.item_ids, *user.item_ids)
    }
    assert kept == pairs(holdout.train) | in_test_users


def test_one_rating_has_no_future() -> None:
    with pytest.raises(DataError, match="at least two"):
        make_temporal_holdout(Ratings.from_arrays([1], [1], [3.0], [0]))


def small_holdout() -> TemporalHoldout:
    """Films 1, 2, 3 are known and liked in that order by count; someone new likes 3 and 1; film 9 is unheard of."""
    train = Ratings.from_arrays([1, 2, 3, 1, 2, 1], [1, 1, 1, 2, 2, 3], [4.0, 4.0, 4.0, 2.0, 2.0, 3.0])
    user = HeldOutUser(7, History(np.array([2]), np.array([2.0])), np.array([1, 3, 9]), np.array([5.0, 4.0, 1.0]))
    return TemporalHoldout(train, [user], None)


def test_figures_are_those_of_the_answers() -> None:
    performance = evaluate_temporal_holdout(make_estimator("popularity", {}, seed=0), small_holdout())

    model = make_estimator("popularity", {}, seed=0).fit(small_holdout().train)
    person = model.fold_in([2], [2.0])
    stars = model.rate_items(person)
    unheard = model.fallback([7], [9])
    errors = np.array([stars[0] - 5, stars[2] - 4, unheard[0] - 1], dtype=np.float64)
    assert performance.metrics["rmse"] == pytest.approx(np.sqrt(np.mean(errors**2)))
    assert performance.metrics["mae"] == pytest.approx(np.mean(np.abs(errors)))
    # Film 2 is rated, so the list is 1, 3: both liked films, in the first two places.
    assert performance.metrics["ndcg@10"] == pytest.approx(1.0)


def test_users_without_positive_interactions_do_not_affect_the_order() -> None:
    holdout = small_holdout()
    critic = holdout.test_users[0]._replace(values=np.array([1.0, 1.0, 1.0]))
    performance = evaluate_temporal_holdout(
        make_estimator("popularity", {}, seed=0), TemporalHoldout(holdout.train, [critic], None)
    )

    assert "ndcg@10" not in performance.metrics
    assert np.isnan(performance.ndcg).all()


def test_learning_curve_falls_and_every_epoch_is_reported() -> None:
    reported: list[Epoch] = []
    estimator = make_estimator("svd", {"n_factors": 4, "n_epochs": 40, "learning_rate": 0.02}, seed=0)
    performance = evaluate_temporal_holdout(estimator, make_temporal_holdout(rated()), reported.append)

    assert [epoch.done for epoch in reported] == list(range(1, 41))
    assert [point.epoch for point in performance.curve] == list(range(2, 41, 2))
    assert performance.curve[-1].rmse < performance.curve[0].rmse
    assert all(
        one.seconds <= next_.seconds for one, next_ in zip(performance.curve, performance.curve[1:], strict=False)
    )
