"""What each algorithm lets a search try."""

from dataclasses import fields

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recommender.algorithms import ALGORITHMS, algorithm_config, algorithm_space
from recommender.space import settings_drawn

# Algorithms of which no setting changes what they are measured by.
NOTHING_TO_TUNE = {"popularity"}


@pytest.mark.parametrize("name", sorted(ALGORITHMS))
def test_every_algorithm_says_what_a_search_may_try(name: str) -> None:
    space = algorithm_space(name)
    assert bool(space) is (name not in NOTHING_TO_TUNE)
    assert set(space) <= {field.name for field in fields(algorithm_config(name))} - {"seed"}


@pytest.mark.parametrize("name", sorted(ALGORITHMS))
@given(seed=st.integers(0, 2**32))
def test_whatever_is_drawn_is_a_valid_configuration(name: str, seed: int) -> None:
    drawn = settings_drawn(algorithm_space(name), np.random.default_rng(seed))
    config = algorithm_config(name, drawn)
    assert {key: getattr(config, key) for key in drawn} == drawn
    assert settings_drawn(algorithm_space(name), np.random.default_rng(seed)) == drawn
