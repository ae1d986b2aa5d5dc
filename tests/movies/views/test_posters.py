import re

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from movies.models import Movie

pytestmark = pytest.mark.django_db


@pytest.fixture
def movie() -> Movie:
    return Movie.objects.create(title="Heat", year=1995, genres=["Crime"])


def address_on_page(client: Client, movie: Movie) -> str:
    found = re.search(r'src="(/posters/[^"]+)"', client.get(movie.get_absolute_url()).content.decode())
    assert found
    return found[1]


def test_poster_on_a_page_may_be_kept_forever(client: Client, movie: Movie) -> None:
    response = client.get(address_on_page(client, movie))

    assert response["Content-Type"].startswith("image/svg+xml")
    assert "immutable" in response["Cache-Control"]
    assert b"HEAT" in response.content


def test_changed_film_gets_another_address(client: Client, movie: Movie) -> None:
    before = address_on_page(client, movie)
    Movie.objects.filter(pk=movie.pk).update(title="Heat 2")

    assert address_on_page(client, movie) != before
    assert client.get(before)["Cache-Control"] == "public, no-cache"


def test_known_poster_is_not_sent_again(client: Client, movie: Movie) -> None:
    first = client.get(f"/posters/{movie.pk}.svg")
    again = client.get(f"/posters/{movie.pk}.svg", headers={"If-None-Match": first["ETag"]})

    assert again.status_code == 304
    assert again.content == b""


def test_poster_needs_no_session_and_one_query(
    client: Client, movie: Movie, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    with django_assert_num_queries(1):
        response = client.get(f"/posters/{movie.pk}.svg")

    assert "Cookie" not in response.get("Vary", "")
