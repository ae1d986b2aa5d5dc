import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from recommender.blends.interleaving import interleave, places, rank_items


def interleaved(first: list[int], second: list[int]) -> list[int]:
    """Take from each list in turn what has not come yet."""
    merged: list[int] = []
    for pair in zip(first, second, strict=True):
        merged.extend(item for item in dict.fromkeys(pair) if item not in merged)
    return merged


@settings(deadline=None)
@given(seed=st.integers(0, 999), n=st.integers(1, 30))
def test_turns_are_those_of_two_lists_taken_in_turn_without_repetition(seed: int, n: int) -> None:
    rng = np.random.default_rng(seed)
    first, second = rng.permutation(n), rng.permutation(n)
    turns = interleave(places(first), places(second))
    assert len(set(turns.tolist())) == n
    assert np.argsort(turns).tolist() == interleaved(first.tolist(), second.tolist())


@settings(deadline=None)
@given(seed=st.integers(0, 999), n=st.integers(1, 60), n_values=st.integers(1, 9))
def test_ranks_are_those_of_sorting_by_stage_then_value_then_ties(seed: int, n: int, n_values: int) -> None:
    rng = np.random.default_rng(seed)
    choices = np.concatenate([[0.0, -0.0, 5.0, -1e-30], rng.standard_normal(n_values) * 3]).astype(np.float32)
    values, stage, ties = rng.choice(choices, n), rng.random(n) < 0.5, rng.permutation(n)
    expected = ties[np.lexsort((ties, -values, ~stage))]
    assert rank_items(values, stage, ties).tolist() == expected.tolist()
