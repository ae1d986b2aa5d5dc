"""Deleting users, films and ratings, and updating the figures of the films."""

from collections.abc import Sequence

from django.db import connection, transaction
from django.utils import timezone

from accounts.models import User
from movies.models import Movie, Rating

# Every writer of several films locks them in the order of their ids, which avoids deadlocks.
_LOCK_RATED = """
SELECT id FROM movies_movie
WHERE id IN (SELECT movie_id FROM movies_rating WHERE {whose} = ANY(%s))
ORDER BY id FOR UPDATE
"""
_REMOVE_RATINGS = """
WITH gone AS (DELETE FROM movies_rating WHERE {whose} = ANY(%s) RETURNING movie_id, value),
per_movie AS (SELECT movie_id, count(*) AS n, sum(value::float8) AS stars FROM gone GROUP BY movie_id)
UPDATE movies_movie movie
SET ratings_count = movie.ratings_count - per_movie.n, ratings_sum = movie.ratings_sum - per_movie.stars
FROM per_movie WHERE movie.id = per_movie.movie_id
"""


def users_delete(*, user_ids: Sequence[int]) -> int:
    """Delete users and their data, and return how many there were."""
    ids = list(user_ids)
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(_LOCK_RATED.format(whose="user_id"), [ids])
        # While a user's row is locked, no rating can be added that refers to it.
        count = len(User.objects.select_for_update().filter(pk__in=ids).order_by("pk").values_list("pk"))
        cursor.execute(_REMOVE_RATINGS.format(whose="user_id"), [ids])
        User.objects.filter(pk__in=ids).delete()
    return count


def movies_delete(*, movie_ids: Sequence[int]) -> int:
    """Delete films with their ratings and trailers, and return how many there were."""
    ids = list(movie_ids)
    with transaction.atomic():
        count = len(Movie.objects.select_for_update().filter(pk__in=ids).order_by("pk").values_list("pk"))
        Movie.objects.filter(pk__in=ids).delete()
    return count


def ratings_delete(*, rating_ids: Sequence[int]) -> int:
    """Delete ratings of any users, and return how many there were."""
    ids = list(rating_ids)
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(_LOCK_RATED.format(whose="id"), [ids])
        raters = list(Rating.objects.filter(pk__in=ids).values_list("user_id", flat=True))
        cursor.execute(_REMOVE_RATINGS.format(whose="id"), [ids])
        User.objects.filter(pk__in=raters).update(ratings_changed_at=timezone.now())
    return len(raters)
