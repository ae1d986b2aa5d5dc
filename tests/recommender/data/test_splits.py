import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recommender.data.ratings import Ratings
from recommender.data.splits import (
    Split,
    exclude_pairs,
    fold_splits,
    last_out_split,
    one_out_split,
    random_split,
    sample_users,
    time_split,
)
from recommender.errors import ConfigError, DataError

fractions = st.floats(0.01, 0.99)


def _pairs(ratings: Ratings) -> set[tuple[int, int, float]]:
    return set(zip(ratings.user_ids.tolist(), ratings.item_ids.tolist(), ratings.values.tolist(), strict=True))


def _is_partition(split: Split, whole: Ratings) -> bool:
    parts = _pairs(split.train), _pairs(split.test)
    return not parts[0] & parts[1] and parts[0] | parts[1] == _pairs(whole)


@given(fraction=fractions, seed=st.integers(0, 2**32))
def test_a_random_split_puts_every_rating_on_one_side(synthetic: Ratings, fraction: float, seed: int) -> None:
    split = random_split(synthetic, test_fraction=fraction, seed=seed)
    assert _is_partition(split, synthetic)
    assert len(split.test) == round(fraction * len(synthetic))


def test_a_random_split_depends_on_its_seed_alone(synthetic: Ratings) -> None:
    first, again, other = (random_split(synthetic, test_fraction=0.2, seed=seed) for seed in (1, 1, 2))
    assert _pairs(first.test) == _pairs(again.test)
    assert _pairs(first.test) != _pairs(other.test)


@given(fraction=fractions)
def test_a_time_split_tests_the_newest_ratings(synthetic: Ratings, fraction: float) -> None:
    split = time_split(synthetic, test_fraction=fraction)
    assert split.train.times is not None
    assert split.test.times is not None
    assert split.train.times.max() < split.test.times.min()
    assert _is_partition(split, synthetic)


@given(times=st.lists(st.integers(0, 3), min_size=2, max_size=20), fraction=fractions)
def test_a_time_split_never_separates_ratings_of_one_second(times: list[int], fraction: float) -> None:
    ratings = Ratings.from_arrays(range(len(times)), [1] * len(times), [3.0] * len(times), times)
    if len(set(times)) == 1:
        with pytest.raises(DataError, match="the same time"):
            time_split(ratings, test_fraction=fraction)
        return
    split = time_split(ratings, test_fraction=fraction)
    assert _is_partition(split, ratings)
    assert not set(np.asarray(split.train.times)) & set(np.asarray(split.test.times))


@pytest.mark.parametrize("fraction", [0.0, 1.0, -0.1, float("nan")])
def test_a_fraction_that_leaves_a_part_empty_is_refused(synthetic: Ratings, fraction: float) -> None:
    with pytest.raises(ConfigError, match="test_fraction is"):
        random_split(synthetic, test_fraction=fraction, seed=0)


def test_a_time_split_without_times_is_refused() -> None:
    ratings = Ratings.from_arrays([1, 2], [1, 1], [3.0, 3.0])
    with pytest.raises(DataError, match="have none: use random_split"):
        time_split(ratings, test_fraction=0.5)


@given(n_folds=st.integers(2, 12), seed=st.integers(0, 2**32))
def test_each_rating_is_tested_in_exactly_one_fold(synthetic: Ratings, n_folds: int, seed: int) -> None:
    splits = list(fold_splits(synthetic, n_folds=n_folds, seed=seed))
    assert all(_is_partition(split, synthetic) for split in splits)
    assert sum(len(split.test) for split in splits) == len(synthetic)
    assert set().union(*(_pairs(split.test) for split in splits)) == _pairs(synthetic)
    assert max(len(split.test) for split in splits) - min(len(split.test) for split in splits) <= 1


@pytest.mark.parametrize("n_folds", [0, 1, 1501])
def test_a_number_of_folds_that_leaves_a_part_empty_is_refused(synthetic: Ratings, n_folds: int) -> None:
    with pytest.raises(ConfigError, match=f"n_folds is {n_folds}: it must be from 2 to the number of ratings, 1500"):
        next(fold_splits(synthetic, n_folds=n_folds, seed=0))


ratings_with_times = st.dictionaries(
    st.tuples(st.integers(1, 5), st.integers(1, 6)), st.integers(0, 3), min_size=1, max_size=25
)


def _timed(times: dict[tuple[int, int], int], *, backwards: bool = False) -> Ratings:
    rows = sorted(times.items(), reverse=backwards)
    users, items = [user for (user, _), _ in rows], [item for (_, item), _ in rows]
    return Ratings.from_arrays(users, items, [3.0] * len(rows), [time for _, time in rows])


def test_the_last_rating_is_of_the_latest_second_then_of_the_highest_item() -> None:
    ratings = Ratings.from_arrays([1, 1, 1, 2, 2, 2, 3], [10, 20, 30, 10, 20, 30, 10], [3.0] * 7, [5, 9, 9, 9, 1, 2, 4])
    split = last_out_split(ratings)
    assert _pairs(split.test) == {(1, 30, 3.0), (2, 10, 3.0)}
    assert _is_partition(split, ratings)


@given(times=ratings_with_times)
def test_the_last_rating_of_each_user_with_two_is_tested_and_none_later_is_trained_on(
    times: dict[tuple[int, int], int],
) -> None:
    ratings = _timed(times)
    users, counts = np.unique(ratings.user_ids, return_counts=True)
    if counts.max() == 1:
        with pytest.raises(DataError, match="No user has two ratings"):
            last_out_split(ratings)
        return
    split = last_out_split(ratings)
    assert _is_partition(split, ratings)
    assert split.test.user_ids.tolist() == users[counts > 1].tolist()
    asked = dict(zip(split.test.user_ids.tolist(), split.test.item_ids.tolist(), strict=True))
    for (user, item), time in times.items():
        if user in asked:
            assert (time, item) <= (times[user, asked[user]], asked[user])
    assert _pairs(last_out_split(_timed(times, backwards=True)).test) == _pairs(split.test)


@given(times=ratings_with_times, seed=st.integers(0, 2**32))
def test_without_times_one_rating_per_user_is_drawn_by_the_seed(times: dict[tuple[int, int], int], seed: int) -> None:
    ratings = _timed({**times, (1, 1): 0, (1, 2): 0})
    split = one_out_split(ratings, seed=seed)
    assert _is_partition(split, ratings)
    users, counts = np.unique(ratings.user_ids, return_counts=True)
    assert split.test.user_ids.tolist() == users[counts > 1].tolist()
    assert _pairs(one_out_split(ratings, seed=seed).test) == _pairs(split.test)


def test_other_seeds_draw_other_ratings(synthetic: Ratings) -> None:
    assert _pairs(one_out_split(synthetic, seed=1).test) != _pairs(one_out_split(synthetic, seed=2).test)


@given(seed=st.integers(0, 2**32), fraction=fractions)
def test_splits_do_not_depend_on_the_order_of_rows(synthetic: Ratings, seed: int, fraction: float) -> None:
    order = np.random.default_rng(seed).permutation(len(synthetic))
    assert synthetic.times is not None
    shuffled = Ratings.from_arrays(
        synthetic.user_ids[order], synthetic.item_ids[order], synthetic.values[order], synthetic.times[order]
    )
    for of in (
        lambda ratings: random_split(ratings, test_fraction=fraction, seed=seed),
        lambda ratings: time_split(ratings, test_fraction=fraction),
        last_out_split,
        lambda ratings: one_out_split(ratings, seed=seed),
    ):
        assert _pairs(of(synthetic).test) == _pairs(of(shuffled).test)


def test_a_last_out_split_without_times_is_refused() -> None:
    with pytest.raises(DataError, match="use one_out_split"):
        last_out_split(Ratings.from_arrays([1, 1], [1, 2], [3.0, 3.0]))


@given(seed=st.integers(0, 2**32), fraction=fractions)
def test_exactly_the_given_pairs_are_excluded(synthetic: Ratings, seed: int, fraction: float) -> None:
    split = random_split(synthetic, test_fraction=fraction, seed=seed)
    left = exclude_pairs(synthetic, split.test.user_ids, split.test.item_ids)
    assert _pairs(left) == _pairs(split.train)
    assert exclude_pairs(left, split.test.user_ids, split.test.item_ids) is left


def test_excluding_all_training_ratings_is_refused() -> None:
    ratings = Ratings.from_arrays([1, 2], [1, 1], [3.0, 3.0])
    with pytest.raises(DataError, match="All training ratings are test ratings"):
        exclude_pairs(ratings, [1, 2, 3], [1, 1, 1])


def test_sampled_users_keep_all_their_ratings_which_are_about_as_many_as_wanted(synthetic: Ratings) -> None:
    wanted = len(synthetic) // 3
    drawn = sample_users(synthetic, ratings_at_most=wanted, rng=np.random.default_rng(0))
    mine = np.isin(synthetic.user_ids, drawn.users.ids)
    assert _pairs(drawn) == _pairs(synthetic.select(mine))
    assert len(drawn) == pytest.approx(wanted, rel=0.4)


def test_few_ratings_are_all_sampled(synthetic: Ratings) -> None:
    assert sample_users(synthetic, ratings_at_most=len(synthetic), rng=np.random.default_rng(0)) is synthetic
