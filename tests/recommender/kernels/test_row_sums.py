import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from recommender.kernels import row_sums, row_sums_plain


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 2**32), n_people=st.integers(0, 9), n_rows=st.integers(1, 30), n_columns=st.integers(1, 70))
def test_sums_of_small_numbers_are_exactly_those_of_the_plain_twin(
    seed: int, n_people: int, n_rows: int, n_columns: int
) -> None:
    rng = np.random.default_rng(seed)
    indptr = np.concatenate([[0], np.cumsum(rng.integers(0, n_rows, n_people))])
    rows = rng.integers(0, n_rows, indptr[-1]).astype(np.int32)
    weights = (rng.integers(0, 5, rows.size) / 4).astype(np.float32)
    matrix = rng.integers(-8, 8, (n_rows, n_columns)).astype(np.float32)
    begun = rng.integers(-8, 8, (n_people, n_columns)).astype(np.float32)
    plain, fast = begun.copy(), begun.copy()

    row_sums_plain.row_sums(indptr, rows, weights, matrix, plain)
    row_sums.row_sums(indptr, rows, weights, matrix, fast)

    assert fast.tolist() == plain.tolist()
