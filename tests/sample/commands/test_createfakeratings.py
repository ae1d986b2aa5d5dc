from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.db.models import Count, Sum

from accounts.models import User
from accounts.services.crowd import fake_users_create
from movies.models import Movie, Rating
from movies.services.ratings import rating_set
from sample.services.fake_ratings import fake_ratings_create

pytestmark = pytest.mark.django_db


def ran(*arguments: str) -> str:
    out = StringIO()
    call_command("createfakeratings", *arguments, stdout=out)
    return out.getvalue()


@pytest.fixture
def crowd() -> None:
    fake_users_create(total=20)
    Movie.objects.bulk_create(Movie(title=f"Film {number}") for number in range(15))


def figures_are_right() -> bool:
    rows = Movie.objects.annotate(n=Count("ratings"), stars=Sum("ratings__value", default=0.0))
    return all((row.ratings_count, row.ratings_sum) == (row.n, row.stars) for row in rows)


@pytest.mark.usefixtures("crowd")
def test_ten_ratings_are_made_by_default() -> None:
    assert ran("--show-total") == "Made 10 fake ratings.\nThere are 10 ratings in all.\n"
    assert figures_are_right()


@pytest.mark.usefixtures("crowd")
def test_ratings_stop_when_every_pair_is_rated_and_say_so() -> None:
    assert ran("100") == "Made 100 fake ratings.\n"
    assert ran("1000") == "Made 200 fake ratings. Each crowd user has now rated every film.\n"
    assert ran("5") == "Made 0 fake ratings. Each crowd user has now rated every film.\n"
    assert Rating.objects.count() == 300
    assert figures_are_right()


@pytest.mark.usefixtures("crowd")
def test_exactly_the_requested_number_is_made_if_few_pairs_are_free() -> None:
    fake_ratings_create(total=290)

    assert fake_ratings_create(total=7).created == 7
    assert Rating.objects.count() == 297


@pytest.mark.usefixtures("crowd")
def test_only_the_crowd_rates_whatever_people_have_rated() -> None:
    person = User.objects.create_user("ada")
    movie = Movie.objects.first()
    assert movie is not None
    rating_set(user_id=person.pk, movie_id=movie.pk, value=0.5)

    summary = fake_ratings_create(total=1000)

    assert (summary.created, summary.exhausted) == (300, True)
    assert list(person.ratings.values_list("value", flat=True)) == [0.5]
    assert figures_are_right()


def test_ratings_vary_around_three_and_a_half_by_film_and_user() -> None:
    fake_users_create(total=100)
    Movie.objects.bulk_create(Movie(title=f"Film {number}") for number in range(60))

    fake_ratings_create(total=4000, seed=1)

    values = list(Rating.objects.values_list("value", flat=True))
    assert set(values) <= {half / 2 for half in range(1, 11)}
    assert 3.2 < sum(values) / len(values) < 3.8
    averages = [average for average in Movie.objects.values_list("ratings_average", flat=True) if average]
    assert max(averages) - min(averages) > 0.8
    assert User.objects.filter(ratings_changed_at=None).count() == 0


def test_without_films_or_crowd_the_error_names_what_to_run() -> None:
    with pytest.raises(CommandError, match="no films to rate; run loadsample or importdataset"):
        ran()
    Movie.objects.create(title="Heat")
    User.objects.create_user("ada")
    with pytest.raises(CommandError, match="no crowd users to rate; run createfakeusers"):
        ran()
    assert not Rating.objects.exists()


@pytest.mark.parametrize("total", ["0", "many"])
def test_a_total_that_is_no_positive_number_is_refused(total: str) -> None:
    with pytest.raises(CommandError, match="whole number of at least 1"):
        ran(total)
