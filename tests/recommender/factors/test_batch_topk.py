from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recommender.artifacts import Provenance
from recommender.data.rows import Rows
from recommender.data.vocabulary import Vocabulary
from recommender.errors import ConfigError, DataError
from recommender.factors.batch_topk import UserBatch, batch_topk
from recommender.factors.foldin import FoldInPenalty, UserParameters
from recommender.factors.model import FactorModel
from recommender.kernels.topk import select_largest
from recommender.persistence import read_model, save_model
from recommender.topk import RecommendationBatch, topk_plain


def _model(rng: np.random.Generator, n_users: int, n_items: int, k: int, *, coarse: bool) -> FactorModel:
    """A model of Gaussian numbers, or of coarse ones, whose scores are exact and often equal."""

    def numbers(*shape: int) -> np.ndarray[tuple[int, ...], np.dtype[np.float32]]:
        if coarse:
            return (rng.integers(-1, 2, shape) / 2).astype(np.float32)
        return rng.standard_normal(shape, dtype=np.float32)

    return FactorModel(
        users=Vocabulary(np.arange(n_users)),
        items=Vocabulary(np.arange(n_items)),
        global_mean=3.5,
        user_biases=numbers(n_users),
        item_biases=numbers(n_items),
        user_factors=numbers(n_users, k),
        item_factors=numbers(n_items, k),
        fold_in_penalty=FoldInPenalty(constant=10.0, per_rating=0.02),
    )


def _together(blocks: Iterable[RecommendationBatch]) -> tuple[list[list[int]], list[list[float]]]:
    items: list[list[int]] = []
    scores: list[list[float]] = []
    for block in blocks:
        assert block.start == len(items)
        items += block.items.tolist()
        scores += np.nan_to_num(block.scores, nan=-99.0).tolist()
    return items, scores


def _plain(
    model: FactorModel, exclude: Rows, candidates: np.ndarray[tuple[int], np.dtype[np.bool_]], n: int
) -> tuple[list[list[int]], list[list[float]]]:
    allowed = np.tile(candidates, (len(model.users), 1))
    for user in range(len(model.users)):
        allowed[user, exclude.indices[exclude.indptr[user] : exclude.indptr[user + 1]]] = False
    everyone = [UserParameters(float(b), p) for b, p in zip(model.user_biases, model.user_factors, strict=True)]
    items, scores = topk_plain(np.stack([model.score_items(user) for user in everyone]), allowed, n)
    return items.tolist(), np.nan_to_num(scores, nan=-99.0).tolist()


@settings(max_examples=60, deadline=None)
@given(
    seed=st.integers(0, 2**32),
    sizes=st.tuples(st.integers(1, 20), st.integers(1, 400), st.integers(1, 9)),
    n=st.integers(1, 60),
    density=st.floats(0, 1),
    blocks=st.tuples(st.integers(1, 30), st.integers(1, 500), st.integers(1, 3)),
)
def test_lists_with_many_equal_scores_are_those_of_the_plain_twin(
    seed: int, sizes: tuple[int, int, int], n: int, density: float, blocks: tuple[int, int, int]
) -> None:
    rng = np.random.default_rng(seed)
    n_users, n_items, k = sizes
    model = _model(rng, n_users, n_items, k, coarse=True)
    rated = np.nonzero(rng.random((n_users, n_items)) < density)
    exclude = Rows.of_pairs(*rated, n_rows=n_users)
    candidates = rng.random(n_items) < 0.9
    block_users, block_items, n_threads = blocks
    found = batch_topk(
        model,
        np.arange(n_users),
        n=n,
        exclude=exclude,
        candidates=candidates,
        block_users=block_users,
        block_items=block_items,
        n_threads=n_threads,
    )
    assert _together(found) == _plain(model, exclude, candidates, n)


@pytest.mark.parametrize(
    ("block_users", "block_items", "n_threads"), [(1, 7, 1), (13, 50, 4), (64, 300, 2), (7, 3000, 3)]
)
def test_block_sizes_and_threads_never_change_a_bit(block_users: int, block_items: int, n_threads: int) -> None:
    model = _model(np.random.default_rng(5), 60, 3000, 40, coarse=False)
    exclude = Rows.of_pairs(np.repeat(np.arange(60), 30), np.arange(1800) * 7 % 3000, n_rows=60)
    expected = _together(batch_topk(model, np.arange(60), n=25, exclude=exclude))
    found = batch_topk(
        model,
        np.arange(60),
        n=25,
        exclude=exclude,
        block_users=block_users,
        block_items=block_items,
        n_threads=n_threads,
    )
    assert _together(found) == expected
    assert expected[0] == _plain(model, exclude, np.ones(3000, dtype=np.bool_), 25)[0]


def test_scores_that_differ_by_less_than_the_float32_error_are_ranked_exactly() -> None:
    rng = np.random.default_rng(8)
    model = _model(rng, 8, 2000, 64, coarse=False)
    # All items nearly the same: the scores of a row differ in their last bits only.
    factors = (model.item_factors[:1] * (1 + rng.integers(-3, 4, (2000, 64)) * 2.0**-23)).astype(np.float32)
    model = replace(model, item_factors=factors, item_biases=np.zeros(2000, np.float32))
    nothing = Rows.empty(n_rows=8)
    found = batch_topk(model, np.arange(8), n=10, block_users=3, block_items=77)
    assert _together(found) == _plain(model, nothing, np.ones(2000, dtype=np.bool_), 10)


def test_a_user_with_few_unrated_films_gets_all_of_them(tiny_model: FactorModel) -> None:
    exclude = Rows.of_pairs([0, 0, 1, 1, 1], [0, 2, 0, 1, 2], n_rows=2)
    items, scores = _together(batch_topk(tiny_model, np.array([0, 1]), n=2, exclude=exclude))
    assert items == [[1, -1], [-1, -1]]
    assert scores == [[3.5, -99.0], [-99.0, -99.0]]


def test_more_suggestions_than_items_are_padded(tiny_model: FactorModel) -> None:
    items, scores = _together(batch_topk(tiny_model, np.array([1]), n=5))
    assert items == [[0, 2, 1, -1, -1]]
    assert scores == [[4.75, 3.25, -1.5, -99.0, -99.0]]


def test_users_are_returned_in_the_requested_order_even_twice(tiny_model: FactorModel) -> None:
    items, _ = _together(batch_topk(tiny_model, np.array([1, 0, 1]), n=2, block_users=2))
    assert items == [[0, 2], [0, 2], [0, 2]]


def test_folded_in_users_get_the_lists_of_trained_users_with_their_parameters() -> None:
    model = _model(np.random.default_rng(1), 9, 200, 6, coarse=False)
    everyone = [UserParameters(float(b), p) for b, p in zip(model.user_biases, model.user_factors, strict=True)]
    expected = _together(batch_topk(model, np.arange(9), n=12))
    assert _together(batch_topk(model, UserBatch.of(everyone), n=12, block_users=4)) == expected


def test_a_memory_mapped_model_gives_the_same_lists(tmp_path: Path) -> None:
    model = _model(np.random.default_rng(3), 6, 100, 4, coarse=False)
    save_model(model, tmp_path / "model", Provenance(algorithm="test", config={}, seed=0, dataset=""))
    loaded = read_model(FactorModel, tmp_path / "model")
    assert _together(batch_topk(loaded, np.arange(6), n=9)) == _together(batch_topk(model, np.arange(6), n=9))


def test_no_users_give_no_blocks(tiny_model: FactorModel) -> None:
    assert list(batch_topk(tiny_model, np.empty(0, dtype=np.int64), n=3)) == []


def test_stopping_early_leaves_nothing_running() -> None:
    model = _model(np.random.default_rng(4), 50, 50, 4, coarse=False)
    blocks = batch_topk(model, np.arange(50), n=3, block_users=5, n_threads=2)
    assert next(iter(blocks)).start == 0


@pytest.mark.parametrize("name", ["n", "block_users", "block_items", "n_threads"])
def test_sizes_below_one_are_refused_by_name(tiny_model: FactorModel, name: str) -> None:
    with pytest.raises(ConfigError, match=f"{name} is 0: it must be at least 1"):
        batch_topk(tiny_model, np.array([0]), **{"n": 3, name: 0})  # type: ignore[arg-type]  # Wrong on purpose.


def test_requests_that_do_not_fit_the_model_are_refused(tiny_model: FactorModel) -> None:
    with pytest.raises(DataError, match="User positions must lie in 0…1"):
        batch_topk(tiny_model, np.array([0, 2]), n=1)
    with pytest.raises(DataError, match="2 users, 1 rows"):
        batch_topk(tiny_model, np.array([0, 1]), n=1, exclude=Rows.empty(n_rows=1))
    with pytest.raises(DataError, match=r"candidates must have shape \(3,\)"):
        batch_topk(tiny_model, np.array([0]), n=1, candidates=np.ones(2, dtype=np.bool_))
    with pytest.raises(DataError, match=r"factors\[0, 1\] is nan"):
        batch_topk(tiny_model, UserBatch(np.zeros(1, np.float32), np.array([[0, np.nan]], np.float32)), n=1)


@settings(max_examples=60, deadline=None)
@given(keys=st.lists(st.integers(-(2**40), 2**40), min_size=1, max_size=300, unique=True), data=st.data())
def test_selection_moves_the_largest_keys_to_the_front_and_keeps_all(keys: list[int], data: st.DataObject) -> None:
    n = data.draw(st.integers(1, len(keys)))
    moved = np.array(keys, dtype=np.int64)

    smallest = select_largest(moved, n)

    assert sorted(moved.tolist()) == sorted(keys)
    assert sorted(moved[:n].tolist()) == sorted(keys)[-n:]
    assert smallest == sorted(keys)[-n]
