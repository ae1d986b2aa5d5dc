import numpy as np
import pytest

from sample.archetypes import ARCHETYPES, archetype_affinities, movie_traits
from sample.catalogue import SampleMovie
from sample.crowd import FEWEST_RATINGS, MOST_RATINGS, REFERENCE_TIME, CrowdRatings, generate_crowd


def test_arrays_are_parallel_and_have_the_documented_types(crowd: CrowdRatings) -> None:
    columns = (crowd.user_index, crowd.movie_index, crowd.value, crowd.rated_at)

    assert [column.dtype for column in columns] == [np.int32, np.int32, np.float32, np.int64]
    assert {len(column) for column in columns} == {len(crowd)}


def test_values_are_half_stars_and_no_pair_occurs_twice(crowd: CrowdRatings, movies: list[SampleMovie]) -> None:
    assert set(np.unique(crowd.value).tolist()) == {half / 2 for half in range(1, 11)}
    pairs = crowd.user_index.astype(np.int64) * len(movies) + crowd.movie_index
    assert len(np.unique(pairs)) == len(crowd)


def test_the_crowd_depends_on_the_seed_alone(movies: list[SampleMovie]) -> None:
    one, same, other = (generate_crowd(movies, n_users=20, seed=seed) for seed in (3, 3, 4))

    assert np.array_equal(one.value, same.value)
    assert np.array_equal(one.rated_at, same.rated_at)
    assert not np.array_equal(one.movie_index, other.movie_index)


@pytest.mark.parametrize("n_users", [1, 30, 1025])
def test_a_larger_crowd_begins_with_the_smaller(movies: list[SampleMovie], crowd: CrowdRatings, n_users: int) -> None:
    small = generate_crowd(movies, n_users=n_users)

    n = len(small)
    assert small.user_index[-1] == n_users - 1
    assert np.array_equal(small.movie_index, crowd.movie_index[:n])
    assert np.array_equal(small.value, crowd.value[:n])
    assert crowd.user_index[n] == n_users


def test_values_are_distributed_as_in_real_data(crowd: CrowdRatings) -> None:
    share = {value: float(np.mean(crowd.value == value)) for value in np.unique(crowd.value).tolist()}

    assert 3.4 < crowd.value.mean() < 3.7
    assert 0.9 < crowd.value.std() < 1.15
    assert max(share, key=lambda value: share[value]) == 4.0
    assert share[0.5] + share[1.0] < 0.05
    assert sum(share[value] for value in (1.0, 2.0, 3.0, 4.0, 5.0)) > 0.6


def test_activity_and_popularity_have_long_tails(crowd: CrowdRatings, movies: list[SampleMovie]) -> None:
    per_user = np.bincount(crowd.user_index)
    per_movie = np.sort(np.bincount(crowd.movie_index, minlength=len(movies)))[::-1]

    assert len(per_user) == 1500
    assert (per_user.min(), per_user.max()) == (FEWEST_RATINGS, MOST_RATINGS)
    assert 42 < np.median(per_user) < 60
    assert per_movie[: len(movies) // 5].sum() > 0.4 * len(crowd)
    assert per_movie[-1] < 15


def test_famous_films_are_rated_more_and_acclaimed_ones_higher(crowd: CrowdRatings, movies: list[SampleMovie]) -> None:
    counts = np.bincount(crowd.movie_index, minlength=len(movies))
    average = np.bincount(crowd.movie_index, weights=crowd.value, minlength=len(movies)) / np.maximum(counts, 1)
    fame, acclaim = np.array([movie.fame for movie in movies]), np.array([movie.acclaim for movie in movies])

    assert counts[fame == 5].mean() > 5 * counts[fame == 1].mean()
    assert average[acclaim == 5].mean() > average[acclaim == 3].mean() + 0.3


def test_times_of_each_user_ascend_within_three_years_before_the_reference(crowd: CrowdRatings) -> None:
    assert crowd.rated_at.max() < REFERENCE_TIME
    assert crowd.rated_at.min() > REFERENCE_TIME - 3 * 366 * 86_400
    same_user = np.diff(crowd.user_index) == 0
    assert (np.diff(crowd.rated_at)[same_user] >= 0).all()


def test_a_few_films_are_rated_by_everyone(movies: list[SampleMovie]) -> None:
    crowd = generate_crowd(movies[:4], n_users=5)

    assert np.bincount(crowd.user_index).tolist() == [4] * 5


def test_no_users_and_no_films_are_refused(movies: list[SampleMovie]) -> None:
    with pytest.raises(ValueError, match="at least 1 user, not 0"):
        generate_crowd(movies, n_users=0)
    with pytest.raises(ValueError, match="needs films"):
        generate_crowd([])


def test_archetypes_name_only_traits_of_films_and_prefer_films_with_them(movies: list[SampleMovie]) -> None:
    traits = movie_traits(movies)
    affinities = archetype_affinities(movies)

    assert affinities.shape == (len(ARCHETYPES), len(movies))
    for kind, row in zip(ARCHETYPES, affinities, strict=True):
        assert set(kind.likes) <= set(traits)
        favourite = max(kind.likes, key=lambda trait: kind.likes[trait])
        assert row[traits[favourite] > 0.7].mean() > 0.8, kind.name
