from collections.abc import Callable

import numpy as np
import pytest
from tests.recommender.kernels.sgd_plain import run_sgd_epoch_plain

from recommender.contract import Epoch
from recommender.data.ratings import Ratings
from recommender.data.splits import random_split
from recommender.errors import ConfigError
from recommender.evaluation.holdout import evaluate_split
from recommender.factors.surprise import SurpriseSVD, SurpriseSVDConfig
from recommender.factors.svd import SVD, SVDConfig, _Training
from recommender.kernels.sgd import run_sgd_epoch


@pytest.mark.parametrize("n_factors", [1, 8, 13])
def test_the_kernel_equals_its_plain_twin(synthetic: Ratings, n_factors: int) -> None:
    def learnt(epoch: Callable[..., None]) -> list[np.ndarray]:
        training = _Training.of(synthetic, SVDConfig(n_factors=n_factors))
        for _ in range(3):
            epoch(training.grid, np.arange(16)[::-1].copy(), training.parameters, np.float32(0.02), np.float32(0.05))
        return list(training.parameters)

    for fast, plain in zip(learnt(run_sgd_epoch), learnt(run_sgd_epoch_plain), strict=True):
        assert fast == pytest.approx(plain, abs=1e-5)


def test_one_rating_moves_biases_and_factors_as_the_update_says() -> None:
    ratings = Ratings.from_arrays([1, 1, 2], [5, 6, 5], [4.0, 2.0, 3.0])
    training = _Training.of(ratings, SVDConfig(n_factors=2, init_std_dev=0.0))
    training.parameters.user_factors[training.users[0], :2] = [1.0, 0.5]
    training.parameters.item_factors[training.items[0], :2] = [0.5, -1.0]
    only = training.grid._replace(bounds=training.grid.bounds.copy())
    at = int(np.flatnonzero((only.users == training.users[0]) & (only.items == training.items[0]))[0])
    only.bounds[:] = np.where(only.bounds > at, at + 1, at)

    run_sgd_epoch(only, np.arange(16), training.parameters, np.float32(0.1), np.float32(0.2))

    # The mean is 3, the product 0, so the error is 4 - 3 - 0 = 1.
    model = training.model(1)
    assert model.user_biases[0] == pytest.approx(0.1)
    assert model.item_biases[0] == pytest.approx(0.1)
    assert model.user_factors[0] == pytest.approx([1 + 0.1 * (0.5 - 0.2 * 1), 0.5 + 0.1 * (-1 - 0.2 * 0.5)])
    assert model.item_factors[0] == pytest.approx([0.5 + 0.1 * (1 - 0.2 * 0.5), -1 + 0.1 * (0.5 + 0.2 * 1)])


def test_the_number_of_threads_changes_no_bit(synthetic: Ratings) -> None:
    one, three = (SVD(SVDConfig(n_factors=9, n_threads=n)).fit(synthetic) for n in (1, 3))
    assert np.array_equal(one.item_factors, three.item_factors)
    assert np.array_equal(one.user_biases, three.user_biases)


def test_blocks_have_every_rating_once_and_stripes_are_disjoint(synthetic: Ratings) -> None:
    training = _Training.of(synthetic, SVDConfig(n_factors=1))
    grid = training.grid
    back = np.argsort(training.users)[grid.users], np.argsort(training.items)[grid.items]
    assert sorted(zip(*back, strict=True)) == sorted(
        zip(synthetic.user_positions, synthetic.item_positions, strict=True)
    )
    block_of = np.repeat(np.arange(256), np.diff(grid.bounds))
    for stripe_of, members in ((block_of // 16, grid.users), (block_of % 16, grid.items)):
        assert len({(member, stripe) for member, stripe in zip(members, stripe_of, strict=True)}) == len(set(members))


def test_a_true_answer_ends_the_training_with_the_model_of_that_moment(synthetic: Ratings) -> None:
    seen: list[np.ndarray] = []

    def watch(epoch: Epoch) -> bool:
        assert epoch.model is not None
        seen.append(epoch.model().predict(synthetic.user_ids[:5], synthetic.item_ids[:5]))
        return epoch.done == 2

    ended = SVD(SVDConfig(n_factors=4, n_epochs=9)).fit(synthetic, watch)
    short = SVD(SVDConfig(n_factors=4, n_epochs=2)).fit(synthetic)
    assert len(seen) == 2
    assert np.array_equal(ended.item_factors, short.item_factors)
    assert np.array_equal(seen[1], short.predict(synthetic.user_ids[:5], synthetic.item_ids[:5]))
    assert not np.array_equal(seen[0], seen[1])


@pytest.mark.parametrize("wrong", [{"n_factors": 0}, {"learning_rate": 0.0}, {"regularisation": -1}, {"n_threads": 0}])
def test_meaningless_settings_are_refused(wrong: dict[str, int]) -> None:
    with pytest.raises(ConfigError, match=next(iter(wrong))):
        SVDConfig(**wrong)


@pytest.mark.slow
def test_it_is_as_accurate_as_surprise_on_a_million_ratings(million: Ratings) -> None:
    split = random_split(million, test_fraction=0.1, seed=1)
    ours = np.mean([evaluate_split(SVD(SVDConfig(seed=seed)), split)["rmse"] for seed in range(3)])
    theirs = np.mean([evaluate_split(SurpriseSVD(SurpriseSVDConfig(seed=seed)), split)["rmse"] for seed in range(2)])
    assert ours == pytest.approx(theirs, abs=0.002)
