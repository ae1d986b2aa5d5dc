import re

import pytest
from django.contrib import admin
from django.db.models import Model
from django.test import Client
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries
from tests.movie_rows import make_movies, suggest

from accounts.models import User
from movies.models import ExternalMovie, Movie, Rating, Trailer
from movies.services.ratings import rating_set

pytestmark = pytest.mark.django_db
OURS = ["accounts", "movies"]
MODELS = [model for model in admin.site._registry if model._meta.app_label in OURS]
FEW_QUERIES = 14


@pytest.fixture
def staff() -> User:
    return User.objects.create_superuser("boss")


@pytest.fixture
def desk(client: Client, staff: User) -> Client:
    client.force_login(staff)
    return client


@pytest.fixture
def rows(staff: User) -> dict[str, Model]:
    movies = make_movies(30)
    raters = [User.objects.create_user(f"ada{n}") for n in range(20)]
    for rater in raters:
        rating_set(user_id=rater.pk, movie_id=movies[0].pk, value=4.0)
    lists = [suggest(rater, movies) for rater in raters]
    return {
        "user": raters[0],
        "movie": movies[0],
        "rating": Rating.objects.order_by("pk")[0],
        "externalmovie": ExternalMovie.objects.create(source="ml-100k", external_id=1, movie=movies[0]),
        "trailer": Trailer.objects.create(movie=movies[0], youtube_id="ByXuk9QqQkk"),
        "suggestionlist": lists[0],
        "modelversion": lists[0].model_version,
    }


def address(model: type[Model], page: str, *parts: object) -> str:
    return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_{page}", args=parts)


def figures(movie: Movie) -> tuple[int, float | None]:
    movie.refresh_from_db()
    return movie.ratings_count, movie.ratings_average


def make_crowd(count: int) -> None:
    User.objects.bulk_create(
        User(
            username=f"crowd:{n}",
            kind=User.Kind.CROWD,
            crowd_source="ml-1m",
            crowd_key=n,
            is_active=False,
            password="!",
        )
        for n in range(count)
    )


def test_every_model_of_the_site_is_in_the_admin() -> None:
    names = {model.__name__ for model in MODELS}

    assert {"User", "Movie", "Rating", "ExternalMovie", "Trailer", "ModelVersion", "SuggestionList"} <= names


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.__name__)
def test_pages_of_a_model_open_with_few_queries(
    desk: Client,
    rows: dict[str, Model],
    model: type[Model],
    django_assert_max_num_queries: DjangoAssertNumQueries,
) -> None:
    row = rows.get(model._meta.model_name or "")
    pages = [address(model, "changelist"), address(model, "changelist") + "?q=ada"]
    if row is not None:
        pages.append(address(model, "change", row.pk))
    for page in pages:
        with django_assert_max_num_queries(FEW_QUERIES):
            assert desk.get(page).status_code == 200, page


@pytest.mark.parametrize("name", ["user", "movie", "rating", "externalmovie", "trailer"])
def test_page_to_add_a_row_opens(desk: Client, name: str) -> None:
    (model,) = [model for model in MODELS if model._meta.model_name == name]

    assert desk.get(address(model, "add")).status_code == 200


@pytest.mark.parametrize("name", ["modelversion", "suggestionlist"])
def test_generated_rows_are_read_only(desk: Client, rows: dict[str, Model], name: str) -> None:
    model, pk = type(rows[name]), rows[name].pk

    assert desk.get(address(model, "add")).status_code == 403
    assert desk.post(address(model, "change", pk), {"algorithm": "x"}).status_code == 403
    assert desk.post(address(model, "delete", pk), {"post": "yes"}).status_code == 403


def test_users_page_hides_the_crowd_by_default(desk: Client) -> None:
    make_crowd(3)

    assert "crowd:1" not in desk.get(address(User, "changelist")).content.decode()
    assert "crowd:1" in desk.get(address(User, "changelist") + "?kind=crowd").content.decode()


def test_users_page_never_counts_the_crowd(desk: Client) -> None:
    make_crowd(3)

    page = desk.get(address(User, "changelist")).content.decode()

    assert re.search(r"\b1 user\b", page)


def test_user_is_added_as_a_person(desk: Client) -> None:
    form = {
        "username": "eve",
        "usable_password": "true",
        "password1": "long-evening-42",
        "password2": "long-evening-42",
    }

    desk.post(address(User, "add"), form)

    assert User.objects.get(username="eve").kind == User.Kind.PERSON


def test_crowd_user_cannot_be_made_to_log_in(desk: Client) -> None:
    make_crowd(1)
    crowd = User.objects.crowd().get()

    response = desk.post(address(User, "change", crowd.pk), {"username": "crowd:0", "is_active": "on", "email": ""})

    assert response.status_code == 200
    crowd.refresh_from_db()
    assert not crowd.is_active


def test_added_changed_and_deleted_rating_moves_the_films_figures(desk: Client, staff: User) -> None:
    movie = Movie.objects.create(title="Heat")

    added = desk.post(address(Rating, "add"), {"user": staff.pk, "movie": movie.pk, "value": "4.0"})
    assert (added.status_code, figures(movie)) == (302, (1, 4.0))

    rating = Rating.objects.get()
    changed = desk.post(address(Rating, "change", rating.pk), {"value": "1.5"})
    assert (changed.status_code, figures(movie)) == (302, (1, 1.5))

    deleted = desk.post(address(Rating, "delete", rating.pk), {"post": "yes"})
    assert (deleted.status_code, figures(movie)) == (302, (0, None))


def test_second_rating_of_the_same_film_is_refused_with_a_reason(desk: Client, staff: User) -> None:
    movie = Movie.objects.create(title="Heat")
    rating_set(user_id=staff.pk, movie_id=movie.pk, value=4.0)

    response = desk.post(address(Rating, "add"), {"user": staff.pk, "movie": movie.pk, "value": "1.0"})

    assert response.status_code == 200
    assert "already exists" in response.content.decode()
    assert figures(movie) == (1, 4.0)


def test_ratings_are_found_by_user_and_by_title(desk: Client, rows: dict[str, Model]) -> None:
    def found(term: str) -> int:
        return desk.get(address(Rating, "changelist"), {"q": term}).content.count(b'class="field-user')

    assert (found("ada3"), found("film 1"), found("nobody")) == (1, 20, 0)


def test_chosen_ratings_are_deleted_together(desk: Client, staff: User) -> None:
    movie = Movie.objects.create(title="Heat")
    other = User.objects.create_user("ada")
    for user, stars in ((staff, 5.0), (other, 1.0)):
        rating_set(user_id=user.pk, movie_id=movie.pk, value=stars)
    chosen = Rating.objects.filter(user=other).values_list("pk", flat=True)

    form = {"action": "delete_selected", "_selected_action": list(chosen), "post": "yes"}
    desk.post(address(Rating, "changelist"), form)

    assert figures(movie) == (1, 5.0)


def test_deleted_user_leaves_right_figures(desk: Client) -> None:
    movie = Movie.objects.create(title="Heat")
    user = User.objects.create_user("ada")
    rating_set(user_id=user.pk, movie_id=movie.pk, value=5.0)

    question = desk.get(address(User, "delete", user.pk)).content.decode()
    desk.post(address(User, "delete", user.pk), {"post": "yes"})

    assert "Are you sure" in question
    assert not User.objects.filter(username="ada").exists()
    assert figures(movie) == (0, None)


def test_deleted_film_goes_with_its_ratings(desk: Client, staff: User) -> None:
    movie = Movie.objects.create(title="Heat")
    rating_set(user_id=staff.pk, movie_id=movie.pk, value=5.0)

    desk.post(address(Movie, "delete", movie.pk), {"post": "yes"})

    assert not Movie.objects.exists()
    assert not Rating.objects.exists()


def test_deletion_confirmation_does_not_list_dependent_rows(
    desk: Client, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    user = User.objects.create_user("cinephile")
    Rating.objects.bulk_create(Rating(user=user, movie=movie, value=4) for movie in make_movies(200))

    with django_assert_max_num_queries(FEW_QUERIES):
        page = desk.get(address(User, "delete", user.pk)).content.decode()

    assert page.count("★") == 0


def test_staff_without_the_permission_cannot_delete(client: Client) -> None:
    movie = Movie.objects.create(title="Heat")
    client.force_login(User.objects.create_user("clerk", is_staff=True))

    assert client.post(address(Movie, "delete", movie.pk), {"post": "yes"}).status_code == 403
    assert Movie.objects.exists()
