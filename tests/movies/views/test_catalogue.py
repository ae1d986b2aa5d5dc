import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries
from tests.movie_rows import make_movies, rate_quietly

from accounts.models import User
from movies.models import Movie
from movies.selectors.cards import PAGE_SIZE

pytestmark = pytest.mark.django_db


def test_list_offers_six_sorts_and_marks_the_one_in_use(client: Client) -> None:
    make_movies(2)

    page = client.get("/movies/?sort=top-rated").content.decode()

    for label in ("Popular", "Unpopular", "Top rated", "Low rated", "Recent", "Old"):
        assert f">{label}</a>" in page
    assert 'href="?sort=top-rated" aria-current="true"' in page


def test_unknown_sort_shows_the_popular_films(client: Client) -> None:
    make_movies(2)

    response = client.get("/movies/?sort=%00best&page=-7")

    assert response.status_code == 200
    assert 'href="?sort=popular" aria-current="true"' in response.content.decode()


def test_page_links_keep_the_sort(client: Client) -> None:
    make_movies(2 * PAGE_SIZE + 1)

    page = client.get("/movies/?sort=old&page=2").content.decode()

    assert 'rel="prev" href="?sort=old&amp;page=1"' in page
    assert 'rel="next" href="?sort=old&amp;page=3"' in page


def test_titles_cannot_inject_markup(client: Client) -> None:
    Movie.objects.create(title="<script>alert(1)</script>")

    assert b"<script>alert" not in client.get("/movies/").content


def test_sorts_by_rating_say_when_nothing_is_rated(client: Client) -> None:
    Movie.objects.create(title="Heat")

    assert "No films with ratings yet" in client.get("/movies/?sort=top-rated").content.decode()


def test_list_reads_the_database_a_few_times_however_many_films_it_shows(
    client: Client, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    user = User.objects.create_user("ada")
    client.force_login(user)
    rate_quietly(user, make_movies(PAGE_SIZE + 1)[:5])

    # Session, user, number of films, films, ratings.
    with django_assert_num_queries(5):
        assert client.get("/movies/").content.count(b'id="card-') == PAGE_SIZE
