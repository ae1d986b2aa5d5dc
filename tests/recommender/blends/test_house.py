"""The product's own blend: its order, its stars, its intervals, and that it knows what came last."""

from dataclasses import replace
from pathlib import Path
from typing import cast

import numpy as np
import pytest

from recommender.blends.calibration import HeldOut
from recommender.blends.house import House, HouseConfig
from recommender.blends.house_model import HouseModel
from recommender.blends.ranking import RankingWeights
from recommender.contract import AnyModel, Epoch
from recommender.data.ratings import Ratings
from recommender.data.splits import Split, random_split
from recommender.errors import ConfigError, DataError
from recommender.evaluation.metrics import rmse
from recommender.factors.bayesian import Bayesian
from recommender.items.ease import EASE, EASEConfig
from recommender.recommendations import recommend

SMALL = HouseConfig(n_factors=4, n_sweeps=24, n_burn_in=8, n_chains=2, n_components=10, n_trial_sweeps=12)


def series_world(seed: int = 6) -> Ratings:
    """400 people who watch ten series of eight films, each series in order, some series each."""
    random = np.random.default_rng(seed)
    rows = []
    for user in range(400):
        time = 10**9 + int(random.integers(10**6))
        for series in random.permutation(10)[: random.integers(3, 6)]:
            for movie in range(int(random.integers(4, 9))):
                time += int(random.integers(60, 3600))
                stars = 3.5 + (series % 3 - 1) * (user % 3 - 1) + 0.4 * random.standard_normal()
                rows.append((user, 8 * series + movie, np.clip(np.round(2 * stars) / 2, 0.5, 5.0), time))
    return Ratings.from_arrays(*(np.array(column) for column in zip(*rows, strict=True)))


def without_times(ratings: Ratings) -> Ratings:
    return replace(ratings, times=None)


@pytest.fixture(scope="module")
def series() -> Ratings:
    return series_world()


@pytest.fixture(scope="module")
def model(series: Ratings) -> HouseModel:
    return House(SMALL).fit(series)


def test_the_next_film_of_a_series_is_ranked_first(model: HouseModel) -> None:
    movies = [0, 1, 2, 3, 40, 41, 42]
    person = model.fold_in(movies, [4.0] * 7, 10**9 + 60 * np.arange(7))
    scores = model.score_items(person).copy()
    scores[model.items.positions(movies)] = -np.inf
    assert model.items.ids[scores.argmax()] == 43
    person = model.fold_in(movies, [4.0] * 7, 10**9 - 60 * np.arange(7))
    earlier = model.score_items(person)
    at = model.items.positions([4, 43])
    assert np.diff(scores[at]) > np.diff(earlier[at])


def test_without_times_associated_items_rank_first(series: Ratings) -> None:
    model = House(SMALL).fit(without_times(series))
    assert not model.relations.transitions.size
    movies = [40, 41, 42, 43, 44]
    person = model.fold_in(movies, [4.0] * 5)
    scores = model.score_items(person).copy()
    scores[model.items.positions(movies)] = -np.inf
    assert model.items.ids[scores.argmax()] // 8 == 5


def test_disliked_films_have_no_transitions(model: HouseModel) -> None:
    movies, times = [0, 1, 40, 41, 42], 10**9 + 60 * np.arange(5)
    liking, disliking = (
        model.score_items(model.fold_in(movies, [4.0, 4.0, stars, stars, stars], times)) for stars in (4.0, 2.0)
    )
    at = model.items.positions([2, 43])
    assert np.diff(liking[at]) > 0
    assert np.diff(disliking[at]) < 0


def test_user_without_times_is_ranked_by_the_unordered_weights(model: HouseModel) -> None:
    movies, values = [40, 41, 42], [4.0, 5.0, 4.0]
    unordered = model.score_items(model.fold_in(movies, values))
    at_once = model.score_items(model.fold_in(movies, values, [10**9] * 3))
    first, second = (
        replace(model, weights=replace(model.weights, ordered=weights)) for weights in ((0.0,) * 4, (1.0,) * 4)
    )
    assert np.array_equal(first.score_items(first.fold_in(movies, values)), unordered)
    assert np.array_equal(second.score_items(second.fold_in(movies, values)), unordered)
    assert not np.array_equal(at_once, unordered)


def test_a_trained_user_folded_in_has_the_same_order_of_films(series: Ratings, model: HouseModel) -> None:
    mine = series.select(series.user_positions == 7)
    trained = model.score_items(model.user_state(7))
    folded = model.score_items(model.fold_in(mine.item_ids, mine.values, mine.times))
    assert np.corrcoef(trained, folded)[0, 1] > 0.99


def test_scores_of_many_users_are_those_of_each(model: HouseModel) -> None:
    users = np.arange(0, 400, 37)
    many = model._score_users(users)
    for row, user in enumerate(users.tolist()):
        assert many[row] == pytest.approx(model.score_items(model.user_state(user)), abs=1e-4)


def test_stars_are_those_of_the_bayesian_factorisation(series: Ratings, model: HouseModel) -> None:
    alone = Bayesian(SMALL.factorisation()).fit(series)
    assert np.array_equal(
        alone.predict(series.user_ids, series.item_ids), model.predict(series.user_ids, series.item_ids)
    )


def test_training_shows_the_model_after_each_sweep_over_all_ratings(series: Ratings) -> None:
    shown: list[HouseModel] = []
    epochs: list[Epoch] = []

    def look(epoch: Epoch) -> None:
        epochs.append(epoch)
        if epoch.model is not None and epoch.done in {epoch.total - 5, epoch.total}:
            shown.append(cast("HouseModel", epoch.model()))

    model = House(SMALL).fit(series, look)

    assert [epoch.done for epoch in epochs] == list(range(1, 37))
    assert [epoch.model is None for epoch in epochs] == [True] * 12 + [False] * 24
    pairs = series.user_ids[:50], series.item_ids[:50]
    assert np.array_equal(shown[-1].predict(*pairs), model.predict(*pairs))
    assert np.array_equal(shown[-1].score(*pairs), model.score(*pairs))
    assert not np.array_equal(shown[0].predict(*pairs), model.predict(*pairs))


def test_intervals_of_unseen_ratings_cover_four_in_five() -> None:
    split = random_split(series_world(9), test_fraction=0.2, seed=3)
    model = House(SMALL).fit(split.train)
    low, high = model.interval(split.test.user_ids, split.test.item_ids)
    known = ~np.isnan(low)
    actual = split.test.values[known]
    assert np.mean((low[known] <= actual) & (actual <= high[known])) == pytest.approx(0.8, abs=0.06)
    person = model.user_state(3)
    folded = model.interval_items(person)
    assert folded.low == pytest.approx(model.interval(np.full(80, model.users.ids[3]), model.items.ids).low)


def test_only_the_most_rated_items_are_related_and_the_rest_still_get_scores(series: Ratings) -> None:
    model = House(replace(SMALL, n_core=20)).fit(series)
    assert model.relations.associations.shape == (20, 20)
    assert np.isfinite(model.score_items(model.user_state(0))).all()


def test_a_handful_of_ratings_is_enough_to_have_a_model() -> None:
    ratings = Ratings.from_arrays([1, 1, 2, 3], [10, 20, 10, 20], [4.0, 3.0, 5.0, 2.0])
    model = House(SMALL).fit(ratings)
    assert np.isfinite(model.score([1, 2], [10, 20])).all()
    low, high = model.interval([1], [20])
    assert low[0] < high[0]
    tiny = Ratings.from_arrays([1], [10], [4.0])
    assert House(SMALL).fit(tiny).predict([1], [10])[0] == pytest.approx(4.0)


def test_last_ratings_and_a_few_others_are_held_out(series: Ratings) -> None:
    held_out = HeldOut.of(series, fraction=0.3, seed=0)
    assert series.times is not None
    assert not (held_out.last & held_out.random).any()
    assert held_out.last.sum() == len(series.users)
    for user in range(0, 400, 50):
        mine = series.user_positions == user
        assert series.times[mine & held_out.last] == series.times[mine].max()
    assert held_out.random.sum() == round(0.3 * (len(series) - 400))


@pytest.mark.parametrize(
    "wrong", [{"n_core": 0}, {"window": 0}, {"held_out": 1.0}, {"regularisation": 0.0}, {"n_burn_in": 90}]
)
def test_settings_outside_their_range_are_refused(wrong: dict[str, int]) -> None:
    with pytest.raises(ConfigError, match=next(iter(wrong))):
        HouseConfig(**wrong)


def test_weights_that_are_no_numbers_are_refused() -> None:
    with pytest.raises(DataError, match="finite weights"):
        RankingWeights((0.0,) * 4, (0.0, 0.0, 0.0, float("nan")), 0.1)


@pytest.mark.slow
def test_stars_and_intervals_hold_on_movielens_100k(shared_data: Path) -> None:
    parts = [np.loadtxt(shared_data / "ml-100k" / f"u1.{part}", dtype=np.int64) for part in ("base", "test")]
    split = Split(*(Ratings.from_arrays(part[:, 0], part[:, 1], part[:, 2]) for part in parts))
    model = House(HouseConfig(n_factors=16, n_sweeps=60, n_burn_in=20, n_chains=2)).fit(split.train)
    stars = model.predict(split.test.user_ids, split.test.item_ids)
    known = ~np.isnan(stars)
    assert rmse(split.test.values[known], stars[known]) < 0.893
    low, high = model.interval(split.test.user_ids[known], split.test.item_ids[known])
    inside = (low <= split.test.values[known]) & (split.test.values[known] <= high)
    assert inside.mean() == pytest.approx(0.8, abs=0.04)


@pytest.mark.slow
def test_the_last_film_of_movielens_users_is_found_far_more_often_than_by_association_alone(shared_data: Path) -> None:
    columns = np.loadtxt(shared_data / "ml-1m" / "ratings.dat", delimiter=":", usecols=(0, 2, 4, 6), dtype=np.int64)
    ratings = Ratings.from_arrays(*columns[columns[:, 0] <= 1500].T)
    assert ratings.times is not None
    order = np.lexsort((ratings.item_positions, ratings.times, ratings.user_positions))
    is_last = np.zeros(len(ratings), dtype=np.bool_)
    is_last[order[ratings.by_user().indptr[1:] - 1]] = True
    train, users, last = ratings.select(~is_last), ratings.user_ids[is_last], ratings.item_ids[is_last]
    rated = train.by_user().take(train.users.positions(users))

    def hits(model: AnyModel) -> float:
        return float((recommend(model, users, 10, exclude=rated).item_ids == last[:, None]).any(axis=1).mean())

    house = House(HouseConfig(n_factors=8, n_sweeps=20, n_burn_in=10, n_trial_sweeps=12, n_chains=2)).fit(train)
    association = EASE(EASEConfig(regularisation=300.0, liked_from=0.5)).fit(train)
    assert hits(association) > 0.07
    assert hits(house) > 1.5 * hits(association)
