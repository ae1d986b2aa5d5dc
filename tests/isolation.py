"""Fixtures for tests whose files and rows other processes see: each has folders of its own and leaves no rows."""

from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

import pytest
from django.apps import apps
from django.db import connection
from django_celery_results.models import TaskResult
from pytest_django import DjangoDbBlocker, Settings

from accounts.models import User
from movies.models import ModelVersion, Movie, Rating, SimilarMovies, SuggestionList
from pipeline.models import Export, PipelineRun

_WRITTEN = (SuggestionList, SimilarMovies, Rating, ModelVersion, Export, PipelineRun, Movie, User, TaskResult)


@pytest.fixture
def folders(settings: Settings, tmp_path: Path) -> Path:
    settings.EXPORTS_DIR = tmp_path / "exports"
    settings.MODELS_DIR = tmp_path / "models"
    return tmp_path


@pytest.fixture
def planned_jobs(transactional_db: None) -> None:
    """Plan the jobs where a test of another kind, which emptied all tables, has taken them along."""
    import_module("pipeline.migrations.0002_schedule").plan(apps, None)
    import_module("pipeline.migrations.0004_train_models").train_all(apps, None)


@pytest.fixture
def transactional_db(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[None]:
    """Let a test commit, for other sessions and processes to see, and delete what it wrote.

    It takes the place of pytest-django's own, which empties every table: that takes longer, and costs the planned jobs.
    """
    assert str(connection.settings_dict["NAME"]).startswith("test_")
    with django_db_blocker.unblock():
        yield
        for model in _WRITTEN:
            model.objects.all().delete()
        connection.close()
