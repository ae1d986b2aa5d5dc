import numpy as np
import pytest
from tests.recommender.kernels.skipgram_plain import run_skipgram_epoch_plain

from recommender.data.ratings import Ratings
from recommender.data.rows import Rows
from recommender.kernels.skipgram import Sampling, noise_table, run_skipgram_epoch
from recommender.neural.item2vec import Item2Vec, Item2VecConfig, positive_sequences
from recommender.recommendations import recommend


def test_the_kernel_equals_its_plain_twin() -> None:
    rng = np.random.default_rng(0)
    rows = Rows(np.array([0, 0, 5, 6, 30]), rng.integers(0, 9, 30).astype(np.int32))
    sampling = Sampling(3, 2, noise_table(np.bincount(rows.indices, minlength=9), size=64))
    start = rng.standard_normal((2, 9, 4)).astype(np.float32) / 3
    fast, plain = (start[0].copy(), start[1].copy()), (start[0].copy(), start[1].copy())
    ends = (
        int(run_skipgram_epoch(rows, sampling, fast, np.float32(0.1), np.uint64(42))),
        run_skipgram_epoch_plain(rows, sampling, plain, 0.1, 42),
    )
    assert ends[0] == ends[1]
    assert fast[0] == pytest.approx(plain[0], abs=1e-5)
    assert fast[1] == pytest.approx(plain[1], abs=1e-5)
    assert not np.allclose(fast[0], start[0])


def test_noise_is_drawn_by_counts_to_the_power_of_three_quarters() -> None:
    drawn = np.bincount(noise_table(np.array([16, 0, 1]), size=900), minlength=3)
    assert drawn.tolist() == [800, 0, 100]


def test_sequences_are_positive_interactions_by_time_then_id() -> None:
    ratings = Ratings.from_arrays([1, 1, 1, 1, 2], [5, 6, 7, 8, 5], [4.0, 5.0, 2.0, 3.5, 5.0], [30, 10, 20, 10, 5])
    rows = positive_sequences(ratings, 3.5)
    assert rows.indptr.tolist() == [0, 3, 4]
    assert ratings.items.ids[rows.indices].tolist() == [6, 8, 5, 5]


def test_items_liked_together_become_similar() -> None:
    users = np.repeat(np.arange(200), 6)
    kind = users % 2
    items = kind * 10 + np.tile(np.arange(6), 200) + users // 2 % 4
    model = Item2Vec(Item2VecConfig(n_factors=6, n_epochs=30, learning_rate=0.05)).fit(
        Ratings.from_arrays(users, items, np.full(users.size, 4.5), np.arange(users.size))
    )
    near = model.similar_items([4], 5).item_ids[0]
    assert (near < 10).all()
    best = recommend(model, [0], 5).item_ids[0]
    assert (best < 10).all()
