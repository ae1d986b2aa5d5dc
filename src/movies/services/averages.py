"""Recounting the rating figures of films."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.db import connection, transaction


@dataclass(frozen=True)
class RefreshSummary:
    """How many films were checked, and how many of them had wrong figures."""

    checked: int
    corrected: int


# Every writer of several films locks them in the order of their ids, which avoids deadlocks. The lock does not include
# the key, so that an import can add ratings of these films.
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
    """Recount the films with these ids."""
    return _recount("WHERE id = ANY(%s)", [movie_ids])


def _recount(chosen: str, parameters: Sequence[int | list[int]]) -> RefreshSummary:
    with transaction.atomic(), connection.cursor() as cursor:
        # The lock is a statement of its own, so that the count sees every rating that it waited for.
        cursor.execute(_LOCK.format(chosen=chosen), parameters)
        movie_ids = [movie_id for (movie_id,) in cursor.fetchall()]
        cursor.execute(_RECOUNT, [movie_ids])
        checked, corrected = cursor.fetchone()
    return RefreshSummary(checked=checked, corrected=corrected)
