import numpy as np
import pytest

from recommender.data.ratings import Ratings
from recommender.errors import ConfigError
from recommender.neural import neuralcf
from recommender.neural.neuralcf import NeuralCF
from recommender.neural.neuralcf_config import NeuralCFConfig
from recommender.recommendations import recommend

torch = pytest.importorskip("torch", reason="the optional dependency torch is not installed")
SMALL = NeuralCFConfig(n_factors=6, n_hidden=10, n_epochs=2, n_candidates=15, device="cpu")


def test_numpy_gives_the_outputs_of_the_network(synthetic: Ratings) -> None:
    from recommender.neural.towers import TwoTowers  # noqa: PLC0415 - needs PyTorch.

    torch.manual_seed(3)
    network = TwoTowers(40, SMALL)
    liked = np.array([1, 7, 30])
    with torch.no_grad():
        theirs = network.encode_users(network.inputs(torch.from_numpy(liked)).mean(dim=0))
        fits = network.encode_items(torch.arange(40)) @ theirs
    towers = network.towers()
    ours = towers.user_factors(liked)
    assert ours == pytest.approx(theirs.numpy(), abs=1e-5)
    assert towers.tower_factors @ ours == pytest.approx(fits.numpy(), abs=1e-4)


def test_the_candidates_are_the_nearest_and_rank_before_all_others(synthetic: Ratings) -> None:
    model = NeuralCF(SMALL).fit(synthetic)
    taste = model.user_state(4).profile
    scores = model.score_items(model.user_state(4))
    nearness = model.item_factors @ taste.vector
    nearness[taste.liked] = -np.inf
    nearest = np.argsort(-nearness, kind="stable")[:15]
    assert set(np.flatnonzero(scores > 0)) == set(nearest)
    fit = model.towers.tower_factors[nearest] @ taste.factors
    assert np.array_equal(np.argsort(-scores[nearest], kind="stable"), np.argsort(-fit, kind="stable"))


def test_training_finds_groups_of_users(synthetic: Ratings) -> None:
    users = np.repeat(np.arange(120), 8)
    items = users % 2 * 20 + (np.tile(np.arange(8), 120) * 3 + users // 2) % 20
    ratings = Ratings.from_arrays(users, items, np.full(users.size, 4.5), np.arange(users.size))
    config = NeuralCFConfig(n_factors=8, n_hidden=16, n_epochs=30, n_candidates=40, batch_users=16, device="cpu")
    model = NeuralCF(config).fit(ratings)
    top = recommend(model, [0, 1], 5, exclude=ratings.by_user().take(np.array([0, 1])))
    assert (top.item_ids[0] < 20).all()
    assert (top.item_ids[1] >= 20).all()


def test_low_ratings_are_not_positive_interactions(synthetic: Ratings) -> None:
    model = NeuralCF(SMALL).fit(synthetic)
    person = model.fold_in(model.items.ids[:3], [1.0, 2.0, 0.5])
    assert not person.profile.liked.size
    assert not person.profile.factors.any()


def test_without_pytorch_it_says_what_to_install(synthetic: Ratings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "recommender.neural.towers", None)
    with pytest.raises(ConfigError, match="pip install -r requirements/neural"):
        neuralcf.NeuralCF(SMALL).fit(synthetic)
