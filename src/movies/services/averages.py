"""Recounting films' rating figures from the ratings themselves."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.db import connection, transaction


@dataclass(frozen=True)
class RefreshSummary:
    """How many films were checked, and how many of them had wrong figures."""

    checked: int
    corrected: int


# One statement, so that figures and ratings are read in the same snapshot. The lock leaves the key alone, so that an
# import that adds ratings of these films goes on meanwhile.
_RECOUNT = """
WITH chosen AS MATERIALIZED ({chosen} FOR NO KEY UPDATE),
fresh AS (
    SELECT chosen.id, count(rating.value) AS n, coalesce(sum(rating.value::float8), 0) AS stars
    FROM chosen LEFT JOIN movies_rating rating ON rating.movie_id = chosen.id
    GROUP BY chosen.id
),
changed AS (
    UPDATE movies_movie movie
    SET ratings_count = fresh.n, ratings_sum = fresh.stars, ratings_refreshed_at = now()
    FROM fresh JOIN chosen USING (id)
    WHERE movie.id = fresh.id
    RETURNING (chosen.ratings_count, chosen.ratings_sum) IS DISTINCT FROM (fresh.n::int, fresh.stars) AS corrected
)
SELECT count(*), count(*) FILTER (WHERE corrected) FROM changed
"""
_COLUMNS = "SELECT id, ratings_count, ratings_sum FROM movies_movie"


def movie_averages_refresh_all() -> RefreshSummary:
    """Recount every film."""
    return _recount(f"{_COLUMNS} ORDER BY id", [])


def movie_averages_refresh_stalest(*, count: int) -> RefreshSummary:
    """Recount the ``count`` films whose figures were checked longest ago."""
    return _recount(f"{_COLUMNS} ORDER BY ratings_refreshed_at ASC NULLS FIRST, id LIMIT %s", [count])


def movie_averages_refresh(*, movie_ids: list[int]) -> RefreshSummary:
    """Recount the films named by ``movie_ids``."""
    return _recount(f"{_COLUMNS} WHERE id = ANY(%s) ORDER BY id", [movie_ids])


def _recount(chosen: str, parameters: Sequence[int | list[int]]) -> RefreshSummary:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(_RECOUNT.format(chosen=chosen), parameters)
        checked, corrected = cursor.fetchone()
    return RefreshSummary(checked=checked, corrected=corrected)
