"""The stages of the pipeline and their locks: each stage runs at most once at a time in an installation."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import models

from pipeline.errors import StageBusyError
from postgres.locks import session_lock, session_lock_is_held

# Namespaces of advisory locks, so that these do not collide with other locks in the same database.
STAGE_LOCKS = 0x4D61_7401
RUN_LOCKS = 0x4D61_7402


class Stage(models.TextChoices):
    """The steps of the pipeline, in order."""

    EXPORT_RATINGS = "export ratings", "export ratings"
    EXPORT_MOVIES = "export movies", "export movies"
    TRAIN = "train", "train the model"
    SUGGEST = "suggest", "write suggestions"


_LOCK_NUMBERS = {stage: number for number, stage in enumerate(Stage, start=1)}


@contextmanager
def stage_lock(stage: Stage) -> Iterator[None]:
    """Hold a stage for the length of a ``with`` block.

    Raises:
        StageBusyError: another process holds the stage.

    """
    with session_lock(STAGE_LOCKS, _LOCK_NUMBERS[stage]) as holder_since:
        if holder_since is not None:
            message = f"Already running: “{stage.label}” (since {holder_since:%Y-%m-%d %H:%M:%S %Z}). Wait for its end."
            raise StageBusyError(message)
        yield


@contextmanager
def run_lock(run_id: int) -> Iterator[None]:
    """Mark the pipeline run ``run_id`` as being worked on for the length of a ``with`` block."""
    with session_lock(RUN_LOCKS, run_id):
        yield


def run_lock_is_held(run_id: int) -> bool:
    """Return whether a live process is working on the pipeline run ``run_id``."""
    return session_lock_is_held(RUN_LOCKS, run_id)
