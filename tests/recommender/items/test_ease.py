import numpy as np
import pytest

from recommender.data.ratings import Ratings
from recommender.data.rows import Rows
from recommender.items import ease as module
from recommender.items.ease import EASE, EASEConfig, item_gram_matrix
from recommender.recommendations import recommend


def test_the_weights_are_those_of_the_closed_form(synthetic: Ratings) -> None:
    model = EASE(EASEConfig(regularisation=3.0)).fit(synthetic)
    liked = np.zeros((len(synthetic.users), len(synthetic.items)))
    liked[synthetic.user_positions, synthetic.item_positions] = synthetic.values >= 3.5
    inverse = np.linalg.inv(liked.T @ liked + 3.0 * np.eye(len(synthetic.items)))
    expected = -inverse / np.diag(inverse)
    np.fill_diagonal(expected, 0)
    assert model.weights == pytest.approx(expected, abs=1e-6)
    assert model.score(model.users.ids[[2, 2]], model.items.ids[[5, 6]]) == pytest.approx(
        (liked @ expected)[2, 5:7], abs=1e-5
    )


def test_the_gram_matrix_is_the_same_by_dense_blocks_and_sparse(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(0)
    rows = Rows.of_pairs(rng.integers(0, 90, 700), rng.integers(0, 30, 700), n_rows=90)
    weighted = np.array([1, 4, 5, 20, 29], dtype=np.int32)
    grams = []
    for gain in (0, 10**9):
        monkeypatch.setattr(module, "_DENSE_GAIN", gain)
        monkeypatch.setattr(module, "_BLOCK_USERS", 17)
        grams.append(item_gram_matrix(rows, weighted, 30))
    assert np.array_equal(grams[0], grams[1])
    assert grams[0][0, 0] == np.count_nonzero(rows.indices == 1)


def test_items_beyond_the_cap_rank_last_by_popularity(synthetic: Ratings) -> None:
    model = EASE(EASEConfig(max_items=10)).fit(synthetic)
    likings = np.bincount(synthetic.item_positions[synthetic.values >= 3.5], minlength=len(synthetic.items))
    assert set(model.weighted) == set(np.argsort(-likings, kind="stable")[:10])
    best = recommend(model, model.users.ids[:1], len(model.items)).item_ids[0]
    ranked = model.items.positions(best)
    assert set(ranked[:10]) == set(model.weighted)
    assert np.all(np.diff(likings[ranked[10:]]) <= 0)


def test_low_ratings_are_not_positive_interactions(synthetic: Ratings) -> None:
    model = EASE().fit(synthetic)
    assert not model.score_items(model.fold_in(model.items.ids[:4], [1.0, 2.0, 3.0, 0.5])).any()
    assert model.score_items(model.fold_in(model.items.ids[:4], [1.0, 2.0, 3.5, 0.5])).any()
