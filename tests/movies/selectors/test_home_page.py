import pytest
from tests.movie_rows import make_movies, rate_quietly, suggest

from accounts.models import User
from movies.models import Movie
from movies.selectors.cards import PAGE_SIZE
from movies.selectors.home_page import home_page

pytestmark = pytest.mark.django_db


@pytest.fixture
def user() -> User:
    return User.objects.create_user("ada")


def shown(user: User | None, cursor: str = "") -> tuple[list[str], str]:
    page = home_page(user_id=user.pk if user else None, cursor=cursor)
    return [card.movie.title for card in page.cards], page.next_cursor


def all_shown(user: User | None) -> list[str]:
    titles, cursor = shown(user)
    while cursor:
        more, cursor = shown(user, cursor)
        titles += more
    return titles


def test_suggestions_keep_the_stored_order(user: User) -> None:
    one, two, three, four = make_movies(4)
    suggest(user, [three, one, four, two], [4.9, 2.0, 3.0, 4.8])

    assert shown(user) == (["Film 3", "Film 1", "Film 4", "Film 2"], "")


def test_cards_show_the_stored_predicted_stars(user: User) -> None:
    movies = make_movies(3)
    suggest(user, movies, [5.0, 3.25, 0.5])

    assert [card.predicted for card in home_page(user_id=user.pk).cards] == [5.0, 3.25, 0.5]


def test_films_rated_since_are_left_out(user: User) -> None:
    movies = make_movies(4)
    suggest(user, movies)
    rate_quietly(user, movies[1:3])

    assert shown(user)[0] == ["Film 1", "Film 4"]


def test_films_deleted_since_are_left_out(user: User) -> None:
    movies = make_movies(3)
    suggest(user, movies)
    Movie.objects.filter(pk=movies[1].pk).delete()

    assert shown(user)[0] == ["Film 1", "Film 3"]


def test_rating_between_two_pages_neither_hides_nor_repeats_a_suggestion(user: User) -> None:
    movies = make_movies(PAGE_SIZE + 6)
    suggest(user, movies)
    first, cursor = shown(user)
    rate_quietly(user, movies[:5])

    second, end = shown(user, cursor)

    assert first + second == [movie.title for movie in movies]
    assert end == ""


def test_suggestions_of_other_users_are_never_shown(user: User) -> None:
    movies = make_movies(3)
    suggest(User.objects.create_user("bob"), [movies[2]])

    assert shown(user)[0] == ["Film 1", "Film 2", "Film 3"]


def test_without_suggestions_the_most_rated_unrated_films_are_shown(user: User) -> None:
    movies = make_movies(4)
    rate_quietly(user, [movies[0], movies[2]])

    page = home_page(user_id=user.pk)

    assert [card.movie.title for card in page.cards] == ["Film 2", "Film 4"]
    assert page.suggestions is None
    assert page.n_rated == 2


def test_popular_films_follow_once_every_suggestion_is_rated(user: User) -> None:
    movies = make_movies(3)
    suggest(user, movies[:2])
    rate_quietly(user, movies[:2])

    assert shown(user)[0] == ["Film 3"]


def test_popular_pages_show_every_film_once_though_many_have_equally_many_ratings(user: User) -> None:
    Movie.objects.bulk_create(Movie(title=f"Unrated {n}") for n in range(2 * PAGE_SIZE))
    make_movies(10)

    titles = all_shown(user)

    assert len(titles) == len(set(titles)) == 2 * PAGE_SIZE + 10


def test_rating_between_two_popular_pages_hides_no_film(user: User) -> None:
    movies = make_movies(PAGE_SIZE + 6)
    first, cursor = shown(user)
    rate_quietly(user, movies[:5])

    assert first + shown(user, cursor)[0] == [movie.title for movie in movies]


@pytest.mark.parametrize("cursor", ["-1", "x", "1-2-3", "9" * 40, "\x00", "٣"])
def test_senseless_cursor_is_the_start(user: User, cursor: str) -> None:
    movies = make_movies(3)
    suggest(user, movies)

    assert shown(user, cursor)[0] == ["Film 1", "Film 2", "Film 3"]
    assert shown(None, cursor)[0] == ["Film 1", "Film 2", "Film 3"]
