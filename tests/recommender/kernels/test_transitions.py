"""Counting transitions: the compiled loop does what its plain twin does, and that is what it should be."""

from types import ModuleType

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recommender.kernels import transitions, transitions_plain
from recommender.kernels.transitions_plain import Sessions

KERNELS = pytest.mark.parametrize("kernel", [transitions, transitions_plain])


def counted(
    kernel: ModuleType, histories: list[list[tuple[int, int]]], n_items: int, window: float = 20.0
) -> np.ndarray:
    """Transitions of histories of (item, time), each by time."""
    indptr = np.cumsum([0, *(len(history) for history in histories)])
    items = np.array([item for history in histories for item, _ in history], dtype=np.int32)
    times = np.array([time for history in histories for _, time in history], dtype=np.int64)
    counts = np.zeros((n_items, n_items), dtype=np.float32)
    kernel.count_transitions(Sessions.of(indptr, times), items, window, counts)
    return counts


@KERNELS
def test_each_item_counts_for_later_ones_by_their_distance(kernel: ModuleType) -> None:
    counts = counted(kernel, [[(0, 10), (1, 20), (2, 30)]], 3)
    assert counts == pytest.approx(np.array([[0, 1, 1 / 2], [0, 0, 1], [0, 0, 0]]))


@KERNELS
def test_of_items_rated_in_the_same_second_none_is_first(kernel: ModuleType) -> None:
    counts = counted(kernel, [[(2, 10), (0, 20), (1, 20)]], 3)
    # Before 0 there are 1, of the same second and so the nearest, and 2; and likewise for 1.
    assert counts == pytest.approx(np.array([[0, 1, 0], [1, 0, 0], [1 / 2, 1 / 2, 0]]))


@KERNELS
def test_transitions_stay_within_one_user_and_the_window(kernel: ModuleType) -> None:
    assert not counted(kernel, [[(0, 10)], [(1, 10)]], 2).any()
    counts = counted(kernel, [[(0, 10), (1, 20), (2, 30)]], 3, window=1.0)
    assert counts == pytest.approx(np.array([[0, 1, 0], [0, 0, 1], [0, 0, 0]]))


@KERNELS
def test_items_outside_the_core_are_not_counted_but_take_their_place(kernel: ModuleType) -> None:
    counts = counted(kernel, [[(0, 10), (-1, 20), (1, 30)]], 2)
    assert counts == pytest.approx(np.array([[0, 1 / 2], [0, 0]]))


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.lists(st.tuples(st.integers(-1, 9), st.integers(0, 6)), max_size=14), min_size=1, max_size=5),
    st.sampled_from([1.0, 2.5, 20.0]),
)
def test_the_kernel_equals_its_plain_twin(histories: list[list[tuple[int, int]]], window: float) -> None:
    by_time = [sorted(history, key=lambda rating: rating[1]) for history in histories]
    fast = counted(transitions, by_time, 10, window)
    assert fast == pytest.approx(counted(transitions_plain, by_time, 10, window), rel=1e-5, abs=1e-5)


def test_distances_share_the_mean_of_their_places_within_a_second() -> None:
    sessions = Sessions.of(np.array([0, 4, 4, 5]), np.array([10, 20, 20, 30, 5]))
    assert sessions.distances().tolist() == [4.0, 2.5, 2.5, 1.0, 1.0]
