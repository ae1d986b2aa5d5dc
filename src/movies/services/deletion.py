"""Deleting users and films so that every film's rating figures stay right."""

from collections.abc import Sequence

from django.db import connection, transaction

from accounts.models import User
from movies.models import Movie, Rating

# Films are locked in the order of their ids, as everything that changes several films' figures does.
_LOCK_RATED_BY = """
SELECT id FROM movies_movie
WHERE id IN (SELECT movie_id FROM movies_rating WHERE user_id = ANY(%s))
ORDER BY id FOR UPDATE
"""
_REMOVE_RATINGS = """
WITH gone AS (DELETE FROM movies_rating WHERE user_id = ANY(%s) RETURNING movie_id, value),
per_movie AS (SELECT movie_id, count(*) AS n, sum(value::float8) AS stars FROM gone GROUP BY movie_id)
UPDATE movies_movie movie
SET ratings_count = movie.ratings_count - per_movie.n, ratings_sum = movie.ratings_sum - per_movie.stars
FROM per_movie WHERE movie.id = per_movie.movie_id
"""


def users_delete(*, user_ids: Sequence[int]) -> int:
    """Delete users with all that is theirs, and return how many there were."""
    ids = list(user_ids)
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(_LOCK_RATED_BY, [ids])
        # While a user's row is locked, nobody can add a rating that refers to it.
        found = User.objects.select_for_update().filter(pk__in=ids).order_by("pk")
        count = len(found)
        cursor.execute(_REMOVE_RATINGS, [ids])
        found.order_by().delete()
    return count


def movies_delete(*, movie_ids: Sequence[int]) -> int:
    """Delete films with their ratings and trailers, and return how many there were."""
    with transaction.atomic():
        found = Movie.objects.select_for_update().filter(pk__in=movie_ids).order_by("pk")
        count = len(found.only("pk"))
        # Ratings go first in one statement; Django would load each of them otherwise.
        Rating.objects.filter(movie_id__in=movie_ids).delete()
        found.order_by().delete()
    return count
