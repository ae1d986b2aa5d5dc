"""Associations between items."""

import numpy as np
import pytest

from recommender.data.rows import Rows
from recommender.items.association import association_weights


def test_each_column_is_the_ridge_regression_of_its_item_on_the_others() -> None:
    random = np.random.default_rng(4)
    ratings = random.random((50, 7)) < 0.4
    weights = association_weights(Rows.of_pairs(*np.nonzero(ratings), n_rows=50), n_items=7, regularisation=3.0)
    assert weights.dtype == np.float32
    matrix = ratings.astype(float)
    for item in range(7):
        others = np.delete(np.arange(7), item)
        gram = matrix[:, others].T @ matrix[:, others] + 3.0 * np.eye(6)
        direct = np.linalg.solve(gram, matrix[:, others].T @ matrix[:, item])
        assert weights[others, item] == pytest.approx(direct, abs=1e-5)
        assert weights[item, item] == 0
