from io import StringIO

import numpy as np
import pytest
from django.core.management import CommandError, call_command
from django.db import IntegrityError
from django.db.models import Count, Sum

from accounts.models import User
from movies.models import Movie, Rating
from movies.services.bulk import ratings_add
from sample.catalogue import SampleMovie
from sample.crowd import generate_crowd
from sample.services.sample import sample_load

pytestmark = pytest.mark.django_db


def ran(*arguments: str) -> str:
    out = StringIO()
    call_command("loadsample", *arguments, stdout=out)
    return out.getvalue()


def state() -> tuple[list[tuple[object, ...]], ...]:
    return (
        list(Movie.objects.order_by("pk").values_list()),
        list(User.objects.order_by("pk").values_list()),
        list(Rating.objects.order_by("pk").values_list()),
    )


def test_the_whole_sample_is_loaded(movies: list[SampleMovie]) -> None:
    crowd = generate_crowd(movies, n_users=12)

    summary = sample_load(n_users=12)

    assert (summary.movies_added, summary.users_added, summary.ratings_added) == (len(movies), 12, len(crowd))
    heat = Movie.objects.get(title="Heat")
    assert (heat.year, heat.runtime, heat.directors) == (1995, 170, ["Michael Mann"])
    assert heat.genres[0] == "Action"
    assert Movie.objects.filter(title="The Thing").count() == 2
    user = User.objects.get(crowd_source="sample", crowd_key=7)
    mine = crowd.user_index == 7
    expected = {
        (movies[movie].title, movies[movie].year): value
        for movie, value in zip(crowd.movie_index[mine], crowd.value[mine], strict=True)
    }
    stored = user.ratings.values_list("movie__title", "movie__year", "value")
    assert {(title, year): value for title, year, value in stored} == expected


def test_second_load_changes_nothing_and_says_so(movies: list[SampleMovie]) -> None:
    n = len(movies)
    assert ran("--users", "5").startswith(f"Added {n:,} of {n:,} films, 5 of 5 users and ")
    before = state()

    assert ran("--users", "5").startswith(f"Nothing to do: the {n:,} films, 5 users and ")
    assert state() == before


def test_a_larger_crowd_adds_users_and_another_seed_adds_a_crowd(movies: list[SampleMovie]) -> None:
    sample_load(n_users=3)

    assert sample_load(n_users=5).users_added == 2
    other = sample_load(n_users=3, seed=8)

    assert (other.movies_added, other.users_added) == (0, 3)
    assert User.objects.filter(crowd_source="sample-8").count() == 3
    assert Rating.objects.count() == len(generate_crowd(movies, n_users=5)) + other.ratings


def test_counts_and_sums_of_films_match_their_ratings() -> None:
    sample_load(n_users=10)

    counted = {row["movie"]: row for row in Rating.objects.values("movie").annotate(n=Count("pk"), stars=Sum("value"))}
    for movie in Movie.objects.all():
        row = counted.get(movie.pk, {"n": 0, "stars": 0})
        assert (movie.ratings_count, movie.ratings_sum) == (row["n"], row["stars"])
    assert not User.objects.filter(ratings_changed_at=None).exists()


def test_an_existing_film_is_used_unchanged() -> None:
    mine = Movie.objects.create(title="HEAT", year=1995, tmdb_id=949, overview="Mine.")
    Movie.objects.create(title="Heat", year=1986)

    summary = sample_load(n_users=30)

    mine.refresh_from_db()
    assert summary.movies_added == summary.movies - 1
    assert (mine.tmdb_id, mine.overview, mine.genres) == (949, "Mine.", [])
    assert mine.ratings_count > 0
    assert Movie.objects.get(year=1986, title="Heat").ratings_count == 0


def test_a_failed_load_changes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sample.crowd.TOP_EASE", float("nan"))

    with pytest.raises(IntegrityError):
        sample_load(n_users=2)

    assert not Movie.objects.exists()
    assert not User.objects.exists()


@pytest.mark.parametrize("option", ["--users", "--seed"])
def test_options_must_be_positive(option: str) -> None:
    with pytest.raises(CommandError, match="whole number of at least 1, not '0'"):
        ran(option, "0")


def test_bulk_ratings_keep_existing_values_and_are_all_or_nothing() -> None:
    user, movie = User.objects.create_user("ada"), Movie.objects.create(title="Heat", year=1995)
    other = Movie.objects.create(title="Ronin", year=1998)
    Rating.objects.create(user=user, movie=movie, value=2.0)

    def add(*values: float) -> int:
        return ratings_add(
            user_ids=np.array([user.pk, user.pk], dtype=np.int32),
            movie_ids=np.array([movie.pk, other.pk], dtype=np.int32),
            values=np.array(values, dtype=np.float32),
            rated_at=np.array([0, 1_000_000_000]),
        )

    with pytest.raises(IntegrityError):
        add(5.0, 3.3)
    assert Rating.objects.count() == 1
    assert add(5.0, 3.5) == 1
    assert Rating.objects.get(movie=movie).value == 2.0
    assert Rating.objects.get(movie=other).created_at.isoformat() == "2001-09-09T01:46:40+00:00"
