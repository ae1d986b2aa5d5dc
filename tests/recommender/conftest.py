"""Ratings and models that several tests share."""

from pathlib import Path

import numpy as np
import pyarrow.csv
import pytest

from recommender.data.ratings import Ratings
from recommender.data.vocabulary import Vocabulary
from recommender.factors.foldin import FoldInPenalty
from recommender.factors.model import FactorModel


@pytest.fixture(scope="session")
def latest_small(shared_data: Path) -> Ratings:
    table = pyarrow.csv.read_csv(shared_data / "ml-latest-small" / "ratings.csv")
    return Ratings.from_arrays(*(table[name].to_numpy() for name in ("userId", "movieId", "rating", "timestamp")))


@pytest.fixture(scope="session")
def kaggle_small(shared_data: Path) -> Ratings:
    table = pyarrow.csv.read_csv(shared_data / "the-movies-dataset" / "ratings_small.csv")
    return Ratings.from_arrays(*(table[name].to_numpy() for name in ("userId", "movieId", "rating", "timestamp")))


@pytest.fixture(scope="session")
def million(shared_data: Path) -> Ratings:
    table = pyarrow.csv.read_csv(shared_data / "ml-1m" / "ratings-900k.csv")
    return Ratings.from_arrays(*(table[name].to_numpy() for name in ("userId", "movieId", "rating")))


@pytest.fixture(scope="session")
def synthetic() -> Ratings:
    """60 users and 40 items with ids that are not positions, one taste dimension, shuffled rows."""
    rng = np.random.default_rng(7)
    pairs = rng.permutation(60 * 40)[:1500]
    users, items = pairs // 40, pairs % 40
    taste, kind = rng.standard_normal(60), rng.standard_normal(40)
    stars = 3.2 + 0.6 * taste[users] * kind[items] + 0.3 * rng.standard_normal(1500)
    values = np.clip(np.round(stars * 2) / 2, 0.5, 5.0)
    return Ratings.from_arrays(1000 + 3 * users, 50 + 7 * items, values, rng.integers(10**9, 2 * 10**9, 1500))


@pytest.fixture
def tiny_model() -> FactorModel:
    return tiny_factor_model()


def tiny_factor_model() -> FactorModel:
    """Two users (10, 20), three items (1, 2, 3), two factors; every prediction is easily done by hand."""
    return FactorModel(
        users=Vocabulary(np.array([10, 20])),
        items=Vocabulary(np.array([1, 2, 3])),
        global_mean=3.0,
        user_biases=np.array([0.5, -0.5], dtype=np.float32),
        item_biases=np.array([0.25, 0.0, -0.25], dtype=np.float32),
        user_factors=np.array([[1.0, 0.0], [0.0, 2.0]], dtype=np.float32),
        item_factors=np.array([[1.0, 1.0], [0.0, -2.0], [0.5, 0.5]], dtype=np.float32),
        fold_in_penalty=FoldInPenalty(constant=10.0, per_rating=0.02),
    )
