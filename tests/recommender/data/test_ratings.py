import numpy as np
import pytest

from recommender.data.ratings import Ratings
from recommender.errors import DataError


def test_ratings_in_any_order_become_ordered_by_user_then_item() -> None:
    ratings = Ratings.from_arrays([20, 10, 20], [7, 9, 5], [1.0, 2.0, 3.0], [100, 200, 300])
    assert ratings.user_ids.tolist() == [10, 20, 20]
    assert ratings.item_ids.tolist() == [9, 5, 7]
    assert ratings.values.tolist() == [2.0, 3.0, 1.0]
    assert ratings.times is not None
    assert ratings.times.tolist() == [200, 300, 100]


def test_rows_by_user_hold_the_rated_items() -> None:
    rows = Ratings.from_arrays([20, 10, 20], [7, 9, 5], [1.0, 2.0, 3.0]).by_user()
    assert rows.indptr.tolist() == [0, 1, 3]
    assert rows.indices.tolist() == [2, 0, 1]


def test_the_global_mean_is_the_mean_of_all_values() -> None:
    assert Ratings.from_arrays([1, 2, 3], [1, 1, 1], [0.5, 5.0, 3.5]).global_mean == 3.0


def test_a_selection_has_only_its_own_users_and_items() -> None:
    ratings = Ratings.from_arrays([1, 1, 2, 3], [5, 6, 6, 7], [1.0, 2.0, 3.0, 4.0])
    selected = ratings.select(np.array([False, True, True, False]))
    assert selected.users.ids.tolist() == [1, 2]
    assert selected.items.ids.tolist() == [6]
    assert selected.item_ids.tolist() == [6, 6]
    assert selected.values.tolist() == [2.0, 3.0]


@pytest.mark.parametrize("value", [0.0, 5.5, 11.0, -1.0, np.nan, np.inf, 1e300])
def test_the_error_for_an_invalid_value_names_its_place(value: float) -> None:
    with pytest.raises(DataError, match=r"values\[1\] is .*: a rating must be a number from 0.5 to 5.0"):
        Ratings.from_arrays([1, 2], [1, 1], [3.0, value])


def test_the_error_for_a_repeated_pair_names_its_ids() -> None:
    with pytest.raises(DataError, match="User 8 rated item 3 twice"):
        Ratings.from_arrays([8, 9, 8], [3, 3, 3], [1.0, 2.0, 3.0])


def test_arrays_of_unequal_length_are_refused() -> None:
    with pytest.raises(DataError, match=r"item_ids must have shape \(2,\), got \(1,\)"):
        Ratings.from_arrays([1, 2], [1], [3.0, 3.0])


def test_no_ratings_at_all_are_refused() -> None:
    with pytest.raises(DataError, match="no ratings"):
        Ratings.from_arrays([], [], [])
