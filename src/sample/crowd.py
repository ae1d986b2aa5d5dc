"""Generating the ratings of a crowd whose preferences follow genres, eras, directors and quality.

A user is a mixture of archetypes with a few favourite directors and quirks. The value that user ``u`` gives film ``i``:

    r_ui = μ + b_u + s_u · (q_i + τ · a_ui) + ε,    ε ~ N(0, σ²),    to the next whole or half star

with q_i the film's latent quality, a_ui the user's affinity and s_u the user's expressiveness. Users see films with
odds ∝ exp(φ · fame_i + κ · a_ui), so they prefer famous films and films that they expect to like.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sample.archetypes import ARCHETYPES, archetype_affinities, movie_traits
from sample.catalogue import GENRES, SampleMovie

# All times lie in the three years before 2024-01-01 00:00 UTC, so that a seed gives the same crowd whatever the day.
REFERENCE_TIME = 1_704_067_200
YEARS = 3
DEFAULT_USERS, DEFAULT_SEED = 1500, 7
MEAN_VALUE = 3.28
AFFINITY_WEIGHT = 0.88
NOISE = 0.70
USER_BIAS = 0.28
EXPRESSIVENESS = 0.20
MIXTURE_CONCENTRATION = 0.28
QUIRK = 0.16
FAVOURITE_DIRECTORS = 3
DIRECTOR_BONUS = 0.6
FAME_PULL = 0.85
AFFINITY_PULL = 0.5
MEDIAN_ACTIVITY = 50.0
ACTIVITY_SPREAD = 0.75
FEWEST_RATINGS, MOST_RATINGS = 15, 300
# Top ratings are rare: the excess over this value counts for this much.
HIGH_VALUE, TOP_EASE = 4.0, 0.75
# The share of ratings that are rounded to whole stars.
WHOLE_STAR_HABIT = 0.40
# Users are generated in blocks, each from its own random stream. This bounds memory, and a larger crowd starts with
# the same users as a smaller one.
BLOCK = 1024
_SECONDS_PER_YEAR = 365 * 24 * 3600

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class CrowdRatings:
    """Ratings as parallel arrays, ordered by user and then by time; no (user, film) pair occurs twice.

    Attributes:
        user_index: (n,) int32, from 0.
        movie_index: (n,) int32, position in the list of films.
        value: (n,) float32, half-stars from 0.5 to 5.0.
        rated_at: (n,) int64, seconds since 1970 (UTC).

    """

    user_index: NDArray[np.int32]
    movie_index: NDArray[np.int32]
    value: NDArray[np.float32]
    rated_at: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.value)


@dataclass(frozen=True, slots=True)
class _MovieFactors:
    """What the films contribute to all ratings; the last axis of each array runs over the films."""

    quality: Floats  # (n_films,) stars above the mean
    fame: Floats  # (n_films,) points above a typical film
    affinities: Floats  # (n_archetypes, n_films)
    genres: Floats  # (n_genres, n_films)
    directed: Floats  # (n_directors, n_films) 1 where the director made the film


def generate_crowd(
    movies: Sequence[SampleMovie], *, n_users: int = DEFAULT_USERS, seed: int = DEFAULT_SEED
) -> CrowdRatings:
    """Return the ratings of ``n_users`` generated users.

    The same films and seed give the same ratings, and a larger crowd starts with the users of a smaller one.

    Raises:
        ValueError: ``n_users`` is below 1, or there are no films.

    """
    if n_users < 1:
        raise ValueError(f"A crowd needs at least 1 user, not {n_users}.")
    if not movies:
        raise ValueError("A crowd needs films to rate.")
    factors = _movie_factors(movies, np.random.default_rng([seed, 0]))
    blocks = [
        _generate_block(factors, first_user=first, rng=np.random.default_rng([seed, 1, first]))
        for first in range(0, n_users, BLOCK)
    ]
    joined = CrowdRatings(
        user_index=np.concatenate([block.user_index for block in blocks]),
        movie_index=np.concatenate([block.movie_index for block in blocks]),
        value=np.concatenate([block.value for block in blocks]),
        rated_at=np.concatenate([block.rated_at for block in blocks]),
    )
    return _first_users(joined, n_users=n_users)


def _first_users(ratings: CrowdRatings, *, n_users: int) -> CrowdRatings:
    end = int(np.searchsorted(ratings.user_index, n_users))
    return CrowdRatings(
        ratings.user_index[:end], ratings.movie_index[:end], ratings.value[:end], ratings.rated_at[:end]
    )


def _movie_factors(movies: Sequence[SampleMovie], rng: np.random.Generator) -> _MovieFactors:
    traits = movie_traits(movies)
    directors = sorted({name for movie in movies for name in movie.directors})
    directed = np.array([[float(name in movie.directors) for movie in movies] for name in directors])
    return _MovieFactors(
        quality=0.28 * traits["acclaim"] + rng.normal(0.0, 0.15, len(movies)),
        fame=traits["fame"] + rng.normal(0.0, 0.35, len(movies)),
        affinities=archetype_affinities(movies),
        genres=np.array([traits[genre] for genre in GENRES]),
        directed=directed,
    )


def _generate_block(factors: _MovieFactors, *, first_user: int, rng: np.random.Generator) -> CrowdRatings:
    affinity = _draw_affinities(factors, rng)
    users, movie_index = _draw_exposures(factors, affinity, rng)
    value = _draw_values(factors, affinity, users, movie_index, rng)
    rated_at = _draw_times(users, rng)
    order = np.lexsort((rated_at, users))
    return CrowdRatings(
        user_index=(users[order] + first_user).astype(np.int32),
        movie_index=movie_index[order].astype(np.int32),
        value=value[order].astype(np.float32),
        rated_at=rated_at[order],
    )


def _draw_affinities(factors: _MovieFactors, rng: np.random.Generator) -> Floats:
    """Return a_ui, shape ``(BLOCK, n_films)``: mixed archetypes, random genre preferences and favourite directors."""
    shares = np.array([kind.share for kind in ARCHETYPES])
    mixture = rng.dirichlet(MIXTURE_CONCENTRATION * shares, size=BLOCK)
    # Mixing weakens preferences, so the length of each mixture is normalised to one.
    mixture /= np.linalg.norm(mixture, axis=1, keepdims=True)
    affinity = mixture @ factors.affinities
    affinity += rng.normal(0.0, QUIRK, (BLOCK, len(factors.genres))) @ factors.genres
    return affinity + DIRECTOR_BONUS * _draw_favourites(factors, affinity, rng)


def _draw_favourites(factors: _MovieFactors, affinity: Floats, rng: np.random.Generator) -> Floats:
    """Return 1 where a favourite director made the film. Users like the films of their favourites more."""
    appeal = affinity @ (factors.directed / factors.directed.sum(axis=1, keepdims=True)).T
    prolific = np.log(factors.directed.sum(axis=1))
    n_favourites = min(FAVOURITE_DIRECTORS, len(factors.directed))
    ranked = np.argsort(appeal + prolific + rng.gumbel(size=appeal.shape), axis=1)[:, -n_favourites:]
    chosen = np.zeros_like(appeal)
    np.put_along_axis(chosen, ranked, 1.0, axis=1)
    made: Floats = chosen @ factors.directed
    return np.minimum(made, 1.0)


def _draw_exposures(
    factors: _MovieFactors, affinity: Floats, rng: np.random.Generator
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the positions of the user in the block and of the film, for each rating.

    Adding Gumbel noise to log-odds and keeping the largest draws without replacement (Efraimidis & Spirakis 2006).
    """
    n_users, n_movies = affinity.shape
    activity = MEDIAN_ACTIVITY * np.exp(rng.normal(0.0, ACTIVITY_SPREAD, n_users))
    counts = np.clip(np.rint(activity), FEWEST_RATINGS, MOST_RATINGS).astype(np.int64)
    counts = np.minimum(counts, n_movies)
    keys = FAME_PULL * factors.fame + AFFINITY_PULL * affinity + rng.gumbel(size=affinity.shape)
    ranked = np.argsort(-keys, axis=1)
    kept = np.arange(n_movies) < counts[:, None]
    users, _ = np.nonzero(kept)
    return users, ranked[kept]


def _draw_values(
    factors: _MovieFactors,
    affinity: Floats,
    users: NDArray[np.int64],
    movie_index: NDArray[np.int64],
    rng: np.random.Generator,
) -> Floats:
    """Return the half-stars that ``users`` give the films."""
    bias = rng.normal(0.0, USER_BIAS, len(affinity))
    expressiveness = np.exp(rng.normal(0.0, EXPRESSIVENESS, len(affinity)))
    judged = factors.quality[movie_index] + AFFINITY_WEIGHT * affinity[users, movie_index]
    felt = MEAN_VALUE + bias[users] + expressiveness[users] * judged + rng.normal(0.0, NOISE, len(users))
    felt = np.where(felt > HIGH_VALUE, HIGH_VALUE + TOP_EASE * (felt - HIGH_VALUE), felt)
    halves = np.rint(2 * felt) / 2
    whole = rng.random(len(users)) < WHOLE_STAR_HABIT
    return np.clip(np.where(whole, np.rint(felt), halves), 0.5, 5.0)


def _draw_times(users: NDArray[np.int64], rng: np.random.Generator) -> NDArray[np.int64]:
    """Return when each rating was given: each user joins at some time and rates until the reference time."""
    joined = rng.uniform(0.05, 1.0, BLOCK) * YEARS * _SECONDS_PER_YEAR
    age = rng.random(len(users)) * joined[users]
    return REFERENCE_TIME - 1 - age.astype(np.int64)
