"""The sample's films and crowd, made once per process."""

import pytest

from sample.catalogue import SampleMovie, movies_read
from sample.crowd import CrowdRatings, crowd_generate


@pytest.fixture(scope="session")
def movies() -> list[SampleMovie]:
    return movies_read()


@pytest.fixture(scope="session")
def crowd(movies: list[SampleMovie]) -> CrowdRatings:
    return crowd_generate(movies)
