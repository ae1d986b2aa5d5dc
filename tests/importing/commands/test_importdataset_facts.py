"""Imports of the real data sets against what is known of them."""

from collections.abc import Callable
from pathlib import Path

import pytest
from django.db.models import Count

from accounts.models import User
from movies.models import Movie, Rating

pytestmark = pytest.mark.django_db
Import = Callable[..., str]

# Data set: films, ratings, raters, rated films.
FACTS = {
    "the-movies-dataset": (45_430, 99_810, 671, 9_025),
    "ml-latest-small": (9_742, 100_836, 610, 9_724),
    "ml-100k": (1_682, 100_000, 943, 1_682),
    "ml-1m": (3_883, 487_650, 2_999, 3_615),
}


def figures() -> tuple[int, int, int, int]:
    return (
        Movie.objects.count(),
        Rating.objects.count(),
        User.objects.crowd().count(),
        Movie.objects.filter(ratings_count__gt=0).count(),
    )


@pytest.fixture
def dataset(shared_data: Path) -> Callable[[str], Path]:
    def find(name: str) -> Path:
        folder = shared_data / name
        if not folder.is_dir():
            pytest.skip(f"{name} is not among the real data sets")
        return folder

    return find


@pytest.mark.parametrize("name", ["ml-100k", "ml-latest-small", pytest.param("ml-1m", marks=pytest.mark.slow)])
def test_counts_of_a_movielens_data_set(name: str, dataset: Callable[[str], Path], importdataset: Import) -> None:
    output = importdataset(dataset(name))

    assert figures() == FACTS[name]
    assert "ratings" in output
    assert " 0 skipped" in output


def test_oddities_of_latest_small(dataset: Callable[[str], Path], importdataset: Import) -> None:
    importdataset(dataset("ml-latest-small"), "--ratings", "none")

    assert Movie.objects.filter(year=None).count() == 13
    # 34 films have no genres, and one of the others is IMAX alone.
    assert Movie.objects.filter(genres=[]).count() == 34
    # Eight lack a TMDB id and one shares another's.
    assert Movie.objects.filter(tmdb_id=None).count() == 9
    assert Movie.objects.filter(movielens_id=2).get().title == "Jumanji"
    assert Movie.objects.filter(title="Emma", year=1996).count() == 2


def test_counts_of_the_movies_dataset_alone_and_with_latest_small(
    dataset: Callable[[str], Path], importdataset: Import
) -> None:
    kaggle, small = dataset("the-movies-dataset"), dataset("ml-latest-small")
    output = importdataset(kaggle)

    assert figures() == FACTS["the-movies-dataset"]
    assert "194 skipped (123 film is not in the data set, 71 film has no TMDB id)" in output
    assert "36 skipped (30 film repeated, 3 no title, 3 id is no whole number)" in output
    jumanji = Movie.objects.get(movielens_id=2)
    assert (jumanji.tmdb_id, jumanji.title) == (8844, "Jumanji")
    assert Movie.objects.filter(keywords=[]).count() < 20_000
    genres = Movie.objects.exclude(genres=[]).values_list("genres", flat=True)
    assert len({genre for listed in genres for genre in listed}) == 20

    importdataset(small)

    shared = Movie.objects.filter(ratings__user__crowd_source="ml-latest-small").filter(
        ratings__user__crowd_source="the-movies-dataset/small"
    )
    assert shared.values("pk").distinct().count() > 5_000
    assert Rating.objects.count() == 99_810 + 100_836
    repeated = Movie.objects.exclude(tmdb_id=None).values("tmdb_id").annotate(n=Count("pk")).filter(n__gt=1)
    assert not repeated.exists()
    assert "Nothing changed." in importdataset(kaggle)
    assert "Nothing changed." in importdataset(small)


def test_both_orders_give_the_same_films(dataset: Callable[[str], Path], importdataset: Import) -> None:
    def movies(*names: str) -> set[tuple[int | None, str, int | None]]:
        Movie.objects.all().delete()
        for name in names:
            importdataset(dataset(name), "--ratings", "none")
        assert all("Nothing changed." in importdataset(dataset(name), "--ratings", "none") for name in names)
        return set(Movie.objects.values_list("tmdb_id", "title", "year"))

    # Every column describes the first 3,188 films, and most of them are in the other set too.
    one, other = "the-movies-dataset-3188", "ml-latest-small"
    assert movies(one, other) == movies(other, one)
