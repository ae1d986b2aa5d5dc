"""The sample's films and crowd, made once per process."""

import pytest

from sample.catalogue import SampleMovie, films_read
from sample.crowd import CrowdRatings, crowd_generate


@pytest.fixture(scope="session")
def films() -> list[SampleMovie]:
    return films_read()


@pytest.fixture(scope="session")
def crowd(films: list[SampleMovie]) -> CrowdRatings:
    return crowd_generate(films)
