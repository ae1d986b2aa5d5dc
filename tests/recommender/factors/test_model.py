import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from recommender.contract import predict_or_fallback
from recommender.errors import DataError
from recommender.factors.foldin import UserParameters
from recommender.factors.model import FactorModel


def test_a_score_is_the_mean_plus_both_biases_plus_the_product_of_factors(tiny_model: FactorModel) -> None:
    scores = tiny_model.score([10, 10, 10, 20, 20, 20], [1, 2, 3, 1, 2, 3])
    assert scores.dtype == np.float32
    assert scores.tolist() == [4.75, 3.5, 3.75, 4.75, -1.5, 3.25]


def test_predictions_are_clipped_to_the_rating_scale(tiny_model: FactorModel) -> None:
    assert tiny_model.predict([20], [2]).tolist() == [0.5]
    low = replace(tiny_model, global_mean=9.0)
    assert low.predict([10], [1]).tolist() == [5.0]


def test_an_unknown_user_or_item_scores_nan(tiny_model: FactorModel) -> None:
    assert np.isnan(tiny_model.predict([10, 11, 11], [4, 1, 4])).all()


def test_the_fallback_is_the_mean_plus_what_is_known(tiny_model: FactorModel) -> None:
    assert tiny_model.fallback([10, 11, 11, 10], [4, 1, 4, 1]).tolist() == [3.5, 3.25, 3.0, 3.75]
    assert predict_or_fallback(tiny_model, [10, 11, 10], [1, 1, 4]).tolist() == [4.75, 3.25, 3.5]


def test_one_users_scores_for_all_items_equal_the_pairwise_ones(tiny_model: FactorModel) -> None:
    parameters = tiny_model.user_state(1)
    assert tiny_model.score_items(parameters).tolist() == tiny_model.score([20] * 3, [1, 2, 3]).tolist()


def test_scoring_in_many_chunks_equals_scoring_one_by_one(tiny_model: FactorModel) -> None:
    rng = np.random.default_rng(0)
    users, items = rng.choice([10, 20, 30], 40_000), rng.choice([1, 2, 3, 4], 40_000)
    single = {(u, i): tiny_model.score([u], [i])[0] for u in (10, 20, 30) for i in (1, 2, 3, 4)}
    expected = [single[pair] for pair in zip(users.tolist(), items.tolist(), strict=True)]
    np.testing.assert_array_equal(tiny_model.score(users, items), expected)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"user_biases": np.zeros(3, np.float32)}, r"user_biases must have shape \(2,\), got \(3,\)"),
        ({"item_factors": np.zeros((3, 3), np.float32)}, r"user_factors must have shape \(2, 3\), got \(2, 2\)"),
        ({"item_biases": np.zeros(3)}, "item_biases must be float32, got float64"),
        ({"item_biases": np.array([0, np.nan, 0], np.float32)}, r"item_biases\[1\] is nan"),
        ({"user_factors": np.array([[0, 0], [0, np.inf]], np.float32)}, r"user_factors\[1, 1\] is inf"),
        ({"global_mean": float("nan")}, "global_mean and rating_scale must be finite"),
    ],
)
def test_a_model_that_does_not_fit_together_cannot_exist(
    tiny_model: FactorModel, changes: dict[str, object], message: str
) -> None:
    with pytest.raises(DataError, match=message):
        replace(tiny_model, **changes)  # type: ignore[arg-type]  # Wrong on purpose.


def test_folding_in_solves_the_ridge_equations_for_bias_and_factors_together(tiny_model: FactorModel) -> None:
    user = tiny_model.fold_in([1, 3], [5.0, 2.0])
    design = np.array([[1, 1.0, 1.0], [1, 0.5, 0.5]])
    residuals = np.array([5.0 - 3.25, 2.0 - 2.75])
    expected = np.linalg.inv(design.T @ design + 10.04 * np.eye(3)) @ design.T @ residuals
    np.testing.assert_allclose([user.bias, *user.factors], expected, rtol=1e-6)


def test_folding_in_gives_the_same_in_the_space_of_ratings_and_of_factors(
    tiny_model: FactorModel,
) -> None:
    """Two ratings of two factors are solved among ratings, three among factors."""
    two = tiny_model.fold_in([1, 2], [4.0, 1.0])
    design = np.array([[1, 1.0, 1.0], [1, 0.0, -2.0]])
    expected = np.linalg.solve(design.T @ design + 10.04 * np.eye(3), design.T @ np.array([0.75, -2.0]))
    np.testing.assert_allclose([two.bias, *two.factors], expected, rtol=1e-6)
    three = tiny_model.fold_in([1, 2, 3], [4.0, 1.0, 3.0])
    design = np.vstack([design, [1, 0.5, 0.5]])
    expected = np.linalg.solve(design.T @ design + 10.06 * np.eye(3), design.T @ np.array([0.75, -2.0, 0.25]))
    np.testing.assert_allclose([three.bias, *three.factors], expected, rtol=1e-6)


def test_user_without_known_ratings_is_the_average_user(tiny_model: FactorModel) -> None:
    for user in (tiny_model.fold_in([], []), tiny_model.fold_in([99], [5.0])):
        assert user.bias == 0.0
        assert user.factors.tolist() == [0.0, 0.0]


def test_unknown_items_do_not_change_a_fold_in(tiny_model: FactorModel) -> None:
    with_unknown, without = tiny_model.fold_in([1, 99, 2], [4.0, 0.5, 1.0]), tiny_model.fold_in([1, 2], [4.0, 1.0])
    assert with_unknown.bias == without.bias
    assert with_unknown.factors.tolist() == without.factors.tolist()


@pytest.mark.parametrize(
    ("items", "values", "message"),
    [
        ([1], [0.0], r"values\[0\] is 0.0"),
        ([1, 2], [3.0], r"values must have shape \(2,\)"),
        ([1, 1], [3.0, 4.0], "rated twice"),
    ],
)
def test_a_fold_in_of_bad_ratings_is_refused(
    tiny_model: FactorModel, items: list[int], values: list[float], message: str
) -> None:
    with pytest.raises(DataError, match=message):
        tiny_model.fold_in(items, values)


def test_a_user_of_another_model_is_refused(tiny_model: FactorModel) -> None:
    with pytest.raises(DataError, match=r"factors must have shape \(2,\), got \(3,\)"):
        tiny_model.score_items(UserParameters(0.0, np.zeros(3, np.float32)))


def test_a_web_process_needs_neither_numba_nor_surprise_nor_pyarrow() -> None:
    source = str(Path(__file__).parents[3] / "src")
    program = (
        f"import sys; sys.path.insert(0, {source!r}); import recommender.factors.batch_topk\n"
        "print(sorted({'numba', 'surprise', 'pyarrow', 'scipy', 'pandas'} & set(sys.modules)))"
    )
    ended = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert ended.stdout.strip() == "[]"
