import pytest
from django.utils import timezone

from movies.models import ModelVersion, Movie, SimilarMovies
from movies.selectors.similar import similar_movies

pytestmark = pytest.mark.django_db


@pytest.fixture
def heat() -> Movie:
    return Movie.objects.create(
        title="Heat", genres=["Crime", "Drama"], keywords=["heist", "los angeles"], directors=["Michael Mann"]
    )


def stored(movie: Movie, others: list[int]) -> None:
    version = ModelVersion.objects.create(
        folder="one", snapshot_checksum="0" * 64, n_users=1, n_movies=1, n_ratings=1, trained_until=timezone.now()
    )
    SimilarMovies.objects.create(movie=movie, movie_ids=others, scores=[0.5] * len(others), model_version=version)


def test_films_are_those_of_the_model_in_its_order_without_deleted_ones(heat: Movie) -> None:
    others = Movie.objects.bulk_create(Movie(title=f"m{n}") for n in range(5))
    stored(heat, [others[3].pk, others[1].pk, 2_000_000_000, others[4].pk])

    assert similar_movies(heat) == [others[3], others[1], others[4]]
    assert similar_movies(heat, count=2) == [others[3], others[1]]


def test_film_unknown_to_the_model_has_films_with_shared_directors_keywords_and_genres(heat: Movie) -> None:
    loud = Movie.objects.create(title="Loud", genres=["Crime"], ratings_count=900, ratings_sum=4000)
    heist = Movie.objects.create(title="Heist", genres=["Crime"], keywords=["heist"])
    same = Movie.objects.create(title="Thief", genres=["Crime"], keywords=["heist"], directors=["Michael Mann"])
    Movie.objects.create(title="Elsewhere", genres=["Comedy"], keywords=["heist", "los angeles"])

    assert similar_movies(heat) == [same, heist, loud]


def test_film_of_which_nothing_is_known_has_none() -> None:
    Movie.objects.create(title="Other")
    assert similar_movies(Movie.objects.create(title="Lost")) == []


def test_row_of_deleted_films_alone_is_as_good_as_none(heat: Movie) -> None:
    other = Movie.objects.create(title="Other", genres=["Crime"])
    stored(heat, [2_000_000_000])

    assert similar_movies(heat) == [other]
