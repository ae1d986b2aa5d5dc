import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recommender.data.rows import Rows
from recommender.kernels.topk_dense import topk_dense
from recommender.topk import topk_plain


def assert_twins_agree(seed: int, n_users: int, n_items: int, n: int, distinct: int) -> None:
    rng = np.random.default_rng(seed)
    scores = (rng.integers(-distinct, distinct + 1, (n_users, n_items)) / 4).astype(np.float32)
    allowed = rng.random(n_items) < 0.9
    rated = rng.random((n_users, n_items)) < 0.3
    users, items = np.nonzero(rated)
    found = topk_dense(scores, allowed, Rows.of_pairs(users, items, n_rows=n_users), n)
    expected = topk_plain(scores, allowed & ~rated, n)
    assert np.array_equal(found[0], expected[0])
    assert np.array_equal(found[1], expected[1], equal_nan=True)


@given(
    st.integers(0, 2**32 - 1),
    st.integers(1, 5),
    st.integers(1, 400),
    st.integers(1, 60),
    st.sampled_from([0, 2, 10**6]),
)
def test_the_kernel_equals_its_plain_twin_ties_included(
    seed: int, n_users: int, n_items: int, n: int, distinct: int
) -> None:
    assert_twins_agree(seed, n_users, n_items, n, distinct)


@pytest.mark.parametrize("n", [1, 250])
def test_the_twins_agree_on_rows_far_longer_than_the_list(n: int) -> None:
    assert_twins_agree(5, 3, 20_000, n, 50)
