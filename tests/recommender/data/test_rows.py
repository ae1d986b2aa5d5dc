import numpy as np
import pytest

from recommender.data.rows import Rows
from recommender.errors import DataError


def test_pairs_in_any_order_become_ascending_rows_without_unknowns_or_repetitions() -> None:
    rows = Rows.of_pairs([2, 0, 2, 2, 0], [5, 3, 1, 5, -1], n_rows=4)
    assert rows.indptr.tolist() == [0, 1, 1, 3, 3]
    assert rows.indices.tolist() == [3, 1, 5]


def test_rows_are_taken_in_the_given_order() -> None:
    rows = Rows.of_pairs([0, 1, 1, 2], [4, 0, 2, 1], n_rows=3).take(np.array([2, 1, 1]))
    assert rows.indptr.tolist() == [0, 1, 3, 5]
    assert rows.indices.tolist() == [1, 0, 2, 0, 2]


def test_a_row_number_outside_the_request_is_refused() -> None:
    with pytest.raises(DataError, match="Row 3 is outside 0…2"):
        Rows.of_pairs([3], [0], n_rows=3)


@pytest.mark.parametrize("indices", [[2, 1], [1, 1], [0, 9], [-1, 0]])
def test_invalid_rows_are_refused(indices: list[int]) -> None:
    with pytest.raises(DataError, match=r"Rows\.of_pairs"):
        Rows(np.array([0, 2]), np.array(indices, dtype=np.int32)).check(n_rows=1, n_items=5)


def test_items_may_descend_from_one_row_to_the_next() -> None:
    Rows(np.array([0, 2, 2, 3]), np.array([1, 4, 0], dtype=np.int32)).check(n_rows=3, n_items=5)
