"""Recounting films' rating figures from the ratings themselves."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.db import connection, transaction


@dataclass(frozen=True)
class RefreshSummary:
    """How many films were checked, and how many of them had wrong figures."""

    checked: int
    corrected: int


# In the order of ids, as every writer of several films' figures does, so that none waits in a circle. The lock leaves
# the key alone, so that an import that adds ratings of these films goes on meanwhile.
_LOCK = "SELECT id FROM movies_movie WHERE id IN (SELECT id FROM movies_movie {chosen}) ORDER BY id FOR NO KEY UPDATE"
_RECOUNT = """
WITH fresh AS (
    SELECT movie.id, count(rating.value) AS n, coalesce(sum(rating.value::float8), 0) AS stars,
           (movie.ratings_count, movie.ratings_sum) AS before
    FROM movies_movie movie LEFT JOIN movies_rating rating ON rating.movie_id = movie.id
    WHERE movie.id = ANY(%s)
    GROUP BY movie.id
),
changed AS (
    UPDATE movies_movie movie
    SET ratings_count = fresh.n, ratings_sum = fresh.stars, ratings_refreshed_at = now()
    FROM fresh
    WHERE movie.id = fresh.id
    RETURNING fresh.before IS DISTINCT FROM ROW(fresh.n::int, fresh.stars) AS corrected
)
SELECT count(*), count(*) FILTER (WHERE corrected) FROM changed
"""


def movie_averages_refresh_all() -> RefreshSummary:
    """Recount every film."""
    return _recount("", [])


def movie_averages_refresh_stalest(*, count: int) -> RefreshSummary:
    """Recount the ``count`` films whose figures were checked longest ago."""
    return _recount("ORDER BY ratings_refreshed_at ASC NULLS FIRST, id LIMIT %s", [count])


def movie_averages_refresh(*, movie_ids: list[int]) -> RefreshSummary:
    """Recount the films named by ``movie_ids``."""
    return _recount("WHERE id = ANY(%s)", [movie_ids])


def _recount(chosen: str, parameters: Sequence[int | list[int]]) -> RefreshSummary:
    with transaction.atomic(), connection.cursor() as cursor:
        # Locked by a statement of its own: the count then sees every rating that the locks waited for.
        cursor.execute(_LOCK.format(chosen=chosen), parameters)
        movie_ids = [movie_id for (movie_id,) in cursor.fetchall()]
        cursor.execute(_RECOUNT, [movie_ids])
        checked, corrected = cursor.fetchone()
    return RefreshSummary(checked=checked, corrected=corrected)
