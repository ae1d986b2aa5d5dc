import pytest
from django.db import connection

from movies.models import Movie
from postgres.tables import number_reserve, numbers_reserve


@pytest.mark.django_db
def test_reserved_ids_are_unique() -> None:
    with connection.cursor() as cursor:
        reserved = [number_reserve("movies_movie"), *numbers_reserve(cursor, "movies_movie", count=3)]

    assert reserved == sorted(set(reserved))
    assert Movie.objects.create(title="Alien").pk not in reserved
