"""Kernel matrix factorisation: the kernel against its twin, bounded stars, and the online update."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.recommender.kernels.kmf_plain import run_kmf_epoch_plain

from recommender.algorithms import Setting, make_config
from recommender.contract import Epoch
from recommender.data.ratings import Ratings
from recommender.data.splits import random_split
from recommender.errors import ConfigError
from recommender.evaluation.holdout import evaluate_split
from recommender.factors.kmf import KMF, KMFConfig
from recommender.factors.kmf_model import BoundedRatings, KMFModel, fit_bounded, logistic
from recommender.kernels.batches import Examples, Weights
from recommender.kernels.kmf import RMSprop, run_kmf_epoch
from recommender.recommendations import recommend


def make_settings(**changes: float) -> RMSprop:
    numbers = {"offset": 0.3, "low": 0.5, "width": 4.5, "rate": 0.02, "regularisation": 0.05, "decay": 0.9, **changes}
    return RMSprop(int(numbers.pop("batch_size", 8)), **{name: np.float32(value) for name, value in numbers.items()})


def sides(n_users: int, n_items: int, n_factors: int) -> tuple[Weights, Weights]:
    rng = np.random.default_rng(4)
    users, items = (Weights.of(rng.standard_normal((n, n_factors)).astype(np.float32)) for n in (n_users, n_items))
    return users, items


@settings(max_examples=40, deadline=None, derandomize=True)
@given(
    st.sets(st.tuples(st.integers(0, 5), st.integers(0, 4)), min_size=1),
    st.sampled_from([1, 2, 7, 30, 100]),
    st.sampled_from([1, 7, 8, 13]),
)
def test_the_kernel_equals_its_plain_twin(pairs: set[tuple[int, int]], batch_size: int, n_factors: int) -> None:
    users, items = np.array(sorted(pairs), dtype=np.int32).T
    examples = Examples(users.copy(), items.copy(), ((users + 2 * items) % 10 / 2 + 0.5).astype(np.float32))
    order = np.random.default_rng(1).permutation(len(pairs))
    fast, plain = sides(6, 5, n_factors), sides(6, 5, n_factors)
    for _ in range(2):
        run_kmf_epoch(examples, order, *fast, make_settings(batch_size=batch_size))
        run_kmf_epoch_plain(examples, order, *plain, make_settings(batch_size=batch_size))
    for ours, theirs in zip(fast, plain, strict=True):
        for name in Weights._fields:
            assert getattr(ours, name) == pytest.approx(getattr(theirs, name), abs=1e-4), name


def test_one_batch_makes_the_documented_update() -> None:
    users, items = sides(1, 2, 1)
    users.values[0] = [0.5, *[0] * 6, 0.2]
    items.values[:] = [[1.0, *[0] * 6, -0.1], [-2.0, *[0] * 6, 0.4]]
    examples = Examples(np.zeros(2, np.int32), np.array([0, 1], np.int32), np.array([4.0, 1.0], np.float32))
    run_kmf_epoch(examples, np.arange(2), users, items, make_settings(offset=0.0, decay=0.0, rate=0.1))
    # x is 0.2 - 0.1 + 0.5 = 0.6 and 0.2 + 0.4 - 1 = -0.4. With ρ = 0 every step is γ, against the sign of the gradient.
    slopes = []
    for x, stars in ((0.6, 4.0), (-0.4, 1.0)):
        share = 1 / (1 + math.exp(-x))
        slopes.append(-(stars - 0.5 - 4.5 * share) * share * (1 - share))
    of_p = slopes[0] * 1.0 + slopes[1] * -2.0 + 2 * 0.05 * 0.5
    of_bias = sum(slopes) + 2 * 0.05 * 0.2
    assert users.moments[0, [0, -1]] == pytest.approx([of_p**2, of_bias**2], rel=1e-5)
    assert users.values[0, [0, -1]] == pytest.approx(
        [0.5 - math.copysign(0.1, of_p), 0.2 - math.copysign(0.1, of_bias)]
    )
    assert items.moments[0, 0] == pytest.approx((slopes[0] * 0.5 + 0.05 * 1.0) ** 2, rel=1e-5)


def test_stars_are_the_logistic_function_of_the_sum_between_the_ends_of_the_scale(synthetic: Ratings) -> None:
    model = KMF(KMFConfig(n_factors=4)).fit(synthetic)
    x = model.global_mean + model.user_biases[3] + model.item_biases[5] + model.user_factors[3] @ model.item_factors[5]
    predicted = model.predict(model.users.ids[[3]], model.items.ids[[5]])
    assert predicted[0] == pytest.approx(0.5 + 4.5 / (1 + math.exp(-x)), abs=1e-5)
    everywhere = np.stack([model.score_items(model.user_state(user)) for user in range(20)])
    assert everywhere.min() > 0.5
    assert everywhere.max() < 5.0


def test_lists_carry_stars_and_are_in_their_order(synthetic: Ratings) -> None:
    model = KMF(KMFConfig(n_factors=4)).fit(synthetic)
    top = recommend(model, model.users.ids, 6)
    assert top.scores == pytest.approx(
        np.sort([model.score_items(model.user_state(user)) for user in range(len(model.users))])[:, :-7:-1], abs=1e-5
    )


@given(st.integers(0, 12), st.integers(1, 6), st.floats(0.01, 5), st.integers(0, 5))
@settings(max_examples=60, deadline=None, derandomize=True)
def test_the_online_update_finds_where_no_direction_leads_down(
    n_ratings: int, n_factors: int, strength: float, seed: int
) -> None:
    rng = np.random.default_rng(seed)
    design = np.hstack([np.ones((n_ratings, 1)), rng.standard_normal((n_ratings, n_factors))])
    person = BoundedRatings(design, rng.standard_normal(n_ratings), rng.random(n_ratings), 4.5, strength)
    found = fit_bounded(person)
    for direction in np.eye(n_factors + 1):
        there, back = (loss_at(person, found + way * direction) for way in (1e-5, -1e-5))
        assert (there - back) / 2e-5 == pytest.approx(0, abs=0.02)
    assert loss_at(person, found) <= loss_at(person, np.zeros(n_factors + 1))


def loss_at(user: BoundedRatings, solution: np.ndarray) -> float:
    return user.loss(solution, user.predict(solution))


def test_the_logistic_function_overflows_nowhere() -> None:
    assert logistic(np.array([-1e6, 0.0, 1e6])) == pytest.approx([0.0, 0.5, 1.0])


def test_new_ratings_move_the_predictions_of_a_user(synthetic: Ratings) -> None:
    model = KMF(KMFConfig(n_factors=4)).fit(synthetic)
    items, values = model.items.ids[:3], [4.0, 2.0, 3.5]
    before = model.rate_items(model.fold_in(items, values))
    generous = model.rate_items(model.fold_in([*items, *model.items.ids[3:9]], [*values, *[5.0] * 6]))
    strict = model.rate_items(model.fold_in([*items, *model.items.ids[3:9]], [*values, *[0.5] * 6]))
    assert strict.mean() < before.mean() < generous.mean()


def test_a_true_answer_ends_the_training_with_the_model_of_that_moment(synthetic: Ratings) -> None:
    seen: list[KMFModel] = []

    def watch(epoch: Epoch) -> bool:
        assert epoch.model is not None
        now = epoch.model()
        assert isinstance(now, KMFModel)
        seen.append(now)
        return epoch.done == 2

    ended = KMF(KMFConfig(n_factors=4, n_epochs=9)).fit(synthetic, watch)
    assert len(seen) == 2
    assert np.array_equal(ended.user_factors, seen[1].user_factors)
    assert not np.array_equal(seen[0].user_factors, seen[1].user_factors)


@pytest.mark.parametrize("wrong", [{"n_factors": 0}, {"learning_rate": 0.0}, {"batch_size": 0}, {"decay": 1.0}])
def test_meaningless_settings_are_refused(wrong: dict[str, Setting]) -> None:
    with pytest.raises(ConfigError, match=next(iter(wrong))):
        make_config("kmf", wrong)


@pytest.mark.slow
def test_a_million_ratings_are_predicted_well(million: Ratings) -> None:
    split = random_split(million, test_fraction=0.1, seed=1)
    assert evaluate_split(KMF(), split)["rmse"] == pytest.approx(0.848, abs=0.004)
