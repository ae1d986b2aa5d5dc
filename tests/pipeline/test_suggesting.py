from pathlib import Path

import numpy as np
import pytest
from tests.pipeline.suggestions import best_first, lists, live_factors, rated
from tests.pipeline.worlds import World

from accounts.models import User
from movies.models import ModelVersion, Movie, Rating, SuggestionList
from movies.services.ratings import rating_set
from pipeline.services import suggesting
from pipeline.services.suggesting import SuggestionReport, suggestion_lists_refresh

pytestmark = pytest.mark.django_db


def test_everyone_who_rated_gets_all_unrated_movies_best_first(trained: World, folders: Path) -> None:
    report = suggestion_lists_refresh()

    model = live_factors(folders)
    assert report == SuggestionReport(refreshed=60, reused=0, model_version_id=ModelVersion.objects.get().pk)
    assert set(lists()) == set(trained.user_ids)
    for user_id, movie_ids in lists().items():
        unrated = sorted(set(trained.movie_ids) - rated(user_id))
        assert movie_ids == best_first(model, user_id, unrated)


def test_scores_are_the_predicted_stars_in_the_same_order(trained: World, folders: Path) -> None:
    suggestion_lists_refresh()

    model = live_factors(folders)
    for suggestions in SuggestionList.objects.all():
        expected = model.predict([suggestions.user_id] * len(suggestions.movie_ids), suggestions.movie_ids)
        np.testing.assert_allclose(suggestions.scores, expected, atol=2e-6)
        assert suggestions.scores == sorted(suggestions.scores, reverse=True)
        assert suggestions.model_version_id == ModelVersion.objects.get().pk


def test_suggestions_follow_preferences(trained: World) -> None:
    suggestion_lists_refresh(maximum=5)

    of_taste = [
        movie_id % 2 == trained.movie_ids[trained.user_ids.index(user_id) % 2] % 2
        for user_id, movie_ids in lists().items()
        for movie_id in movie_ids
    ]
    assert np.mean(of_taste) > 0.9


def test_maximum_cuts_each_list_to_its_best(trained: World) -> None:
    suggestion_lists_refresh()
    whole = lists()

    suggestion_lists_refresh(maximum=3, reuse_days=0)

    assert lists() == {user_id: movie_ids[:3] for user_id, movie_ids in whole.items()}


def test_start_skips_the_most_rated_movies(trained: World) -> None:
    suggestion_lists_refresh()
    whole = lists()
    skipped = set(Movie.objects.order_by("-ratings_count", "pk").values_list("pk", flat=True)[:7])

    suggestion_lists_refresh(start=7)

    assert lists() == {
        user_id: [movie_id for movie_id in movie_ids if movie_id not in skipped] for user_id, movie_ids in whole.items()
    }


def test_block_sizes_change_nothing(trained: World, monkeypatch: pytest.MonkeyPatch) -> None:
    suggestion_lists_refresh()
    whole = list(SuggestionList.objects.order_by("user_id").values_list("user_id", "movie_ids", "scores"))

    monkeypatch.setattr(suggesting, "SMALLEST_TILE", 1)
    monkeypatch.setattr(suggesting, "BLOCK_USERS", 7)
    monkeypatch.setattr(suggesting, "BLOCK_RATINGS", 50)
    suggestion_lists_refresh(block_movies=3, reuse_days=0)

    assert list(SuggestionList.objects.order_by("user_id").values_list("user_id", "movie_ids", "scores")) == whole


def test_user_whose_ratings_changed_since_the_training_is_fitted_to_them_and_not_shown_them(
    trained: World, folders: Path
) -> None:
    user_id = trained.user_ids[0]
    liked = sorted(set(trained.movie_ids) - rated(user_id))[:4]
    for movie_id in liked:
        rating_set(user_id=user_id, movie_id=movie_id, value=5.0)

    suggestion_lists_refresh()

    model = live_factors(folders)
    ratings = dict(Rating.objects.filter(user_id=user_id).values_list("movie_id", "value"))
    folded = model.rate_items(model.fold_in(list(ratings), list(ratings.values())))
    suggestions = SuggestionList.objects.get(user_id=user_id)
    assert not set(liked) & set(suggestions.movie_ids)
    np.testing.assert_allclose(
        suggestions.scores, folded[model.items.positions(suggestions.movie_ids)], rtol=0, atol=2e-6
    )


def test_user_unknown_to_the_model_gets_suggestions_and_one_without_ratings_gets_none(trained: World) -> None:
    rater, idler = User.objects.create_user("rater"), User.objects.create_user("idler")
    for movie_id in trained.movie_ids[1:8:2]:
        rating_set(user_id=rater.pk, movie_id=movie_id, value=5.0)

    suggestion_lists_refresh()

    parity = trained.movie_ids[1] % 2
    assert idler.pk not in lists()
    assert [movie_id % 2 == parity for movie_id in lists()[rater.pk][:5]] == [True] * 5


def test_user_with_only_unknown_movies_gets_the_best_liked_ones(trained: World) -> None:
    user, movie = User.objects.create_user("new"), Movie.objects.create(title="Newest")
    rating_set(user_id=user.pk, movie_id=movie.pk, value=5.0)

    suggestion_lists_refresh()

    assert set(lists()[user.pk]) == set(trained.movie_ids)


def test_user_with_all_films_rated_has_an_empty_list(trained: World) -> None:
    user_id = trained.user_ids[0]
    Rating.objects.bulk_create(
        Rating(user_id=user_id, movie_id=movie_id, value=3.0) for movie_id in set(trained.movie_ids) - rated(user_id)
    )

    suggestion_lists_refresh()

    assert lists()[user_id] == []


def test_movie_deleted_since_the_training_is_not_suggested(trained: World) -> None:
    gone = trained.movie_ids[-1]
    Movie.objects.get(pk=gone).delete()

    suggestion_lists_refresh()

    assert not any(gone in movie_ids for movie_ids in lists().values())
