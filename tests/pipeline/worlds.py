"""A small world whose preferences can be learnt: half of the users love odd movies, half love even ones."""

from dataclasses import dataclass

import numpy as np

from accounts.models import User
from movies.models import Movie, Rating
from movies.services.averages import movie_averages_refresh_all


@dataclass(frozen=True)
class World:
    """Ids in ascending order; the first users and movies have the most ratings."""

    user_ids: list[int]
    movie_ids: list[int]


def world_create(*, n_users: int = 60, n_movies: int = 40, seed: int = 0) -> World:
    """Fill the database with crowd users, movies and ratings."""
    users = User.objects.bulk_create(
        User(
            username=f"crowd-{number}",
            kind=User.Kind.CROWD,
            crowd_source="test",
            crowd_key=number,
            is_active=False,
            password="!",
        )
        for number in range(n_users)
    )
    movies = Movie.objects.bulk_create(Movie(title=f"Film, no. {number}") for number in range(n_movies))
    rng = np.random.default_rng(seed)
    Rating.objects.bulk_create(
        Rating(user=user, movie=movie, value=_stars(rng, row, column))
        for row, user in enumerate(users)
        for column, movie in enumerate(movies)
        if rng.random() < 0.7 - 0.5 * column / n_movies or column == row % n_movies
    )
    movie_averages_refresh_all()
    return World([user.pk for user in users], [movie.pk for movie in movies])


def _stars(rng: np.random.Generator, row: int, column: int) -> float:
    loves = row % 2 == column % 2
    return float(np.clip(np.round(2 * rng.normal(4.2 if loves else 2.0, 0.5)) / 2, 0.5, 5.0))
