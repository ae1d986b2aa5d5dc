import numpy as np
import pytest

from sample.archetypes import ARCHETYPES, archetype_affinities, film_traits
from sample.catalogue import SampleMovie
from sample.crowd import FEWEST_RATINGS, MOST_RATINGS, REFERENCE_TIME, CrowdRatings, crowd_generate


def test_arrays_are_parallel_and_of_the_promised_types(crowd: CrowdRatings) -> None:
    columns = (crowd.user_index, crowd.film_index, crowd.value, crowd.rated_at)

    assert [column.dtype for column in columns] == [np.int32, np.int32, np.float32, np.int64]
    assert {len(column) for column in columns} == {len(crowd)}


def test_values_are_half_stars_and_no_pair_occurs_twice(crowd: CrowdRatings, films: list[SampleMovie]) -> None:
    assert set(np.unique(crowd.value).tolist()) == {half / 2 for half in range(1, 11)}
    pairs = crowd.user_index.astype(np.int64) * len(films) + crowd.film_index
    assert len(np.unique(pairs)) == len(crowd)


def test_equal_seeds_give_equal_crowds_and_others_differ(films: list[SampleMovie]) -> None:
    one, same, other = (crowd_generate(films, n_users=20, seed=seed) for seed in (3, 3, 4))

    assert np.array_equal(one.value, same.value)
    assert np.array_equal(one.rated_at, same.rated_at)
    assert not np.array_equal(one.film_index, other.film_index)


@pytest.mark.parametrize("n_users", [1, 30, 1025])
def test_a_larger_crowd_begins_with_the_smaller(films: list[SampleMovie], crowd: CrowdRatings, n_users: int) -> None:
    small = crowd_generate(films, n_users=n_users)

    n = len(small)
    assert small.user_index[-1] == n_users - 1
    assert np.array_equal(small.film_index, crowd.film_index[:n])
    assert np.array_equal(small.value, crowd.value[:n])
    assert crowd.user_index[n] == n_users


def test_values_are_spread_as_people_spread_them(crowd: CrowdRatings) -> None:
    share = {value: float(np.mean(crowd.value == value)) for value in np.unique(crowd.value).tolist()}

    assert 3.4 < crowd.value.mean() < 3.7
    assert 0.9 < crowd.value.std() < 1.15
    assert max(share, key=lambda value: share[value]) == 4.0
    assert share[0.5] + share[1.0] < 0.05
    assert sum(share[value] for value in (1.0, 2.0, 3.0, 4.0, 5.0)) > 0.6


def test_activity_and_popularity_have_long_tails(crowd: CrowdRatings, films: list[SampleMovie]) -> None:
    per_user = np.bincount(crowd.user_index)
    per_film = np.sort(np.bincount(crowd.film_index, minlength=len(films)))[::-1]

    assert len(per_user) == 1500
    assert (per_user.min(), per_user.max()) == (FEWEST_RATINGS, MOST_RATINGS)
    assert 42 < np.median(per_user) < 60
    assert per_film[: len(films) // 5].sum() > 0.4 * len(crowd)
    assert per_film[-1] < 15


def test_famous_films_are_rated_more_and_acclaimed_ones_higher(crowd: CrowdRatings, films: list[SampleMovie]) -> None:
    counts = np.bincount(crowd.film_index, minlength=len(films))
    average = np.bincount(crowd.film_index, weights=crowd.value, minlength=len(films)) / np.maximum(counts, 1)
    fame, acclaim = np.array([film.fame for film in films]), np.array([film.acclaim for film in films])

    assert counts[fame == 5].mean() > 5 * counts[fame == 1].mean()
    assert average[acclaim == 5].mean() > average[acclaim == 3].mean() + 0.3


def test_times_lie_in_the_three_years_before_the_reference_in_each_users_order(crowd: CrowdRatings) -> None:
    assert crowd.rated_at.max() < REFERENCE_TIME
    assert crowd.rated_at.min() > REFERENCE_TIME - 3 * 366 * 86_400
    same_user = np.diff(crowd.user_index) == 0
    assert (np.diff(crowd.rated_at)[same_user] >= 0).all()


def test_a_few_films_are_rated_by_everyone(films: list[SampleMovie]) -> None:
    crowd = crowd_generate(films[:4], n_users=5)

    assert np.bincount(crowd.user_index).tolist() == [4] * 5


def test_no_users_and_no_films_are_refused(films: list[SampleMovie]) -> None:
    with pytest.raises(ValueError, match="at least 1 user, not 0"):
        crowd_generate(films, n_users=0)
    with pytest.raises(ValueError, match="needs films"):
        crowd_generate([])


def test_archetypes_name_only_traits_that_films_have_and_like_what_they_say(films: list[SampleMovie]) -> None:
    traits = film_traits(films)
    affinities = archetype_affinities(films)

    assert affinities.shape == (len(ARCHETYPES), len(films))
    for kind, row in zip(ARCHETYPES, affinities, strict=True):
        assert set(kind.likes) <= set(traits)
        favourite = max(kind.likes, key=lambda trait: kind.likes[trait])
        assert row[traits[favourite] > 0.7].mean() > 0.8, kind.name
