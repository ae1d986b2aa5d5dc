import pytest
from tests.movie_rows import suggest

from accounts.models import User
from movies.models import Movie, Rating, SuggestionList
from movies.services.deletion import movies_delete, ratings_delete, users_delete
from movies.services.ratings import rating_set

pytestmark = pytest.mark.django_db


@pytest.fixture
def users() -> list[User]:
    return [User.objects.create_user(name) for name in ("ada", "bob", "eve")]


@pytest.fixture
def movies(users: list[User]) -> list[Movie]:
    movies = [Movie.objects.create(title=title) for title in ("Heat", "Ronin")]
    for user, stars in zip(users, (5.0, 2.0, 0.5), strict=True):
        for movie in movies:
            rating_set(user_id=user.pk, movie_id=movie.pk, value=stars)
    return movies


def figures(movie: Movie) -> tuple[int, float | None]:
    movie.refresh_from_db()
    return movie.ratings_count, movie.ratings_average


def test_deleted_users_leave_right_figures_behind(users: list[User], movies: list[Movie]) -> None:
    suggest(users[0], movies)

    assert users_delete(user_ids=[users[0].pk, users[2].pk]) == 2

    assert [figures(movie) for movie in movies] == [(1, 2.0), (1, 2.0)]
    assert list(Rating.objects.values_list("user_id", flat=True).distinct()) == [users[1].pk]
    assert not SuggestionList.objects.exists()


def test_deleting_the_last_rater_leaves_no_average(users: list[User], movies: list[Movie]) -> None:
    users_delete(user_ids=[user.pk for user in users])

    assert [figures(movie) for movie in movies] == [(0, None), (0, None)]


def test_deleting_no_users_changes_nothing(movies: list[Movie]) -> None:
    assert users_delete(user_ids=[]) == 0
    assert users_delete(user_ids=[999_999]) == 0

    assert [figures(movie) for movie in movies] == [(3, 2.5), (3, 2.5)]


def test_deleted_film_takes_its_ratings_along_and_no_others(users: list[User], movies: list[Movie]) -> None:
    assert movies_delete(movie_ids=[movies[0].pk]) == 1

    assert Rating.objects.count() == 3
    assert figures(movies[1]) == (3, 2.5)


def test_deleted_ratings_leave_right_figures_and_are_noted_on_their_users(
    users: list[User], movies: list[Movie]
) -> None:
    User.objects.update(ratings_changed_at=None)
    gone = Rating.objects.filter(user=users[0]) | Rating.objects.filter(user=users[1], movie=movies[0])

    assert ratings_delete(rating_ids=list(gone.values_list("pk", flat=True))) == 3

    assert [figures(movie) for movie in movies] == [(1, 0.5), (2, 1.25)]
    noted = User.objects.filter(ratings_changed_at__isnull=False).order_by("pk")
    assert [user.username for user in noted] == ["ada", "bob"]


def test_user_with_many_ratings_is_deleted_in_few_queries(django_assert_max_num_queries: object) -> None:
    user = User.objects.create_user("cinephile")
    movies = Movie.objects.bulk_create(Movie(title=f"Film {n}", ratings_count=1, ratings_sum=4) for n in range(500))
    Rating.objects.bulk_create(Rating(user=user, movie=movie, value=4) for movie in movies)
    assert callable(django_assert_max_num_queries)

    with django_assert_max_num_queries(20):
        users_delete(user_ids=[user.pk])

    assert not Movie.objects.exclude(ratings_count=0, ratings_sum=0).exists()
