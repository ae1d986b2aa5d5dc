"""Known answers, by hand, and what must hold for any lists."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.sparse import csr_array

from recommender.errors import ConfigError, DataError
from recommender.evaluation.metrics import (
    catalogue_coverage,
    hit_rate,
    hits_of_ranks,
    intra_list_diversity,
    ndcgs,
    novelty,
    reciprocal_ranks,
)

ranks = st.lists(st.integers(0, 30), min_size=1, max_size=40)
list_lengths = st.integers(1, 20)


def test_a_list_of_ten_with_its_film_in_the_third_place() -> None:
    hits = hits_of_ranks([2], 10)
    assert hit_rate(hits) == 1.0
    assert ndcgs(hits, [1]).tolist() == [0.5]  # 1 / log2(3 + 1)
    assert reciprocal_ranks(hits).tolist() == [pytest.approx(1 / 3)]


def test_four_lists_of_two() -> None:
    hits = hits_of_ranks([0, 1, 2, 99], 2)
    assert hits.tolist() == [[True, False], [False, True], [False, False], [False, False]]
    assert hit_rate(hits) == 0.5
    assert ndcgs(hits, [1] * 4).tolist() == [1.0, pytest.approx(1 / math.log2(3)), 0.0, 0.0]
    assert reciprocal_ranks(hits).tolist() == [1.0, 0.5, 0.0, 0.0]


def test_several_relevant_films_are_held_against_the_best_list_there_could_be() -> None:
    hits = np.array([[True, False, True], [True, True, True], [False, False, False], [False, False, False]])
    gained, ideal = 1 + 1 / 2, 1 + 1 / math.log2(3)
    assert ndcgs(hits, [2, 5, 1, 0]).tolist() == [
        pytest.approx(gained / ideal),
        1.0,
        0.0,
        pytest.approx(nan_ok=True, expected=math.nan),
    ]


@given(ranks=ranks, k=list_lengths)
def test_measures_of_ranks_keep_their_bounds_and_their_order(ranks: list[int], k: int) -> None:
    hits = hits_of_ranks(ranks, k)
    ndcg, reciprocal = ndcgs(hits, [1] * len(ranks)), reciprocal_ranks(hits)
    for values in (ndcg, reciprocal):
        assert ((values >= 0) & (values <= 1)).all()
        assert ((values > 0) == hits.any(axis=1)).all()
    assert (reciprocal <= ndcg + 1e-12).all()
    assert ndcg.mean() <= hit_rate(hits) + 1e-12


@given(ranks=ranks, k=list_lengths)
def test_longer_lists_and_better_places_are_never_worth_less(ranks: list[int], k: int) -> None:
    ones = [1] * len(ranks)
    hits, longer = hits_of_ranks(ranks, k), hits_of_ranks(ranks, k + 1)
    better = hits_of_ranks([max(rank - 1, 0) for rank in ranks], k)
    for other in (longer, better):
        assert hit_rate(other) >= hit_rate(hits)
        assert (ndcgs(other, ones) >= ndcgs(hits, ones)).all()
        assert (reciprocal_ranks(other) >= reciprocal_ranks(hits)).all()


@given(ranks=ranks, k=list_lengths, data=st.data())
def test_the_order_of_users_does_not_matter(ranks: list[int], k: int, data: st.DataObject) -> None:
    shuffled = data.draw(st.permutations(ranks))
    assert hit_rate(hits_of_ranks(ranks, k)) == hit_rate(hits_of_ranks(shuffled, k))
    assert ndcgs(hits_of_ranks(ranks, k), [1] * len(ranks)).mean() == pytest.approx(
        ndcgs(hits_of_ranks(shuffled, k), [1] * len(ranks)).mean()
    )


def test_impossible_ranks_and_lists_are_refused() -> None:
    with pytest.raises(ConfigError, match="k is 0"):
        hits_of_ranks([1], 0)
    with pytest.raises(DataError, match="A rank is -1"):
        hits_of_ranks([3, -1], 10)


def test_coverage_counts_each_suggested_film_once() -> None:
    assert catalogue_coverage(np.array([[0, 1], [1, -1], [-1, -1]]), 8) == 0.25


def test_a_film_that_half_have_rated_says_one_bit_and_one_of_an_eighth_three() -> None:
    assert novelty(np.array([[0, 1], [0, -1]]), [4, 1], 8) == pytest.approx((1 + 3 + 1) / 3)
    assert math.isnan(novelty(np.array([[-1]]), [4], 8))


def test_diversity_is_one_minus_the_mean_cosine_within_a_list() -> None:
    vectors = csr_array(np.array([[1.0, 0.0], [2.0, 0.0], [1.0, 1.0], [0.0, 3.0], [0.0, 0.0]]))
    assert intra_list_diversity(np.array([[0, 1]]), vectors) == pytest.approx(0.0)
    assert intra_list_diversity(np.array([[1, 3]]), vectors) == pytest.approx(1.0)
    assert intra_list_diversity(np.array([[0, 4]]), vectors) == pytest.approx(1.0)
    three = 1 - (1 + 2 * math.sqrt(0.5)) / 3
    assert intra_list_diversity(np.array([[0, 1, 2], [2, -1, -1]]), vectors) == pytest.approx(three)
    both = (three + 1.0) / 2
    assert intra_list_diversity(np.array([[0, 1, 2], [1, 3, -1]]), vectors) == pytest.approx(both)
    assert math.isnan(intra_list_diversity(np.array([[0, -1]]), vectors))


@given(seed=st.integers(0, 2**32), n_items=st.integers(5, 600))
def test_diversity_by_blocks_equals_that_of_every_pair_by_hand(seed: int, n_items: int) -> None:
    rng = np.random.default_rng(seed)
    vectors = rng.random((n_items, 6)) * (rng.random((n_items, 6)) < 0.4)
    lists = np.stack([rng.permutation(n_items)[:5] for _ in range(7)]).astype(np.int64)
    lists[0, 3:] = -1
    unit = vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-300)
    expected = []
    for row in lists:
        chosen = row[row >= 0]
        pairs = [unit[a] @ unit[b] for at, a in enumerate(chosen) for b in chosen[at + 1 :]]
        expected.append(1 - np.mean(pairs))
    diversity = intra_list_diversity(lists, csr_array(vectors))
    assert diversity == pytest.approx(np.mean(expected))
    assert -1e-9 <= diversity <= 1 + 1e-9
    assert intra_list_diversity(lists[::-1, ::-1], csr_array(vectors)) == pytest.approx(diversity)
