"""A small rated world, and folders of its own for each test."""

import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from django.core.management import call_command
from django.db import connection
from pytest_django import DjangoDbBlocker, Settings
from tests.pipeline.worlds import World, world_create

from accounts.models import User
from movies.models import ModelVersion, Movie, Rating, SuggestionList
from pipeline.errors import PipelineError
from pipeline.models import Export, PipelineRun


@pytest.fixture(autouse=True)
def folders(settings: Settings, tmp_path: Path) -> Path:
    settings.EXPORTS_DIR = tmp_path / "exports"
    settings.MODELS_DIR = tmp_path / "models"
    return tmp_path


@pytest.fixture
def committed(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[None]:
    """Let a test commit, for other sessions to see; what it left is deleted, which is quicker than a flush."""
    with django_db_blocker.unblock():
        yield
        for model in (SuggestionList, Rating, ModelVersion, Export, PipelineRun, Movie, User):
            model.objects.all().delete()
        connection.close()


@pytest.fixture
def world(db: None) -> World:
    return world_create()


@pytest.fixture
def trained(world: World) -> World:
    call_command("exportdatasets")
    call_command("trainsurprisemodel", "--epochs", "30", "--factors", "5")
    return world


@pytest.fixture
def eventually() -> Callable[[Callable[[], None]], None]:
    """Call something until it no longer fails, for at most ten seconds."""

    def attempt(call: Callable[[], None]) -> None:
        deadline = time.monotonic() + 10
        while True:
            try:
                call()
            except PipelineError:
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.05)
            else:
                return

    return attempt
