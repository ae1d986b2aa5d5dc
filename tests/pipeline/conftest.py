"""A small rated world, and folders of its own for each test."""

import time
from collections.abc import Callable
from pathlib import Path

import pytest
from django.core.management import call_command
from tests.isolation import folders, transactional_db
from tests.pipeline.worlds import World, world_create

from pipeline.errors import PipelineError

__all__ = ["folders", "transactional_db"]


@pytest.fixture(autouse=True)
def own_folders(folders: Path) -> None:
    """Let nothing be written elsewhere."""


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
