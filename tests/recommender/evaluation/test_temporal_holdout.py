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


def asked(holdout: TemporalHoldout) -> set[tuple[int, int]]:
    return {(asker.user_id, int(item)) for asker in holdout.test_users for item in asker.item_ids}


def time_of(ratings: Ratings) -> dict[tuple[int, int], int]:
    assert ratings.times is not None
    keys = zip(ratings.user_ids.tolist(), ratings.item_ids.tolist(), strict=True)
    return dict(zip(keys, ratings.times.tolist(), strict=True))


@given(seed=st.integers(0, 1000))
@settings(max_examples=20, deadline=None)
def test_nothing_from_after_the_moment_is_learnt_and_nothing_is_asked_that_was_learnt(seed: int) -> None:
    ratings = rated(seed)
    holdout = make_temporal_holdout(ratings)

    assert holdout.moment is not None
    assert holdout.train.times is not None
    assert holdout.train.times.max() == holdout.moment
    times = time_of(ratings)
    assert all(times[pair] > holdout.moment for pair in asked(holdout))
    assert len(ratings) - len(holdout.train) == pytest.approx(0.1 * len(ratings), abs=1)


def test_somebody_who_asks_has_told_all_until_then_and_is_asked_about_the_newer_half_of_the_rest() -> None:
    ratings = rated()
    holdout = make_temporal_holdout(ratings)
    times, learnt = time_of(ratings), pairs(holdout.train)

    for asker in holdout.test_users:
        mine = sorted((pair for pair in times if pair[0] == asker.user_id), key=lambda pair: times[pair])
        n_later = sum(pair not in learnt for pair in mine)
        n_asked = (n_later + 1) // 2
        assert list(asker.history.item_ids) == [item for _, item in mine[:-n_asked]]
        assert asker.item_ids.tolist() == [item for _, item in mine[-n_asked:]]


@pytest.mark.parametrize("times", ["same", "none"])
def test_ratings_whose_times_tell_nothing_are_drawn_at_random_by_the_seed(times: str) -> None:
    ratings = rated(times=times)
    one, again, other = (make_temporal_holdout(ratings, seed=seed) for seed in (1, 1, 2))

    assert one.moment is None
    assert asked(one) == asked(again) != asked(other)
    assert len(one.train) == pytest.approx(0.9 * len(ratings), abs=1)


def test_large_sets_are_cut_down_by_drawing_whole_users() -> None:
    ratings = rated(n_users=400)
    holdout = make_temporal_holdout(ratings, ratings_at_most=len(ratings) // 4)

    assert len(holdout.train) == pytest.approx(0.9 * len(ratings) / 4, rel=0.35)
    users = set(holdout.train.user_ids.tolist()) | {asker.user_id for asker in holdout.test_users}
    kept = {pair for pair in pairs(ratings) if pair[0] in users}
    told = {
        (asker.user_id, int(item))
        for asker in holdout.test_users
        for item in (*asker.history.item_ids, *asker.item_ids)
    }
    assert kept == pairs(holdout.train) | told


def test_one_rating_has_no_future() -> None:
    with pytest.raises(DataError, match="at least two"):
        make_temporal_holdout(Ratings.from_arrays([1], [1], [3.0], [0]))


def by_hand() -> TemporalHoldout:
    """Films 1, 2, 3 are known and liked in that order by count; someone new likes 3 and 1; film 9 is unheard of."""
    train = Ratings.from_arrays([1, 2, 3, 1, 2, 1], [1, 1, 1, 2, 2, 3], [4.0, 4.0, 4.0, 2.0, 2.0, 3.0])
    asker = HeldOutUser(7, History(np.array([2]), np.array([2.0])), np.array([1, 3, 9]), np.array([5.0, 4.0, 1.0]))
    return TemporalHoldout(train, [asker], None)


def test_figures_are_those_of_the_answers() -> None:
    performance = evaluate_temporal_holdout(make_estimator("popularity", {}, seed=0), by_hand())

    model = make_estimator("popularity", {}, seed=0).fit(by_hand().train)
    person = model.fold_in([2], [2.0])
    stars = model.rate_items(person)
    unheard = model.fallback([7], [9])
    errors = np.array([stars[0] - 5, stars[2] - 4, unheard[0] - 1], dtype=np.float64)
    assert performance.metrics["rmse"] == pytest.approx(np.sqrt(np.mean(errors**2)))
    assert performance.metrics["mae"] == pytest.approx(np.mean(np.abs(errors)))
    # Film 2 is rated, so the list is 1, 3: both liked films, in the first two places.
    assert performance.metrics["ndcg@10"] == pytest.approx(1.0)


def test_who_liked_nothing_has_no_part_in_the_order() -> None:
    holdout = by_hand()
    sour = holdout.test_users[0]._replace(values=np.array([1.0, 1.0, 1.0]))
    performance = evaluate_temporal_holdout(
        make_estimator("popularity", {}, seed=0), TemporalHoldout(holdout.train, [sour], None)
    )

    assert "ndcg@10" not in performance.metrics
    assert np.isnan(performance.ndcg).all()


def test_learning_curve_falls_and_every_epoch_is_told() -> None:
    told: list[Epoch] = []
    estimator = make_estimator("svd", {"n_factors": 4, "n_epochs": 40, "learning_rate": 0.02}, seed=0)
    performance = evaluate_temporal_holdout(estimator, make_temporal_holdout(rated()), told.append)

    assert [epoch.done for epoch in told] == list(range(1, 41))
    assert [point.epoch for point in performance.curve] == list(range(2, 41, 2))
    assert performance.curve[-1].rmse < performance.curve[0].rmse
    assert all(
        one.seconds <= next_.seconds for one, next_ in zip(performance.curve, performance.curve[1:], strict=False)
    )
