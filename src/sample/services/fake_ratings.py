"""Generating plausible ratings by random crowd users of random films."""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from django.db import connection, transaction
from django.utils import timezone
from numpy.typing import NDArray
from tqdm import tqdm

from accounts.models import User
from movies.errors import MoviesError
from movies.models import Movie, Rating
from movies.services.bulk import ratings_add
from postgres.locks import transaction_lock

MEAN_VALUE, MOVIE_SPREAD, USER_SPREAD, NOISE = 3.5, 0.4, 0.35, 0.8
_SECONDS_PER_YEAR = 365 * 24 * 3600
_CHARACTERS = 4_099
_BATCH = 200_000

_FREE_PAIRS = """
SELECT crowd.id, movie.id
FROM accounts_user crowd CROSS JOIN movies_movie movie
WHERE crowd.kind = 'crowd'
  AND NOT EXISTS (SELECT FROM movies_rating WHERE user_id = crowd.id AND movie_id = movie.id)
ORDER BY random() LIMIT %s
"""

Ids = NDArray[np.int32]


class FakeRatingsError(MoviesError):
    """Ratings cannot be generated; the message says what is missing."""


@dataclass(frozen=True, slots=True)
class FakeRatingsSummary:
    """How many ratings were created, and whether each crowd user has now rated every film."""

    created: int
    exhausted: bool


def fake_ratings_create(*, total: int, seed: int | None = None, progress: bool = False) -> FakeRatingsSummary:
    """Create ``total`` ratings by crowd users, or fewer if the unrated pairs of user and film run out.

    Args:
        total: number of ratings to create.
        seed: random seed; different ratings each time if ``None``.
        progress: show a progress bar on standard error.

    Raises:
        FakeRatingsError: there are no films or no crowd users.

    """
    rng = np.random.default_rng(seed)
    with transaction.atomic():
        # Two runs at the same time could deadlock on the films of their batches.
        transaction_lock("movies.fake_ratings_create")
        users, movies = _crowd_and_movies()
        pairs = len(users) * len(movies)
        free = pairs - Rating.objects.filter(user__kind=User.Kind.CROWD).count()
        wanted = min(total, free)
        # Here at least a quarter of random pairs are free. Otherwise the free pairs are few compared with the stored or
        # the requested ratings, so it is cheap to list them.
        if wanted <= free // 2 and free >= pairs // 2:
            created = _create_from_random_pairs(users, movies, wanted=wanted, rng=rng, progress=progress)
        else:
            created = _create_from_free_pairs(wanted=wanted, rng=rng)
    return FakeRatingsSummary(created=created, exhausted=created == free)


def _crowd_and_movies() -> tuple[Ids, Ids]:
    movies = _ids(Movie.objects.order_by("pk").values_list("pk", flat=True))
    if not len(movies):
        raise FakeRatingsError("There are no films to rate; run loadsample or importdataset first.")
    users = _ids(User.objects.crowd().order_by("pk").values_list("pk", flat=True))
    if not len(users):
        raise FakeRatingsError("There are no crowd users to rate; run createfakeusers first.")
    return users, movies


def _ids(rows: Iterable[int]) -> Ids:
    return np.fromiter(rows, dtype=np.int32)


def _create_from_random_pairs(users: Ids, movies: Ids, *, wanted: int, rng: np.random.Generator, progress: bool) -> int:
    created = 0
    with tqdm(total=wanted, desc="Fake ratings", unit=" ratings", unit_scale=True, disable=not progress) as bar:
        while created < wanted:
            codes = rng.integers(len(users) * len(movies), size=min(wanted - created, _BATCH))
            user_position, movie_position = np.divmod(np.unique(codes), len(movies))
            added = _rate(users[user_position], movies[movie_position], rng)
            bar.update(added)
            created += added
    return created


def _create_from_free_pairs(*, wanted: int, rng: np.random.Generator) -> int:
    with connection.cursor() as cursor:
        cursor.execute(_FREE_PAIRS, [wanted])
        pairs = np.array(cursor.fetchall(), dtype=np.int32).reshape(-1, 2)
    return _rate(pairs[:, 0], pairs[:, 1], rng)


def _rate(user_ids: Ids, movie_ids: Ids, rng: np.random.Generator) -> int:
    age = rng.integers(_SECONDS_PER_YEAR, size=len(user_ids), dtype=np.int64)
    return ratings_add(
        user_ids=user_ids,
        movie_ids=movie_ids,
        values=_draw_values(user_ids, movie_ids, rng),
        rated_at=int(timezone.now().timestamp()) - age,
    )


def _draw_values(user_ids: Ids, movie_ids: Ids, rng: np.random.Generator) -> NDArray[np.float32]:
    """Return half-stars. The quality of a film and the bias of a user are the same in each call."""
    characters = np.random.default_rng(0).normal(size=_CHARACTERS)
    felt = (
        MEAN_VALUE
        + MOVIE_SPREAD * characters[movie_ids % _CHARACTERS]
        + USER_SPREAD * characters[::-1][user_ids % _CHARACTERS]
        + rng.normal(0.0, NOISE, len(user_ids))
    )
    return np.clip(np.rint(2 * felt) / 2, 0.5, 5.0).astype(np.float32)
