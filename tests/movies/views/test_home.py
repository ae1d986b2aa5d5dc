import re

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries
from tests.movie_rows import make_movies, rate_quietly, suggest

from accounts.models import User
from movies.selectors.cards import PAGE_SIZE

pytestmark = pytest.mark.django_db


@pytest.fixture
def user(client: Client) -> User:
    user = User.objects.create_user("ada")
    client.force_login(user)
    return user


def test_stranger_sees_popular_films_and_how_to_get_their_own(client: Client) -> None:
    make_movies(3)

    page = client.get("/").content.decode()

    assert "<h1>Popular films</h1>" in page
    assert page.index("Film 1") < page.index("Film 2") < page.index("Film 3")
    assert "/accounts/signup/" in page
    assert "<form" not in page


def test_suggestions_say_how_they_came(client: Client, user: User) -> None:
    movies = make_movies(3)
    rate_quietly(user, movies[:1])
    row = suggest(user, movies[1:], [4.26, 3.0])

    page = client.get("/").content.decode()

    assert "Based on your 1 rating, best first." in page
    assert f"surprise-svd #{row.model_version_id}" in page
    assert "4.3<span" in page
    assert page.index("Film 2") < page.index("Film 3")
    assert "Film 1" not in page


def test_newcomer_is_invited_to_rate(client: Client, user: User) -> None:
    movies = make_movies(3)
    rate_quietly(user, movies[:2])

    assert "Rate a few films that you know: 2 so far." in client.get("/").content.decode()


def test_user_with_enough_ratings_waits_for_the_next_refresh(client: Client, user: User) -> None:
    movies = make_movies(6)
    rate_quietly(user, movies[:5])

    assert "after the next refresh" in client.get("/").content.decode()


def test_next_page_works_as_a_link_and_as_a_fragment(client: Client, user: User) -> None:
    movies = make_movies(PAGE_SIZE + 2)
    suggest(user, movies)
    link = re.search(r'href="(/\?from=24@[0-9]+)"', client.get("/").content.decode())
    assert link

    page = client.get(link[1]).content.decode()
    fragment = client.get(link[1], headers={"HX-Request": "true"}).content.decode()

    assert "<html" in page
    assert "<html" not in fragment
    assert fragment.count('class="card"') == 2
    assert "grid__more" not in fragment
    assert page.count('class="card"') == 2


def test_rewritten_list_is_read_from_its_start_by_htmx_and_continues_on_a_page(client: Client, user: User) -> None:
    movies = make_movies(PAGE_SIZE + 2)
    suggest(user, movies)

    page = client.get("/?from=24@17").content.decode()
    fragment = client.get("/?from=24@17", headers={"HX-Request": "true"}).content.decode()

    assert page.count('class="card"') == 2
    assert fragment.count('class="card"') == PAGE_SIZE


def test_responses_vary_by_htmx_for_caches(client: Client) -> None:
    assert "HX-Request" in client.get("/")["Vary"]


def test_empty_catalogue_says_what_to_do(client: Client) -> None:
    assert "import a data set" in client.get("/").content.decode()


def test_page_after_the_last_leads_back(client: Client, user: User) -> None:
    suggest(user, make_movies(2))

    assert "Back to the first" in client.get("/?from=99").content.decode()


def test_home_reads_the_database_a_few_times_however_many_films_it_shows(
    client: Client, user: User, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    movies = make_movies(PAGE_SIZE + 1)
    rate_quietly(user, movies[:1])
    suggest(user, movies)

    # Session, user, ratings, suggestions with their model, films.
    with django_assert_num_queries(5):
        assert client.get("/").content.count(b'class="card"') == PAGE_SIZE


def test_only_reading_is_allowed(client: Client) -> None:
    assert client.post("/").status_code == 405
