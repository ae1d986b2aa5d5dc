"""Leave-last-out on a model whose every rank is known, and what holds for any."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recommender.baselines.popularity import Popularity, PopularityModel
from recommender.data.catalogue import Catalogue
from recommender.data.ratings import Ratings
from recommender.data.splits import last_out_split
from recommender.data.vocabulary import Vocabulary
from recommender.errors import ConfigError, DataError
from recommender.evaluation.metrics import ranking_metrics
from recommender.evaluation.ranking import (
    MISSED,
    LeaveLastOut,
    list_metrics,
    rank_all,
    rank_negatives,
)
from recommender.items.ease import EASE


def _of_counts(counts: list[int]) -> PopularityModel:
    """A model that ranks films 1, 2, … by `counts`, and knows the users 1 to 4."""
    return PopularityModel(
        users=Vocabulary(np.arange(1, 5)),
        items=Vocabulary(np.arange(1, len(counts) + 1)),
        global_mean=3.0,
        item_counts=np.array(counts, dtype=np.float32),
        item_means=np.full(len(counts), 3.0, dtype=np.float32),
    )


def _task(users: list[int], movies: list[int], negatives: list[list[int]] | None = None) -> LeaveLastOut:
    """User 1 rated film 1 in training, user 2 films 1 and 2, users 3 and 4 film 6."""
    train = Ratings.from_arrays([1, 2, 2, 3, 4], [1, 1, 2, 6, 6], [4.0] * 5)
    return LeaveLastOut(train, np.array(users), np.array(movies), None if negatives is None else np.array(negatives))


def test_the_rank_is_the_number_of_films_before_it_without_those_rated_in_training() -> None:
    model = _of_counts([60, 50, 40, 30, 20, 10])
    places = rank_all(model, _task([1, 2, 3], [3, 3, 3]), k=3)
    assert places.ranks.tolist() == [1, 0, 2]
    assert places.lists.tolist() == [[1, 2, 3], [2, 3, 4], [0, 1, 2]]


def test_films_with_equal_scores_rank_before_the_held_out_one() -> None:
    model = _of_counts([60, 50, 50, 50, 20, 10])
    assert rank_all(model, _task([3, 3, 3], [2, 3, 4]), k=5).ranks.tolist() == [3, 3, 3]
    assert rank_all(model, _task([3], [2]), k=3).ranks.tolist() == [MISSED]
    assert rank_negatives(model, _task([3], [2], [[3, 4, 5]])).tolist() == [2]


def test_a_model_that_says_the_same_of_all_finds_nothing() -> None:
    model = _of_counts([7] * 30)
    task = _task([1, 2, 3], [3, 4, 5]).with_negatives(3, seed=0)
    assert (rank_all(model, task, k=10).ranks == MISSED).all()
    assert (rank_negatives(model, task) == 3).all()


def test_users_and_films_that_the_model_does_not_know_are_misses() -> None:
    model = _of_counts([60, 50, 40, 30, 20, 10])
    task = _task([9, 1], [2, 99], [[3, 4], [5, 6]])
    assert rank_all(model, task, k=4).ranks.tolist() == [MISSED, MISSED]
    assert (rank_all(model, task, k=4).lists[0] == -1).all()
    assert rank_negatives(model, task).tolist() == [MISSED, MISSED]


def test_negatives_that_the_model_does_not_know_rank_below_all_others() -> None:
    assert rank_negatives(_of_counts([60, 50, 40, 30]), _task([1], [4], [[2, 77, 3]])).tolist() == [2]


def test_short_catalogues_give_padded_lists_and_right_ranks() -> None:
    places = rank_all(_of_counts([60, 50, 40]), _task([2], [3]), k=10)
    assert places.ranks.tolist() == [0]
    assert places.lists.tolist() == [[2] + [-1] * 9]


def test_metrics_carry_the_length_of_the_list_in_their_names() -> None:
    metrics = ranking_metrics(np.array([0, 2, 10, 3]), k=3)
    assert metrics == {
        "hr@3": 0.5,
        "ndcg@3": pytest.approx((1 + 0.5) / 4),
        "mrr@3": pytest.approx((1 + 1 / 3) / 4),
    }


@given(seed=st.integers(0, 2**32), k=st.integers(1, 12))
def test_ranks_below_k_are_those_of_counting_every_score(synthetic: Ratings, seed: int, k: int) -> None:
    rng = np.random.default_rng(seed)
    split = last_out_split(synthetic)
    counts = rng.integers(0, 6, len(split.train.items)).astype(np.float32)
    model = PopularityModel(
        users=split.train.users,
        items=split.train.items,
        global_mean=3.0,
        item_counts=counts,
        item_means=np.full(counts.size, 3.0, dtype=np.float32),
    )
    task = LeaveLastOut.from_split(split)
    rated = split.train.by_user()
    for rank, user, movie in zip(rank_all(model, task, k=k).ranks, task.user_ids, task.item_ids, strict=True):
        at = int(model.users.positions([user])[0])
        free = np.ones(counts.size, dtype=np.bool_)
        free[rated.indices[rated.indptr[at] : rated.indptr[at + 1]]] = False
        position = int(model.items.positions([movie])[0])
        above = int((counts[free] >= counts[position]).sum()) - 1 if position >= 0 else k
        assert rank == (above if above < k else MISSED)


@given(seed=st.integers(0, 2**32), n=st.integers(1, 8))
def test_negatives_are_distinct_films_that_the_user_has_not_rated(synthetic: Ratings, seed: int, n: int) -> None:
    task = LeaveLastOut.from_split(last_out_split(synthetic)).with_negatives(n, seed=seed)
    assert task.negatives is not None
    assert task.negatives.shape == (task.user_ids.size, n)
    everything = set(zip(synthetic.user_ids.tolist(), synthetic.item_ids.tolist(), strict=True))
    for user, row in zip(task.user_ids.tolist(), task.negatives.tolist(), strict=True):
        assert len(set(row)) == n
        assert not {(user, movie) for movie in row} & everything
        assert np.isin(row, synthetic.items.ids).all()
    again = LeaveLastOut.from_split(last_out_split(synthetic)).with_negatives(n, seed=seed)
    assert np.array_equal(task.negatives, np.asarray(again.negatives))


def test_every_unrated_film_is_drawn_about_as_often() -> None:
    train = Ratings.from_arrays([1] * 3 + [2] * 9, [*range(3), *range(1, 10)], [3.0] * 12)
    drawn = np.concatenate(
        [
            np.asarray(LeaveLastOut(train, np.array([1]), np.array([9])).with_negatives(3, seed=seed).negatives)[0]
            for seed in range(600)
        ]
    )
    movies, counts = np.unique(drawn, return_counts=True)
    assert movies.tolist() == [3, 4, 5, 6, 7, 8]
    assert (abs(counts - 300) < 60).all()


def test_impossible_test_cases_are_refused() -> None:
    with pytest.raises(DataError, match="Film 3, held out in row 1, is among its own negatives"):
        _task([1], [3], [[2, 3]])
    with pytest.raises(DataError, match="User 2 has not rated 1 films: 4 negatives cannot be drawn"):
        _task([2], [3]).with_negatives(4, seed=0)
    with pytest.raises(ConfigError, match="number of negatives is 0"):
        _task([2], [3]).with_negatives(0, seed=0)
    with pytest.raises(DataError, match="There are no negatives"):
        rank_negatives(_of_counts([1, 2, 3]), _task([1], [2]))
    with pytest.raises(DataError, match="There are no test cases"):
        _task([], [])


def test_diversity_compares_genres_or_else_columns_of_ratings() -> None:
    train = Ratings.from_arrays([1, 1, 2, 2, 3, 4], [10, 20, 10, 20, 30, 10], [4.0, 4.0, 2.0, 2.0, 5.0, 1.0])
    lists = np.array([[0, 1], [0, 2]], dtype=np.int32)
    by_raters = list_metrics(lists, train.items, train)
    alike = (16 + 4) / (math.sqrt(16 + 4 + 1) * math.sqrt(16 + 4))
    assert by_raters["diversity"] == pytest.approx(1 - alike / 2)
    assert by_raters["coverage"] == 1.0
    assert by_raters["novelty"] == pytest.approx((2 * -math.log2(3 / 4) + 1 + 2) / 4)
    catalogue = Catalogue.of([10, 20, 40], genres=[("Drama", "War"), ("Drama",), ("War",)])
    assert list_metrics(lists, train.items, train, catalogue)["diversity"] == pytest.approx(
        1 - (math.sqrt(0.5) + 0) / 2
    )


def test_liked_films_are_found_more_often_than_popular_ones() -> None:
    rng = np.random.default_rng(3)
    kinds = rng.integers(0, 4, 300)
    rows = [(user, item) for user in range(300) for item in rng.choice(60, 15, replace=False) * 4 + kinds[user]]
    times = rng.permutation(len(rows))
    ratings = Ratings.from_arrays([u for u, _ in rows], [i for _, i in rows], [4.0] * len(rows), times)
    task = LeaveLastOut.from_split(last_out_split(ratings)).with_negatives(50, seed=1)
    figures = []
    for estimator in (Popularity(), EASE()):
        model = estimator.fit(task.train)
        ranks = rank_negatives(model, task), rank_all(model, task).ranks
        figures.append([ranking_metrics(each)["ndcg@10"] for each in ranks])
    (popular, popular_full), (alike, alike_full) = figures
    assert alike > popular + 0.2
    assert alike_full > popular_full + 0.05
