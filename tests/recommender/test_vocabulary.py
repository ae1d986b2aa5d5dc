import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recommender.data.vocabulary import UNKNOWN, Vocabulary
from recommender.errors import DataError

ids = st.lists(st.integers(-(2**63), 2**63 - 1), max_size=50)


@given(ids)
def test_every_id_comes_back_from_its_position(some: list[int]) -> None:
    vocabulary = Vocabulary.of(some)
    assert vocabulary.ids_at(vocabulary.positions(some)).tolist() == some
    assert vocabulary.ids.tolist() == sorted(set(some))


@given(ids, ids)
def test_ids_that_are_not_in_the_vocabulary_have_no_position(known: list[int], asked: list[int]) -> None:
    positions = Vocabulary.of(known).positions(asked)
    assert [position == UNKNOWN for position in positions] == [id_ not in known for id_ in asked]


def test_ids_out_of_order_are_refused_with_the_offending_pair() -> None:
    with pytest.raises(DataError, match="5 is followed by 3"):
        Vocabulary(np.array([1, 5, 3]))


def test_fractional_ids_are_refused() -> None:
    with pytest.raises(DataError, match="must be integers, got float64"):
        Vocabulary.of(np.array([1.0, 2.5]))


def test_a_position_outside_the_vocabulary_is_refused() -> None:
    with pytest.raises(DataError, match="Position 2 is outside this vocabulary of 2 ids"):
        Vocabulary.of([4, 9]).ids_at(np.array([0, 2]))
