"""The sample's films and crowd, made once per process."""

import pytest

from sample.catalogue import SampleMovie, read_catalogue
from sample.crowd import CrowdRatings, generate_crowd


@pytest.fixture(scope="session")
def movies() -> list[SampleMovie]:
    return read_catalogue()


@pytest.fixture(scope="session")
def crowd(movies: list[SampleMovie]) -> CrowdRatings:
    return generate_crowd(movies)
