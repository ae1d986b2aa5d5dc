from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from tests.recommender.blends.test_interleaving import interleaved

from recommender.algorithms import load_model
from recommender.artifacts import Provenance
from recommender.blends.hybrid import Hybrid, HybridConfig
from recommender.blends.hybrid_model import HybridModel, HybridUserState, kmf_over
from recommender.data.catalogue import Catalogue
from recommender.data.ratings import Ratings
from recommender.data.vocabulary import Vocabulary
from recommender.errors import ConfigError, DataError
from recommender.factors.kmf import KMF, KMFConfig
from recommender.persistence import save_model

GENRES = ("Comedy", "Drama", "Western")
UNRATED, WITHOUT_GENRE, ALONE = 500, 501, 502
CONFIG = HybridConfig(n_factors=4, n_epochs=8, n_genres=1)


def movies() -> Catalogue:
    """Films 10 … 39, a third of each genre, of four themes; 500 to 502 have not been rated by anybody."""
    ids = [*range(10, 40), UNRATED, WITHOUT_GENRE, ALONE]
    genres = [[GENRES[item % 3]] for item in range(30)] + [["Comedy"], [], []]
    keywords = [[f"theme-{item // 3 % 4}", f"only-{item}"] for item in range(30)] + [["theme-0"], ["theme-1"], []]
    return Catalogue.of(ids, genres=genres, keywords=keywords)


def seen() -> Ratings:
    """40 users, each of whom likes one genre and rated half of the films 10 … 39."""
    rng = np.random.default_rng(2)
    pairs = np.sort(rng.permutation(40 * 30)[:600])
    users, items = pairs // 30, pairs % 30
    stars = np.where(users % 3 == items % 3, 4.0, 2.5) + rng.integers(0, 3, pairs.size) / 2
    return Ratings.from_arrays(100 + users, 10 + items, stars)


@pytest.fixture(scope="module")
def model() -> HybridModel:
    return Hybrid(CONFIG, movies()).fit(seen())


def liker_of(model: HybridModel, genre: int, n: int) -> HybridUserState:
    """Somebody who rated `n` films: half of them of one genre, and liked those."""
    items = [10 + 3 * (place // 2) + (genre if place % 2 == 0 else (genre + 1) % 3) for place in range(n)]
    return model.fold_in(items, [5.0 if place % 2 == 0 else 1.5 for place in range(n)])


def descending(scores: np.ndarray, among: np.ndarray) -> list[int]:
    return [int(item) for item in np.lexsort((-scores,)) if among[item]]


def test_the_order_is_keywords_and_kmf_in_turn_favourite_genre_first(model: HybridModel) -> None:
    person = liker_of(model, genre=2, n=8)
    cosines, stars = model.keywords.score_items(person.words), model.kmf.rate_items(person.vector)
    western = model.genres[:, 2]
    expected = [
        item
        for among in (western, ~western)
        for item in interleaved([int(i) for i in np.lexsort((-stars, -cosines)) if among[i]], descending(stars, among))
    ]
    assert np.argsort(-model.score_items(person)).tolist() == expected
    assert len(set(model.score_items(person).tolist())) == len(model.items)


def test_keywords_alone_rank_for_a_user_with_few_ratings(model: HybridModel) -> None:
    for n, by_words in ((4, True), (5, False)):
        person = liker_of(model, genre=0, n=n)
        cosines, stars = model.keywords.score_items(person.words), model.kmf.rate_items(person.vector)
        comedies = model.genres[:, 0]
        order = [int(i) for i in np.lexsort((-stars, -cosines)) if comedies[i]]
        listed = np.argsort(-model.score_items(person))[: len(order)].tolist()
        assert (listed == order) == by_words


def test_a_newcomer_gets_the_films_of_most_stars(model: HybridModel) -> None:
    nobody = model.fold_in([], [])
    stars = model.rate_items(nobody)
    assert np.argsort(-model.score_items(nobody), kind="stable").tolist() == np.argsort(-stars, kind="stable").tolist()


def test_stars_are_those_of_kmf_and_unrated_films_are_average(model: HybridModel) -> None:
    ratings = seen()
    kmf = KMF(KMFConfig(n_factors=4, n_epochs=8)).fit(ratings)
    assert np.array_equal(
        model.predict(ratings.user_ids, ratings.item_ids), kmf.predict(ratings.user_ids, ratings.item_ids)
    )
    assert model.predict([100], [UNRATED]) == pytest.approx(kmf.fallback([100], [UNRATED]), abs=1e-6)


def test_recommended_from_a_film_share_a_genre_without_repetition_or_the_film_itself(model: HybridModel) -> None:
    for person in (None, liker_of(model, genre=1, n=10)):
        found = model.recommend_from(10, person, 50)
        listed = found.item_ids[0][found.item_ids[0] >= 0]
        assert sorted(listed.tolist()) == [*range(13, 40, 3), UNRATED]
        assert np.all(np.diff(found.scores[0, : listed.size]) < 0)
        assert (found.item_ids[0, listed.size :] == -1).all()


def test_recommendations_from_a_film_interleave_similar_films_and_predicted_stars(model: HybridModel) -> None:
    person = liker_of(model, genre=1, n=10)
    among = model.genres[:, 0].copy()
    among[0] = False
    stars = model.kmf.rate_items(person.vector)
    cosines = model.keywords.vectors.to_items(np.array([0]))[0]
    by_words, by_stars = [int(i) for i in np.lexsort((-stars, -cosines)) if among[i]], descending(stars, among)
    expected = model.items.ids[interleaved(by_words, by_stars)[:6]]
    assert model.recommend_from(10, person, 6).item_ids[0].tolist() == expected.tolist()
    alone = model.recommend_from(10, None, 3).item_ids[0]
    assert set(alone) == {22, 34, UNRATED}


def test_excluded_items_are_not_listed_and_leave_no_gap(model: HybridModel) -> None:
    candidates = model.items.ids < 25
    found = model.recommend_from(10, None, 4, exclude=[16, 999], candidates=candidates)
    assert found.item_ids[0, 0] == 22
    assert set(found.item_ids[0].tolist()) == {13, 19, 22, -1}
    assert found.scores[0, :3].tolist() == pytest.approx([1, 1 / 2, 1 / 3])


def test_a_film_without_genres_leads_to_those_that_share_a_word(model: HybridModel) -> None:
    found = model.recommend_from(WITHOUT_GENRE, None, 50).item_ids[0]
    assert sorted(found[found >= 0].tolist()) == [13, 14, 15, 25, 26, 27, 37, 38, 39]
    assert (model.recommend_from(ALONE, None, 5).item_ids == -1).all()
    assert (model.recommend_from(12345, None, 5).item_ids == -1).all()


@pytest.mark.parametrize("k", [0, 51])
def test_lists_have_from_1_to_50_films(model: HybridModel, k: int) -> None:
    with pytest.raises(ConfigError, match=f"k is {k}: it must be from 1 to 50"):
        model.recommend_from(10, None, k)


def test_it_is_saved_and_loaded_as_one_folder(model: HybridModel, tmp_path: Path) -> None:
    manifest = save_model(model, tmp_path / "model", Provenance("hybrid", {}, 0, "checksum"))
    assert {"keywords_soup_words", "kmf_user_factors", "genres"} <= set(manifest.arrays)
    loaded = load_model(tmp_path / "model")
    assert isinstance(loaded, HybridModel)
    person = liker_of(loaded, genre=0, n=8)
    for wanted in (None, person):
        there, here = loaded.recommend_from(10, wanted, 9), model.recommend_from(10, wanted, 9)
        assert np.array_equal(there.item_ids, here.item_ids)
    assert np.array_equal(loaded.predict([100, 101], [10, UNRATED]), model.predict([100, 101], [10, UNRATED]))


def test_parts_of_different_items_are_refused(model: HybridModel) -> None:
    with pytest.raises(DataError, match="kmf has other users or items"):
        replace(model, kmf=kmf_over(Vocabulary.of([*model.items.ids, 9999]), model.kmf))
    with pytest.raises(DataError, match="genres"):
        replace(model, genres=model.genres[:-1])


def test_settings_reach_both_parts_and_are_checked_by_them() -> None:
    config = HybridConfig(rare_words=0.5, n_factors=7)
    assert (config.keywords().rare_words, config.kmf().n_factors) == (0.5, 7)
    with pytest.raises(ConfigError, match="dislikes is 3"):
        HybridConfig(dislikes=3)
    with pytest.raises(ConfigError, match="batch_size is 0"):
        HybridConfig(batch_size=0)
    with pytest.raises(ConfigError, match="n_genres is 0"):
        HybridConfig(n_genres=0)
