"""Intervals hold what they promise on ratings that nobody had seen."""

import numpy as np
import pytest

from recommender.blends.intervals import IntervalTable, spread, spreads
from recommender.data.rows import Rows
from recommender.errors import DataError


def world(seed: int, n: int = 20_000) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Predictions, ratings and spreads where some people are four times as unpredictable as others."""
    random = np.random.default_rng(seed)
    predicted = random.uniform(1.5, 4.8, n).astype(np.float32)
    unpredictability = random.choice([0.25, 1.0], n).astype(np.float32)
    actual = np.clip(predicted + unpredictability * random.standard_normal(n), 0.5, 5.0).astype(np.float32)
    return predicted, actual, unpredictability


def test_eighty_of_a_hundred_ratings_lie_inside_for_the_steady_and_for_the_moody() -> None:
    predicted, actual, unpredictability = world(1)
    table = IntervalTable.of_errors(predicted, actual, unpredictability, variance=0.5)
    predicted, actual, unpredictability = world(2)
    low, high = table.around(predicted, unpredictability, (0.5, 5.0))
    inside = (low <= actual) & (actual <= high)
    for who in (unpredictability < 0.5, unpredictability > 0.5):
        assert inside[who].mean() == pytest.approx(0.8, abs=0.03)
    assert (low <= predicted).all()
    assert (predicted <= high).all()
    assert low.min() >= 0.5
    assert high.max() <= 5.0


def test_with_few_ratings_one_group_bounds_all() -> None:
    table = IntervalTable.of_errors(
        np.array([3.0], dtype=np.float32), np.array([4.0], dtype=np.float32), np.ones(1, np.float32), variance=1.0
    )
    assert (table.low, table.high) == ((0.0,), (1.0,))
    with pytest.raises(DataError):
        IntervalTable(stars=(), low=(), high=(), variance=1.0)


def test_a_spread_starts_at_the_ordinary_one_and_follows_ones_own_ratings() -> None:
    assert spread(np.zeros(1), np.zeros(1, dtype=np.int64), 0.49) == pytest.approx([2.0])
    assert spread(np.array([4000.0]), np.array([1000]), 1.0) == pytest.approx([2.0], abs=0.02)
    rated = Rows(np.array([0, 2, 2]), np.array([0, 1], dtype=np.int32))
    assert spreads(np.array([1.0, 3.0]), rated) == pytest.approx([2.5**0.5, 2.0])
