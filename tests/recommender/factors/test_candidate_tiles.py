from dataclasses import replace

import numpy as np
import pytest

from recommender.data.rows import Rows
from recommender.data.vocabulary import Vocabulary
from recommender.factors.batch_topk import batch_topk
from recommender.factors.candidate_tiles import CandidateTiles, norms
from recommender.factors.foldin import FoldInPenalty, UserParameters
from recommender.factors.model import FactorModel
from recommender.topk import topk_plain


@pytest.fixture
def model() -> FactorModel:
    """Users and items of very different lengths, so that bounds by lengths leave out a lot."""
    rng = np.random.default_rng(6)

    def vectors(n: int) -> np.ndarray[tuple[int, ...], np.dtype[np.float32]]:
        lengths = rng.lognormal(-1, 1, (n, 1)).astype(np.float32)
        return rng.standard_normal((n, 12), dtype=np.float32) * lengths

    return FactorModel(
        users=Vocabulary(np.arange(80)),
        items=Vocabulary(np.arange(900)),
        global_mean=3.5,
        user_biases=rng.standard_normal(80, dtype=np.float32),
        item_biases=rng.standard_normal(900, dtype=np.float32),
        user_factors=vectors(80),
        item_factors=vectors(900),
        fold_in_penalty=FoldInPenalty(constant=10.0, per_rating=0.02),
    )


@pytest.mark.parametrize("usual_norm", [0.0, 0.7, 30.0])
def test_no_score_from_a_tile_on_exceeds_its_bound(model: FactorModel, usual_norm: float) -> None:
    allowed = np.arange(900) % 3 > 0
    shelf = CandidateTiles.of(model, allowed, usual_norm, width=64)
    users = model.user_factors.astype(np.float64)
    scores = model.item_biases + users @ model.item_factors.astype(np.float64).T

    for tile in shelf.tiles:
        best_left = scores[:, shelf.order[tile.first :]].max(axis=1)
        assert (best_left <= shelf.bounds(tile, norms(model.user_factors)) + 1e-9).all()
    assert sorted(shelf.order.tolist()) == np.flatnonzero(allowed).tolist()
    assert sum(len(tile.factors) for tile in shelf.tiles) == allowed.sum()


def test_places_say_where_rated_items_are_in_the_order(model: FactorModel) -> None:
    shelf = CandidateTiles.of(model, np.ones(900, dtype=np.bool_), 1.0, width=64)
    places = shelf.ranks_of(Rows.of_pairs([0, 0, 2], [7, 800, 3], n_rows=3))

    assert sorted(shelf.order[places[:2]].tolist()) == [7, 800]
    assert places[0] < places[1]
    assert shelf.order[places[2]] == 3


@pytest.mark.parametrize("bias_scale", [0.0, 1.0, 100.0])
def test_users_that_leave_their_block_early_have_exact_lists(model: FactorModel, bias_scale: float) -> None:
    model = replace(model, item_biases=model.item_biases * np.float32(bias_scale))
    everyone = [UserParameters(float(b), p) for b, p in zip(model.user_biases, model.user_factors, strict=True)]
    exact = np.stack([model.score_items(user) for user in everyone])
    expected, scores = topk_plain(exact, np.ones(exact.shape, dtype=np.bool_), 15)

    found = list(batch_topk(model, np.arange(80), n=15, block_users=40, block_items=32))

    assert np.concatenate([block.items for block in found]).tolist() == expected.tolist()
    assert np.concatenate([block.scores for block in found]).tolist() == scores.tolist()
