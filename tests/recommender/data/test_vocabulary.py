import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recommender.data.vocabulary import UNKNOWN, Vocabulary
from recommender.errors import DataError

ids = st.lists(st.integers(-(2**63), 2**63 - 1), max_size=50)


@given(ids)
def test_positions_map_back_to_their_ids(some: list[int]) -> None:
    vocabulary = Vocabulary.of(some)
    assert vocabulary.ids_at(vocabulary.positions(some)).tolist() == some
    assert vocabulary.ids.tolist() == sorted(set(some))


@given(ids, ids)
def test_unknown_ids_have_no_position(known: list[int], asked: list[int]) -> None:
    positions = Vocabulary.of(known).positions(asked)
    assert [position == UNKNOWN for position in positions] == [id_ not in known for id_ in asked]


close_ids = st.lists(st.integers(-100, 100), min_size=60, max_size=80)


@given(st.one_of(ids, close_ids))
def test_factorize_gives_the_same_vocabulary_and_positions(some: list[int]) -> None:
    vocabulary, positions = Vocabulary.factorize(some)
    assert vocabulary == Vocabulary.of(some)
    assert positions.tolist() == vocabulary.positions(some).tolist()


@pytest.mark.parametrize("dtype", [np.int8, np.uint8, np.int32, np.uint32, np.uint64])
def test_narrow_ids_over_the_whole_range_of_their_type_are_factorized(dtype: type[np.integer]) -> None:
    low, high = np.iinfo(np.int8).min if dtype is np.int8 else 0, np.iinfo(np.int8).max
    vocabulary, positions = Vocabulary.factorize(np.array([high, low, high, *range(100)], dtype=dtype))
    assert vocabulary.ids[positions[:3]].tolist() == [high, low, high]


def test_the_error_for_unordered_ids_names_the_pair() -> None:
    with pytest.raises(DataError, match="5 is followed by 3"):
        Vocabulary(np.array([1, 5, 3]))


def test_fractional_ids_are_refused() -> None:
    with pytest.raises(DataError, match="must be integers, got float64"):
        Vocabulary.of(np.array([1.0, 2.5]))


def test_a_position_outside_the_vocabulary_is_refused() -> None:
    with pytest.raises(DataError, match="Position 2 is outside this vocabulary of 2 ids"):
        Vocabulary.of([4, 9]).ids_at(np.array([0, 2]))
