"""What every test may use."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck
from hypothesis import settings as hypothesis_settings
from pytest_django import DjangoDbBlocker

from tests.sessions import others_leave

# How long examples take depends on what else the machine does.
hypothesis_settings.register_profile("matinee", deadline=None, suppress_health_check=[HealthCheck.too_slow])
hypothesis_settings.load_profile("matinee")

SHARED_DATA = Path(__file__).resolve().parents[2] / "shared" / "data"


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Return the folder of real data sets; tests that ask for it are skipped where it is absent."""
    if not SHARED_DATA.is_dir():
        pytest.skip("the real data sets are not beside this checkout")
    return SHARED_DATA


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[None]:
    """Make the test database, and before it is removed see to it that nobody is connected to it."""
    yield
    with django_db_blocker.unblock():
        others_leave()
