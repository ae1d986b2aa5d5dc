"""Archetypes: the kinds of film-goers in the generated crowd, and how much each kind likes each film."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sample.catalogue import GENRES, SampleMovie

# Weights of a film's genres, in the order in which they are listed.
_GENRE_WEIGHTS = (1.0, 0.8, 0.6, 0.5)
_RECENT_FROM = 2000


@dataclass(frozen=True, slots=True)
class Archetype:
    """A kind of film-goer.

    Attributes:
        name: a short description.
        share: weight in the crowd.
        likes: trait → how much it attracts (above 0) or repels (below 0); traits are ``GENRES`` and those of
            ``movie_traits``.

    """

    name: str
    share: float
    likes: Mapping[str, float]


ARCHETYPES = (
    Archetype(
        "science-fiction lover",
        1.6,
        {"Science Fiction": 2.6, "Adventure": 0.4, "Romance": -1.3, "Music": -1.1, "Horror": -0.7, "Drama": -0.3},
    ),
    Archetype("romantic", 1.2, {"Romance": 2.2, "Music": 0.9, "Comedy": 0.5, "Science Fiction": -1.6, "Horror": -1.4}),
    Archetype(
        "classic-film lover",
        1.0,
        {"classic": 2.4, "Western": 0.8, "Mystery": 0.4, "recent": -0.8, "Science Fiction": -0.7, "Animation": -0.5},
    ),
    Archetype("horror fan", 0.9, {"Horror": 2.6, "Thriller": 0.5, "Family": -1.3, "Romance": -0.9, "Music": -0.9}),
    Archetype(
        "family viewer",
        1.1,
        {"Family": 2.0, "Animation": 1.4, "Fantasy": 0.4, "Horror": -1.9, "Crime": -1.0, "War": -0.6},
    ),
    Archetype("art-house visitor", 0.9, {"world": 1.6, "acclaim": 1.0, "Drama": 0.8, "fame": -0.7, "Action": -1.2}),
    Archetype(
        "action fan",
        1.2,
        {"Action": 2.0, "Adventure": 0.7, "Thriller": 0.6, "Romance": -0.9, "Music": -0.9, "classic": -1.3},
    ),
    Archetype(
        "crime and thriller reader", 1.0, {"Crime": 1.9, "Thriller": 1.4, "Mystery": 1.0, "Family": -1.2, "Music": -0.6}
    ),
    Archetype(
        "history buff",
        0.7,
        {"War": 2.0, "History": 1.8, "Western": 0.9, "Documentary": 0.8, "Fantasy": -0.9, "Animation": -0.8},
    ),
    Archetype("comedy fan", 1.0, {"Comedy": 2.2, "recent": 0.3, "War": -0.7, "Horror": -0.5, "Mystery": -0.5}),
)


def movie_traits(movies: Sequence[SampleMovie]) -> dict[str, NDArray[np.float64]]:
    """Return trait → how strongly each film has it, shape ``(n_films,)``.

    Besides one trait per genre, there are ``classic`` (from 0 in 1980 to 1 in 1940), ``recent`` (1 from 2000 on),
    ``world`` (1 where the original title is not English), ``acclaim`` and ``fame`` (points above a typical film's).
    """
    year = np.array([movie.year for movie in movies], dtype=np.float64)
    traits = {genre: np.zeros(len(movies)) for genre in GENRES}
    for index, movie in enumerate(movies):
        for genre, weight in zip(movie.genres, _GENRE_WEIGHTS, strict=False):
            traits[genre][index] = weight
    traits["classic"] = np.clip((1980.0 - year) / 40.0, 0.0, 1.0)
    traits["recent"] = (year >= _RECENT_FROM).astype(np.float64)
    traits["world"] = np.array([float(bool(movie.original_title)) for movie in movies])
    traits["acclaim"] = np.array([movie.acclaim - 4.0 for movie in movies])
    traits["fame"] = np.array([movie.fame - 3.0 for movie in movies])
    return traits


def archetype_affinities(movies: Sequence[SampleMovie]) -> NDArray[np.float64]:
    """Return how much each archetype likes each film, shape ``(n_archetypes, n_films)``.

    Each row has mean 0 and standard deviation 1 over the films, so that all archetypes have the same influence.
    """
    traits = movie_traits(movies)
    rows = np.array(
        [sum(weight * traits[trait] for trait, weight in kind.likes.items()) for kind in ARCHETYPES], dtype=np.float64
    )
    centred: NDArray[np.float64] = rows - rows.mean(axis=1, keepdims=True)
    spread = centred.std(axis=1, keepdims=True)
    return centred / np.where(spread > 0, spread, 1.0)
