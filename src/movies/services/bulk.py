"""Adding many ratings at once, and updating the figures of the films and the users' times of change."""

import numpy as np
from django.db import connection, transaction
from numpy.typing import NDArray

from movies.services.averages import movie_averages_refresh

# Rows per statement, which takes a few megabytes.
_BATCH = 100_000

# Every writer of ratings locks the films first, in the order of their ids.
_LOCK = "SELECT id FROM movies_movie WHERE id = ANY(%s) ORDER BY id FOR UPDATE"
# The conflict clause alone would be sufficient, but would use up an id for each skipped row.
_INSERT = """
WITH added AS (
    INSERT INTO movies_rating (user_id, movie_id, value, created_at)
    SELECT user_id, movie_id, value, to_timestamp(rated_at)
    FROM unnest(%s::int[], %s::int[], %s::real[], %s::bigint[]) AS new (user_id, movie_id, value, rated_at)
    WHERE NOT EXISTS (
        SELECT FROM movies_rating old WHERE old.user_id = new.user_id AND old.movie_id = new.movie_id
    )
    ON CONFLICT (user_id, movie_id) DO NOTHING
    RETURNING user_id, movie_id
)
SELECT array_agg(DISTINCT user_id), array_agg(DISTINCT movie_id), count(*) FROM added
"""
_TOUCH = "UPDATE accounts_user SET ratings_changed_at = now() WHERE id = ANY(%s)"


def ratings_add(
    *,
    user_ids: NDArray[np.int32],
    movie_ids: NDArray[np.int32],
    values: NDArray[np.float32],
    rated_at: NDArray[np.int64],
) -> int:
    """Add ratings in one transaction, and return how many were new. Present ratings do not change.

    Args:
        user_ids: (n,) ids of users.
        movie_ids: (n,) ids of films.
        values: (n,) half-stars from 0.5 to 5.0.
        rated_at: (n,) seconds since 1970 (UTC).

    Raises:
        IntegrityError: a value is not a half-star, or a user or film does not exist. Nothing is added.

    """
    added, changed_users, changed_movies = 0, set[int](), set[int]()
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(_LOCK, [np.unique(movie_ids).tolist()])
        for start in range(0, len(values), _BATCH):
            batch = slice(start, start + _BATCH)
            columns = [column[batch].tolist() for column in (user_ids, movie_ids, values, rated_at)]
            cursor.execute(_INSERT, columns)
            users, movies, count = cursor.fetchone()
            changed_users.update(users or ())
            changed_movies.update(movies or ())
            added += count
        if added:
            cursor.execute(_TOUCH, [sorted(changed_users)])
            movie_averages_refresh(movie_ids=sorted(changed_movies))
    return added
