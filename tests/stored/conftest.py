"""The stored database, restored for one test."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.core.management import call_command
from pytest_django import Settings
from tests.isolation import transactional_db
from tests.stored.databases import restored_database, tables

__all__ = ["transactional_db"]

HERE = Path(__file__).parent


@pytest.fixture
def tables_of_today(transactional_db: None) -> set[object]:
    """Return what a database that is made today consists of."""
    return tables()


@pytest.fixture
def stored(transactional_db: None, settings: Settings, tmp_path: Path) -> Iterator[None]:
    """Restore the database and migrate it; its files are copies."""
    files = shutil.copytree(HERE / "files", tmp_path / "files", symlinks=True)
    settings.EXPORTS_DIR, settings.MODELS_DIR = files / "exports", files / "models"
    settings.STATIC_ROOT = tmp_path
    with restored_database(HERE / "database.sql"):
        call_command("migrate", verbosity=0)
        yield
