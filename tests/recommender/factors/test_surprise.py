import numpy as np
import pytest
import surprise

from recommender.contract import Epoch
from recommender.data.ratings import Ratings
from recommender.data.splits import random_split
from recommender.errors import ConfigError
from recommender.evaluation.holdout import evaluate_split
from recommender.evaluation.metrics import rmse
from recommender.factors import surprise_trainset as module
from recommender.factors.surprise import SurpriseSVD, SurpriseSVDConfig
from recommender.factors.surprise_trainset import ArrayTrainset


def _ordinary_trainset(ratings: Ratings) -> surprise.Trainset:
    """What surprise itself would build from row tuples, with the same inner ids and order."""
    ur: dict[int, list[tuple[int, float]]] = {}
    ir: dict[int, list[tuple[int, float]]] = {}
    rows = zip(ratings.user_positions.tolist(), ratings.item_positions.tolist(), ratings.values.tolist(), strict=True)
    for user, item, value in rows:
        ur.setdefault(user, []).append((item, value))
        ir.setdefault(item, []).append((user, value))
    raw_users = {raw: inner for inner, raw in enumerate(ratings.users.ids.tolist())}
    raw_items = {raw: inner for inner, raw in enumerate(ratings.items.ids.tolist())}
    return surprise.Trainset(ur, ir, len(ur), len(ir), len(ratings), (0.5, 5.0), raw_users, raw_items)


def test_factors_are_those_of_surprise_trained_on_its_own_trainset(
    synthetic: Ratings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_CHUNK", 64)
    model = SurpriseSVD(SurpriseSVDConfig(n_factors=8, n_epochs=5, seed=11)).fit(synthetic)
    algorithm = surprise.SVD(n_factors=8, n_epochs=5, random_state=11).fit(_ordinary_trainset(synthetic))
    np.testing.assert_array_equal(model.user_biases, algorithm.bu.astype(np.float32))
    np.testing.assert_array_equal(model.item_biases, algorithm.bi.astype(np.float32))
    np.testing.assert_array_equal(model.user_factors, algorithm.pu.astype(np.float32))
    np.testing.assert_array_equal(model.item_factors, algorithm.qi.astype(np.float32))


def test_predictions_and_fallbacks_are_those_of_surprise(synthetic: Ratings) -> None:
    algorithm = surprise.SVD(n_factors=8, n_epochs=5, random_state=0).fit(_ordinary_trainset(synthetic))
    model = SurpriseSVD(SurpriseSVDConfig(n_factors=8, n_epochs=5)).fit(synthetic)
    users, items = [1000, 1003, 1, 1000, 1], [50, 57, 50, 1, 1]
    expected = [algorithm.predict(user, item).est for user, item in zip(users, items, strict=True)]
    known = model.predict(users[:2], items[:2])
    np.testing.assert_allclose([*known, *model.fallback(users[2:], items[2:])], expected, rtol=1e-6)


def test_the_array_trainset_answers_like_an_ordinary_one(synthetic: Ratings) -> None:
    ours, ordinary = ArrayTrainset(synthetic), _ordinary_trainset(synthetic)
    assert list(ours.all_ratings()) == list(ordinary.all_ratings())
    assert ours.ur == ordinary.ur
    assert ours.global_mean == pytest.approx(ordinary.global_mean, abs=1e-12)
    assert (ours.n_users, ours.n_items, ours.n_ratings) == (ordinary.n_users, ordinary.n_items, ordinary.n_ratings)


def test_each_epoch_is_reported_once(synthetic: Ratings) -> None:
    seen: list[tuple[int, int]] = []
    SurpriseSVD(SurpriseSVDConfig(n_factors=2, n_epochs=3)).fit(
        synthetic, lambda epoch: seen.append((epoch.done, epoch.total))
    )
    assert seen == [(1, 3), (2, 3), (3, 3)]


def test_an_interrupt_reaches_the_caller(synthetic: Ratings) -> None:
    def interrupt(epoch: Epoch) -> None:
        if epoch.done == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        SurpriseSVD(SurpriseSVDConfig(n_factors=2)).fit(synthetic, interrupt)


def test_a_training_that_is_ended_early_equals_a_shorter_one(synthetic: Ratings) -> None:
    ended = SurpriseSVD(SurpriseSVDConfig(n_factors=2, n_epochs=9)).fit(synthetic, lambda epoch: epoch.done == 2)
    short = SurpriseSVD(SurpriseSVDConfig(n_factors=2, n_epochs=2)).fit(synthetic)
    assert np.array_equal(ended.item_factors, short.item_factors)
    assert np.array_equal(ended.user_biases, short.user_biases)
    assert ended.fold_in_penalty == short.fold_in_penalty


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("n_factors", 0),
        ("n_epochs", 0),
        ("lr_all", 0.0),
        ("reg_all", -1.0),
        ("init_std_dev", float("nan")),
        ("seed", -1),
    ],
)
def test_a_hyper_parameter_outside_its_range_is_refused_by_name(name: str, value: float) -> None:
    with pytest.raises(ConfigError, match=f"{name} is {value}: it must be"):
        SurpriseSVDConfig(**{name: value})  # type: ignore[arg-type]  # Wrong on purpose.


def test_held_out_error_on_movielens_is_that_of_the_literature(latest_small: Ratings) -> None:
    report = evaluate_split(SurpriseSVD(), random_split(latest_small, test_fraction=0.1, seed=0))
    assert report["n_train"] + report["n_test"] == 100_836
    assert report["rmse"] == pytest.approx(0.87, abs=0.01)
    assert report["mae"] == pytest.approx(0.67, abs=0.01)


def test_folding_users_in_predicts_as_well_as_training_on_them(latest_small: Ratings) -> None:
    train, test = random_split(latest_small, test_fraction=0.2, seed=1)
    newcomers = np.random.default_rng(3).choice(train.users.ids, len(train.users) // 5, replace=False)
    asked = np.flatnonzero(np.isin(test.user_ids, newcomers) & (train.items.positions(test.item_ids) >= 0))
    users, items, actual = test.user_ids[asked], test.item_ids[asked], test.values[asked]
    trained = SurpriseSVD().fit(train)
    without = SurpriseSVD().fit(train.select(~np.isin(train.user_ids, newcomers)))
    folded = np.full(asked.size, np.nan)
    for user in np.intersect1d(newcomers, users):
        own = train.user_ids == user
        parameters = without.fold_in(train.item_ids[own], train.values[own])
        mine = np.flatnonzero((users == user) & (without.items.positions(items) >= 0))
        folded[mine] = without.clip(without.score_items(parameters))[without.items.positions(items[mine])]
    both = ~np.isnan(folded)
    assert both.sum() > 4000
    retrained = rmse(actual[both], trained.predict(users[both], items[both]))
    assert rmse(actual[both], folded[both]) < retrained + 0.005
