"""The sample's films and crowd, made once per process."""

import pytest

from movies.sample.catalogue import Film, films_read
from movies.sample.crowd import CrowdRatings, crowd_generate


@pytest.fixture(scope="session")
def films() -> list[Film]:
    return films_read()


@pytest.fixture(scope="session")
def crowd(films: list[Film]) -> CrowdRatings:
    return crowd_generate(films)
