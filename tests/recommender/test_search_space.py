"""What each algorithm lets a search try."""

from dataclasses import fields

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recommender.algorithms import ALGORITHMS, get_search_space, make_config
from recommender.search_space import sample_settings

# Algorithms of which no setting changes what they are measured by.
NOTHING_TO_TUNE = {"popularity"}


@pytest.mark.parametrize("name", sorted(ALGORITHMS))
def test_every_algorithm_declares_its_search_range(name: str) -> None:
    space = get_search_space(name)
    assert bool(space) is (name not in NOTHING_TO_TUNE)
    assert set(space) <= {field.name for field in fields(make_config(name))} - {"seed"}


@pytest.mark.parametrize("name", sorted(ALGORITHMS))
@given(seed=st.integers(0, 2**32))
def test_every_drawn_setting_is_valid(name: str, seed: int) -> None:
    drawn = sample_settings(get_search_space(name), np.random.default_rng(seed))
    config = make_config(name, drawn)
    assert {key: getattr(config, key) for key in drawn} == drawn
    assert sample_settings(get_search_space(name), np.random.default_rng(seed)) == drawn
