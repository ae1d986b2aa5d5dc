"""SVD and NSVD on small batches with momentum: kernels against their twins, reports, and what is learnt."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.recommender.kernels.momentum_plain import run_nsvd_steps_plain, run_svd_steps_plain

from recommender.contract import predict_or_fallback
from recommender.data.ratings import Ratings
from recommender.data.rows import Rows
from recommender.data.splits import random_split
from recommender.errors import ConfigError, DivergedError
from recommender.evaluation.metrics import rmse
from recommender.factors.minibatch import MiniBatchConfig, StepReport, train_minibatch
from recommender.factors.nsvd_model import NSVDModel
from recommender.kernels.batches import Examples, Weights
from recommender.kernels.momentum import Momentum, run_nsvd_steps, run_svd_steps

SETTINGS = Momentum(np.float32(0.005), np.float32(0.9), np.float32(0.05))
PAIRS = st.sets(st.tuples(st.integers(0, 5), st.integers(0, 4)), min_size=1)


def make_batch(
    pairs: set[tuple[int, int]], n_factors: int
) -> tuple[Examples, np.ndarray, tuple[Weights, Weights, Weights], Rows]:
    """Ratings, seven batches of four, sides of random numbers, and everybody represented by all that they rated."""
    users, items = np.array(sorted(pairs), dtype=np.int32).T
    _, users = np.unique(users, return_inverse=True)
    users, items = users.astype(np.int32), items.copy()
    rng = np.random.default_rng(3)
    examples = Examples(users, items, ((users + 2 * items) % 10 / 2 - 2).astype(np.float32))
    sides = [
        Weights.of(0.3 * rng.standard_normal((n, n_factors), dtype=np.float32)) for n in (int(users.max()) + 1, 5, 5)
    ]
    speaking = Rows.of_sorted(users, items, n_rows=int(users.max()) + 1)
    return examples, rng.integers(len(pairs), size=(7, 4)), (sides[0], sides[1], sides[2]), speaking


@settings(max_examples=30, deadline=None, derandomize=True)
@given(PAIRS, st.sampled_from([1, 7, 8, 13]))
def test_the_kernel_of_svd_equals_its_plain_twin(pairs: set[tuple[int, int]], n_factors: int) -> None:
    examples, batches, fast, _ = make_batch(pairs, n_factors)
    _, _, plain, _ = make_batch(pairs, n_factors)
    error = run_svd_steps(examples, batches, fast[0], fast[1], SETTINGS)
    assert error == pytest.approx(run_svd_steps_plain(examples, batches, plain[0], plain[1], SETTINGS), abs=1e-4)
    assert_same(fast, plain)


@settings(max_examples=30, deadline=None, derandomize=True)
@given(PAIRS, st.sampled_from([1, 7, 8, 13]))
def test_the_kernel_of_nsvd_equals_its_plain_twin(pairs: set[tuple[int, int]], n_factors: int) -> None:
    examples, batches, fast, speaking = make_batch(pairs, n_factors)
    _, _, plain, _ = make_batch(pairs, n_factors)
    error = run_nsvd_steps(examples, batches, fast, speaking, SETTINGS)
    assert error == pytest.approx(run_nsvd_steps_plain(examples, batches, plain, speaking, SETTINGS), abs=1e-4)
    assert_same(fast, plain)


def assert_same(fast: tuple[Weights, ...], plain: tuple[Weights, ...]) -> None:
    for ours, theirs in zip(fast, plain, strict=True):
        for name in Weights._fields:
            assert getattr(ours, name) == pytest.approx(getattr(theirs, name), abs=1e-3, rel=1e-4), name


def test_two_steps_move_a_parameter_as_momentum_says() -> None:
    users, items = (Weights.of(np.array([[value]], np.float32)) for value in (0.5, 1.0))
    examples = Examples(np.zeros(1, np.int32), np.zeros(1, np.int32), np.array([1.5], np.float32))
    error = run_svd_steps(examples, np.zeros((2, 1), np.int64), users, items, SETTINGS)
    bias, velocity, p, q, b = 0.0, 0.0, (0.5, 0.0), (1.0, 0.0), 0.0
    for _ in range(2):
        rest = 1.5 - bias - b - p[0] * q[0]
        moved = []
        for (value, before), other in ((p, q[0]), (q, p[0]), ((bias, velocity), 1.0)):
            speed = 0.9 * before + 2 * (-rest * other + 0.05 * value)
            moved.append((value - 0.005 * speed, speed))
        p, q, (bias, velocity) = moved
        b = bias
    assert error == pytest.approx(abs(rest), abs=1e-5)
    assert users.values[0, [0, -1]] == pytest.approx([p[0], bias], abs=1e-5)
    assert items.values[0, [0, -1]] == pytest.approx([q[0], bias], abs=1e-5)


def test_reports_come_at_the_start_every_so_often_and_at_the_end(synthetic: Ratings) -> None:
    def steps(n_steps: int) -> list[int]:
        config = MiniBatchConfig(n_steps=n_steps, batch_size=50)
        return [report.step for report in train_minibatch(synthetic, config, every=10)]

    assert steps(1) == [0]
    assert steps(10) == [0, 9]
    assert steps(11) == [0, 10]
    assert steps(25) == [0, 10, 20, 24]


# Who rated what is chance in these ratings, so nsvd learns little more than biases.
@pytest.mark.parametrize(("model", "share"), [("svd", 0.7), ("nsvd", 0.97)])
def test_training_predicts_held_out_ratings(synthetic: Ratings, model: str, share: float) -> None:
    train, test = random_split(synthetic, test_fraction=0.2, seed=0)
    config = MiniBatchConfig(model=model, batch_size=60, n_steps=400, init_std_dev=0.2)
    first, *_, last = train_minibatch(train, config)
    assert error_of(last, test) < share * error_of(first, test)


def error_of(report: StepReport, test: Ratings) -> float:
    return rmse(test.values, predict_or_fallback(report.model, test.user_ids, test.item_ids))


def test_the_same_seed_gives_the_same_reports(synthetic: Ratings) -> None:
    config = MiniBatchConfig(n_steps=20, batch_size=50)
    once, again = (list(train_minibatch(synthetic, config)) for _ in range(2))
    other = list(train_minibatch(synthetic, MiniBatchConfig(n_steps=20, batch_size=50, seed=1)))
    assert [report.batch_error for report in once] == [report.batch_error for report in again]
    assert np.array_equal(once[-1].model.item_factors, again[-1].model.item_factors)
    assert not np.array_equal(once[-1].model.item_factors, other[-1].model.item_factors)


@pytest.mark.parametrize(("size", "most"), [("max", 31), ("mean", 25), ("min", 17)])
def test_minibatch_nsvd_gives_a_model_with_fold_in(synthetic: Ratings, size: str, most: int) -> None:
    config = MiniBatchConfig(model="nsvd", size=size, n_steps=30, batch_size=50)
    model = list(train_minibatch(synthetic, config))[-1].model
    assert isinstance(model, NSVDModel)
    assert model.history_length == most
    mine = synthetic.item_positions[synthetic.user_positions == 7].astype(np.int64)
    assert model.user_factors_from_history(mine) == pytest.approx(model.user_factors[7], abs=1e-6)


def test_a_learning_rate_that_is_too_high_is_reported(synthetic: Ratings) -> None:
    with pytest.raises(DivergedError, match="lower learning_rate"):
        list(train_minibatch(synthetic, MiniBatchConfig(learning_rate=1.0)))


@pytest.mark.parametrize("wrong", [{"model": "svm"}, {"size": "huge"}, {"momentum": 1.0}, {"n_steps": 0}])
def test_meaningless_settings_are_refused(wrong: dict[str, str]) -> None:
    with pytest.raises(ConfigError, match=next(iter(wrong))):
        MiniBatchConfig(**wrong)  # type: ignore[arg-type]  # Wrong on purpose.
