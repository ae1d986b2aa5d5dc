from datetime import date

import pytest
from django.contrib.messages import get_messages
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from accounts.models import User
from movies.models import Movie, Rating, Trailer

pytestmark = pytest.mark.django_db
HTMX = {"HX-Request": "true"}


@pytest.fixture
def user(client: Client) -> User:
    user = User.objects.create_user("ada")
    client.force_login(user)
    return user


@pytest.fixture
def movie() -> Movie:
    return Movie.objects.create(
        title="Spirited Away",
        original_title="千と千尋の神隠し",
        released_at=date(2001, 7, 20),
        year=2001,
        runtime=125,
        genres=["Animation", "Fantasy"],
        directors=["Hayao Miyazaki"],
        cast=["Rumi Hiiragi", "Miyu Irino"],
        keywords=["bath house"],
        overview="A girl loses her name.",
        tmdb_id=129,
        imdb_id="tt0245429",
        ratings_count=3,
        ratings_sum=13.5,
    )


def url(movie: Movie) -> str:
    return f"/movies/{movie.pk}/rating/"


def test_page_shows_all_facts_of_the_film(client: Client, movie: Movie) -> None:
    Trailer.objects.create(movie=movie, youtube_id="ByXuk9QqQkk")

    page = client.get(movie.get_absolute_url()).content.decode()

    for fact in (
        "<title>Spirited Away (2001) · Matinee</title>",
        "千と千尋の神隠し",
        "2 h 5 min",
        "Animation, Fantasy",
        "Directed by Hayao Miyazaki",
        "Rumi Hiiragi, Miyu Irino",
        "bath house",
        "A girl loses her name.",
        "20 July 2001",
        "3 ratings",
        "https://www.youtube-nocookie.com/embed/ByXuk9QqQkk",
        "https://www.imdb.com/title/tt0245429/",
        "https://www.themoviedb.org/movie/129",
    ):
        assert fact in page
    assert "4.5<span" in page


def test_page_of_a_film_with_nothing_but_a_title_is_whole(client: Client) -> None:
    page = client.get(Movie.objects.create(title="Lost").get_absolute_url()).content.decode()

    assert "No ratings yet" in page
    assert "None" not in page


def test_film_unknown_to_the_model_has_related_films_of_its_genres(client: Client, movie: Movie) -> None:
    Movie.objects.create(title="Akira", genres=["Animation"])
    Movie.objects.create(title="Heat", genres=["Crime"])

    page = client.get(movie.get_absolute_url()).content.decode()

    assert "Akira" in page
    assert "Heat" not in page


@pytest.mark.parametrize("address", ["/movies/999999/", "/movies/99999999999999/", "/posters/999999.svg"])
def test_unknown_film_is_not_found(client: Client, address: str) -> None:
    response = client.get(address)

    assert response.status_code == 404


def test_stranger_may_look_and_must_log_in_to_rate(client: Client, movie: Movie) -> None:
    page = client.get(movie.get_absolute_url()).content.decode()
    plain = client.post(url(movie), {"value": "4"})
    htmx = client.post(url(movie), {"value": "4"}, headers=HTMX)

    assert "<form" not in page
    assert plain.status_code == 302
    assert plain["Location"] == f"/accounts/login/?next=/movies/{movie.pk}/"
    assert htmx["HX-Redirect"] == plain["Location"]
    assert not Rating.objects.exists()


def test_plain_form_rates_and_returns_to_where_it_came_from(client: Client, user: User, movie: Movie) -> None:
    response = client.post(url(movie), {"value": "3.5", "next": "/movies/?sort=old"})

    assert response.status_code == 302
    assert response["Location"] == "/movies/?sort=old"
    assert Rating.objects.get().value == 3.5
    assert [str(message) for message in get_messages(response.wsgi_request)] == ["Your rating is saved."]


@pytest.mark.parametrize("elsewhere", ["https://evil.example/", "//evil.example", "javascript:alert(1)", ""])
def test_plain_form_never_leads_to_another_site(client: Client, user: User, movie: Movie, elsewhere: str) -> None:
    response = client.post(url(movie), {"value": "3.5", "next": elsewhere})

    assert response["Location"] == f"/movies/{movie.pk}/"


def test_htmx_gets_the_panel_back_with_fresh_figures(client: Client, user: User, movie: Movie) -> None:
    response = client.post(url(movie), {"value": "0.5", "part": "panel"}, headers=HTMX)

    page = response.content.decode()
    assert response.status_code == 200
    assert page.lstrip().startswith("<section")
    assert "4 ratings" in page
    assert "3.5<span" in page
    assert "You gave it half a star." in page
    assert 'value="0.5" checked' in page


def test_htmx_gets_a_cards_card_back(client: Client, user: User, movie: Movie) -> None:
    page = client.post(url(movie), {"value": "5", "part": "card"}, headers=HTMX).content.decode()

    assert page.lstrip().startswith('<li class="card card--rated"')
    assert "You: 5<span" in page


@pytest.mark.parametrize("removal", [{"value": ""}, {"remove": "1"}, {"value": "4", "remove": "1"}])
def test_rating_is_taken_back(client: Client, user: User, movie: Movie, removal: dict[str, str]) -> None:
    client.post(url(movie), {"value": "4"})

    page = client.post(url(movie), removal, headers=HTMX).content.decode()

    assert not Rating.objects.exists()
    assert "You removed your rating." in page
    assert "checked" not in page
    movie.refresh_from_db()
    assert (movie.ratings_count, movie.ratings_average) == (3, 4.5)


@pytest.mark.parametrize("value", ["0", "11", "3.3", "nan", "inf", "five", "1e1", "-4", "4,5", "9" * 50])
def test_value_that_is_no_half_star_is_refused_with_a_reason(
    client: Client, user: User, movie: Movie, value: str
) -> None:
    htmx = client.post(url(movie), {"value": value}, headers=HTMX)
    plain = client.post(url(movie), {"value": value})

    assert (htmx.status_code, plain.status_code) == (400, 400)
    for response in (htmx, plain):
        assert 'role="alert">' in response.content.decode()
    assert "<html" in plain.content.decode()
    assert not Rating.objects.exists()


def test_form_without_a_value_is_an_error(client: Client, user: User, movie: Movie) -> None:
    response = client.post(url(movie), {}, headers=HTMX)

    assert response.status_code == 400
    assert "Choose between half a star and five stars." in response.content.decode()


@pytest.mark.parametrize("headers", [{}, HTMX])
@pytest.mark.parametrize("form", [{"value": "4"}, {"value": "99"}, {"remove": "1"}])
def test_rating_an_unknown_film_is_not_found(
    client: Client, user: User, headers: dict[str, str], form: dict[str, str]
) -> None:
    assert client.post("/movies/99999999999/rating/", form, headers=headers).status_code == 404


def test_looking_at_the_ratings_address_changes_nothing(client: Client, user: User, movie: Movie) -> None:
    assert client.get(url(movie)).status_code == 405


def test_form_of_another_site_is_refused_in_style(movie: Movie) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(User.objects.create_user("ada"))

    response = client.post(url(movie), {"value": "4"})

    assert response.status_code == 403
    assert "Please try again" in response.content.decode()
    assert not Rating.objects.exists()


def test_page_reads_the_database_a_few_times(
    client: Client, user: User, movie: Movie, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    Movie.objects.bulk_create(Movie(title=f"Film {n}", genres=["Animation"]) for n in range(8))

    # Session, user, film, its row of similar films, films of its genres, the chosen ones, ratings, trailers.
    with django_assert_num_queries(8):
        client.get(movie.get_absolute_url())
