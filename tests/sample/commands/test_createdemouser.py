from io import StringIO

import pytest
from django.contrib.auth import authenticate
from django.core.management import CommandError, call_command

from accounts.models import User
from movies.models import Movie, Rating
from movies.services.ratings import rating_remove, rating_set
from sample.demo_ratings import DEMO_RATINGS
from sample.services.demo_user import DEMO_PASSWORD, demo_user_create

pytestmark = pytest.mark.django_db


def ran() -> str:
    out = StringIO()
    call_command("createdemouser", stdout=out)
    return out.getvalue()


@pytest.fixture
def catalogue() -> None:
    Movie.objects.bulk_create(Movie(title=title, year=year) for title, year, _ in DEMO_RATINGS)


@pytest.mark.usefixtures("catalogue")
def test_demo_user_is_a_person_who_can_log_in_with_what_is_printed() -> None:
    printed = ran()

    assert printed == f"Log in as demo, password {DEMO_PASSWORD} (30 ratings, 30 new).\n"
    user = authenticate(username="demo", password=DEMO_PASSWORD)
    assert isinstance(user, User)
    assert user.kind == User.Kind.PERSON


@pytest.mark.usefixtures("catalogue")
def test_demo_ratings_are_given_and_counted() -> None:
    demo_user_create()

    matrix = Movie.objects.get(title="The Matrix")
    assert Rating.objects.get(movie=matrix).value == 5.0
    assert (matrix.ratings_count, matrix.ratings_average) == (1, 5.0)


@pytest.mark.usefixtures("catalogue")
def test_second_run_keeps_later_ratings_of_the_demo_user() -> None:
    ran()
    user = User.objects.get(username="demo")
    matrix, titanic = Movie.objects.get(title="The Matrix"), Movie.objects.get(title="Titanic")
    rating_set(user_id=user.pk, movie_id=matrix.pk, value=1.0)
    rating_remove(user_id=user.pk, movie_id=titanic.pk)

    assert ran() == f"Log in as demo, password {DEMO_PASSWORD} (29 ratings, 0 new).\n"
    assert Rating.objects.get(movie=matrix).value == 1.0
    assert not Rating.objects.filter(movie=titanic).exists()


@pytest.mark.usefixtures("catalogue")
def test_changed_password_is_neither_reset_nor_guessed() -> None:
    ran()
    user = User.objects.get(username="demo")
    user.set_password("my own secret 9")
    user.save()

    assert "with the password that you have set" in ran()
    user.refresh_from_db()
    assert user.check_password("my own secret 9")


def test_films_are_found_by_title_and_year_in_any_data_set() -> None:
    episode = Movie.objects.create(title="Star Wars: Episode IV - A New Hope", year=1977, movielens_id=260)
    Movie.objects.create(title="Titanic", year=1953)
    Movie.objects.create(title="Alien", year=1979)
    known = Movie.objects.create(title="alien", year=1979, ratings_count=3, ratings_sum=12)

    summary = demo_user_create()

    assert summary.ratings == 2
    assert set(Rating.objects.values_list("movie", flat=True)) == {episode.pk, known.pk}


def test_without_films_nothing_is_made_and_the_way_out_is_named() -> None:
    with pytest.raises(CommandError, match="run loadsample or importdataset first"):
        ran()
    assert not User.objects.exists()


@pytest.mark.usefixtures("catalogue")
def test_name_held_by_a_user_who_cannot_log_in_is_an_error() -> None:
    User.objects.create_user("demo", is_active=False)

    with pytest.raises(CommandError, match="belongs to a user who cannot log in"):
        ran()
    assert not Rating.objects.exists()
