from datetime import date

import pytest
from django.db import connection
from tests.movie_rows import make_movies, rate_quietly

from accounts.models import User
from movies.models import Movie
from movies.selectors.cards import PAGE_SIZE
from movies.selectors.catalogue import MovieSort, catalogue_page, movies_sort

pytestmark = pytest.mark.django_db


@pytest.fixture
def movies() -> None:
    Movie.objects.bulk_create(
        [
            Movie(title="Undated", ratings_count=5, ratings_sum=25),
            Movie(title="Unrated", year=2020, released_at=date(2020, 5, 1)),
            Movie(title="Only a year", year=1999),
            Movie(title="Loved by one", year=1999, released_at=date(1999, 3, 31), ratings_count=1, ratings_sum=5),
            Movie(title="Loved by many", year=1994, released_at=date(1994, 9, 1), ratings_count=90, ratings_sum=400),
            Movie(title="Panned", year=1995, released_at=date(1995, 9, 1), ratings_count=40, ratings_sum=40),
        ]
    )


@pytest.mark.parametrize(
    ("sort", "titles"),
    [
        ("popular", ["Loved by many", "Panned", "Undated", "Loved by one", "Only a year", "Unrated"]),
        ("unpopular", ["Unrated", "Only a year", "Loved by one", "Undated", "Panned", "Loved by many"]),
        ("top-rated", ["Loved by many", "Undated", "Loved by one", "Panned"]),
        ("low-rated", ["Panned", "Loved by one", "Undated", "Loved by many"]),
        ("recent", ["Unrated", "Loved by one", "Only a year", "Panned", "Loved by many", "Undated"]),
        ("old", ["Loved by many", "Panned", "Loved by one", "Only a year", "Unrated", "Undated"]),
    ],
)
def test_sort_puts_films_in_its_order(movies: None, sort: str, titles: list[str]) -> None:
    assert [movie.title for movie in movies_sort(MovieSort(sort))] == titles


def test_unknown_sort_means_the_popular_films() -> None:
    assert MovieSort.from_name("'; drop table") is MovieSort.POPULAR


@pytest.mark.parametrize(
    ("asked", "given"),
    [("2", 2), ("0", 1), ("-3", 1), ("99", 3), ("9" * 30, 3), ("x", 1), ("", 1), ("²", 1), ("1.5", 1)],
)
def test_page_number_that_cannot_be_leads_to_the_nearest_that_can(asked: str, given: int) -> None:
    make_movies(2 * PAGE_SIZE + 1)

    assert catalogue_page(sort=MovieSort.POPULAR, number=asked, user_id=None).page.number == given


def test_empty_catalogue_has_one_empty_page() -> None:
    assert catalogue_page(sort=MovieSort.RECENT, number="7", user_id=None).cards == []


def test_viewers_own_ratings_are_on_the_cards() -> None:
    user = User.objects.create_user("ada")
    movies = make_movies(3)
    rate_quietly(user, [movies[1]], 3.5)

    cards = catalogue_page(sort=MovieSort.POPULAR, number="1", user_id=user.pk).cards

    assert [card.rating for card in cards] == [None, 3.5, None]


@pytest.mark.parametrize("sort", list(MovieSort))
def test_first_page_of_each_sort_is_read_from_an_index(sort: MovieSort) -> None:
    with connection.cursor() as cursor:
        # Planned as for a large table: a handful of rows would be read whole.
        cursor.execute(
            "SET LOCAL enable_seqscan = off; SET LOCAL enable_sort = off; SET LOCAL enable_incremental_sort = off"
        )

    plan = movies_sort(sort)[:PAGE_SIZE].explain()

    assert "Index Scan" in plan
    assert "Sort" not in plan
