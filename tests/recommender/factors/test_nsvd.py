"""NSVD: the kernel against its definition, who represents whom, and folding in."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.recommender.kernels.nsvd_plain import run_nsvd_epoch_plain

from recommender.algorithms import Setting, make_config
from recommender.contract import Epoch
from recommender.data.ratings import Ratings
from recommender.data.splits import random_split
from recommender.errors import ConfigError
from recommender.evaluation.holdout import evaluate_split
from recommender.factors.nsvd import NSVD, NSVDConfig, _initial_parameters
from recommender.factors.nsvd_model import select_history
from recommender.kernels.nsvd import NSVDHistories, NSVDParameters, run_nsvd_epoch

RATES = np.float32(0.03), np.float32(0.05)


def started(ratings: Ratings, config: NSVDConfig) -> tuple[NSVDHistories, NSVDParameters]:
    rows = ratings.by_user()
    speaking, _ = select_history(ratings, config.size)
    histories = NSVDHistories(rows.indptr, rows.indices, ratings.values - np.float32(ratings.global_mean), speaking)
    return histories, _initial_parameters(ratings, config, np.random.default_rng(1))


@pytest.mark.parametrize("size", ["max", "mean", "min"])
@pytest.mark.parametrize("n_factors", [1, 8, 13])
def test_the_kernel_equals_its_plain_twin(synthetic: Ratings, n_factors: int, size: str) -> None:
    config = NSVDConfig(n_factors=n_factors, size=size, init_std_dev=0.3)
    order = np.random.default_rng(2).permutation(len(synthetic.users))
    (histories, fast), (_, plain) = started(synthetic, config), started(synthetic, config)
    for _ in range(3):
        run_nsvd_epoch(histories, order, fast, *RATES)
        run_nsvd_epoch_plain(histories, order, plain, *RATES)
    for ours, theirs in zip(fast, plain, strict=True):
        assert ours == pytest.approx(theirs, abs=2e-5)


@settings(max_examples=30, deadline=None)
@given(st.sets(st.tuples(st.integers(0, 5), st.integers(0, 5)), min_size=1), st.sampled_from(["max", "mean", "min"]))
def test_the_kernel_equals_its_plain_twin_on_any_ratings(pairs: set[tuple[int, int]], size: str) -> None:
    users, items = np.array(sorted(pairs)).T
    ratings = Ratings.from_arrays(users, items, (users + items) % 10 / 2 + 0.5)
    config = NSVDConfig(n_factors=3, size=size, init_std_dev=0.5)
    (histories, fast), (_, plain) = started(ratings, config), started(ratings, config)
    run_nsvd_epoch(histories, np.arange(len(ratings.users)), fast, *RATES)
    run_nsvd_epoch_plain(histories, np.arange(len(ratings.users)), plain, *RATES)
    for ours, theirs in zip(fast, plain, strict=True):
        assert ours == pytest.approx(theirs, abs=1e-5)


def test_one_rating_makes_the_documented_update() -> None:
    # The mean is 3; only user 1 is visited.
    ratings = Ratings.from_arrays([1, 2], [5, 5], [4.0, 2.0])
    histories, _ = started(ratings, NSVDConfig(n_factors=2))
    parameters = NSVDParameters(
        np.zeros(2, np.float32),
        np.zeros(1, np.float32),
        np.array([[0.5, -1.0]], np.float32),
        np.array([[1.0, 0.5]], np.float32),
    )
    run_nsvd_epoch(histories, np.array([0]), parameters, np.float32(0.1), np.float32(0.2))
    # The product is 0, so the error is 1, and what represents user 1 is y of item 5 alone.
    assert parameters.user_biases == pytest.approx([0.1, 0.0])
    assert parameters.item_biases == pytest.approx([0.1])
    assert parameters.item_factors[0] == pytest.approx([0.5 + 0.1 * (1 - 0.2 * 0.5), -1 + 0.1 * (0.5 + 0.2 * 1)])
    assert parameters.implicit_factors[0] == pytest.approx([1 + 0.1 * (0.5 - 0.2 * 1), 0.5 + 0.1 * (-1 - 0.2 * 0.5)])


def test_of_long_histories_the_films_that_fewest_rated_speak() -> None:
    # Item 10 has three ratings, 11 two, 12 and 13 one; users rated 4, 2 and 1 items.
    ratings = Ratings.from_arrays([1, 1, 1, 1, 2, 2, 3], [10, 11, 12, 13, 10, 11, 10], [3.0] * 7)
    assert [select_history(ratings, size)[1] for size in ("max", "mean", "min")] == [4, 2, 1]
    assert select_history(ratings, "max")[0].all()
    speaking, _ = select_history(ratings, "mean")
    assert ratings.item_ids[speaking].tolist() == [12, 13, 10, 11, 10]
    speaking, _ = select_history(ratings, "min")
    assert ratings.item_ids[speaking].tolist() == [12, 11, 10]


@pytest.mark.parametrize("size", ["max", "mean", "min"])
def test_equal_histories_give_equal_users_trained_or_folded_in(synthetic: Ratings, size: str) -> None:
    model = NSVD(NSVDConfig(n_factors=6, size=size, init_std_dev=0.3)).fit(synthetic)
    for position in range(5):
        mine = synthetic.item_positions[synthetic.user_positions == position].astype(np.int64)
        assert model.user_factors_from_history(mine) == pytest.approx(model.user_factors[position], abs=1e-5)


def test_fold_in_corrects_the_history_by_ridge_regression(synthetic: Ratings) -> None:
    model = NSVD(NSVDConfig(n_factors=3, init_std_dev=0.3)).fit(synthetic)
    values = np.array([4.0, 1.5, 5.0, 4.5])
    person = model.fold_in(model.items.ids[:4], values)
    correction = person.factors - model.user_factors_from_history(np.arange(4))
    rest = values - model.global_mean - model.item_biases[:4] - person.bias - model.item_factors[:4] @ person.factors
    strength = model.fold_in_penalty.strength(4)
    assert rest.sum() == pytest.approx(strength * person.bias, abs=1e-4)
    assert rest @ model.item_factors[:4] == pytest.approx(strength * correction, abs=1e-4)
    assert np.abs(correction).max() > 1e-3


def test_a_true_answer_ends_the_training_with_the_model_of_that_moment(synthetic: Ratings) -> None:
    def second(epoch: Epoch) -> bool:
        return epoch.done == 2

    ended = NSVD(NSVDConfig(n_factors=4, n_epochs=9)).fit(synthetic, second)
    short = NSVD(NSVDConfig(n_factors=4, n_epochs=2)).fit(synthetic)
    assert np.array_equal(ended.user_factors, short.user_factors)
    assert ended.fold_in_penalty == short.fold_in_penalty


@pytest.mark.parametrize("wrong", [{"n_factors": 0}, {"learning_rate": 0.0}, {"regularisation": -1}, {"size": "huge"}])
def test_meaningless_settings_are_refused(wrong: dict[str, Setting]) -> None:
    with pytest.raises(ConfigError, match=next(iter(wrong))):
        make_config("nsvd", wrong)


@pytest.mark.slow
def test_a_million_ratings_are_predicted_well_and_worse_where_few_films_speak(million: Ratings) -> None:
    split = random_split(million, test_fraction=0.1, seed=1)
    largest, average, least = (
        evaluate_split(NSVD(NSVDConfig(size=size)), split)["rmse"] for size in ("max", "mean", "min")
    )
    assert largest == pytest.approx(0.855, abs=0.004)
    assert average == pytest.approx(largest, abs=0.003)
    assert largest + 0.005 < least < 0.88
