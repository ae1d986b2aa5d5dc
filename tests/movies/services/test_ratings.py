from datetime import UTC, datetime, timedelta

import pytest
from django.utils import timezone

from accounts.models import User
from movies.errors import InvalidRatingError
from movies.models import Movie, Rating
from movies.services.averages import (
    movie_averages_refresh,
    movie_averages_refresh_all,
    movie_averages_refresh_stalest,
)
from movies.services.ratings import rating_remove, rating_set

pytestmark = pytest.mark.django_db


@pytest.fixture
def movie() -> Movie:
    return Movie.objects.create(title="Heat", year=1995)


@pytest.fixture
def user() -> User:
    return User.objects.create_user("ada")


def figures(movie: Movie) -> tuple[int, float | None]:
    movie.refresh_from_db()
    return movie.ratings_count, movie.ratings_average


def test_first_rating_sets_count_and_average(user: User, movie: Movie) -> None:
    rating_set(user_id=user.pk, movie_id=movie.pk, value=4.5)

    assert figures(movie) == (1, 4.5)


def test_changed_rating_moves_the_average_and_leaves_the_count(user: User, movie: Movie) -> None:
    other = User.objects.create_user("bob")
    rating_set(user_id=other.pk, movie_id=movie.pk, value=3.0)
    rating_set(user_id=user.pk, movie_id=movie.pk, value=1.0)

    change = rating_set(user_id=user.pk, movie_id=movie.pk, value=5.0)

    assert (change.before, change.after) == (1.0, 5.0)
    assert figures(movie) == (2, 4.0)


def test_removed_last_rating_leaves_no_average(user: User, movie: Movie) -> None:
    rating_set(user_id=user.pk, movie_id=movie.pk, value=0.5)

    assert rating_remove(user_id=user.pk, movie_id=movie.pk).before == 0.5
    assert figures(movie) == (0, None)
    assert rating_remove(user_id=user.pk, movie_id=movie.pk).before is None


def test_each_change_is_noted_on_the_user(user: User, movie: Movie) -> None:
    rating_set(user_id=user.pk, movie_id=movie.pk, value=4.0)
    user.refresh_from_db()
    first = user.ratings_changed_at

    rating_remove(user_id=user.pk, movie_id=movie.pk)
    user.refresh_from_db()

    assert first is not None
    assert user.ratings_changed_at is not None
    assert user.ratings_changed_at > first


def test_change_is_noted_when_it_happens_even_if_the_rating_is_dated_back(user: User, movie: Movie) -> None:
    before = timezone.now() - timedelta(minutes=1)

    rating_set(user_id=user.pk, movie_id=movie.pk, value=4.0, at=datetime(2001, 1, 1, tzinfo=UTC))

    user.refresh_from_db()
    assert user.ratings_changed_at is not None
    assert user.ratings_changed_at > before
    assert Rating.objects.get().created_at.year == 2001


@pytest.mark.parametrize("value", [0.0, 0.25, 3.3, 5.5, 11.0, float("nan")])
def test_value_that_is_no_half_star_is_refused(user: User, movie: Movie, value: float) -> None:
    with pytest.raises(InvalidRatingError, match="must be one of"):
        rating_set(user_id=user.pk, movie_id=movie.pk, value=value)

    assert not Rating.objects.exists()


def test_refresh_corrects_wrong_figures_and_counts_them(user: User, movie: Movie) -> None:
    rating_set(user_id=user.pk, movie_id=movie.pk, value=4.0)
    right = Movie.objects.create(title="Ronin")
    Movie.objects.filter(pk=movie.pk).update(ratings_count=7, ratings_sum=9)

    summary = movie_averages_refresh_all()

    assert (summary.checked, summary.corrected) == (2, 1)
    assert figures(movie) == (1, 4.0)
    assert figures(right) == (0, None)


def test_stalest_films_are_checked_first(movie: Movie) -> None:
    newer = Movie.objects.create(title="Ronin")
    movie_averages_refresh(movie_ids=[newer.pk])

    movie_averages_refresh_stalest(count=1)

    movie.refresh_from_db()
    assert movie.ratings_refreshed_at is not None
