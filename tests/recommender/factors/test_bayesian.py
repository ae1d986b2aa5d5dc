"""Bayesian factorisation: its accuracy, its fold-in, and the pieces it is made of."""

from pathlib import Path

import numpy as np
import pytest

from recommender.contract import Epoch, predict_or_fallback
from recommender.data.ratings import Ratings
from recommender.data.splits import Split, random_split
from recommender.errors import ConfigError
from recommender.evaluation.metrics import rmse
from recommender.factors.averaging import ProductMean
from recommender.factors.bayesian import Bayesian, BayesianConfig
from recommender.factors.bayesian_model import BayesianModel
from recommender.factors.foldin import solve_ridge

SMALL = BayesianConfig(n_factors=4, n_sweeps=40, n_burn_in=10, n_chains=2, n_components=12)


def low_rank_world(seed: int = 3) -> Ratings:
    """300 users, 120 items, two latent factors, noise of 0.3 stars."""
    random = np.random.default_rng(seed)
    pairs = random.permutation(300 * 120)[:9000]
    users, items = pairs // 120, pairs % 120
    preferences, kind = random.standard_normal((300, 2)), random.standard_normal((120, 2))
    stars = (
        3.0 + 0.3 * random.standard_normal(300)[users] + 0.5 * np.einsum("nk,nk->n", preferences[users], kind[items])
    )
    stars += 0.3 * random.standard_normal(pairs.size)
    return Ratings.from_arrays(users, items, np.clip(stars, 0.5, 5.0))


@pytest.fixture(scope="module")
def split() -> Split:
    return random_split(low_rank_world(), test_fraction=0.1, seed=0)


@pytest.fixture(scope="module")
def model(split: Split) -> BayesianModel:
    return Bayesian(SMALL).fit(split.train)


def test_it_comes_near_the_noise_in_the_ratings(split: Split, model: BayesianModel) -> None:
    error = rmse(split.test.values, predict_or_fallback(model, split.test.user_ids, split.test.item_ids))
    assert 0.28 < error < 0.37
    assert model.fold_in_penalty.constant == pytest.approx(0.3**2, abs=0.03)


def test_folding_unseen_users_in_costs_no_accuracy(split: Split, model: BayesianModel) -> None:
    newcomers = split.train.users.ids[::4]
    without = Bayesian(SMALL).fit(split.train.select(~np.isin(split.train.user_ids, newcomers)))
    actual, trained, folded = [], [], []
    for user in newcomers.tolist():
        mine, asked = split.train.select(split.train.user_ids == user), split.test.user_ids == user
        items = without.items.positions(split.test.item_ids[asked])
        actual.append(split.test.values[asked])
        trained.append(model.predict(split.test.user_ids[asked], split.test.item_ids[asked]))
        folded.append(without.rate_items(without.fold_in(mine.item_ids, mine.values))[items])
    stars = np.concatenate(actual)
    assert rmse(stars, np.concatenate(folded)) < rmse(stars, np.concatenate(trained)) + 0.01


def test_threads_never_change_the_result(split: Split, model: BayesianModel) -> None:
    alone = Bayesian(BayesianConfig(**{**vars(SMALL), "n_threads": 1})).fit(split.train)
    assert np.array_equal(alone.user_factors, model.user_factors)
    assert np.array_equal(alone.item_factors, model.item_factors)


def test_another_seed_gives_another_model(split: Split, model: BayesianModel) -> None:
    other = Bayesian(BayesianConfig(**{**vars(SMALL), "seed": 1})).fit(split.train)
    pairs = split.test.user_ids, split.test.item_ids
    assert not np.array_equal(other.predict(*pairs), model.predict(*pairs))
    assert np.nanstd(other.predict(*pairs) - model.predict(*pairs)) < 0.1


def test_a_true_answer_ends_the_training_even_before_the_burn_in_does(split: Split) -> None:
    heard: list[Epoch] = []

    def stop(epoch: Epoch) -> bool:
        heard.append(epoch)
        return epoch.done == 3

    stopped = Bayesian(SMALL).fit(split.train, stop)
    assert [epoch.done for epoch in heard] == [1, 2, 3]
    assert np.isfinite(stopped.predict(split.train.user_ids, split.train.item_ids)).all()


def test_predictions_stay_inside_the_ratings_that_were_given() -> None:
    ratings = low_rank_world().select(np.arange(9000) < 2000)
    whole = Ratings.from_arrays(ratings.user_ids, ratings.item_ids, np.clip(np.round(ratings.values), 1, 5))
    model = Bayesian(SMALL).fit(whole)
    assert model.rating_scale == (1.0, 5.0)


def test_user_without_ratings_is_the_average_user(model: BayesianModel) -> None:
    assert not model.fold_in([], []).factors.any()


@pytest.mark.parametrize("n_rated", [1, 5, 40])
def test_ridge_regression_minimises_its_objective(n_rated: int) -> None:
    random = np.random.default_rng(n_rated)
    design, residuals = random.standard_normal((n_rated, 12)), random.standard_normal(n_rated)
    solution = solve_ridge(design, residuals, 0.5)
    assert design.T @ (residuals - design @ solution) == pytest.approx(0.5 * solution, abs=1e-9)


def test_the_mean_of_products_is_found_where_its_rank_is_small() -> None:
    random = np.random.default_rng(2)
    parts = [ProductMean(50, 30, rank=8, seed=1) for _ in range(2)]
    items = random.standard_normal((30, 3)).astype(np.float32)
    total = np.zeros((50, 30))
    for at in range(10):
        users = random.standard_normal((50, 3)).astype(np.float32)
        parts[at % 2].add(users, items)
        total += users @ items.T / 10
    found = ProductMean.merge(parts).low_rank()
    assert found.left.shape == (50, 8)
    assert found.left @ found.right.T == pytest.approx(total, abs=1e-4)
    assert found.right.T @ found.right == pytest.approx(np.eye(8), abs=1e-9)


@pytest.mark.parametrize(
    "wrong", [{"n_factors": 0}, {"n_burn_in": 90}, {"n_chains": 0}, {"init_std_dev": 0.0}, {"n_threads": 0}]
)
def test_settings_outside_their_range_are_refused(wrong: dict[str, int]) -> None:
    with pytest.raises(ConfigError, match=next(iter(wrong))):
        BayesianConfig(**wrong)


@pytest.mark.slow
def test_it_predicts_movielens_100k_far_better_than_svd_does(shared_data: Path) -> None:
    parts = [np.loadtxt(shared_data / "ml-100k" / f"u1.{part}", dtype=np.int64) for part in ("base", "test")]
    train, test = (Ratings.from_arrays(part[:, 0], part[:, 1], part[:, 2]) for part in parts)
    model = Bayesian(BayesianConfig(n_factors=16, n_sweeps=60, n_burn_in=20, n_chains=2)).fit(train)
    assert rmse(test.values, predict_or_fallback(model, test.user_ids, test.item_ids)) < 0.897


@pytest.mark.slow
def test_it_predicts_movielens_1m_as_well_as_the_best_single_models_do(shared_data: Path) -> None:
    path = shared_data / "ml-1m" / "ratings-900k.csv"
    columns = np.loadtxt(path, delimiter=",", skiprows=1, usecols=(0, 1, 2), dtype=np.int64)
    split = random_split(Ratings.from_arrays(*columns.T), test_fraction=0.1, seed=0)
    model = Bayesian(BayesianConfig(n_factors=16, n_sweeps=40, n_burn_in=15, n_chains=2)).fit(split.train)
    assert rmse(split.test.values, predict_or_fallback(model, split.test.user_ids, split.test.item_ids)) < 0.832
