"""What scikit-surprise's SVD, with its own defaults, learns from the sample."""

from collections import defaultdict
from collections.abc import Sequence

import numpy as np
import pytest
from numpy.typing import NDArray
from surprise import SVD, BaselineOnly, Trainset

from sample.catalogue import SampleMovie
from sample.crowd import CrowdRatings
from sample.demo_ratings import DEMO_RATINGS

NEWCOMER = 10**6

Rows = list[tuple[int, int, float]]


def rows_of(crowd: CrowdRatings) -> Rows:
    return list(zip(crowd.user_index.tolist(), crowd.movie_index.tolist(), crowd.value.tolist(), strict=True))


def trainset(rows: Rows) -> Trainset:
    users: dict[int, int] = {}
    items: dict[int, int] = {}
    by_user: dict[int, list[tuple[int, float]]] = defaultdict(list)
    by_item: dict[int, list[tuple[int, float]]] = defaultdict(list)
    for raw_user, raw_item, value in rows:
        user, item = users.setdefault(raw_user, len(users)), items.setdefault(raw_item, len(items))
        by_user[user].append((item, value))
        by_item[item].append((user, value))
    return Trainset(by_user, by_item, len(users), len(items), len(rows), (0.5, 5.0), users, items)


def held_out_rmse(algorithm: object, train: Rows, test: Rows) -> float:
    fitted = algorithm.fit(trainset(train))  # type: ignore[attr-defined]  # Surprise ships no types.
    errors = [fitted.predict(user, movie).est - value for user, movie, value in test]
    return float(np.sqrt(np.mean(np.square(errors))))


def suggested(
    crowd: CrowdRatings, movies: Sequence[SampleMovie], stars: dict[tuple[str, int], float], *, seed: int
) -> list[SampleMovie]:
    """Return the 20 films that a newcomer with ``stars`` is predicted to like best, by the unclipped score."""
    rated = {
        index: stars[movie.title, movie.year]
        for index, movie in enumerate(movies)
        if (movie.title, movie.year) in stars
    }
    assert len(rated) == len(stars)
    model = SVD(random_state=seed).fit(trainset(rows_of(crowd) + [(NEWCOMER, movie, v) for movie, v in rated.items()]))
    user = model.trainset.to_inner_uid(NEWCOMER)
    scores: NDArray[np.float64] = model.bi + model.qi @ model.pu[user]
    best = [model.trainset.to_raw_iid(item) for item in np.argsort(-scores)]
    return [movies[index] for index in best if index not in rated][:20]


def test_svd_beats_the_bias_baseline_clearly_on_held_out_ratings(crowd: CrowdRatings) -> None:
    rows = rows_of(crowd)
    held_out = np.random.default_rng(0).random(len(rows)) < 0.2
    train = [row for row, out in zip(rows, held_out, strict=True) if not out]
    test = [row for row, out in zip(rows, held_out, strict=True) if out]

    baseline = held_out_rmse(BaselineOnly(verbose=False), train, test)
    svd = held_out_rmse(SVD(random_state=0), train, test)

    assert svd < 0.92 * baseline


def test_demo_user_rates_films_of_the_catalogue_once_each(movies: list[SampleMovie]) -> None:
    rated = [(title, year) for title, year, _ in DEMO_RATINGS]

    assert len(set(rated)) == len(rated)
    assert set(rated) <= {(movie.title, movie.year) for movie in movies}


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_demo_user_is_suggested_science_fiction(crowd: CrowdRatings, movies: list[SampleMovie], seed: int) -> None:
    stars = {(title, year): value for title, year, value in DEMO_RATINGS}

    top = suggested(crowd, movies, stars, seed=seed)

    assert sum("Science Fiction" in movie.genres for movie in top) >= 14, [movie.title for movie in top]


def test_lover_of_family_films_is_suggested_family_films(crowd: CrowdRatings, movies: list[SampleMovie]) -> None:
    loved = [movie for movie in movies if {"Family", "Animation"} <= set(movie.genres) and movie.fame >= 4][::3]
    hated = [movie for movie in movies if "Horror" in movie.genres and movie.fame >= 4][::4]
    stars = {(movie.title, movie.year): 5.0 for movie in loved} | {(movie.title, movie.year): 1.5 for movie in hated}

    top = suggested(crowd, movies, stars, seed=0)

    assert sum("Family" in movie.genres or "Animation" in movie.genres for movie in top) >= 14, [
        movie.title for movie in top
    ]
    assert not any("Horror" in movie.genres for movie in top)


def test_lover_of_classics_is_suggested_old_films(crowd: CrowdRatings, movies: list[SampleMovie]) -> None:
    loved = [movie for movie in movies if movie.year < 1965 and movie.fame >= 3 and "Horror" not in movie.genres][::3]
    cool = [movie for movie in movies if movie.year >= 2000 and movie.fame == 5][::5]
    stars = {(movie.title, movie.year): 5.0 for movie in loved} | {(movie.title, movie.year): 2.0 for movie in cool}

    top = suggested(crowd, movies, stars, seed=0)

    assert sum(movie.year < 1970 for movie in top) >= 14, [movie.title for movie in top]
