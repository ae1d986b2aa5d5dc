from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recommender.algorithms import load_model
from recommender.artifacts import Provenance
from recommender.data.catalogue import Catalogue
from recommender.data.catalogue_files import read_catalogue
from recommender.data.ratings import Ratings
from recommender.data.splits import random_split
from recommender.errors import ConfigError, DataError
from recommender.items.keywords import Keywords, KeywordsConfig, KeywordsModel, WeightingRule
from recommender.persistence import save_model
from recommender.recommendations import recommend

SPACE, SEA, COURT = ["space", "robot"], ["sea", "ship"], ["court"]
UNRATED_SPACE, UNRATED_SEA, WITHOUT_WORDS = 70, 80, 90


def movies() -> Catalogue:
    """Films 10, 20, 30 in space, 40, 50 at sea, 60 in court; 70 in space and 80 at sea are rated by nobody."""
    ids = [80, 10, 20, 30, 40, 50, 60, 70]
    keywords = [[*SEA, "new"], SPACE, [*SPACE, "alien"], SPACE, SEA, [*SEA, "pirate"], COURT, [*SPACE, "new"]]
    return Catalogue.of(ids, genres=[["Adventure"]] * 6 + [["Drama"], ["Adventure"]], keywords=keywords)


def seen() -> Ratings:
    """User 1 likes space and not the sea, user 2 the reverse; user 3 rated a film that nothing is known of."""
    users = [1, 1, 1, 1, 2, 2, 2, 2, 3, 3]
    items = [10, 20, 40, 60, 40, 50, 10, 60, 90, 60]
    return Ratings.from_arrays(users, items, [5, 4.5, 1, 3, 5, 4, 1.5, 3, 5, 3])


@pytest.fixture
def model() -> KeywordsModel:
    return Keywords(KeywordsConfig(rare_words=0.0), movies()).fit(seen())


def test_unrated_films_of_the_catalogue_are_recommended(model: KeywordsModel) -> None:
    assert model.items.ids.tolist() == [10, 20, 30, 40, 50, 60, 70, 80, 90]
    best = recommend(model, [1, 2], 1, candidates=np.isin(model.items.ids, [UNRATED_SPACE, UNRATED_SEA, 60]))
    assert best.item_ids[:, 0].tolist() == [UNRATED_SPACE, UNRATED_SEA]
    assert np.isfinite(model.predict([1, 2], [UNRATED_SPACE, UNRATED_SEA])).all()
    assert model.predict([3], [UNRATED_SPACE]) == model.stars.fallback([3], [123_456])


def test_a_rated_film_without_words_has_no_effect_and_no_neighbours(model: KeywordsModel) -> None:
    assert model.score([1, 2], [WITHOUT_WORDS] * 2).tolist() == [0, 0]
    assert (model.similar_items([WITHOUT_WORDS], 3).item_ids == -1).all()
    assert not np.isin(model.similar_items([10, 40], 9).item_ids, WITHOUT_WORDS).any()


def test_low_ratings_are_not_positive(model: KeywordsModel) -> None:
    person = model.fold_in([40, 50, 60], [0.5, 1.0, 4.0])
    scores = dict(zip(model.items.ids.tolist(), model.score_items(person), strict=True))
    assert scores[UNRATED_SEA] < 0 < scores[60]
    assert recommend(model, [1], 9).item_ids[0, -1] == 40


def test_one_liked_film_is_enough_and_one_disliked_film_leads_away(model: KeywordsModel) -> None:
    for stars, sign in ((5.0, 1), (1.0, -1)):
        scores = model.score_items(model.fold_in([10], [stars]))
        assert scores == pytest.approx(sign * model.vectors.to_items(np.array([0]))[0], abs=1e-6)


def test_dislikes_can_be_left_out(model: KeywordsModel) -> None:
    deaf = Keywords(KeywordsConfig(dislikes=0.0), movies()).fit(seen())
    assert model.score([1], [UNRATED_SEA])[0] < deaf.score([1], [UNRATED_SEA])[0]
    assert not deaf.score_items(deaf.fold_in([40], [1.0])).any()


def test_similar_films_share_words_best_first(model: KeywordsModel) -> None:
    found = model.similar_items([10, 60], 9)
    assert found.item_ids[0].tolist() == [30, 20, 70, 40, 50, 80, -1, -1, -1]
    assert found.scores[0, :4] == pytest.approx([1, 3 / 12**0.5, 3 / 12**0.5, 1 / 3], abs=1e-6)
    assert np.isnan(found.scores[0, 6:]).all()
    assert (found.item_ids[1] == -1).all()


def test_weights_are_ratings_above_the_damped_mean_of_their_user() -> None:
    users, values = np.array([0, 0, 1], dtype=np.int32), np.array([5, 2, 4], dtype=np.float32)
    rule = WeightingRule(damping=1.0, dislikes=0.5)
    means = (5 + 2 + 3) / 3, (4 + 3) / 2
    expected = [5 - means[0], (2 - means[0]) / 2, 4 - means[1]]
    assert rule.weights(users, values, n_users=2, mean=3.0) == pytest.approx(expected)


@settings(deadline=None)
@given(values=st.lists(st.integers(1, 10), min_size=1, max_size=6))
def test_scores_of_a_user_are_cosines(values: list[int]) -> None:
    model = Keywords(KeywordsConfig(), movies()).fit(seen())
    scores = model.score_items(model.fold_in([10, 20, 40, 50, 60, 80][: len(values)], np.array(values) / 2))
    assert scores.min() >= -1
    assert scores.max() <= 1


def test_a_model_with_unrated_films_is_saved_and_loaded(model: KeywordsModel, tmp_path: Path) -> None:
    save_model(model, tmp_path / "model", Provenance("keywords", {}, 0, "checksum"))
    loaded = load_model(tmp_path / "model")
    assert np.array_equal(loaded.items.ids, model.items.ids)
    assert np.array_equal(
        loaded.similar_items(model.items.ids, 4).item_ids, model.similar_items(model.items.ids, 4).item_ids
    )
    assert np.array_equal(loaded.predict([1, 2], [70, 80]), model.predict([1, 2], [70, 80]))


def test_impossible_settings_are_refused() -> None:
    with pytest.raises(ConfigError, match="rare_words is -1"):
        KeywordsConfig(rare_words=-1)
    with pytest.raises(ConfigError, match="dislikes is 2"):
        KeywordsConfig(dislikes=2)


def test_rows_that_do_not_fit_the_items_are_refused(model: KeywordsModel) -> None:
    with pytest.raises(DataError, match="rated_weights"):
        KeywordsModel(**{**model.__dict__, "rated_weights": model.rated_weights[:-1]})


@pytest.mark.slow
def test_keywords_predict_stars_of_real_ratings(shared_data: Path, kaggle_small: Ratings) -> None:
    catalogue = read_catalogue(shared_data / "the-movies-dataset")
    split = random_split(kaggle_small, test_fraction=0.1, seed=0)
    model = Keywords(KeywordsConfig(), catalogue).fit(split.train)
    test = split.test

    def rmse(stars: np.ndarray) -> float:
        return float(np.sqrt(np.nanmean((stars - test.values) ** 2)))

    by_taste, by_bias = model.predict(test.user_ids, test.item_ids), model.stars.predict(test.user_ids, test.item_ids)
    assert rmse(by_taste) < rmse(by_bias) - 0.005
    jurassic_park, its_sequels = 480, {1544, 4638, 117529}
    assert set(model.similar_items([jurassic_park], 3).item_ids[0].tolist()) == its_sequels
