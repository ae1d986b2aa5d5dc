from pathlib import Path

import numpy as np
import pytest
from pytest_django import Settings
from tests.movies.factor_models import factor_model, go_live

from accounts.models import User
from movies.errors import InvalidRatingError
from movies.models import Movie, Rating, SuggestionList
from movies.services import ratings, suggestions
from movies.services.ratings import movie_rate
from movies.services.suggestions import suggestion_list_refresh
from recommender.factors.model import FactorModel

pytestmark = pytest.mark.django_db


@pytest.fixture
def user() -> User:
    return User.objects.create_user("ada")


@pytest.fixture
def movies() -> list[Movie]:
    return Movie.objects.bulk_create(Movie(title=f"m{n}") for n in range(30))


@pytest.fixture
def model(settings: Settings, tmp_path: Path, movies: list[Movie]) -> FactorModel:
    settings.MODELS_DIR = tmp_path / "models"
    model = factor_model(movies)
    go_live(model, settings.MODELS_DIR, folder="live")
    return model


def suggested(user: User) -> list[int]:
    return list(SuggestionList.objects.get(user=user).movie_ids)


def test_first_rating_gives_suggestions_of_all_other_films_best_first(
    user: User, movies: list[Movie], model: FactorModel
) -> None:
    change = movie_rate(user_id=user.pk, movie_id=movies[3].pk, value=4.5)

    assert (change.before, change.after) == (None, 4.5)
    row = SuggestionList.objects.get(user=user)
    scores = model.score_items(model.fold_in([movies[3].pk], [4.5]))
    expected = [int(model.items.ids[at]) for at in np.argsort(-scores, kind="stable")]
    assert row.movie_ids == [movie_id for movie_id in expected if movie_id != movies[3].pk]
    np.testing.assert_allclose(row.scores, scores[model.items.positions(row.movie_ids)], atol=1e-6)


def test_each_rating_changes_the_order_and_leaves_the_list(user: User, movies: list[Movie], model: FactorModel) -> None:
    movie_rate(user_id=user.pk, movie_id=movies[0].pk, value=5.0)
    first = suggested(user)
    movie_rate(user_id=user.pk, movie_id=first[0], value=0.5)

    assert suggested(user) != first[1:]
    assert set(suggested(user)) == set(first[1:])


def test_predicted_stars_are_limited_to_the_scale(user: User, movies: list[Movie], model: FactorModel) -> None:
    for movie in movies[:10]:
        movie_rate(user_id=user.pk, movie_id=movie.pk, value=5.0)

    row = SuggestionList.objects.get(user=user)
    ratings = ([movie.pk for movie in movies[:10]], [5.0] * 10)
    scores = model.score_items(model.fold_in(*ratings))[model.items.positions(row.movie_ids)]
    assert scores.max() > 5.0
    np.testing.assert_allclose(row.scores, np.clip(scores, 0.5, 5.0), atol=1e-6)


def test_rating_taken_back_may_be_suggested_again(user: User, movies: list[Movie], model: FactorModel) -> None:
    movie_rate(user_id=user.pk, movie_id=movies[0].pk, value=5.0)
    before = suggested(user)
    movie_rate(user_id=user.pk, movie_id=movies[1].pk, value=5.0)
    movie_rate(user_id=user.pk, movie_id=movies[1].pk, value=None)

    assert suggested(user) == before


def test_last_rating_taken_back_removes_the_list(user: User, movies: list[Movie], model: FactorModel) -> None:
    movie_rate(user_id=user.pk, movie_id=movies[0].pk, value=5.0)
    movie_rate(user_id=user.pk, movie_id=movies[0].pk, value=None)

    assert not SuggestionList.objects.exists()


def test_deleted_movies_make_room_for_the_next_best(
    user: User, movies: list[Movie], model: FactorModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(suggestions, "SUGGESTIONS_KEPT", 5)
    movie_rate(user_id=user.pk, movie_id=movies[0].pk, value=5.0)
    best = suggested(user)
    Movie.objects.filter(pk__in=best[:4]).delete()

    suggestion_list_refresh(user_id=user.pk)

    assert suggested(user)[0] == best[4]
    assert len(suggested(user)) == 5
    assert not set(suggested(user)) & set(best[:4])


def test_without_a_live_model_ratings_are_kept_and_nothing_is_suggested(user: User, movies: list[Movie]) -> None:
    movie_rate(user_id=user.pk, movie_id=movies[0].pk, value=5.0)

    assert Rating.objects.count() == 1
    assert not SuggestionList.objects.exists()


def test_failure_to_suggest_is_logged_and_costs_no_rating(
    user: User, movies: list[Movie], monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(*, user_id: int) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(ratings, "suggestion_list_refresh", fail)

    assert movie_rate(user_id=user.pk, movie_id=movies[0].pk, value=5.0).after == 5.0
    assert Rating.objects.get().value == 5.0
    assert "could not be refreshed" in caplog.text


def test_invalid_rating_changes_neither_ratings_nor_suggestions(
    user: User, movies: list[Movie], model: FactorModel
) -> None:
    with pytest.raises(InvalidRatingError):
        movie_rate(user_id=user.pk, movie_id=movies[0].pk, value=11)

    assert not Rating.objects.exists()
    assert not SuggestionList.objects.exists()


def test_refresh_for_a_user_who_was_deleted_does_nothing(model: FactorModel) -> None:
    suggestion_list_refresh(user_id=10**9)

    assert not SuggestionList.objects.exists()
